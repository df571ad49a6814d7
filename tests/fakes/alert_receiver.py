"""A webhook that alerts are sent to, on a real socket; it fails on demand."""

from typing import Any

from tests.fakes.faulty import FaultyServer, Received

SECRET = "T000-B000-s3cr3t"


class AlertReceiver(FaultyServer):
    """Takes alerts as Slack does: JSON with a text."""

    def __enter__(self) -> "AlertReceiver":
        super().__enter__()
        return self

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        is_taken = request.path == f"/services/{SECRET}" and bool(request.json().get("text"))
        return (200, {"Content-Type": "text/plain"}, b"ok") if is_taken else (400, {}, b"no_text")

    @property
    def webhook(self) -> str:
        """Return the address to send to, whose path is a secret as Slack's is."""
        return f"{self.url}/services/{SECRET}"

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """Return what was taken."""
        return [request.json()["alert"] for request in self.received if request.accepted]

    @property
    def titles(self) -> list[str]:
        return [alert["title"] for alert in self.alerts]
