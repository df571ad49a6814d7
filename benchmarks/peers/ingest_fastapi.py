"""The requirement of ingest taken literally: FastAPI, SQLAlchemy (async), aiokafka. Served by uvicorn, 2 workers."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import DateTime, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(os.environ["PEER_DATABASE_URL"], pool_size=16)
Session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """SQLAlchemy's registry."""


class Entry(Base):
    """The table of the requirement."""

    __tablename__ = "peer_data_entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class DataIn(BaseModel):
    """What is posted."""

    content: str


class DataOut(BaseModel):
    """What is listed."""

    id: int
    content: str
    created_at: datetime


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Make the producer of this worker; not idempotent, since aiokafka and Tansu cannot agree on a producer id."""
    app.state.producer = AIOKafkaProducer(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"], acks="all")
    await app.state.producer.start()
    yield
    await app.state.producer.stop()


app = FastAPI(lifespan=lifespan)


@app.post("/data", status_code=201)
async def post_data(data: DataIn) -> dict[str, Any]:
    """Save, then publish and wait for the acknowledgement."""
    async with Session() as session:
        entry = Entry(content=data.content)
        session.add(entry)
        await session.commit()
        await session.refresh(entry)
    message = {"id": entry.id, "content": entry.content, "created_at": entry.created_at.isoformat()}
    await app.state.producer.send_and_wait("peer_data_topic", json.dumps(message).encode(), key=b"data_entry")
    return {"id": entry.id, "message": "Data saved and published to Kafka."}


@app.get("/data", response_model=list[DataOut])
async def get_data() -> Any:
    """List everything."""
    async with Session() as session:
        return (await session.execute(select(Entry).order_by(Entry.id))).scalars().all()
