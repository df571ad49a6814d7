"""The documents against the code: settings, endpoints, make targets, dependencies."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

ROOT = Path(__file__).resolve().parent.parent
COMPUTED = "computed"
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \| (.*?) \| (.+?) \|$", re.MULTILINE)


def read_variables(source: str) -> dict[str, Any]:
    """Return the variables that settings read, with their defaults; COMPUTED where a default is not a plain value."""
    return {
        str(node.args[0].value): default_of(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) == "env"
        and isinstance(node.args[0], ast.Constant)
    }


def default_of(call: ast.Call) -> Any:
    for keyword in call.keywords:
        if keyword.arg == "default":
            try:
                return eval(ast.unparse(keyword.value), {"__builtins__": {}})
            except (NameError, TypeError):
                return COMPUTED
    return COMPUTED


def as_written(default: Any) -> str:
    """Return a default as one would write it in the environment."""
    match default:
        case bool():
            return str(default).lower()
        case list():
            return ",".join(map(str, default))
        case dict():
            return ",".join(f"{key}={value}" for key, value in default.items())
    return str(default)


def table_faults(variables: dict[str, Any], rows: dict[str, str]) -> list[str]:
    """Return where the settings table and the settings disagree. An empty or computed default may be put in words."""
    found = [f"{name} is read, but not in the table" for name in variables.keys() - rows.keys()]
    found += [f"{name} is in the table, but not read" for name in rows.keys() - variables.keys()]
    for name in variables.keys() & rows.keys():
        default = as_written(variables[name])
        if default not in {"", "None", COMPUTED} and rows[name] != f"`{default}`":
            found.append(f"{name} has the default `{default}`, the table says {rows[name]}")
        elif not rows[name]:
            found.append(f"{name} has an empty cell for its default")
    return sorted(found)


def mentions(text: str, path: str) -> bool:
    """Whether the text has the path, as `/api/imports/{id}` or with a value in the place of {id}."""
    pattern = re.sub(r"\\{\w+\\}", r"[^/\\s]+", re.escape(path))
    return re.search(rf"{pattern}(?![\w/{{-])", text) is not None


def targets(makefile: str) -> dict[str, str]:
    """Return the targets that are commands, with the rest of their line."""
    return dict(re.findall(r"^([a-z][a-z-]*):(?! export)(.*)$", makefile, re.MULTILINE))


def without_purpose(pyproject: str) -> list[str]:
    """Return the dependencies that no comment says the purpose of."""
    lines = re.findall(r'^ {4}"[a-zA-Z][^"\n]*[<>=~][^"\n]*",.*$', pyproject, re.MULTILINE)
    return [line.strip() for line in lines if not re.search(r'",\s+# \S', line)]


def test_the_settings_table_is_what_the_settings_read() -> None:
    rows = {name: default for name, default, _ in ROW.findall((ROOT / "docs/configuration.md").read_text())}
    sources = [(ROOT / "config" / name).read_text() for name in ("settings.py", "core/app_settings.py")]
    assert table_faults(read_variables("\n".join(sources)), rows) == []


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ('env.int("A", default=1)', {}),
        ("", {"A": "`1`"}),
        ('env.int("A", default=2)', {"A": "`1`"}),
        ('env.bool("A", default=False)', {"A": "`False`"}),
        ('env.list("A", cast=float, default=[5, 300])', {"A": "`5`"}),
        ('env.int("A", default=1024 * 1024)', {"A": "`1`"}),
        ('env.str("A", default=str(BASE))', {"A": ""}),
    ],
)
def test_a_disagreement_of_table_and_settings_is_found(source: str, rows: dict[str, str]) -> None:
    assert len(table_faults(read_variables(source), rows)) == 1


@pytest.mark.django_db
def test_every_endpoint_is_in_the_page_on_the_api(api: APIClient) -> None:
    page = (ROOT / "docs/api.md").read_text()
    assert [path for path in api.get("/api/schema").json()["paths"] if not mentions(page, path)] == []


def test_the_readme_is_for_the_first_ten_minutes() -> None:
    text = (ROOT / "README.md").read_text()
    assert (len(text.splitlines()) <= 250, len(text.encode()) <= 12_000) == (True, True)


def dead_links(page: Path) -> list[str]:
    """Return the links of a page that lead to no file of the project."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    return [link for link in links if not (page.parent / link).exists()]


def test_every_link_between_the_documents_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "cicd/README.md"]
    assert {page.name: found for page in pages if (found := dead_links(page))} == {}


@pytest.mark.parametrize(
    ("text", "file_exists"),
    [
        ("curl localhost:3100/api/imports/7/rejects", True),
        ("`GET /api/imports/{id}/rejects`", True),
        ("curl localhost:3100/api/imports/7", False),
        ("curl localhost:3100/api/imports/7/rejects-and-more", False),
    ],
)
def test_an_endpoint_is_found_with_a_value_or_a_name_in_it(text: str, file_exists: bool) -> None:
    assert mentions(text, "/api/imports/{import_id}/rejects") is file_exists


def test_every_make_target_says_what_it_does() -> None:
    found = targets((ROOT / "Makefile").read_text())
    assert {"install", "run", "test", "lint", "bench"} <= found.keys()
    assert [name for name, rest in found.items() if "## " not in rest] == []


def test_every_dependency_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert without_purpose(text) == []
    assert without_purpose('    "left-pad>=1",\n') == ['"left-pad>=1",']


@pytest.mark.django_db
def test_every_filter_is_in_the_page_on_the_api(api: APIClient) -> None:
    page = (ROOT / "docs/api.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `/api/")]
    for path, operations in api.get("/api/schema").json()["paths"].items():
        parameters = {each["name"] for each in operations.get("get", {}).get("parameters", []) if each["in"] == "query"}
        if "limit" in parameters and "{" not in path and path != "/api/compute/files":
            [row] = [row for row in rows if f"`{path}`" in row]
            assert set(re.findall(r"`(\w+)`", row)) == parameters - {"limit", "cursor"}, path
