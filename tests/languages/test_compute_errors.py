"""Errors of compute are English where they are made, without Django; whoever reads French is told all of them in French."""

# ruff: noqa: RUF001 - French has apostrophes

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from compute.files.errors import ComputeError
from compute.files.sentences import REASONS, SENTENCES
from config.core.kept_texts import translated
from tests.compute.tables import run

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("reading", "files", "engines", "operations", "jobs", "api")
PLACEHOLDER = re.compile(r"%\(\w+\)s")
SAID = ("detail", "mend", "reason", "why", "what", "known", "said", "wrong")  # variables that have parts of an error
WORDS = re.compile(r"[a-z]{2,} [a-z]{2,}")
ENGLISH = re.compile(r"\b(the|is|it|has|cannot|holds|send|than|not)\b", re.IGNORECASE)
ERRORS = {"BrokenFile", "LimitReached", "ValidationError", "retry_job", "fail_job", "_refuse", "_broken", "NotNumeric"}
INTERNAL = {  # which no person is shown
    "no operation", "no path", "too many lines", "The store says that something is missing:", "Spark's process ended:",
    "Set AZURE_STORAGE_ACCOUNT_NAME, or AZURE_STORAGE_CONNECTION_STRING.", "does not come to its end.", "The copy to",
    "ended as",
}  # fmt: skip


def texts_of_errors(source: str) -> Iterator[str]:
    """Yield the pieces of English that the errors of a module are made of: what stands around the values."""
    for node in ast.walk(ast.parse(source)):
        for told in _told(node):
            for part in ast.walk(told):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and WORDS.search(part.value):
                    yield part.value.strip(" '")


def _told(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Raise) and node.exc:
        yield node.exc
    elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ERRORS:
        yield from node.args
    elif isinstance(node, ast.Assign | ast.AugAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if ast.unparse(target) in SAID:
            yield node.value


def is_told(piece: str) -> bool:
    return piece in INTERNAL or any(
        piece in part for text in (*SENTENCES, *REASONS) for part in PLACEHOLDER.split(text)
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_piece_of_an_error_is_of_a_text_to_translate(folder: str) -> None:
    files = sorted((ROOT / "compute" / folder).rglob("*.py"))
    pieces = {(file.name, piece) for file in files for piece in texts_of_errors(file.read_text())}
    assert [each for each in sorted(pieces) if not is_told(each[1])] == []


def test_an_error_that_nobody_translates_is_found() -> None:
    source = 'raise BrokenFile(f"The file cannot be read: line {line} is sad beyond words.")'
    assert {piece for piece in texts_of_errors(source) if not is_told(piece)} == {"is sad beyond words."}


BROKEN: dict[str, tuple[str, bytes]] = {
    "a row that is too long": ("csv", b"a,b\n1,2\n3,4,5\n"),
    "an open quote": ("csv", b'"a,b\n'),
    "a byte of another encoding": ("csv", b"a,b\n" + b"3,4\n" * 90_000 + b"5,\xe9\n"),
    "an empty file": ("csv", b""),
    "text that is no Parquet": ("parquet", b"a,b\n1,2\n"),
    "a Parquet file cut off": ("parquet", b"PAR1\0\0\0\0"),
    "half a gzip": ("csv.gz", b"\x1f\x8b\x08" + bytes(range(200))),
    "a record that does not end": ("json", b'[{"a": 1'),
    "a record with a key twice": ("json", b'[{"a": 1, "a": 2}]'),
    "JSON that is none": ("json", b'[{"a": nonsense}]'),
    "tags that do not match": ("xml", b"<r>\n<x><a>1</b></x></r>"),
    "an attribute twice": ("xml", b'<r><x a="1" a="2"/></r>'),
    "an encoding that XML does not know": ("xml", b'<?xml version="1.0" encoding="klingon"?><r><x><a>1</a></x></r>'),
    "a workbook that is none": ("xlsx", b"PK\x03\x04" + bytes(range(128, 256))),
    "no column of that name": ("csv", b"c,d\n1,2\n"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_error_of_a_file_is_told_in_french(case: str, tmp_path: Path) -> None:
    suffix, content = BROKEN[case]
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(content)
    with pytest.raises(ComputeError) as caught:
        run(path, "non_null", engine="duckdb", columns=["a"])
    with override("fr"):
        told = translated(caught.value.detail)
    plain = re.sub(r"""'[^']*'|"[^"]*"|\{[^}]*\}""", "", told)
    assert not ENGLISH.search(plain), f"{caught.value.detail} -> {told}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/api/compute/files/none.csv", None, "Il n’y a pas de fichier none.csv"),
        ("/api/compute/stats", {"file_path": "none.csv", "columns": ["a"]}, "Il n’y a pas de fichier none.csv"),
        ("/api/compute/stats", {"file_path": "../none.csv", "columns": ["a"]}, "Donnez un chemin sous COMPUTE_ROOT"),
        ("/api/compute/non_null", {"file_path": "t.csv"}, "Nommez au moins une colonne"),
    ],
)
def test_the_api_refuses_in_french(
    client: Client, path: str, body: Any, told: str, settings: Any, tmp_path: Path
) -> None:
    settings.COMPUTE_ROOT = str(tmp_path)
    headers = {"Accept-Language": "fr", "Authorization": "Bearer read-and-run"}
    settings.API_TOKEN = "read-and-run"
    answer = client.post(path, body, "application/json", headers=headers) if body else client.get(path, headers=headers)
    problem = answer.json()
    assert answer.status_code >= 400
    assert told in problem["detail"]
    assert all(told in each["message"] for each in problem.get("errors", ()))
