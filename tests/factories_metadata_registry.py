"""Records of the registry, made as a client makes them: through the service."""

from typing import Any

import factory

from metadata_registry import services
from metadata_registry.models import Metadata

PAYLOAD = '{"sourceName": "my-flights", "jobCluster": {"min_workers": 1}}'


class MetadataFactory(factory.Factory):
    """A live record."""

    class Meta:
        model = Metadata

    name = factory.Sequence("source-{}".format)
    payload = PAYLOAD
    by = "factory"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Metadata:
        return services.create_metadata(**kwargs)
