"""`make screenshots`: the pictures of README and docs, taken anew of the demo with the machine's Chromium."""

import os
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

import django
from playwright.sync_api import Browser, Page, expect, sync_playwright

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from sample_data.trace_picture import take_trace  # noqa: E402 - after the setup
from sample_data.users import MAY_ALL  # noqa: E402
from tests.browser.airline import running_airline  # noqa: E402
from tests.browser.chromium import HOW_TO_GET_ONE, find_chromium, launch_arguments  # noqa: E402
from tests.browser.house import House, running_house  # noqa: E402

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
LARGEST = 200_000  # bytes of a picture; what a README can bear


class Shot(NamedTuple):
    """A picture: where, as whom, in which colours."""

    name: str
    address: str
    user: str = ""
    colours: Literal["light", "dark"] = "light"


SHOTS = (
    Shot("dashboard", "/admin/", MAY_ALL),
    Shot("delivery", "/admin/inflight/delivery/{recovered}/change/", MAY_ALL),
    Shot("workbench", "/workbench/files/inflight_sales.csv?by=product&compute=sum:price", MAY_ALL),
    Shot("catalogue", "/catalogue/{product}", MAY_ALL, "dark"),
)


def take(browser: Browser, house: House, shot: Shot) -> Path:
    """Take one picture and return where it is."""
    with browser.new_context(
        base_url=house.url, viewport={"width": 1280, "height": 800}, color_scheme=shot.colours, reduced_motion="reduce"
    ) as context:
        if shot.user:
            house.sign_in(context, shot.user)
        page = context.new_page()
        page.goto(shot.address)
        expect(page.locator("[data-watch]")).to_have_count(0, timeout=30_000)  # what is still computed
        return save(page, shot.name)


def take_login(browser: Browser, folder: Path) -> Path:
    """Take the picture of a login that leads to two identity providers, and return where it is."""
    folder.mkdir()
    names = {"SSO_OIDC_NAME": "Example Air", "SSO_SAML_NAME": "Example Air Partners"}
    with running_airline(folder, **names) as airline:
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page.goto(f"{airline.url}/login")
        return save(page, "login")


def save(page: Page, name: str) -> Path:
    """Keep what the page shows."""
    place = IMAGES / f"{name}.png"
    page.wait_for_load_state("networkidle")
    page.screenshot(path=place, animations="disabled")
    return place


def check_size(place: Path) -> None:
    """Say how large a picture is; raise SystemExit where it is too large."""
    size = place.stat().st_size
    print(f"{place.relative_to(Path.cwd())}: {size:,} bytes")
    if size > LARGEST:
        raise SystemExit(f"{place.name} is larger than {LARGEST:,} bytes.")


def main() -> None:
    """Start the demo, take all pictures, say how large they are."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit(HOW_TO_GET_ONE)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_house(Path(folder)) as house, sync_playwright() as playwright:
        places = house.places
        with playwright.chromium.launch(**launch_arguments(chromium)) as browser:
            for shot in SHOTS:
                check_size(take(browser, house, shot._replace(address=shot.address.format(**places))))
            take_trace(browser, IMAGES / "trace.png")
            check_size(IMAGES / "trace.png")
            check_size(take_login(browser, Path(folder) / "airline"))


if __name__ == "__main__":
    main()
