"""What the viewsets of all imports share: files that are uploaded as a form, runs, and their rejects."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from config.access import audit
from config.api.authentication import subject_of
from config.api.imports.exceptions import UnusableCsv, UploadTooLarge
from config.api.imports.folders import new_folder
from config.api.imports.importing import Importer, all_roots
from config.api.imports.models import ImportRunBase
from config.api.imports.uploads import FolderUploadHandler
from config.api.pagination import iterate_pages
from config.api.parsers import CompleteFormParser
from config.api.prefer import prefers_async
from config.api.problems import DiskFull, Problem
from config.api.strict import Input, refuse_unknown, validated
from config.api.viewsets import ListMixin, RetrieveMixin
from config.core.json import dumps


class ImportViewSet(ListMixin, RetrieveMixin):
    """Base of a viewset of imports: `create` by upload. What is uploaded is kept for a day, unless the request is refused."""

    importer: Importer[Any]
    upload_input: type[Input]  # the form: its files, and `dry_run`
    form_fields: Mapping[str, str]  # by the importer's fields, those of the form
    ordering = "-id"
    lookup_value_converter = "int"

    _incoming: FolderUploadHandler | None = None

    def rejects_csv(self, rejects: Iterable[Any]) -> Iterator[str]:
        """Yield the lines of a file of rejects, to be mended and imported again."""
        raise NotImplementedError

    def get_parsers(self) -> list[BaseParser]:
        method = (self.request.method or "") if self.request else ""
        return [CompleteFormParser()] if self.action_map.get(method.lower()) == "create" else super().get_parsers()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action == "create":
            self._incoming = FolderUploadHandler(
                request._request,  # noqa: SLF001 - DRF has no public way to the handlers
                folder=new_folder(),
                fields=set(self.form_fields.values()),
                limit=settings.IMPORT_MAX_UPLOAD,
            )
            request._request.upload_handlers = [self._incoming]  # noqa: SLF001

    def import_upload(self, request: Request) -> HttpResponseBase:
        """Import the form's files, now or by a worker."""
        data = self._form(request)
        start = self.importer.queue if prefers_async(request) else self.importer.import_files
        try:
            run = start(
                {path: str(data[name].place) for path, name in self.form_fields.items()},
                roots=all_roots(),
                dry_run=data["dry_run"],
                requested_by=subject_of(request),
            )
        except Problem as problem:
            raise self._in_names_of_the_form(problem) from problem
        self._incoming = None  # the files stay
        return self.creation_response(run)

    def creation_response(self, run: ImportRunBase) -> HttpResponseBase:
        """Return the answer to who made a run."""
        if run.status == run.Status.FAILED:
            raise UnusableCsv(run.error)
        status = 202 if run.status == run.Status.QUEUED else 201
        return self.respond(run, status=status, headers={"Location": f"{self.importer.address}/{run.pk}"})

    def rejects_response(self, request: Request) -> HttpResponseBase:
        """Return a page of a run's rejects; as text/csv, all of them."""
        run = self.get_object()
        rejects = run.rejects.all()
        if request.accepted_renderer.format != "csv":
            answer = self.list_response(rejects)
            audit.record("list_rejects", run)
            return answer
        audit.record("download_rejects", run)
        return StreamingHttpResponse(
            self.rejects_csv(chain.from_iterable(iterate_pages(rejects, "id"))),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="rejects-{run.pk}.csv"'},
        )

    def body_of(self, request: Request) -> bytes:
        if self.action != "create":
            return super().body_of(request)
        form = self._form(request)
        digests = {}
        for name in self.form_fields.values():
            with form[name].place.open("rb") as file:
                digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
        return dumps(digests | {"dry_run": form["dry_run"]})

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        if self._incoming:
            self._incoming.rollback()
        return super().finalize_response(*args, **kwargs)

    def _form(self, request: Request) -> dict[str, Any]:
        form, incoming = request.data, self._incoming
        if incoming and incoming.is_too_much:
            names = list(self.form_fields.values())
            limit = f"{settings.IMPORT_MAX_UPLOAD:,}"
            raise UploadTooLarge(
                ngettext(
                    "%(names)s may have at most %(limit)s bytes (IMPORT_MAX_UPLOAD).",
                    "%(names)s together may have at most %(limit)s bytes (IMPORT_MAX_UPLOAD).",
                    len(names),
                )
                % {"names": _(" and ").join(names), "limit": limit}
            )
        if incoming and incoming.lacks_room:
            raise DiskFull("the disk of IMPORT_UPLOADS")
        fields = list(self.upload_input().fields)
        for name in incoming.skipped if incoming else ():
            refuse_unknown([name], fields)
            raise ValidationError({name: _("given more than once.")})
        return validated(self.upload_input, form)

    def _in_names_of_the_form(self, problem: Problem) -> Problem:
        """Say of the form's fields what an import says of its paths."""
        errors = [
            error
            | {
                "field": self.form_fields.get(error["field"], error["field"]),
                "message": self._named(error["message"]),
            }
            for error in problem.errors
        ]
        return type(problem)(self._named(problem.detail), errors=errors, headers=problem.headers, **problem.extra)

    def _named(self, text: str) -> str:
        for old, new in self.form_fields.items():
            text = text.replace(old, new)
        return text
