"""OpenAPI: every operation says that its errors are problems."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


def only_prefixed(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Leave the paths without /api out of the schema: each operation has one name and one documented place."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/")]


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


class ProblemAutoSchema(AutoSchema):
    """Adds the answer `default`, a problem document, to every operation."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            reference = self.resolve_serializer(Problem, "response").ref
            operation["responses"]["default"] = {
                "description": "A problem (RFC 9457).",
                "content": {"application/problem+json": {"schema": reference}},
            }
        return operation


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Documents config.common.authentication.BearerAuthentication."""

    target_class = "config.common.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "API_TOKEN, or a JWT of the company's service."}


class BearerOrBodyScheme(BearerScheme):  # type: ignore[no-untyped-call]
    """Documents config.common.authentication.BearerOrBodyAuthentication; the field is among the inputs' own."""

    target_class = "config.common.authentication.BearerOrBodyAuthentication"
    name = "bearer_or_body"
