"""Quantiles are those that statistics.quantiles gives with `inclusive`, on every engine."""

import random
import statistics
from pathlib import Path

import pytest

from compute.operations.group_by import QUANTILES
from tests.compute.tables import ENGINES, result, write_table

every_engine = pytest.mark.parametrize("engine", ENGINES)


@every_engine
def test_quantiles_are_those_of_python(engine: str, tmp_path: Path) -> None:
    some = random.Random(7)
    groups = {size: [some.choice([some.uniform(-9, 9), 2.5]) for _ in range(size)] for size in (1, 2, 3, 100)}
    rows = [{"k": size, "x": value} for size, values in groups.items() for value in values]
    some.shuffle(rows)
    path = write_table(tmp_path, "csv", rows)

    found = result(path, "group_by", engine=engine, by=["k"], aggregations={"x": list(QUANTILES)})

    for row in found:
        values = groups[int(row["k"])]
        cuts = statistics.quantiles(values, n=100, method="inclusive") if len(values) > 1 else values * 99
        for name, share in QUANTILES.items():
            assert float(row[f"x_{name}"]) == pytest.approx(cuts[round(share * 100) - 1], rel=1e-12), (row["k"], name)


@every_engine
def test_a_group_without_values_has_no_quantile(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("k,x\na,\na,NaN\nb,\nb,-3\n,1\n,2\n")

    found = result(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["median", "p99"]})

    assert [(row["x_median"], row["x_p99"]) for row in found] == [(None, None), ("-3.0", "-3.0"), ("1.5", "1.99")]
