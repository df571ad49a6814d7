"""Everything goes out as JSON lines and comes in again, once."""

import io
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.models import AuditEntry
from metadata_registry import services
from metadata_registry.exchange import export_lines, import_lines
from metadata_registry.models import Metadata
from tests.factories_metadata_registry import MetadataFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def exported() -> list[bytes]:
    """The lines of a registry with a live and a deleted record; the registry is empty again."""
    MetadataFactory(payload='{ "sourceName":"Z\\u00fcrich é" }')
    services.delete_metadata(str(MetadataFactory().pk), by="test")
    lines = list(export_lines())
    Metadata.objects.all().delete()
    return lines


def run_import(file: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("import_metadata", str(file), *options, stdout=out)
    return out.getvalue()


def test_what_was_exported_is_there_after_the_import_to_the_byte(exported: list[bytes]) -> None:
    import_lines(exported)
    assert list(export_lines()) == exported


def test_second_import_changes_nothing(exported: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "metadata.jsonl"
    file.write_bytes(b"".join(exported))
    assert run_import(file) == "2 added, 0 unchanged.\n"
    assert run_import(file) == "0 added, 2 unchanged.\n"
    assert list(export_lines()) == exported


def test_import_does_not_undo_what_happened_since(exported: list[bytes]) -> None:
    import_lines(exported)
    live = Metadata.objects.get(deleted_at=None)
    services.delete_metadata(str(live.pk), by="test")
    import_lines(exported)
    assert not Metadata.objects.filter(deleted_at=None).exists()


def test_line_twice_in_a_file_counts_once(exported: list[bytes]) -> None:
    counts = import_lines(exported * 2)
    assert (counts.added, counts.unchanged) == (2, 2)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b'{"id"', b'{"id', "Line 3"),
        (b'"name":"source', b'"name":7,"n":"source', "Expected `str`, got `int`"),
        (b'"name":"source', b'"name":"\\u0000', "name holds U\\+0000"),
        (b"sourceName", b"source", "Line 3: payload.sourceName: 'sourceName' is a required property"),
        (b'"created"', b'"made"', "history"),
        (b"Z", b"", "registered_on"),
        (b'"name":"source', b'"name":"other', "says something else"),
        (b'"by":"', b'"by":"\\u0000', "by holds U\\+0000"),
        (b'"at":"', b'"at":"0001-01-01T00:00:00+10:00","x":"', "at must be of a year"),
        (b'"deleted_at":"', b'"deleted_at":"9999-12-31T23:59:59-10:00","x":"', "deleted_at must be of a year"),
    ],
    ids=[
        "no JSON",
        "a type",
        "NUL",
        "the payload",
        "an action",
        "a time without zone",
        "another record of the id",
        "NUL in the history",
        "a time before all",
        "a time after all",
    ],
)
def test_line_that_cannot_be_taken_refuses_the_whole_file(
    exported: list[bytes], old: bytes, new: bytes, complaint: str, tmp_path: Path
) -> None:
    deleted = exported[1]
    file = tmp_path / "metadata.jsonl"
    file.write_bytes(exported[0] + deleted + deleted.replace(old, new, 1))
    with pytest.raises(CommandError, match=f"Nothing was imported.*{complaint}"):
        run_import(file)
    assert not Metadata.objects.exists()


def test_a_check_says_what_an_import_would_do_and_does_nothing(exported: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "metadata.jsonl"
    file.write_bytes(exported[0])
    run_import(file)
    file.write_bytes(b"".join(exported))
    before = list(AuditEntry.objects.values_list("pk", flat=True))

    assert run_import(file, "--check") == "1 would be added, 1 unchanged.\n"

    assert list(export_lines()) == exported[:1]
    assert list(AuditEntry.objects.values_list("pk", flat=True)) == before


def test_a_check_names_every_line_that_cannot_be_taken_and_fails(exported: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "metadata.jsonl"
    lines = [b"{", *exported, exported[1].replace(b'"name":"source', b'"name":"other'), b"", b"[]"]
    file.write_bytes(b"\n".join(line.strip() for line in lines))
    told = io.StringIO()

    with pytest.raises(CommandError, match="Lines that cannot be imported: 3"):
        call_command("import_metadata", str(file), "--check", stderr=told)

    assert [line.partition(":")[0] for line in told.getvalue().splitlines()] == ["Line 1", "Line 6", "Line 4"]
    assert not Metadata.objects.exists()


def test_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run_import(tmp_path / "missing")


def test_export_command_writes_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    MetadataFactory()
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    call_command("export_metadata")
    assert out.buffer.getvalue() == b"".join(export_lines())
