"""The rules of the house for each file: who reads the environment, and how long a file may be; each is shown to bite."""

import ast

import pytest

from tests.test_architecture import ROOT, SOURCES

LONGEST_FILE = 300


def reads_of_the_environment(source: str) -> list[int]:
    """Return the lines that touch the environment; naming the settings module for Django is not counted."""
    tree = ast.parse(source)
    naming = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')"
    allowed = {id(node) for call in ast.walk(tree) if ast.unparse(call) == naming for node in ast.walk(call)}
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {"environ", "getenv"} & _names(node))
        or (isinstance(node, ast.Import | ast.ImportFrom) and "environ" in {_module(node), *_names(node)})
        if id(node) not in allowed
    ]


def _names(node: ast.Import | ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def _module(node: ast.Import | ast.ImportFrom) -> str | None:
    return node.module if isinstance(node, ast.ImportFrom) else None


def is_too_long(source: str) -> bool:
    return len(source.splitlines()) > LONGEST_FILE


def test_only_the_settings_read_the_environment() -> None:
    sources = {"manage.py": (ROOT / "manage.py").read_text(), **SOURCES}
    readers = [(name, found) for name, source in sources.items() if (found := reads_of_the_environment(source))]
    for_sparks_jvm = "compute/engines/spark/session.py"  # which inherits the keys of S3, so that no option has them
    assert sorted(name for name, _ in readers) == [for_sparks_jvm, "config/core/app_settings.py"], readers


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['A']",
        "import os\nos.getenv('A')",
        "from os import environ",
        "import environ",
        "from environ import Env",
        "import os\nos.environ.setdefault('DEBUG', 'true')",
    ],
)
def test_a_read_of_the_environment_is_found(source: str) -> None:
    assert reads_of_the_environment(source)


def test_a_file_is_no_longer_than_the_eye_bears() -> None:
    assert [name for name, source in SOURCES.items() if is_too_long(source)] == []


def test_a_long_file_is_found() -> None:
    assert is_too_long("x = 1\n" * (LONGEST_FILE + 1))
