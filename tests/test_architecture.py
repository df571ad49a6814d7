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
READERS = (
    "compute.reading",
    "compute.files.errors",
    "compute.files.locations",
    "compute.files.signatures",
)  # public too: a library without models
# Each may import those before it.
CONFIG_ROOMS = ["core", "http", "access", "api", "monitoring", "worker", "admin", "pages", "server"]
COMPUTE_ROOMS = ["files", "reading", "operations", "engines", "jobs", "api", "pages"]  # the same
PURE = {
    "parsing", "csv_file", "offers_client", "partner", "trend", "publisher", "payloads", "engines", "operations",
}  # fmt: skip
FACES = {"api", "pages", "tasks", "admin", "management"}
FORBIDDEN = {  # a room, and the rooms and modules of its own app that it may not import
    "models": FACES | {"services", "jobs"},
    "selectors": FACES | {"services"},
    "monitoring": FACES | {"services"},
    "imports": FACES | {"services"},
    "services": FACES,
    "files": FACES,
    "jobs": FACES,
    "api": FACES - {"api"},
    "pages": {"tasks", "admin", "management", "viewsets", "urls"},
    "tasks": FACES,
    "admin": FACES - {"admin"},
    "management": FACES - {"management"},
}
FORBIDDEN_TO_MODULES = {  # a module, and the same
    "serializers": {"viewsets", "urls"},
    "filters": {"viewsets", "urls", "serializers", "services"},
    "viewsets": {"urls"},
} | {name: FACES | {"services", "jobs", "models", "selectors"} for name in PURE}
MOST_ENTRIES = 16  # of a package's folder: what the eye takes in
MOST_FLOORS = 7  # of imports within an app

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
        return "" if room(there) in CONFIG_ROOMS else "apps import only the rooms of config"
    if there[0] != here[0]:
        is_public = room(there) in PUBLIC or ".".join(there).startswith(READERS)
        return "" if is_public else "this room of another app is not public"
    if here[0] == "compute" and is_above(COMPUTE_ROOMS, here, there):
        return f"{room(here)} lies below {room(there)}"
    forbidden = FORBIDDEN.get(room(here), set()).union(*(FORBIDDEN_TO_MODULES.get(name, set()) for name in here[1:3]))
    forbidden &= set(there[1:3])
    return f"{'.'.join(here)} may not import {', '.join(forbidden)}" if forbidden else ""


def config_fault(here: list[str], there: list[str]) -> str:
    if there[0] != "config":
        return "config wires apps by name, it does not import them"
    if room(here) in CONFIG_ROOMS and room(there) not in {*CONFIG_ROOMS, "models"}:
        return "a room of config imports only rooms"
    return f"{room(here)} lies below {room(there)}" if is_above(CONFIG_ROOMS, here, there) else ""


def is_above(order: list[str], here: list[str], there: list[str]) -> bool:
    """Whether `there` comes after `here` in the order of rooms."""
    return {room(here), room(there)} <= set(order) and order.index(room(there)) > order.index(room(here))


def rooms_used(app: str) -> dict[str, set[str]]:
    """Return of each file or folder at the top of an app which others it imports."""
    uses: dict[str, set[str]] = {}
    for path, source in SOURCES.items():
        if module_of(path)[0] == app:
            used = {room(there) for there in imported_modules(path, source) if there[0] == app}
            uses.setdefault(room(module_of(path)), set()).update(used - {room(module_of(path)), ""})
    return uses


def floors(uses: dict[str, set[str]]) -> int:
    """Return how many rooms the longest chain of imports goes through; raise CycleError where it has no end."""
    height: dict[str, int] = {}
    for name in TopologicalSorter(uses).static_order():
        height[name] = 1 + max((height[each] for each in uses.get(name, ())), default=0)
    return max(height.values())


def defined_models(source: str) -> list[str]:
    """Return the names of classes that derive from Django's Model and are not abstract."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    derived = [each for each in classes if {"models.Model", "Model"} & {ast.unparse(base) for base in each.bases}]
    return [each.name for each in derived if "abstract = True" not in map(ast.unparse, _meta_of(each))]


def _meta_of(model: ast.ClassDef) -> list[ast.stmt]:
    return [line for node in model.body if isinstance(node, ast.ClassDef) and node.name == "Meta" for line in node.body]


def circle(uses: dict[str, set[str]]) -> list[str]:
    """Return the apps that import each other in a circle; [] when there is none."""
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_keep_to_the_rules() -> None:
    assert [(name, found) for name, source in SOURCES.items() if (found := faults(name, source))] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("inflight/api/viewsets.py", "from config.settings import DEBUG"),
        ("inflight/api/viewsets.py", "from config import settings"),
        ("inflight/apps.py", "import config.urls"),
        ("inflight/tasks.py", "from config.models import WorkerHeartbeat"),
        ("config/http/client.py", "from inflight.models import Customer"),
        ("config/monitoring/health.py", "def check():\n    from config.worker import supervisor"),
        ("config/worker/supervisor.py", "import inflight.tasks"),
        ("inflight/services/imports.py", "from inflight.api.serializers import ImportInput"),
        ("inflight/services/imports.py", "from ..api.viewsets import ImportRunViewSet"),
        ("inflight/services/imports.py", "from .. import tasks"),
        ("inflight/services.py", "from . import pages"),
        ("inflight/models.py", "from inflight import services"),
        ("inflight/selectors.py", "from inflight.services import imports"),
        ("inflight/tasks.py", "from inflight import api"),
        ("inflight/imports/parsing.py", "from inflight.models import Customer"),
        ("catalog/offers_client.py", "from catalog.models import Product"),
        ("compute/operations/base.py", "from compute import models"),
        ("compute/files/formats.py", "from compute.engines.base import Engine"),
        ("compute/jobs/runner.py", "from compute.api.serializers import JobOutput"),
        ("config/api/strict.py", "from config.settings import DEBUG"),
        ("inflight/api/serializers.py", "from inflight.api.viewsets import ImportRunViewSet"),
        ("catalog/services.py", "from inflight.imports.parsing import parse"),
        ("catalog/services.py", "from inflight import api"),
        ("catalog/management/commands/x.py", "import inflight.imports.staging"),
    ],
)
def test_an_import_against_the_rules_is_found(path: str, source: str) -> None:
    assert len(faults(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("inflight/api/viewsets.py", "from django.conf import settings"),
        ("inflight/api/viewsets.py", "from config.api.problems import Problem"),
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


@pytest.mark.parametrize("app", HOUSE)
def test_what_an_app_consists_of_fits_in_the_eye(app: str) -> None:
    entries = {Path(path).parts[1] for path in SOURCES if path.startswith(f"{app}/")} | {"migrations"}
    assert len(entries) <= MOST_ENTRIES


@pytest.mark.parametrize("app", HOUSE)
def test_the_rooms_of_an_app_import_each_other_in_one_direction(app: str) -> None:
    assert floors(rooms_used(app)) <= MOST_FLOORS


def test_a_circle_of_rooms_is_found() -> None:
    with pytest.raises(CycleError):
        floors({"a": {"b"}, "b": {"a"}})


def test_each_room_on_the_way_counts() -> None:
    assert floors({"a": {"b", "c"}, "b": {"c"}, "d": set()}) == 3


def test_only_models_of_config_has_tables() -> None:
    shared = {name: source for name, source in SOURCES.items() if name.startswith("config/")}
    assert {Path(name).parent for name, source in shared.items() if defined_models(source)} == {Path("config/models")}


@pytest.mark.parametrize("source", ["class A(models.Model):\n    pass", "class A(Mixin, Model):\n    pass"])
def test_a_table_is_found(source: str) -> None:
    assert defined_models(source) == ["A"]


def test_an_abstract_model_is_no_table() -> None:
    assert defined_models("class A(models.Model):\n    class Meta:\n        abstract = True") == []
