"""Imports where the disk of their copies and uploads is full, really: nothing is imported in part, nothing is left behind."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django_q.models import OrmQ
from rest_framework.test import APIClient

from config.models import IdempotencyKey
from inflight.models import Customer, ImportRun
from inflight.services.imports import queue_import, run_queued_imports
from tests.disks import fill, forget_full_server, run_in_a_namespace, small_disk
from tests.inflight.conftest import CUSTOMER_HEADER, CUSTOMERS, PURCHASES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forget_full_server")]
__all__ = ["forget_full_server"]

LITTLE = 256 * 1024
SIZE = 8 * LITTLE
ROWS = 10_000
NO_ROOM_ON_POSTGRESQL = """
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON inflight_customer EXECUTE FUNCTION no_room()
"""
FORM = "/admin/inflight/importrun/import_files/"


@pytest.fixture
def disk(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The disk of IMPORT_UPLOADS."""
    with small_disk(tmp_path / "small", SIZE) as folder:
        settings.IMPORT_UPLOADS = str(folder)
        yield folder


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> tuple[str, str]:
    """Files that are packed: an import makes a copy of 600 kB of the first."""
    settings.IMPORT_ROOTS = [tmp_path]
    lines = [CUSTOMER_HEADER, *(f"{row};1;Last name;First name;06400;Cannes;{row}@example.com" for row in range(ROWS))]
    for name, text in (("c.csv.gz", lines), ("p.csv.gz", PURCHASES)):
        (tmp_path / name).write_bytes(gzip.compress(("\n".join(text) + "\n").encode()))
    return str(tmp_path / "c.csv.gz"), str(tmp_path / "p.csv.gz")


def post(api: APIClient, files: tuple[str, str], **headers: str) -> Any:
    body = {"customers_file_path": files[0], "purchased_file_path": files[1]}
    return api.post("/api/import-csv", body, format="json", headers=headers)


def upload(name: str, lines: list[str]) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, ("\n".join(lines) + "\n").encode() * 1_500)


def left(disk: Path) -> list[str]:
    return [str(path) for path in disk.rglob("*") if path.name != "filler"]


def test_an_import_without_room_is_507_and_succeeds_when_it_is_repeated(
    api: APIClient, disk: Path, files: tuple[str, str]
) -> None:
    filler = fill(disk, leave=LITTLE)
    refused = post(api, files, **{"idempotency-key": "once"})
    assert (refused.status_code, refused.json()["status"]) == (507, 507)
    assert "Free some space, then try again." in refused.json()["detail"]
    assert not Customer.objects.exists()
    assert not ImportRun.objects.exists()
    assert left(disk) == []

    filler.unlink()
    done = post(api, files, **{"idempotency-key": "once"})
    assert (done.status_code, done.json()["customers"]["inserted"]) == (201, ROWS)
    assert post(api, files, **{"idempotency-key": "once"}).json() == done.json()


@contextmanager
def database_without_room() -> Iterator[None]:
    """The database takes a few rows more, and then none: by a limit of its own, or as PostgreSQL says it of a full disk."""
    if connection.vendor == "sqlite":
        [[free]], [[size]] = run("PRAGMA freelist_count"), run("PRAGMA page_size")
        run("CREATE TABLE filler (x)")  # takes the pages that earlier tests have left free
        run(f"INSERT INTO filler VALUES (zeroblob({free * size}))")
        [[pages]] = run("PRAGMA page_count")
        run(f"PRAGMA max_page_count = {pages + 20}")
        yield
        run("PRAGMA max_page_count = 1073741823")
        run("DROP TABLE filler")
    else:
        run(NO_ROOM_ON_POSTGRESQL)
        yield
        run("DROP TRIGGER no_room ON inflight_customer; DROP FUNCTION no_room()")


def run(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


@pytest.mark.django_db(transaction=True)
def test_an_import_that_meets_a_full_database_in_the_middle_leaves_neither_a_run_nor_a_key(
    api: APIClient, files: tuple[str, str]
) -> None:
    with database_without_room():
        assert post(api, files, **{"idempotency-key": "once"}).status_code == 507
        assert not Customer.objects.exists()
        assert not ImportRun.objects.exists()
        assert not IdempotencyKey.objects.exists()
    assert post(api, files, **{"idempotency-key": "once"}).status_code == 201
    assert Customer.objects.count() == ROWS


def test_the_command_says_what_to_do_and_exits_with_1(disk: Path, files: tuple[str, str]) -> None:
    fill(disk, leave=LITTLE)
    with pytest.raises(CommandError, match=r"No space is left on .*Free some space") as error:
        call_command("import_csv", *files, stdout=StringIO())
    assert error.value.returncode == 1
    assert left(disk) == []


def test_a_queued_import_waits_for_room_and_does_not_ask_for_another_look_at_once(
    disk: Path, files: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    run = queue_import(customers_path=files[0], purchases_path=files[1], roots=[Path(files[0]).parent])
    OrmQ.objects.all().delete()
    filler = fill(disk, leave=LITTLE)
    run_queued_imports()
    run.refresh_from_db()
    assert (run.status, run.started_at, OrmQ.objects.count()) == ("queued", None, 0)
    assert f"Import {run.pk} waits. No space is left on" in caplog.text
    assert "Traceback" not in caplog.text

    filler.unlink()
    run_queued_imports()
    run.refresh_from_db()
    assert run.status == "completed"


def test_an_upload_without_room_is_507_and_one_beyond_the_limit_413(api: APIClient, disk: Path, settings: Any) -> None:
    def hand_over() -> Any:
        form = {"customers_file": upload("c.csv", CUSTOMERS), "purchases_file": upload("p.csv", PURCHASES)}
        return api.post("/api/imports", form, format="multipart")

    filler = fill(disk, leave=LITTLE)
    refused = hand_over()
    assert (refused.status_code, "the disk of IMPORT_UPLOADS" in refused.json()["detail"]) == (507, True)
    assert left(disk) == []
    settings.IMPORT_MAX_UPLOAD = LITTLE
    assert hand_over().status_code == 413

    filler.unlink()
    settings.IMPORT_MAX_UPLOAD = SIZE
    assert hand_over().status_code == 201


def test_the_admins_form_says_what_to_do(disk: Path) -> None:
    fill(disk, leave=LITTLE)
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    answer = client.post(FORM, {"customers": upload("c.csv", CUSTOMERS), "purchases": upload("p.csv", PURCHASES)})
    assert "No space is left on the disk of IMPORT_UPLOADS. Free some space, then try again." in answer.content.decode()
    assert left(disk) == []


def test_in_a_namespace() -> None:
    run_in_a_namespace(os.path.relpath(__file__))
