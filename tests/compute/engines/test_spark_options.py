"""What Spark's JVM is told of a cluster and of the store, without Spark."""

import pytest

from compute.engines.base import EngineEnvironment
from compute.engines.spark.options import masters_of, name_store_for_spark, of_our_jvm

MEMORY = 512 * 1024**2


def test_the_store_is_named_for_spark_as_fsspec_is_told_of_it() -> None:
    told = {
        "FSSPEC_S3_KEY": "key",
        "FSSPEC_S3_SECRET": "secret",
        "FSSPEC_S3_ENDPOINT_URL": "http://minio:9000",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_SESSION_TOKEN": "",
    }

    name_store_for_spark(told)

    assert {name: value for name, value in told.items() if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": "http://minio:9000",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_SESSION_TOKEN": "",
    }


def test_fsspecs_own_name_goes_before_amazons_as_with_s3fs() -> None:
    told = {"AWS_ACCESS_KEY_ID": "of Amazon's name", "FSSPEC_S3_KEY": "of fsspec's", "AWS_SECRET_ACCESS_KEY": "secret"}

    name_store_for_spark(told)

    assert (told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"]) == ("of fsspec's", "secret")


def test_no_key_is_among_the_options_which_a_command_line_shows() -> None:
    told = {
        "AWS_ACCESS_KEY_ID": "never",
        "AWS_SECRET_ACCESS_KEY": "never",
        "AWS_SESSION_TOKEN": "never",
        "AWS_ENDPOINT_URL": "http://minio:9000",
        "AWS_REGION": "eu-west-1",
    }

    options = of_our_jvm(EngineEnvironment(MEMORY, "", spark_master="spark://master:7077"), told)

    assert "never" not in options.values()
    assert options["spark.hadoop.fs.s3a.path.style.access"] == "true"
    assert options["spark.hadoop.fs.s3a.endpoint.region"] == "eu-west-1"


def test_options_of_the_operator_go_before_ours_but_for_memory() -> None:
    chosen = {"spark.dynamicAllocation.enabled": "false", "spark.cores.max": "4", "spark.driver.memory": "9g"}

    options = of_our_jvm(EngineEnvironment(MEMORY, "", spark_master="spark://master:7077", spark_conf=chosen), {})

    assert options["spark.dynamicAllocation.enabled"] == "false"
    assert options["spark.cores.max"] == "4"
    assert options["spark.driver.memory"] == "512m"


def test_a_machine_alone_shares_its_executors_with_nobody() -> None:
    options = of_our_jvm(EngineEnvironment(MEMORY, "", spark_master="local[2]"), {})

    assert not [name for name in options if "dynamicAllocation" in name]
    assert options["spark.driver.host"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("master", "addresses"),
    [
        ("spark://one:7077", [("one", 7077)]),
        ("spark://one:7077,two:7078", [("one", 7077), ("two", 7078)]),
        ("spark://[::1]:7077", [("::1", 7077)]),
        ("k8s://https://host:6443", []),
        ("local[*]", []),
    ],
)
def test_a_standalone_clusters_masters_can_be_asked_for(master: str, addresses: list[tuple[str, int]]) -> None:
    assert masters_of(master) == addresses
