"""OpenAPI as the server is: summaries, parameters, security and errors, taken from what the views do."""

from typing import Any, Final

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from config.common.authentication import TokenIfRequired
from config.common.strict import Input

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
SEVERAL = {"text/csv", "application/x-ndjson"}  # streams of rows, which no schema of one document describes


def only_prefixed(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Leave the paths without /api out of the schema: each operation has one name and one documented place."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/")]


def one_or_many(name: str, serializer: Any) -> PolymorphicProxySerializer:
    """Return the schema of an object or an array of them."""
    return PolymorphicProxySerializer(
        component_name=name, serializers=[serializer, serializer(many=True)], resource_type_field_name=None, many=False
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
    """Describes an operation by its docstring, its query class and what it is decorated with."""

    def get_summary(self) -> str:
        return self.get_description().partition("\n")[0].rstrip(".")

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.partition(".")[0].replace("config", "health")]

    def get_override_parameters(self) -> list[Any]:
        query: Any = getattr(self.view, "query_class", None)
        parameters: list[Any] = [query] if query and query().fields else []
        action = getattr(self.view, getattr(self.view, "action", None) or "", None)
        if getattr(action, "is_idempotent", False):
            parameters.append(IDEMPOTENCY_KEY)
        if getattr(self.view, "action", None) == "retrieve":
            parameters.append(IF_NONE_MATCH)
        return [*parameters, IF_MATCH] if self.method in ("PUT", "PATCH", "DELETE") else parameters

    def get_auth(self) -> list[dict[str, Any]]:
        required = [entry for entry in super().get_auth() if entry]
        permissions = self.view.get_permissions()
        is_open = not settings.REQUIRE_TOKEN and any(type(each) is TokenIfRequired for each in permissions)
        return [*required, {}] if is_open or any(isinstance(each, AllowAny) for each in permissions) else required

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            for response in operation["responses"].values():
                for media_type in SEVERAL & response.get("content", {}).keys():
                    response["content"][media_type] = {"schema": {"type": "string"}}
            reference = self.resolve_serializer(Problem, "response").ref
            operation["responses"]["default"] = {
                "description": "A problem (RFC 9457).",
                "content": {"application/problem+json": {"schema": reference}},
            }
        return operation

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(serializer, Input):
            schema["additionalProperties"] = False
        return schema


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Documents BearerAuthentication."""

    target_class = "config.common.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "API_TOKEN, or a JWT of the company's service."}


class BearerOrBodyScheme(BearerScheme):  # type: ignore[no-untyped-call]
    """Documents BearerOrBodyAuthentication; the field is among the inputs' own."""

    target_class = "config.common.authentication.BearerOrBodyAuthentication"
    name = "bearer_or_body"
