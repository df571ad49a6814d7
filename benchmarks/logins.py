"""`python -m benchmarks.logins`: how long /health takes while strangers guess passwords, and how many are looked at.

1,000 wrong logins from 50 addresses, for one account and for a thousand, against granian with 2 processes of 16 threads.
"""

import os
import tempfile
from pathlib import Path

import django

from tests.login_flood import MAKE_ANA, NAME, WEB_OPTIONS, attack, browsers, most_checks
from tests.processes import running_system

ATTEMPTS = 1000


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from config.access.throttling import FREE, Kind  # noqa: PLC0415 - settings first

    print(f"{'':24}{'seconds':>9}{'looked at':>11}{'/health ms: median':>20}{'95 %':>8}{'99 %':>8}{'max':>8}")
    for what, names in {
        "one account": [NAME] * ATTEMPTS,
        "a thousand accounts": [f"user {number}" for number in range(ATTEMPTS)],
    }.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            running_system(Path(folder), TRUSTED_PROXIES="127.0.0.1") as system,
        ):
            system.manage("shell", "-c", MAKE_ANA)
            system.start_web(*WEB_OPTIONS)
            found = attack(system, browsers(system), names)
        ms = [1000 * found.health_percentile(percent) for percent in (50, 95, 99, 100)]
        print(f"{what:24}{found.seconds:9.1f}{found.statuses[200]:11}{ms[0]:20.0f}{ms[1]:8.0f}{ms[2]:8.0f}{ms[3]:8.0f}")
        print(
            f"  answers: {dict(found.statuses)}, at most {most_checks(FREE[Kind.ACCOUNT], found.seconds)} for an account"
        )


if __name__ == "__main__":
    main()
