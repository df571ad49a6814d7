"""Who sits at the workbench."""

import pytest
from django.test import Client

from tests.people import client_of


@pytest.fixture
def ana(db: None) -> Client:
    """An operator's browser."""
    return client_of("operator")
