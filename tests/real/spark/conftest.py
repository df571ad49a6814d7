"""A cluster for all tests here, a store that is reached by S3A, and what compute's tests have."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from s3fs import S3FileSystem

from tests.compute.conftest import RunningRunner, client, compute_root, margin, start_runner
from tests.fakes.s3 import S3
from tests.real.spark.cluster import Cluster, as_text, cluster, options

__all__ = ["client", "compute_root", "margin", "start_runner"]  # fixtures, for pytest to find

SAMPLE = os.environ.get("SPARK_TESTS") == "sample"
LONG = {  # which a sample leaves out
    "test_a_file_larger_than_all_executors_memory_is_computed_on",
    "test_a_job_that_loses_all_executors_is_told_so_in_time_and_the_next_one_works_when_they_are_back",
    "test_an_idle_child_gives_its_executors_to_another",
}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDNEVERTOLD0000001", "AWS_SECRET_ACCESS_KEY": "never-told-to-anyone-0123456789abcdef"}
SECONDS = 300.0  # for a job, with new executors where need be, on a machine that does other things


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, of a sample."""
    dropped = [item for item in items if SAMPLE and item.name in LONG]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


@pytest.fixture(scope="session")
def spark() -> Iterator[Cluster]:
    """The cluster."""
    with cluster() as found:
        yield found


@pytest.fixture(scope="session")
def store() -> Iterator[S3]:
    """An S3 whose keys are in the environment of this process, and of those it starts."""
    server = S3()
    server.environment |= KEYS
    server.reset()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server
    server.close()
    S3FileSystem.clear_instance_cache()


@pytest.fixture
def on_cluster(spark: Cluster, settings: Any) -> Cluster:
    """The cluster, whole, with compute's settings pointing to it."""
    spark.wait_for_workers()
    settings.COMPUTE_ENGINE = "spark"
    settings.COMPUTE_MEMORY_LIMIT = 768 * 1024**2
    settings.SPARK_MASTER = spark.url
    settings.SPARK_CONF = as_text(options())
    settings.SPARK_WAIT_SECONDS = 60.0
    return spark


@pytest.fixture
def runner(on_cluster: Cluster, start_runner: Callable[[], RunningRunner]) -> RunningRunner:
    """A runner whose children compute on the cluster."""
    return start_runner()


@pytest.fixture(scope="session")
def event_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Spark writes what it did."""
    return tmp_path_factory.mktemp("events")
