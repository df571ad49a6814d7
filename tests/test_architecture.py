"""The rules of the house (docs/architecture.md), held by reading the imports; each is shown to bite."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("inflight", "metadata_registry", "catalog", "ingest", "compute")
HOUSE = ("config", *APPS)
PUBLIC = {"", "services", "selectors", "models", "exceptions"}
PURE = {"parsing", "csv_file", "offers_client", "publisher", "engines", "operations"}
FACES = {"viewsets", "views", "serializers", "filters", "tasks", "urls", "page_urls", "admin", "management"}
FORBIDDEN = {  # a room, and the rooms of its own app that it may not enter
    "models": FACES | {"services"},
    "selectors": FACES | {"services"},
    "services": FACES,
    "serializers": {"viewsets", "views", "urls", "page_urls", "tasks", "admin", "management"},
    "viewsets": {"urls", "page_urls", "admin", "management"},
    "views": {"viewsets", "urls", "page_urls", "admin", "management"},
    "filters": FACES | {"services"},
    "tasks": {"viewsets", "views", "serializers", "urls", "page_urls", "admin", "management"},
    "admin": {"viewsets", "views", "serializers", "urls", "page_urls"},
    "management": {"viewsets", "views", "serializers", "urls", "page_urls"},
} | {room: FACES | {"services", "models", "selectors"} for room in PURE}
LONGEST_FILE = 300

SOURCES = {
    str(file.relative_to(ROOT)): file.read_text()
    for top in HOUSE
    for file in sorted((ROOT / top).rglob("*.py"))
    if "migrations" not in file.parts
}


def module_of(path: str) -> list[str]:
    """Return the parts of the module at `path`, such as ["inflight", "services", "imports"]."""
    parts = list(Path(path).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" else parts


def imported_modules(path: str, source: str) -> Iterator[list[str]]:
    """Yield the parts of every name that is imported: `from a.b import c` is ["a", "b", "c"]."""
    package = list(Path(path).parent.parts)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = node.module.split(".") if node.module else []
            yield from ([*base, *module, alias.name] for alias in node.names)


def room(parts: list[str]) -> str:
    return parts[1] if len(parts) > 1 else ""


def faults(path: str, source: str) -> list[str]:
    """Return the import rules that the file breaks."""
    here = module_of(path)
    found = [(there, fault(here, there)) for there in imported_modules(path, source) if there[0] in HOUSE]
    return [f"{'.'.join(there)}: {why}" for there, why in found if why]


def fault(here: list[str], there: list[str]) -> str:
    """Return which rule an import breaks, or ""."""
    if here[0] == "config":
        return config_fault(here, there)
    if there[0] == "config":
        return "" if room(there) == "common" else "apps import only config.common"
    if there[0] != here[0]:
        return "" if room(there) in PUBLIC else "this room of another app is not public"
    return f"{room(here)} may not import {room(there)}" if room(there) in FORBIDDEN.get(room(here), set()) else ""


def config_fault(here: list[str], there: list[str]) -> str:
    if room(here) == "common" and (there[0] != "config" or room(there) != "common"):
        return "config.common imports nothing else of the project"
    return "" if there[0] == "config" else "config wires apps by name, it does not import them"


def defined_models(source: str) -> list[str]:
    """Return the names of classes that derive from Django's Model."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    return [each.name for each in classes if {"models.Model", "Model"} & {ast.unparse(base) for base in each.bases}]


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


def circle(uses: dict[str, set[str]]) -> list[str]:
    """Return the apps that import each other in a circle; [] when there is none."""
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def is_too_long(source: str) -> bool:
    return len(source.splitlines()) > LONGEST_FILE


def test_imports_keep_to_the_rules() -> None:
    assert [(name, found) for name, source in SOURCES.items() if (found := faults(name, source))] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("inflight/viewsets.py", "from config.settings import DEBUG"),
        ("inflight/viewsets.py", "from config import settings"),
        ("inflight/apps.py", "import config.urls"),
        ("inflight/tasks.py", "from config.models import WorkerHeartbeat"),
        ("config/common/http.py", "from inflight.models import Customer"),
        ("config/common/health.py", "def check():\n    from config import worker"),
        ("config/worker.py", "import inflight.tasks"),
        ("inflight/services/imports.py", "from inflight.serializers import ImportInput"),
        ("inflight/services/imports.py", "from ..viewsets import ImportRunViewSet"),
        ("inflight/services/imports.py", "from .. import tasks"),
        ("inflight/services.py", "from . import views"),
        ("inflight/models.py", "from inflight import services"),
        ("inflight/selectors.py", "from inflight.services import imports"),
        ("inflight/tasks.py", "from inflight import views"),
        ("inflight/parsing.py", "from inflight.models import Customer"),
        ("catalog/offers_client.py", "from catalog.models import Product"),
        ("compute/operations.py", "from compute import models"),
        ("catalog/services.py", "from inflight.parsing import parse"),
        ("catalog/services.py", "from inflight import views"),
        ("catalog/management/commands/x.py", "import inflight.staging"),
    ],
)
def test_an_import_against_the_rules_is_found(path: str, source: str) -> None:
    assert len(faults(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("inflight/views.py", "from django.conf import settings"),
        ("inflight/viewsets.py", "from config.common.problems import Problem"),
        ("inflight/tasks.py", "from inflight.services import imports"),
        ("catalog/services.py", "from inflight import selectors"),
        ("catalog/services.py", "from inflight.models import Customer"),
        ("config/apps.py", "from config import worker"),
    ],
)
def test_an_import_within_the_rules_is_not(path: str, source: str) -> None:
    assert faults(path, source) == []


def test_apps_do_not_import_each_other_in_a_circle() -> None:
    uses: dict[str, set[str]] = {app: set() for app in APPS}
    for path, source in SOURCES.items():
        if module_of(path)[0] in APPS:
            used = {there[0] for there in imported_modules(path, source)}
            uses[module_of(path)[0]] |= (used & set(APPS)) - {module_of(path)[0]}
    assert circle(uses) == []


def test_a_circle_of_apps_is_found() -> None:
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}


def test_what_all_share_has_no_tables() -> None:
    shared = {name: source for name, source in SOURCES.items() if name.startswith("config/common/")}
    assert shared
    assert [name for name, source in shared.items() if defined_models(source)] == []


@pytest.mark.parametrize("source", ["class A(models.Model):\n    pass", "class A(Mixin, Model):\n    pass"])
def test_a_table_is_found(source: str) -> None:
    assert defined_models(source) == ["A"]


def test_only_the_settings_read_the_environment() -> None:
    sources = {"manage.py": (ROOT / "manage.py").read_text(), **SOURCES}
    readers = [(name, found) for name, source in sources.items() if (found := reads_of_the_environment(source))]
    assert [name for name, _ in readers] == ["config/settings.py"], readers


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
