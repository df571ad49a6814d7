"""SPARK_CONF and what can be wrong with it: options of Spark in one variable, written as for a shell."""

import re
import shlex
from collections.abc import Iterator

from django.conf import settings

SettingError = tuple[str, str, str]

_OPTION = re.compile(r"(spark\.[\w.-]+)=(.*)", re.DOTALL)
_SECRET = re.compile(r"secret|password|token|access\.?key|account\.key", re.IGNORECASE)
_NAMES_A_PLACE = re.compile(r"provider|path$|file$|enabled$", re.IGNORECASE)
_OURS = frozenset(
    {
        "spark.driver.memory",
        "spark.local.dir",
        "spark.master",
        "spark.sql.ansi.enabled",
        "spark.sql.caseSensitive",
        "spark.sql.session.timeZone",
    }
)


def spark_options(text: str) -> dict[str, str]:
    """Return `spark.a=1 'spark.b=x y'` as a dict; raise ValueError where it is not written like that."""
    options = {}
    for word in shlex.split(text):
        if (found := _OPTION.fullmatch(word)) is None:
            raise ValueError(f"{word.partition('=')[0]!r} is not spark.name=value")
        options[found[1]] = found[2]
    return options


def spark_conf_errors() -> Iterator[SettingError]:
    """Yield code, message and mend of what is wrong with SPARK_CONF and SPARK_WAIT_SECONDS."""
    if settings.SPARK_WAIT_SECONDS <= 0:
        yield "E193", "SPARK_WAIT_SECONDS is not above 0.", "Give seconds, such as 120."
    try:
        options = spark_options(settings.SPARK_CONF)
    except ValueError as error:
        mend = "Write spark.cores.max=4 spark.driver.host=apron: blanks between, quotes around values with blanks."
        yield "E190", f"SPARK_CONF cannot be read: {error}.", mend
        return
    if secrets := [name for name in options if _SECRET.search(name) and not _NAMES_A_PLACE.search(name)]:
        mend = "Leave it out: the command line of the JVM shows it. docs/operations.md says where Spark finds secrets."
        yield "E191", f"SPARK_CONF holds a secret: {', '.join(secrets)}.", mend
    if ours := sorted(_OURS & set(options)):
        mend = "Leave it out. COMPUTE_MEMORY_LIMIT is the driver's memory, SPARK_MASTER the master."
        yield "E192", f"SPARK_CONF holds what Apron sets: {', '.join(ours)}.", mend
