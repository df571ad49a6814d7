"""`manage.py relay_data`: the relay process."""

import signal
from typing import Any

from config.core.commands import LeanCommand
from config.core.telemetry.start import start
from ingest.relay import Relay


class Command(LeanCommand):
    """Publishes what waits for Kafka until SIGTERM. Several may run; so may none: the worker looks once a minute."""

    help = "Publish the entries that wait for Kafka, as they come."

    def handle(self, *args: Any, **options: Any) -> None:
        start("relay")
        relay = Relay()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        relay.run()
