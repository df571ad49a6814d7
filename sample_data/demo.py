"""What `make run` does first: imports the sample files, sends the customers, makes products, through the API, and says so."""

import signal
import time

import requests

API = "http://127.0.0.1:3100/api"
PRODUCTS = [
    {"name": "Eau de parfum, 50 ml", "description": "A classic of the trolley."},
    {"name": "Model aeroplane, 1:200", "description": "The one you are sitting in."},
]
CUSTOMERS, PURCHASES = "sample_data/customers.csv", "sample_data/purchases.csv"
ADDRESSES = """
Apron is running; Ctrl-C stops it.
  API docs      http://localhost:3100/api/docs
  Health        http://localhost:3100/api/health
  Admin         http://localhost:3100/admin/          (a login: python manage.py createsuperuser)
  What the partner's stand-in received   http://localhost:3199/
  What reaches Kafka   KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:3197 .venv/bin/python manage.py tail_data --from-beginning
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
    run = requests.post(
        f"{API}/import-csv", json={"customers_file_path": CUSTOMERS, "purchased_file_path": PURCHASES}, timeout=60
    ).json()
    print(f"Imported {CUSTOMERS}: {run['customers']}")  # noqa: T201
    print(f"Imported {PURCHASES}: {run['purchases']}")  # noqa: T201
    delivery = requests.post(f"{API}/send-customers", json={"only": "changed"}, timeout=60).json()
    customers = sum(batch["customers"] for batch in delivery["batches"])
    print(f"Delivery {delivery['id']} to the partner's stand-in: {delivery['status']}, {customers} customers")  # noqa: T201
    make_products()
    print(ADDRESSES, flush=True)  # noqa: T201


def make_products() -> None:
    """Make the sample products that are not there yet, and say where their prices are."""
    there = {product["name"]: product for product in requests.get(f"{API}/products?limit=1000", timeout=60).json()}
    for wanted in PRODUCTS:
        product = there.get(wanted["name"]) or requests.post(f"{API}/products", json=wanted, timeout=60).json()
        print(f"Product {wanted['name']}: {API}/products/{product['id']}/price-trend")  # noqa: T201


if __name__ == "__main__":
    wait_until_up()
    play()
    signal.pause()
