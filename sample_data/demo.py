"""What `make run` does first: people to log in as, products, a day of work, the sample files; then it says where all is.

`python -m sample_data.demo URL [--once]`: with `--once` it ends then, instead of waiting for Ctrl-C with the others.
"""

import argparse
import os
import signal
import time
from typing import Any

import django
import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - after the setup

from sample_data.catalogue import make_products  # noqa: E402
from sample_data.users import ANALYSES, LOOKS_ONLY, MAY_ALL, OPERATES, make_users  # noqa: E402
from sample_data.yesterday import make_yesterday  # noqa: E402

CUSTOMERS, PURCHASES = "sample_data/customers.csv", "sample_data/purchases.csv"
ADDRESSES = f"""
Apron is running; Ctrl-C stops it. Log in as {MAY_ALL} (may do all), {OPERATES}, {ANALYSES} or {LOOKS_ONLY};
the password is the name.

  Start here    {{url}}/
  Admin         {{url}}/admin/
  Workbench     {{url}}/workbench

  API docs      {{url}}/api/docs          (the token: {settings.API_TOKEN})
  Health        {{url}}/api/health
  Drop files    {settings.IMPORT_INBOX or "(IMPORT_INBOX is not set)"}
                a customers and a purchases file, such as those in sample_data/: they are imported and sent
  What the partner's stand-in received   {settings.CUSTOMERS_API_URL.removesuffix("v1/customers")}
  What reaches Kafka   KAFKA_BOOTSTRAP_SERVERS={settings.KAFKA_BOOTSTRAP_SERVERS[0]} \\
                       .venv/bin/python manage.py tail_data --from-beginning
"""


def wait_until_up(api: str, seconds: float = 60.0) -> None:
    """Wait until web and worker answer as healthy."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{api}/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.3)
    raise SystemExit(f"Apron was not healthy after {seconds:.0f} s; the lines above say why.")


def play(api: str) -> None:
    """Import the sample files and send what is new, printing the answers."""
    run = _post(f"{api}/import-csv", customers_file_path=CUSTOMERS, purchased_file_path=PURCHASES)
    print(f"Imported {CUSTOMERS}: {run['customers']}")
    print(f"Imported {PURCHASES}: {run['purchases']}")
    delivery = _post(f"{api}/send-customers", only="changed")
    customers = sum(batch["customers"] for batch in delivery["batches"])
    print(f"Delivery {delivery['id']} to the partner's stand-in: {delivery['status']}, {customers} customers")


def _post(url: str, **body: object) -> Any:
    headers = {"Authorization": f"Bearer {settings.API_TOKEN}"}
    return requests.post(url, json=body, headers=headers, timeout=60).json()


def main(url: str, *, once: bool) -> None:
    """Prepare it all on the Apron at `url`, and say where it is."""
    make_users()
    make_products()
    wait_until_up(f"{url}/api")
    make_yesterday(f"{url}/api")
    play(f"{url}/api")
    print(ADDRESSES.format(url=url), flush=True)
    if not once:
        signal.pause()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--once", action="store_true")
    arguments = parser.parse_args()
    main(arguments.url, once=arguments.once)
