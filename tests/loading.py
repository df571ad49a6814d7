"""A pytest plugin (`-p tests.loading`): the garbage collector looks at what the tests make, not at all that is loaded."""

import gc

import pytest

gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()
