"""Entries for ingest's tests."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from ingest.models import DataEntry


class DataEntryFactory(factory.django.DjangoModelFactory[DataEntry]):
    """An entry that waits and that nobody has claimed."""

    class Meta:
        model = DataEntry

    class Params:
        published = factory.Trait(published_at=factory.LazyFunction(timezone.now))
        refused = factory.Trait(refusal="MessageSizeTooLargeError")
        claimed = factory.Trait(claimed_until=factory.LazyFunction(lambda: timezone.now() + timedelta(seconds=60)))

    content: Any = factory.Sequence("content {}".format)
