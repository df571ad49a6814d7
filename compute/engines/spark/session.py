"""The Spark session of a worker process, shared by its jobs: it takes seconds to start."""

import logging
import os
import re
import socket
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn
from urllib.parse import urlsplit

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from compute.engines.base import EngineEnvironment
from compute.engines.spark import executors
from compute.engines.spark.options import is_local, masters_of, name_store_for_spark, of_our_jvm
from compute.files.errors import EngineUnavailable
from compute.files.locations import is_url

logger = logging.getLogger(__name__)

NAME = "apron-compute"
CONNECT_PORT = 15002
REACH_SECONDS = 10.0
HADOOP_SCHEMES = {"s3": "s3a", "gcs": "gs"}  # what Hadoop calls what fsspec calls otherwise
FOR_ALL_JOBS = {
    "spark.sql.ansi.enabled": "true",  # a sum beyond 64 bits is an error, not a wrong number
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.optimizer.enableCsvExpressionOptimization": "false",  # it would no longer count the cells of a row
}


def start(environment: EngineEnvironment) -> SparkSession:
    """Return the session of this process, a new one where there is none of any use; raise EngineUnavailable."""
    try:
        _reach_any(_addresses(environment))
        return _usable(environment) or _started(environment)
    except Exception as error:  # of Java, of the network, of the cluster
        said = type(error).__name__ if environment.spark_remote else error  # which may quote its token
        logger.warning("Spark could not be started: %s", said)
        _drop()  # a master that starts anew knows nothing of a session that it had before
        raise EngineUnavailable from error


def end_with(error: Exception) -> NoReturn:
    """End this process, whose JVM has ended: PySpark starts no other. The job is run again in another process."""
    sys.exit(f"Spark's process ended: {error}")


def _usable(environment: EngineEnvironment) -> SparkSession | None:
    try:
        found = SparkSession.getActiveSession()
        if found is None or environment.spark_remote or is_local(environment.spark_master):
            return found
        if executors.are_there(found.sparkContext):
            return found
    except Py4JJavaError:  # said by a JVM that lives
        raise
    except (Py4JError, ConnectionError) as error:  # without one, Py4J says of any class that it does not exist
        end_with(error)
    logger.warning("Spark's session has no executors left: another one begins")
    return None


def _started(environment: EngineEnvironment) -> SparkSession:
    """With a Spark Connect server, or with a JVM of our own that is a cluster's driver, or all there is."""
    logging.getLogger("py4j").setLevel(logging.WARNING)
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True  # each refused cell is a finding of ours, and no error in the log
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # which is not used with it
    builder = SparkSession.builder.appName(NAME)
    if environment.spark_remote:
        session = builder.remote(environment.spark_remote).getOrCreate()
    else:
        session = _of_our_jvm(builder, environment)
    for name, value in FOR_ALL_JOBS.items():
        session.conf.set(name, value)
    session.range(1).groupBy("id").count().sort("id").collect()  # the first query loads thousands of classes
    return session


def _of_our_jvm(builder: SparkSession.Builder, environment: EngineEnvironment) -> SparkSession:
    _drop()
    name_store_for_spark(os.environ)
    for name, value in of_our_jvm(environment, os.environ).items():
        builder.config(name, value)
    session = builder.master(environment.spark_master).getOrCreate()
    if not is_local(environment.spark_master):
        executors.cancel_when_starved(session.sparkContext, environment.spark_wait_seconds)
    return session


def _drop() -> None:
    """Stop the session of our JVM, if there is one: getOrCreate would return it, even one that the JVM has stopped."""
    if found := SparkSession._instantiatedSession:  # noqa: SLF001
        with suppress(Exception):  # of a cluster that does not answer
            found.stop()


def _addresses(environment: EngineEnvironment) -> list[tuple[str, int]]:
    if not environment.spark_remote:
        return masters_of(environment.spark_master)
    address = urlsplit(environment.spark_remote)
    return [(address.hostname or "", address.port or CONNECT_PORT)]


def _reach_any(addresses: Sequence[tuple[str, int]]) -> None:
    """Raise OSError where nobody listens at any of them: Spark itself would go on asking, for a minute or for ten."""
    for number, address in enumerate(addresses, start=1):
        try:
            socket.create_connection(address, REACH_SECONDS).close()
        except OSError:
            if number == len(addresses):
                raise
        else:
            return


def hadoop_path(place: str) -> str:
    """Return a place as Hadoop's file systems spell it."""
    scheme, _, rest = place.partition("://") if is_url(place) else ("file", "", place)
    return f"{HADOOP_SCHEMES.get(scheme, scheme)}://{rest}"


def just(path: str) -> str:
    """Return the pattern that only this path fits: what Spark reads are patterns."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", path)
