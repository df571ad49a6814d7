"""`POST /imports`: the two files of an import as a form."""

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.authentication import subject_of
from config.api.openapi import PREFER
from config.api.parsers import CompleteFormParser
from config.api.prefer import prefers_async
from config.api.problems import DiskFull, Problem
from config.api.strict import FlagParameter, Input, refuse_unknown, validated
from config.api.viewsets import ApiViewSet, idempotent
from config.core.json import dumps
from inflight.api.serializers import ImportOutput
from inflight.exceptions import UploadTooLarge
from inflight.models import ImportRun
from inflight.services import imports, uploads
from inflight.uploads import FolderUploadHandler

FIELDS = {
    "customers_file_path": "customers_file",
    "purchased_file_path": "purchases_file",
}  # import-csv's names and ours


def _file_field(name: str, **options: Any) -> serializers.FileField:
    errors: Any = dict.fromkeys(("required", "invalid", "no_name"), f"Send the file as the form's field `{name}`.")
    return serializers.FileField(allow_empty_file=True, error_messages=errors, **options)


class ImportUploadInput(Input):
    """Two CSV files, or workbooks, as a form."""

    customers_file = _file_field("customers_file", help_text="the customers' file")
    purchases_file = _file_field("purchases_file", help_text="the purchases' file")
    dry_run = FlagParameter(default=False, help_text="find out everything, change nothing")


class UploadMixin(ApiViewSet):
    """`create` for the viewset of imports. What is uploaded is kept for a day, unless the request is refused."""

    _incoming: FolderUploadHandler | None = None

    def get_parsers(self) -> list[BaseParser]:
        method = (self.request.method or "") if self.request else ""
        return [CompleteFormParser()] if self.action_map.get(method.lower()) == "create" else super().get_parsers()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action == "create":
            self._incoming = FolderUploadHandler(
                request._request,  # noqa: SLF001 - DRF has no public way to the handlers
                folder=uploads.new_folder(),
                fields=set(FIELDS.values()),
                limit=settings.IMPORT_MAX_UPLOAD,
            )
            request._request.upload_handlers = [self._incoming]  # noqa: SLF001

    @extend_schema(
        operation_id="upload_import",
        request={"multipart/form-data": ImportUploadInput},
        responses={201: ImportOutput, 202: ImportOutput},
        parameters=[PREFER],
    )
    @idempotent
    def create(self, request: Request) -> HttpResponseBase:
        """Import a customers file and a purchases file that are uploaded as a form."""
        data = self._form(request)
        start = imports.queue_import if prefers_async(request) else imports.import_files
        try:
            run = start(
                customers_path=str(data["customers_file"].place),
                purchases_path=str(data["purchases_file"].place),
                roots=imports.all_roots(),
                dry_run=data["dry_run"],
                requested_by=subject_of(request),
            )
        except Problem as problem:
            raise _in_names_of_the_form(problem) from problem
        self._incoming = None  # the files stay
        return self.creation_response(run)

    def creation_response(self, run: ImportRun) -> HttpResponseBase:
        """Return the answer to who made a run."""
        raise NotImplementedError

    def body_of(self, request: Request) -> bytes:
        if self.action != "create":
            return super().body_of(request)
        form = self._form(request)
        digests = {}
        for name in FIELDS.values():
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
            limit = f"{settings.IMPORT_MAX_UPLOAD:,} bytes (IMPORT_MAX_UPLOAD)"
            raise UploadTooLarge(f"customers_file and purchases_file together may have {limit}.")
        if incoming and incoming.lacks_room:
            raise DiskFull("the disk of IMPORT_UPLOADS")
        fields = list(ImportUploadInput().fields)
        for name in incoming.skipped if incoming else ():
            refuse_unknown([name], fields)
            raise ValidationError({name: "given more than once."})
        return validated(ImportUploadInput, form)


def _in_names_of_the_form(problem: Problem) -> Problem:
    """Say of the form's fields what an import says of its paths."""
    errors = [
        error | {"field": FIELDS.get(error["field"], error["field"]), "message": _named(error["message"])}
        for error in problem.errors
    ]
    return type(problem)(_named(problem.detail), errors=errors, headers=problem.headers, **problem.extra)


def _named(text: str) -> str:
    for old, new in FIELDS.items():
        text = text.replace(old, new)
    return text
