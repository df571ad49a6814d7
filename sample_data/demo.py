"""What `make run` does first: people to log in as, products, a day of work, the sample files; then it says where all is.

`--once`: ends then, instead of waiting for Ctrl-C with the others.
"""

import os
import signal
import sys
import time
from typing import Any

import django
import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - after the setup

from sample_data.catalogue import make_products  # noqa: E402
from sample_data.users import LOOKS_ONLY, MAY_ALL, OPERATES, make_users  # noqa: E402
from sample_data.yesterday import make_yesterday  # noqa: E402

HOME = f"http://localhost:{settings.PORT}"
API = f"http://127.0.0.1:{settings.PORT}/api"
CUSTOMERS, PURCHASES = "sample_data/customers.csv", "sample_data/purchases.csv"
ADDRESSES = f"""
Apron is running; Ctrl-C stops it. Log in as {MAY_ALL} (may do all), {OPERATES} or {LOOKS_ONLY}; the password is the name.

  Start here    {HOME}/
  Admin         {HOME}/admin/
  Workbench     {HOME}/workbench

  API docs      {HOME}/api/docs          (the token: {settings.API_TOKEN})
  Health        {HOME}/api/health
  What the partner's stand-in received   {settings.CUSTOMERS_API_URL.removesuffix("v1/customers")}
  What reaches Kafka   KAFKA_BOOTSTRAP_SERVERS={settings.KAFKA_BOOTSTRAP_SERVERS[0]} \\
                       .venv/bin/python manage.py tail_data --from-beginning
"""


def wait_until_up(seconds: float = 60.0) -> None:
    """Wait until web and worker answer as healthy."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{API}/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.3)
    raise SystemExit(f"Apron was not healthy after {seconds:.0f} s; the lines above say why.")


def play() -> None:
    """Import the sample files and send what is new, printing the answers."""
    run = _post("import-csv", customers_file_path=CUSTOMERS, purchased_file_path=PURCHASES)
    print(f"Imported {CUSTOMERS}: {run['customers']}")
    print(f"Imported {PURCHASES}: {run['purchases']}")
    delivery = _post("send-customers", only="changed")
    customers = sum(batch["customers"] for batch in delivery["batches"])
    print(f"Delivery {delivery['id']} to the partner's stand-in: {delivery['status']}, {customers} customers")


def _post(path: str, **body: object) -> Any:
    headers = {"Authorization": f"Bearer {settings.API_TOKEN}"}
    return requests.post(f"{API}/{path}", json=body, headers=headers, timeout=60).json()


if __name__ == "__main__":
    make_users()
    make_products()
    wait_until_up()
    make_yesterday(API)
    play()
    print(ADDRESSES, flush=True)
    if "--once" not in sys.argv:
        signal.pause()
