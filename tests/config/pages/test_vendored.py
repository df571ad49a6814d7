"""Files of other people in static/vendor/ are what `make vendor` made of the versions that are declared."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings

VENDORED = Path(settings.BASE_DIR) / "static" / "vendor"
SUMS = {name: sum_ for sum_, name in map(str.split, (VENDORED / "SHA256SUMS").read_text().splitlines())}
PACKAGES = json.loads((Path(settings.BASE_DIR) / "vendor" / "package.json").read_text())


def test_every_file_has_a_checksum() -> None:
    assert {path.name for path in VENDORED.iterdir()} - {"SHA256SUMS"} == set(SUMS)


@pytest.mark.parametrize("name", SUMS)
def test_a_file_is_what_was_built(name: str) -> None:
    assert sha256((VENDORED / name).read_bytes()).hexdigest() == SUMS[name]


def test_versions_are_exact_and_named_in_the_file() -> None:
    head = (VENDORED / "echarts.min.js").read_text(encoding="utf-8")[:300]
    for package, version in PACKAGES["dependencies"].items():
        assert f"{package} {version} (" in head.replace("Apache ECharts", "echarts")
    assert all(version[0].isdigit() for version in PACKAGES["devDependencies"].values())


def test_nothing_in_them_makes_code_of_text() -> None:
    text = (VENDORED / "echarts.min.js").read_text(encoding="utf-8")
    assert "new Function" not in text
    assert "eval(" not in text
