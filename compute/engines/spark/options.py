"""What Spark's JVM is told: our own options, those of a cluster, and where S3A finds the store that fsspec is told of.

Options are in the command line of the JVM, which all of the machine can read. So no secret is one: Spark itself takes the
keys of S3 from the JVM's environment, and gives them to the executors with their work.
"""

from collections.abc import Mapping, MutableMapping
from urllib.parse import urlsplit

from compute.engines.base import EngineEnvironment

STANDALONE = "spark://"
FOR_CLUSTERS = {  # an idle child gives back its executors, but one: another child may need them
    "spark.dynamicAllocation.enabled": "true",
    "spark.dynamicAllocation.minExecutors": "1",
    "spark.dynamicAllocation.shuffleTracking.enabled": "true",
    "spark.dynamicAllocation.shuffleTracking.timeout": "60s",
}
_S3_VARIABLES = {  # what Spark reads: where s3fs finds the same, first of all in its own
    "AWS_ACCESS_KEY_ID": ("FSSPEC_S3_KEY", "AWS_ACCESS_KEY_ID"),
    "AWS_SECRET_ACCESS_KEY": ("FSSPEC_S3_SECRET", "AWS_SECRET_ACCESS_KEY"),
    "AWS_SESSION_TOKEN": ("FSSPEC_S3_TOKEN", "AWS_SESSION_TOKEN"),
    "AWS_ENDPOINT_URL": ("FSSPEC_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "AWS_REGION": ("AWS_DEFAULT_REGION", "AWS_REGION"),
}


def is_local(master: str) -> bool:
    """Return whether Spark computes in the JVM of the child alone."""
    return master.startswith("local")


def masters_of(master: str) -> list[tuple[str, int]]:
    """Return the addresses of a standalone cluster's masters, of which one leads; none of other clusters."""
    if not master.startswith(STANDALONE):
        return []
    found = [urlsplit(f"//{address}") for address in master.removeprefix(STANDALONE).split(",")]
    return [(each.hostname or "", each.port or 0) for each in found]


def of_our_jvm(environment: EngineEnvironment, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the options of the JVM that is a cluster's driver, or all there is."""
    ours = {
        "spark.driver.memory": f"{environment.memory // 1024**2}m",
        "spark.local.dir": environment.scratch,
        "spark.log.level": "FATAL",
        "spark.python.sql.dataFrameDebugging.enabled": "false",  # it doubles the questions to the JVM
        "spark.ui.showConsoleProgress": "false",
    }
    defaults = {"spark.ui.enabled": "false"} | _of_s3a(variables)
    if is_local(environment.spark_master):
        defaults |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    else:
        defaults |= FOR_CLUSTERS
    return defaults | dict(environment.spark_conf) | ours


def _of_s3a(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the options of S3A that are no secrets."""
    options = {}
    if "AWS_ENDPOINT_URL" in variables:  # as botocore does: such servers have no name for each bucket
        options["spark.hadoop.fs.s3a.path.style.access"] = "true"
    if region := variables.get("AWS_REGION"):
        options["spark.hadoop.fs.s3a.endpoint.region"] = region
    return options


def name_store_for_spark(variables: MutableMapping[str, str]) -> None:
    """Say by the names that Spark reads where s3fs finds S3, and with which keys."""
    for name, sources in _S3_VARIABLES.items():
        if found := next((variables[each] for each in sources if variables.get(each)), ""):
            variables[name] = found
