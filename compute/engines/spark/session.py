"""The Spark session of a worker process, shared by its jobs: it takes seconds to start."""

import logging
import re
import socket
import warnings
from urllib.parse import urlsplit

from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from compute.engines.base import EngineEnvironment
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
    """Return the session of this process, started if it is not there; raise EngineUnavailable."""
    if found := SparkSession.getActiveSession():
        return found
    try:
        return _started(environment)
    except Exception as error:  # of Java, of the network, of the cluster
        said = type(error).__name__ if environment.spark_remote else error  # which may quote its token
        logger.warning("Spark could not be started: %s", said)
        raise EngineUnavailable from error


def _started(environment: EngineEnvironment) -> SparkSession:
    """With a Spark Connect server, or with a JVM of our own that is a cluster's driver, or all there is."""
    logging.getLogger("py4j").setLevel(logging.WARNING)
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True  # each refused cell is a finding of ours, and no error in the log
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # which is not used with it
    builder = SparkSession.builder.appName(NAME)
    if environment.spark_remote:
        _reach(environment.spark_remote)
        session = builder.remote(environment.spark_remote).getOrCreate()
    else:
        for name, value in _of_our_jvm(environment).items():
            builder.config(name, value)
        session = builder.master(environment.spark_master).getOrCreate()
    for name, value in FOR_ALL_JOBS.items():
        session.conf.set(name, value)
    session.range(1).groupBy("id").count().sort("id").collect()  # the first query loads thousands of classes
    return session


def _reach(remote: str) -> None:
    """Raise OSError where nobody listens: Spark itself would go on asking for ten minutes."""
    address = urlsplit(remote)
    socket.create_connection((address.hostname or "", address.port or CONNECT_PORT), REACH_SECONDS).close()


def _of_our_jvm(environment: EngineEnvironment) -> dict[str, str]:
    options = {
        "spark.driver.memory": f"{environment.memory // 1024**2}m",
        "spark.local.dir": environment.scratch,
        "spark.log.level": "FATAL",
        "spark.python.sql.dataFrameDebugging.enabled": "false",  # it doubles the questions to the JVM
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if environment.spark_master.startswith("local"):
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return options


def hadoop_path(place: str) -> str:
    """Return a place as Hadoop's file systems spell it."""
    scheme, _, rest = place.partition("://") if is_url(place) else ("file", "", place)
    return f"{HADOOP_SCHEMES.get(scheme, scheme)}://{rest}"


def just(path: str) -> str:
    """Return the pattern that only this path fits: what Spark reads are patterns."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", path)
