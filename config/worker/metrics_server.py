"""Serve what the processes of a machine count, where no web process is there to do it."""

import logging

from django.conf import settings
from prometheus_client import start_http_server

from config.monitoring.metrics import ProcessCollector

logger = logging.getLogger(__name__)


def serve_metrics() -> None:
    """Listen at WORKER_METRICS_PORT in a thread, if it is set. A port that is taken does not stop the worker."""
    port = settings.WORKER_METRICS_PORT
    if not port:
        return
    try:
        start_http_server(port, registry=ProcessCollector())
    except OSError as error:
        logger.warning("WORKER_METRICS_PORT=%d cannot be listened at, so this worker shows no metrics: %s", port, error)
