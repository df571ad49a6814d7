"""`python -m benchmarks.logins`: how long /health takes while strangers guess passwords, and how many are looked at.

1,000 wrong logins from 50 addresses, for one account and for a thousand, against granian with 2 processes of 16 threads;
before each, /health is asked while nobody logs in.
"""

import os
import tempfile
import time
from pathlib import Path

import django

from tests.login_flood import MAKE_ANA, NAME, WEB_OPTIONS, attack, browsers, most_checks, percentile, watching_health
from tests.processes import running_system

ATTACKS = {
    "one account": [NAME] * 1000,
    "a thousand accounts": [f"user {number}" for number in range(1000)],
}
CALM_SECONDS = 10.0


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from config.access.throttling import FREE, Kind  # noqa: PLC0415 - settings first

    print(f"{'':24}{'seconds':>9}{'looked at':>11}{'/health ms: median':>20}{'95 %':>8}{'99 %':>8}{'max':>8}")
    for what, names in ATTACKS.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            running_system(Path(folder), TRUSTED_PROXIES="127.0.0.1") as system,
        ):
            system.manage("shell", "-c", MAKE_ANA)
            system.start_web(*WEB_OPTIONS)
            senders = browsers(system)
            with watching_health(system) as calm:
                time.sleep(CALM_SECONDS)
            found = attack(system, senders, names)
        print(f"{'no login':24}{CALM_SECONDS:9.1f}{0:11}{milliseconds(calm)}")
        print(f"{what:24}{found.seconds:9.1f}{found.statuses[200]:11}{milliseconds(found.health)}")
        print(
            f"  answers: {dict(found.statuses)}, at most {most_checks(FREE[Kind.ACCOUNT], found.seconds)} for an account"
        )


def milliseconds(health: list[float]) -> str:
    median, *others = (1000 * percentile(health, percent) for percent in (50, 95, 99, 100))
    return f"{median:20.0f}" + "".join(f"{each:8.0f}" for each in others)


if __name__ == "__main__":
    main()
