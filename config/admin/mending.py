"""The page on which the rejected rows of an import are mended, cell by cell, and imported again."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.access import audit
from config.admin.mended_rows import (
    ROW,
    Row,
    as_checked,
    can_be_mended,
    is_worth_trying,
    next_rows,
    number_of,
    posted_rows,
    tables,
)  # fmt: skip
from config.api.imports.importing import Importer, all_roots
from config.api.imports.loading import FileSpec
from config.api.imports.mending import RejectsChanged, written
from config.api.imports.models import ImportRunBase
from config.api.problems import Problem
from config.core.admin_columns import capped, link_to

CHECK = "check"  # the button that only tries


class FollowUp(NamedTuple):
    """What is usually done after an import: a button, with the permission that it needs."""

    title: Any  # a text, translated when it is shown
    url_name: str
    needs: str


class MendingMixin:
    """The page /…/<run>/mend/ of an ImportRunAdminBase."""

    importer: Importer[Any]
    may_import: str
    follow_up: FollowUp | None = None
    admin_site: Any
    opts: Any
    url_name: Any
    address_of: Any
    find_run: Any  # the rest is the admin's

    def may_mend(self, request: HttpRequest) -> bool:
        """Return whether somebody may: who may import files, and may see what was rejected."""
        user: Any = request.user
        rejects = self.importer.reject_model._meta
        return bool(user.has_perms([self.may_import, f"{rejects.app_label}.view_{rejects.model_name}"]))

    def mending_address(self, run: ImportRunBase) -> str:
        """Return the address of the page."""
        return reverse(f"admin:{self.url_name('mend')}", args=(run.pk,))

    def follow_up_for(self, request: HttpRequest) -> dict[str, str] | None:
        """Return the button for what comes after an import, if there is one and the user may."""
        user: Any = request.user
        if self.follow_up is None or not user.has_perm(self.follow_up.needs):
            return None
        return {"title": self.follow_up.title, "address": reverse(self.follow_up.url_name)}

    def mend(self, request: HttpRequest, run_id: int) -> HttpResponseBase:
        """Show the next rejected rows with their cells; import what was mended, or only check it."""
        run = self.find_run(request, run_id)
        if not self.may_mend(request):
            raise PermissionDenied
        if run.mends_id:
            return redirect(self.mending_address(run.mends))
        if request.method != "POST":
            rows = next_rows(run, self._specs, after=number_of(request.GET.get("after")))
            audit.record("list_rejects", run)
            return self._page(request, run, rows)
        rows = posted_rows(run, self._specs, request.POST)
        if len(rows) < len(request.POST.getlist(ROW)) or any(row.is_stale for row in rows):
            messages.error(request, RejectsChanged().detail)
            return self._page(request, run, rows)
        return self._import(request, run, rows)

    @property
    def _specs(self) -> dict[str, FileSpec]:
        return {spec.name: spec for spec in self.importer.files.values()}

    def _import(self, request: HttpRequest, run: Any, rows: list[Row]) -> HttpResponseBase:
        mended = [row.as_mended() for row in rows if row.cells and is_worth_trying(row, self._specs)]
        if not mended:
            messages.warning(request, _("You changed no cell, so nothing was imported."))
            return redirect(f"{self.mending_address(run)}{_query_of(rows)}")
        dry_run = CHECK in request.POST
        try:
            with written(run, mended, self.importer.files) as mending:
                new = self.importer.import_files(
                    mending.paths,
                    roots=all_roots(),
                    dry_run=dry_run,
                    requested_by=request.user.get_username(),
                    mending=mending,
                )
        except Problem as problem:
            messages.error(request, problem.detail)
            return self._page(request, run, rows)
        _tell(request, new, len(mended), _rejected(new, self._specs))
        if dry_run:
            return self._page(request, run, as_checked(rows, mended, new))
        return redirect(f"{self.mending_address(run)}{_query_of(rows)}")

    def _page(self, request: HttpRequest, run: Any, rows: list[Row]) -> TemplateResponse:
        last = rows[-1].reject.pk if rows else 0
        left = run.rejects.all()
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Correct the rejected rows of import %(id)s") % {"id": run.pk},
            "run": run,
            "can_be_mended": can_be_mended(run),
            "back": self.address_of(run),
            "tables": list(tables(rows, self._specs)),
            "wrong": [(row, cell) for row in rows for cell in row.wrong],
            "has_cells": any(row.cells for row in rows),
            "left": capped(left),
            "next": f"?after={last}" if rows and left.filter(pk__gt=last).exists() else "",
            "is_first": not rows or not left.filter(pk__lt=rows[0].reject.pk).exists(),
            "mended_by": mended_by(run),
            "follow_up": self.follow_up_for(request),
        }
        return TemplateResponse(request, "admin/mend.html", context)


def mended_by(run: Any) -> SafeString:
    """Return links to the runs that imported mended rows of a run, or nothing."""
    runs = run.mended_by.filter(dry_run=False).order_by("pk").values_list("pk", flat=True)
    return format_html_join(", ", "{}", ((link_to(type(run), pk, _("import %(id)s") % {"id": pk}),) for pk in runs))


def _rejected(run: Any, files: Iterable[str]) -> int:
    return sum(getattr(run, name)["rejected"] for name in files)


def _tell(request: HttpRequest, run: ImportRunBase, tried: int, rejected: int) -> None:
    """Say what became of the rows."""
    good = tried - rejected
    if run.dry_run:
        text = ngettext("%(good)d row is now valid", "%(good)d rows are now valid", good)
    else:
        text = ngettext("%(good)d row was imported", "%(good)d rows were imported", good)
    text = text % {"good": good}
    if rejected:
        still = ngettext("%(number)d is still invalid", "%(number)d are still invalid", rejected) % {"number": rejected}
        text = _("%(done)s; %(still)s.") % {"done": text, "still": still}
    else:
        text = f"{text}."
    if run.dry_run:
        text = _("%(text)s Nothing has been imported yet.") % {"text": text}
    (messages.warning if rejected else messages.success)(request, text)


def _query_of(rows: Sequence[Row]) -> str:
    """Return where the form's first row stands: what is still wrong is found there again."""
    return f"?after={rows[0].reject.pk - 1}" if rows else ""
