"""What a process loads is nothing for the garbage collector; what it makes later is."""

import gc
from typing import Any

import pytest

from config.core.loading import loading
from tests.config.processes import run_python


def test_what_is_loaded_is_not_looked_at_again_and_what_comes_later_is() -> None:
    loaded: list[Any] = []
    with loading():
        loaded.append(loaded)
        assert not gc.isenabled()
    later: list[Any] = [loaded]

    looked_at = {id(each) for each in gc.get_objects()}
    assert gc.isenabled()
    assert id(loaded) not in looked_at
    assert id(later) in looked_at


def test_what_fails_to_load_leaves_the_collector_at_work() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()


def test_a_worker_does_not_load_what_only_requests_need() -> None:
    told = run_python(
        "import catalog.tasks, compute.tasks, inflight.tasks, ingest.tasks, metadata_registry.tasks\n"
        "print([name for name in ('jwt', 'cryptography', 'rest_framework.viewsets') if name in sys.modules])"
    )
    assert told.stdout == "[]\n", told.stderr
