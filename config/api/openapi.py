"""OpenAPI schema: summaries, parameters, security and errors, derived from the viewsets."""

from typing import Any, Final

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema_serializer,
)
from rest_framework import serializers

from config.api.authentication import TokenRequired
from config.api.strict import DistinctListField, Input, TextField

HEADER: Final = "header"
PREFER = OpenApiParameter("Prefer", str, HEADER, description="respond-async: do not wait, answer 202")
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    HEADER,
    description="made by the client: repeated with the same body within 24 hours, the first answer comes again",
)
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, HEADER, description="an ETag seen before: 304 if it is still so")
IF_MATCH = OpenApiParameter("If-Match", str, HEADER, description="an ETag seen before: 412 if it is no longer so")
RANGE = OpenApiParameter(
    "Range", str, HEADER, description="bytes=0-99: a part of the file, 206; 416 if there is no such part"
)
LINK = OpenApiParameter(
    "Link", str, HEADER, response=[200], description='the next page, as rel="next", if there is one'
)
LOCATION = OpenApiParameter("Location", str, HEADER, response=[201, 202], description="where its state is told")
ETAG = OpenApiParameter("ETag", str, HEADER, response=[200, 201, 206], description="of the resource as it is now")
NOT_MODIFIED = {"description": "It is what If-None-Match says."}
TOKENS = (
    "API_TOKEN, a key of an API client, or a JWT of the company's service. An operation lists the scope that it needs."
)
NO_NUL = r"^[^\u0000]*$"
STREAMS = {"text/csv", "application/x-ndjson"}  # of rows, which no schema of one document describes


def example(value: Any) -> Any:
    """Return a decorator that gives a serializer an example."""
    return extend_schema_serializer(examples=[OpenApiExample("Example", value=value, status_codes=[200, 201, 202])])


def only_prefixed(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Leave the paths without /api out of the schema: each operation has one name and one documented place."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/")]


def one_or_many(name: str, serializer: Any, *others: Any, **bounds: Any) -> PolymorphicProxySerializer:
    """Return the schema of an object or an array of them, or of one of the others."""
    return PolymorphicProxySerializer(
        component_name=name,
        serializers=[serializer, serializer(many=True, **bounds), *others],
        resource_type_field_name=None,
        many=False,
    )


class ErrorItem(serializers.Serializer[Any]):
    """One thing that is wrong with the input."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """An error, after RFC 9457. `instance` is the request id that the log has."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    errors = ErrorItem(many=True, required=False)  # type: ignore[assignment]


class ApronAutoSchema(AutoSchema):
    """Describe an operation from its docstring, its query class and its decorators."""

    def get_summary(self) -> str:
        return self.get_description().partition("\n")[0].rstrip(".")

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.partition(".")[0].replace("config", "health")]

    def get_override_parameters(self) -> list[Any]:
        query: Any = getattr(self.view, "query_class", None)
        parameters: list[Any] = [query] if query and query.names() else []
        name = getattr(self.view, "action", None) or ""
        if getattr(getattr(self.view, name, None), "is_idempotent", False):
            parameters.append(IDEMPOTENCY_KEY)
        if name == "list" or getattr(self.view, "is_list", False):
            parameters.append(LINK)
        if name == "retrieve":
            parameters += [IF_NONE_MATCH, ETAG]
        return [*parameters, IF_MATCH] if self.method in ("PUT", "PATCH", "DELETE") else [*parameters, LOCATION]

    def get_auth(self) -> list[dict[str, Any]]:
        view: Any = self.view
        asked = [each for each in view.get_permissions() if isinstance(each, TokenRequired)]
        scopes = [view.required_scope.value] if asked else []
        required = [dict.fromkeys(entry, scopes) for entry in super().get_auth() if entry]
        is_open = not asked or (asked[0].is_open and not settings.REQUIRE_TOKEN)
        return [*required, {}] if is_open else required

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            self._complete(operation["responses"])
        return operation

    def _complete(self, responses: dict[str, Any]) -> None:
        for response in responses.values():
            for media_type in STREAMS & response.get("content", {}).keys():
                response["content"][media_type] = {"schema": {"type": "string"}}
        if getattr(self.view, "action", None) == "retrieve":
            responses["304"] = NOT_MODIFIED
        reference = self.resolve_serializer(Problem, "response").ref
        responses["default"] = {
            "description": "A problem (RFC 9457).",
            "content": {"application/problem+json": {"schema": reference}},
        }

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(force_instance(serializer), Input):  # type: ignore[no-untyped-call]
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: Any = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(field, TextField):
            schema.setdefault("pattern", NO_NUL)
        if isinstance(field, DistinctListField):
            schema["uniqueItems"] = True
        return schema

    def _insert_field_validators(self, field: Any, schema: Any) -> None:
        """Leave a text that may be blank one schema: a blank one fits the pattern too, and `oneOf` would refuse it."""
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        if isinstance(field, TextField) and "oneOf" in schema:
            schema.update(schema.pop("oneOf")[0])

    def _unwrap_list_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._unwrap_list_serializer(serializer, direction)
        if schema and not getattr(serializer, "allow_empty", True):
            schema |= {"minItems": 1, "maxItems": serializer.max_length}
        return schema

    def _get_request_for_media_type(self, serializer: Any, direction: Any = "request") -> Any:
        schema, required = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        return schema, required or isinstance(serializer, PolymorphicProxySerializer) or serializer is OpenApiTypes.STR


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Documents BearerAuthentication."""

    target_class = "config.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": TOKENS}


class BearerOrBodyScheme(BearerScheme):  # type: ignore[no-untyped-call]
    """Documents BearerOrBodyAuthentication; the field is among the inputs' own."""

    target_class = "config.api.authentication.BearerOrBodyAuthentication"
    name = "bearer_or_body"
