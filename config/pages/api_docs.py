"""The API docs: a light list of all operations; Swagger UI, 390 kB, comes for who chooses one."""

from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response


class Operation(NamedTuple):
    """An operation of the API; `anchor` is where Swagger UI has it."""

    method: str
    path: str
    summary: str
    anchor: str


class Group(NamedTuple):
    """The operations of an app."""

    name: str
    description: str
    operations: list[Operation]


class ApiDocsView(SpectacularSwaggerSplitView):
    """Swagger UI with its script apart, as the policy wants it, and what is there before it is loaded."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.data |= {"groups": _groups()}
        return response


@lru_cache(maxsize=1)
def _groups() -> list[Group]:
    """Read the schema once for each process: it takes a third of a second."""
    generator: Any = SchemaGenerator  # it has no types
    paths = generator().get_schema(request=None, public=True)["paths"]
    of_tag: dict[str, list[Operation]] = {}
    for path, methods in paths.items():
        for method, said in methods.items():
            tag = said["tags"][0]
            anchor = f"#/{tag}/{said['operationId']}"
            of_tag.setdefault(tag, []).append(Operation(method.upper(), path, said.get("summary", ""), anchor))
    tags: list[dict[str, str]] = settings.SPECTACULAR_SETTINGS["TAGS"]  # type: ignore[assignment]
    descriptions = {tag["name"]: tag["description"] for tag in tags}
    return [Group(name, text, of_tag[name]) for name, text in descriptions.items() if name in of_tag]
