"""Why kafka-python fails: most of it it tells only its log."""

import logging
import ssl
import time
from collections import deque

from kafka import errors

from ingest.publisher.failures import Failure, FailureReason

EXPIRED = 10  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED
REMEMBERED = 200  # errors of a process: a producer that is being made has some ten a second

REASONS: dict[FailureReason, tuple[type[BaseException], ...]] = {
    FailureReason.CREDENTIALS: (errors.SaslAuthenticationFailedError,),
    FailureReason.MECHANISM: (errors.UnsupportedSaslMechanismError, errors.IllegalSaslStateError),
    FailureReason.PROTOCOL: (errors.InvalidReceiveError, ssl.SSLError),
    FailureReason.NOT_ALLOWED: (errors.TopicAuthorizationFailedError, errors.ClusterAuthorizationFailedError),
    FailureReason.NO_TOPIC: (errors.UnknownTopicOrPartitionError,),
    FailureReason.REPLICAS: (errors.NotEnoughReplicasError, errors.NotEnoughReplicasAfterAppendError),
    FailureReason.SLOW: (errors.KafkaTimeoutError, errors.RequestTimedOutError),
    FailureReason.UNREACHABLE: (errors.KafkaConnectionError, OSError),
}


def reason_of(error: BaseException) -> FailureReason:
    """Return the reason for an error of kafka-python, which wraps an error of TLS in one of the connection."""
    cause = error.__context__ if isinstance(error.__context__, ssl.SSLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return FailureReason.EXPIRED if cause.verify_code == EXPIRED else FailureReason.UNTRUSTED
    for reason, kinds in REASONS.items():
        if isinstance(cause, kinds):
            return reason
    return FailureReason.OTHER


def failure_of(error: BaseException) -> Failure:
    """Return what is told of an error."""
    text = str(error) if isinstance(error, errors.KafkaError) else f"{type(error).__name__}: {error}"
    return Failure(reason_of(error), text)


class ErrorLog(logging.Handler):
    """Keeps the errors that kafka-python logs while it tries again; what it raises in the end is only a timeout."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._logged: deque[tuple[float, Failure]] = deque(maxlen=REMEMBERED)

    def attach(self) -> None:
        """Take what it logs; nobody else gets these lines, a dozen for each failed attempt."""
        client = logging.getLogger("kafka")
        client.setLevel(logging.WARNING)
        client.propagate = False
        if self not in client.handlers:
            client.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        arguments = record.args if isinstance(record.args, tuple) else ()
        for error in filter(None, map(_as_error, arguments)):
            self._logged.append((now, failure_of(error)))
        if str(record.msg).startswith("Topic %s not found"):  # it names no error
            self._logged.append((now, failure_of(errors.UnknownTopicOrPartitionError())))

    def most_telling(self, error: BaseException, *, since: float) -> Failure:
        """Return that of this error and those logged since then which tells most; among equals this one, or the latest."""
        logged = [failure for at, failure in list(self._logged) if at >= since]
        return max([failure_of(error), *reversed(logged)], key=lambda each: each.reason.precision)


def _as_error(argument: object) -> BaseException | None:
    """Return the error that a log line has as an argument: itself, its class, or the name of its class."""
    if isinstance(argument, BaseException):
        return argument
    kind = getattr(errors, argument, None) if isinstance(argument, str) and argument.isidentifier() else argument
    return kind() if isinstance(kind, type) and issubclass(kind, errors.KafkaError | OSError) else None


error_log = ErrorLog()
