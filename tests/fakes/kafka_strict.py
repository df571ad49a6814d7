"""A Tansu that refuses: records above a size, as a topic with a max.message.bytes does, and every password."""

import contextlib
import socket
import struct
from typing import Any

from kafka.protocol.producer import ProduceRequest, ProduceResponse
from kafka.protocol.sasl import (
    SaslAuthenticateRequest,
    SaslAuthenticateResponse,
    SaslHandshakeRequest,
    SaslHandshakeResponse,
)

from tests.fakes.kafka import Kafka
from tests.fakes.kafka_proxy import KafkaProxy

MESSAGE_TOO_LARGE = 10
SASL_AUTHENTICATION_FAILED = 58


class StrictProxy(KafkaProxy):
    """Passes one request at a time, and answers those itself that a strict broker would refuse."""

    max_bytes = 1_000_000  # of a request with records

    def _pump(self, client: socket.socket, broker: socket.socket) -> None:
        with contextlib.suppress(EOFError):
            while True:
                request = _read_frame(client)
                if answer := self._refusal(request):
                    client.sendall(answer)
                else:
                    broker.sendall(request)
                    client.sendall(_read_frame(broker))

    def _refusal(self, frame: bytes) -> bytes:
        """Return the answer to a request that is refused, else nothing."""
        key, version = struct.unpack_from(">hh", frame, 4)
        if key == ProduceRequest.API_KEY and len(frame) > self.max_bytes:
            request = ProduceRequest.decode(frame, version=version, header=True, framed=True)
            return _encode(_too_large(request), request)
        if key == SaslHandshakeRequest.API_KEY:
            request = SaslHandshakeRequest.decode(frame, version=version, header=True, framed=True)
            return _encode(SaslHandshakeResponse(mechanisms=[request.mechanism], version=version), request)
        if key == SaslAuthenticateRequest.API_KEY:
            request = SaslAuthenticateRequest.decode(frame, version=version, header=True, framed=True)
            return _encode(SaslAuthenticateResponse(error_code=SASL_AUTHENTICATION_FAILED, version=version), request)
        return b""


class StrictKafka(Kafka):
    """Refuses whatever is larger than `proxy.max_bytes`, and everybody who comes with a password."""

    def __init__(self) -> None:
        super().__init__()
        self.proxy.close()
        self.proxy: StrictProxy = StrictProxy()


def _too_large(request: Any) -> Any:
    Topic = ProduceResponse.TopicProduceResponse  # noqa: N806 - a class
    topics = [
        Topic(
            name=topic.name,
            partition_responses=[
                Topic.PartitionProduceResponse(index=each.index, error_code=MESSAGE_TOO_LARGE, base_offset=-1)
                for each in topic.partition_data
            ],
        )
        for topic in request.topic_data
    ]
    return ProduceResponse(responses=topics, version=request.version)


def _encode(response: Any, request: Any) -> bytes:
    response.with_header(correlation_id=request.header.correlation_id)
    return bytes(response.encode(header=True, framed=True))


def _read_frame(source: socket.socket) -> bytes:
    """Return a whole request or answer, with its length before it; EOFError where there is no more."""
    length = _read(source, 4)
    return length + _read(source, int.from_bytes(length))


def _read(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = source.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data
