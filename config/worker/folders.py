"""Folders whose new files wake a task at once, declared by apps. A schedule looks anyway: a lost wake costs a minute."""

import logging
import threading

from django.db import Error, connection

from config.core.disk import trouble_of
from config.worker.queue import wake

logger = logging.getLogger(__name__)

REST_SECONDS = 2.0  # between two wakes, however many files come
RETRY_SECONDS = 60.0  # after a folder could not be watched: it is not there, or the machine watches too many
_folders: dict[str, str] = {}


def wake_on_arrival(folder: str, task: str) -> None:
    """Declare a folder of this machine and the task, by its dotted path, that looks into it; from an app's ready()."""
    _folders[folder] = task


def watch_folders(stopping: threading.Event) -> None:
    """Watch what the installed apps declared, each folder in a thread of its own, until `stopping`."""
    for folder, task in _folders.items():
        threading.Thread(target=_keep_watching, args=(folder, task, stopping), daemon=True).start()


def _keep_watching(folder: str, task: str, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            _watch(folder, task, stopping)
        except OSError as error:
            logger.warning("%s is not watched, only looked into each minute: %s", folder, error)
        except Error as error:
            logger.warning("New files in %s are not looked at yet: %s", folder, trouble_of(error))
        stopping.wait(RETRY_SECONDS)


def _watch(folder: str, task: str, stopping: threading.Event) -> None:
    from watchfiles import Change, watch  # noqa: PLC0415 - for those who have a folder to watch

    for changes in watch(folder, watch_filter=None, recursive=False, stop_event=stopping, raise_interrupt=False):
        if any(change == Change.added for change, _ in changes):
            try:
                wake(task)
            finally:
                connection.close()  # this thread may not need it again for days
            stopping.wait(REST_SECONDS)
