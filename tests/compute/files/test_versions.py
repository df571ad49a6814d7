"""When the version of a file is young enough for a later write to leave it as it is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from compute.files.versions import FileVersion, version_of

SECOND = 10**9
NOW = 1_800_000_000 * SECOND
WRITTEN = datetime.fromtimestamp(NOW // SECOND, UTC)


@pytest.fixture
def margin() -> None:
    """The margins as they are, in place of the ones for tests."""


@pytest.mark.parametrize(
    ("changed_ns", "age_ns", "is_racy"),
    [
        (NOW + 1, 10**7, True),
        (NOW + 1, 2 * 10**8, False),
        (NOW, 2 * 10**8, True),  # whole seconds
        (NOW, 3 * SECOND, False),
        (NOW + 1, -3600 * SECOND, True),  # in the future
        (0, NOW, True),  # not told
        (None, 0, False),
    ],
)
def test_a_version_is_racy_until_the_clock_has_ticked(changed_ns: int | None, age_ns: int, *, is_racy: bool) -> None:
    assert FileVersion("1", changed_ns).is_racy((changed_ns or NOW) + age_ns) is is_racy


@pytest.mark.parametrize(
    ("told", "is_racy"),
    [
        ({"ETag": '"1"', "LastModified": WRITTEN}, False),
        ({"generation": "7", "updated": "2027-01-15T08:00:00Z"}, False),
        ({"mtime": NOW // SECOND}, True),
        ({"last_modified": WRITTEN}, True),
        ({"modificationTime": NOW // 10**6}, True),  # webhdfs: milliseconds
    ],
)
def test_an_object_that_has_a_version_is_never_racy(told: dict[str, Any], *, is_racy: bool) -> None:
    version = FileVersion.of_object({"size": 1} | told)

    assert version.is_racy(NOW) is is_racy
    assert not version.is_racy(NOW + 3 * SECOND)


def test_each_thing_that_a_store_tells_makes_another_version() -> None:
    told: dict[str, Any] = {"size": 1, "ETag": '"1"', "LastModified": WRITTEN, "VersionId": "a"}
    # the ETag alone differs where an object is replaced within the second by one of the same size
    others: list[dict[str, Any]] = [
        {"size": 2},
        {"ETag": '"2"'},
        {"LastModified": WRITTEN + timedelta(seconds=1)},
        {"VersionId": "b"},
        {"fileId": 16387},
        {"modificationTime": NOW // 10**6},
    ]

    assert len({FileVersion.of_object(told | other).text for other in [{}, *others]}) == 7


def test_where_there_is_no_file_there_is_no_version(tmp_path: Path) -> None:
    assert version_of(str(tmp_path / "gone.csv")) is None
    assert version_of("memory://apron/gone.csv") is None
