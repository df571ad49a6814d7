"""Base of all viewsets: strict input, paginated lists, exports, ETags, idempotency."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.metadata import SimpleMetadata
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from config.access import audit
from config.access.scopes import Scope
from config.api.authentication import subject_of
from config.api.compression import decode_body
from config.api.conditional import etag_of, is_not_modified, require_if_match
from config.api.idempotency import VARIABLE, run_once
from config.api.pagination import KeysetPagination, iterate_pages
from config.api.renderers import CsvRenderer, JsonRenderer, NdjsonRenderer
from config.api.strict import Query, refuse_repeated, refuse_unknown, validated
from config.core.json import dumps, json_array

PAGE_PARAMETERS = ("limit", "cursor")


def idempotent(action: Callable[..., Any]) -> Any:
    """Make an action honour `Idempotency-Key`. The viewset's `creation_response` answers for an object that exists already."""

    @wraps(action)
    def handle_once(self: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        return run_once(
            request,
            sub=subject_of(request),
            body=self.body_of(request) if VARIABLE in request.META else b"",
            handle=lambda: action(self, request, *args, **kwargs),
            resume=self.resumed_response,
        )

    handle_once.is_idempotent = True  # type: ignore[attr-defined] # for the schema
    return handle_once


class Options(SimpleMetadata):
    """Answer OPTIONS with methods and media types. Fields are in the schema."""

    def determine_actions(self, request: Request, view: Any) -> Any:
        return {}


class ApiViewSet(GenericViewSet[Any]):
    """Base of viewsets; refuses query parameters that the action does not declare."""

    metadata_class = Options
    query_classes: Mapping[str, type[Query]] = {}  # by the name of the action
    is_list = False  # of an action beside `list` that answers with a list, too
    volatile_fields: frozenset[str] = frozenset()  # of what is shown, those that change by themselves
    read_scope: Scope
    write_scope: Scope
    scopes: Mapping[str, Scope] = {}  # of actions that need another one than these, by name
    parameters: Mapping[str, Any] = {}  # the action's own, as its query class has them
    is_gzip = False  # whether the body arrives compressed

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.is_gzip = decode_body(request._request)  # noqa: SLF001 - before anything reads it
        super().initial(request, *args, **kwargs)
        if self.action in self.action_map.values():  # any other method is to be refused as such
            self.parameters = self._read_query(request.query_params)

    @property
    def required_scope(self) -> Scope:
        """What the caller must be allowed to do."""
        usual = self.read_scope if self.request.method in SAFE_METHODS else self.write_scope
        return self.scopes.get(self.action or "", usual)

    @property
    def query_class(self) -> type[Query]:
        """The action's own query parameters."""
        return self.query_classes.get(self.action or "", Query)

    def _read_query(self, given: QueryDict) -> dict[str, Any]:
        own = self.query_class.names()
        if given:
            refuse_unknown(given, self._known_parameters())
            refuse_repeated(given)
        return validated(self.query_class, {name: given[name] for name in own if name in given}) if own else {}

    def body_of(self, request: Request) -> bytes:
        """Return what tells a request from others with the same Idempotency-Key."""
        return dumps(request.data)

    def resumed_response(self, resource: Any) -> HttpResponseBase:
        """Answer for what an earlier request with the same key has made: the row's key, or what else was tied to it."""
        respond: Callable[[Any], HttpResponseBase] = self.creation_response  # type: ignore[attr-defined] # of who creates
        return respond(get_object_or_404(self.get_queryset(), pk=resource))

    def respond(
        self, instance: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> HttpResponseBase:
        """Answer with a resource and its ETag, or 304 to one who has it."""
        body, etag = self._represented(instance)
        if self.request.method in SAFE_METHODS and is_not_modified(self.request, etag):
            return HttpResponseNotModified(headers={"ETag": etag})
        headers = {"ETag": etag, **(headers or {})}
        return HttpResponse(body, status=status, content_type="application/json", headers=headers)

    def get_object(self) -> Any:
        """Return the object that the path names. Raises as `check_if_match`."""
        return self.check_if_match(super().get_object())

    def check_if_match(self, instance: Any) -> Any:
        """Return the object; raise PreconditionFailed where a change is asked of another state than this one."""
        if self.request.method not in SAFE_METHODS:
            require_if_match(self.request, self._represented(instance)[1])
        return instance

    def _represented(self, instance: Any) -> tuple[bytes, str]:
        data = self.get_serializer(instance).data
        body = dumps(data)
        state = {name: value for name, value in data.items() if name not in self.volatile_fields}
        return body, etag_of(body, dumps(state) if self.volatile_fields else None)

    def _known_parameters(self) -> list[str]:
        known = self.query_class.names()
        if self.action == "list":
            known += getattr(getattr(self, "filterset_class", None), "base_filters", [])
        return [*known, *PAGE_PARAMETERS] if self.action == "list" or self.is_list else known


class RetrieveMixin(RetrieveModelMixin, ApiViewSet):
    """`retrieve`, with an ETag."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return self.respond(self.get_object())


class ListMixin(ListModelMixin, ApiViewSet):
    """Paginated `list` in the order of the unique field `ordering`; all rows as CSV or JSON lines, unless `limit` is given."""

    ordering: str
    pagination_class = KeysetPagination
    renderer_classes: tuple[type[JsonRenderer], ...] = (JsonRenderer, CsvRenderer, NdjsonRenderer)
    streams_all_json = False  # whether JSON, too, has all rows where no page is asked for
    shows_people = False  # whether the list has personal data of passengers: then it is recorded who reads it

    def get_renderers(self) -> list[BaseRenderer]:
        is_list = self.action == "list" or self.is_list
        return [renderer() for renderer in (self.renderer_classes if is_list else self.renderer_classes[:1])]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        queryset = self.filter_queryset(self.get_queryset())
        answer = self.list_response(queryset)
        if self.shows_people:  # not by which values they were sought: those may be a passenger's name
            audit.record(
                "list", audit.Target(queryset.model._meta.label_lower), parameters=sorted(request.query_params)
            )
        return answer

    def filter_queryset(self, queryset: Any) -> Any:
        own = {*PAGE_PARAMETERS, *self.query_class.names()}
        return super().filter_queryset(queryset) if self.request.query_params.keys() - own else queryset

    def list_response(self, queryset: Any) -> HttpResponseBase:
        """Answer with a page of the rows, or all of them, in the format that the client accepts."""
        is_json = self.request.accepted_renderer.format == "json"
        if not any(name in self.request.query_params for name in PAGE_PARAMETERS):
            if is_json and self.streams_all_json:
                return StreamingHttpResponse(self.stream_json(queryset), content_type="application/json")
            if not is_json:
                return self._streamed(self.iterate_rows(queryset))
        page = self.get_serializer(self.paginate_queryset(queryset), many=True).data
        paginator: Any = self.paginator
        return self.get_paginated_response(page) if is_json else self._streamed(page, paginator.link_header())

    def iterate_rows(self, queryset: Any) -> Iterator[Mapping[str, Any]]:
        """Yield all rows as the API shows them."""
        for page in iterate_pages(queryset, self.ordering):
            yield from self.get_serializer(page, many=True).data

    def stream_json(self, queryset: Any) -> Iterator[bytes]:
        """Yield all rows as one JSON array."""
        return json_array(self.iterate_rows(queryset))

    def _streamed(
        self, rows: Iterable[Mapping[str, Any]], headers: Mapping[str, str] | None = None
    ) -> HttpResponseBase:
        renderer: Any = self.request.accepted_renderer
        name = f"{self.basename}-{timezone.now():%Y-%m-%d}.{renderer.format}"
        row: Any = self.get_serializer()
        return StreamingHttpResponse(
            renderer.stream(rows, list(row.fields)),
            content_type=renderer.content_type,
            headers={**(headers or {}), "Content-Disposition": f'attachment; filename="{name}"'},
        )
