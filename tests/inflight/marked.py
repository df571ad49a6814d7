"""A person with marks that nothing else has, put wherever a person's data can be, and a search for the marks everywhere."""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from django_q.models import Failure
from rest_framework.test import APIClient

from inflight.models import Customer, DeliveryAttempt, DeliveryBatch
from inflight.services.deliveries import deliver, start_delivery
from inflight.services.imports import run_queued_imports
from inflight.services.pickup import pick_up
from tests.fakes.faulty import Fault
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMER_HEADER, PURCHASE_HEADER

# The id comes last of all, so that a delivery ends with it.
ID, LAST, FIRST, POSTAL, CITY, EMAIL = "ZQX-770911", "Zwölfaxing", "Quirina", "QX99Z", "Xanthippe", "q.zx@mark.example"
MARKS = (ID, LAST, FIRST, POSTAL, CITY, EMAIL)
ROW = f"{ID};1;{LAST};{FIRST};{POSTAL};{CITY};{EMAIL}"
CUSTOMERS = [
    CUSTOMER_HEADER,
    "1;2;Norris;Chuck;83600;Fréjus;chuck@norris.com",
    ROW,
    "K;1;Galante;Marie;06400;Cannes;m@fr.fr",
    f"{ID};2;{LAST};{FIRST};{POSTAL};Elsewhere;{EMAIL}",  # repeated, with other values
    f"OTHER;9;;;;;{EMAIL.upper()}",  # another id, the same address
    f'"{ID}";1;{LAST};{FIRST};{POSTAL};{CITY};{EMAIL};too;many',
    "2;7;Bad;Title;;;",
]
PURCHASES = [
    PURCHASE_HEADER,
    "2/01;1;4324;1;10;EUR;2024-11-04",
    f"2/02;{ID};0071;2;91.2;USD;2024-11-03",
    f"2/03;{ID};0071;none;91.2;USD;2024-11-03",
    "2/04;K;0071;1;3;EUR;2024-11-03",
    "2/05;1;0071;none;3;EUR;2024-11-03",
]
ECHO = json.dumps({"error": f"{LAST}, {FIRST} <{EMAIL}> is not welcome"}, ensure_ascii=False).encode()


def upload(client: Client, customers: list[str], purchases: list[str], folder: Path) -> None:
    """Hand two files over in the admin."""
    names = {"customers": customers, "purchases": purchases}
    for name, lines in names.items():
        (folder / f"{name}-of-the-form.csv").write_text("\n".join(lines))
    with (
        (folder / "customers-of-the-form.csv").open("rb") as first,
        (folder / "purchases-of-the-form.csv").open("rb") as second,
    ):
        client.post("/admin/inflight/importrun/import_files/", {"customers": first, "purchases": second})


def fill(partner: Partner, folder: Path) -> None:
    """Put the person everywhere, as use does; what takes another part of the house is written as that part writes it."""
    admin = Client()
    admin.force_login(User.objects.create_superuser("olga"))
    upload(admin, CUSTOMERS, PURCHASES, folder)
    run_queued_imports()
    upload(admin, CUSTOMERS, PURCHASES, folder)
    _spoil_the_newest(Path(settings.IMPORT_UPLOADS))
    run_queued_imports()  # fails, and says which header it found
    if settings.IMPORT_INBOX:
        _pick_up(Path(settings.IMPORT_INBOX))
    admin.post(f"/admin/inflight/customer/{ID}/export/")
    deliver(start_delivery()[0], seconds=5)
    _answer_of(DeliveryBatch.objects.get(), ECHO.decode())
    partner.fail_next(*[Fault(status=422, body=ECHO)] * 2)
    everybody = {"customer_ids": list(Customer.objects.values_list("pk", flat=True))}
    APIClient().post("/api/send-customers", everybody, format="json", headers={"Idempotency-Key": str(uuid4())})
    Failure.objects.create(
        id=uuid4().hex, name="a", func="inflight.tasks.x", started=timezone.now(), stopped=timezone.now(), success=False,
        result=f"IntegrityError: Key (customer_id)=({ID}) is there", attempt_count=1,
    )  # fmt: skip


def _pick_up(inbox: Path) -> None:
    """Have a pair of files picked up, and one whose header is a row."""
    inbox.mkdir()
    for flight, customers in (("AF1", [CUSTOMER_HEADER, ROW]), ("AF2", [ROW])):
        for kind, lines in (("customers", customers), ("purchases", PURCHASES[:3])):
            (inbox / f"{flight}-{kind}.csv").write_text("\n".join(lines))
            (inbox / f"{flight}-{kind}.csv.done").touch()
    pick_up()


def _spoil_the_newest(uploads: Path) -> None:
    newest = max(uploads.glob("*/customers-*"), key=lambda file: file.stat().st_mtime_ns)
    newest.write_text(f"{ROW}\n")


def _answer_of(batch: DeliveryBatch, answer: str) -> None:
    DeliveryAttempt.objects.create(batch=batch, seconds=0.1, http_status=503, answer=answer, error=f"503: {answer}")
    DeliveryAttempt.objects.create(batch=batch, seconds=0.1, http_status=201, answer=answer)


def columns_with_marks() -> dict[str, set[str]]:
    """Return the columns that have a mark in any row, by table."""
    found = {table: _columns_with_marks(table) for table in connection.introspection.table_names()}
    return {table: columns for table, columns in found.items() if columns}


def _columns_with_marks(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        names = [column[0] for column in cursor.description]
        return {
            name
            for row in cursor.fetchall()
            for name, cell in zip(names, row, strict=True)
            if any(map(has_mark, _readings(cell)))
        }


def _readings(cell: Any) -> Iterator[str]:
    """Yield a cell as text, in every way that it may have been packed."""
    raw = bytes(cell) if isinstance(cell, bytes | bytearray | memoryview) else str(cell).encode()
    for unpack in UNPACKINGS:
        try:
            yield unpack(raw)
        except (ValueError, OSError, zlib.error, EOFError, signing.BadSignature):
            continue


UNPACKINGS: tuple[Callable[[bytes], str], ...] = (
    lambda raw: raw.decode(errors="replace"),
    lambda raw: re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), raw.decode(errors="replace")),
    lambda raw: gzip.decompress(raw).decode(),
    lambda raw: base64.b64decode(raw, validate=True).decode(errors="replace"),
    lambda raw: zlib.decompress(base64.b64decode(raw, validate=True)).decode(errors="replace"),
    lambda raw: str(signing.loads(raw.decode(), salt="django.contrib.sessions.SessionStore")),
)


def has_mark(text: str) -> bool:
    folded = text.casefold()
    return any(mark.casefold() in folded for mark in MARKS)


def files_with_marks(folder: Path) -> list[Path]:
    """Return the files below a folder that have a mark."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if has_mark(path.read_bytes().decode(errors="replace"))]


def all_models() -> set[type[Model]]:
    return set(apps.get_models(include_auto_created=True))
