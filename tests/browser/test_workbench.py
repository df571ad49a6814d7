"""The analyst's way: a file in, a question, an answer to take away."""

import re
import shlex
from pathlib import Path

import requests
from playwright.sync_api import Page, expect

from tests.browser.charts import chart_of, points_of
from tests.browser.house import House
from tests.browser.watching import barriers

SALES = "flight,product,price\nAP1,Coffee,3\nAP1,Perfume,90\nAP2,Coffee,4\nAP2,,5\n"


def log_in(page: Page, user: str) -> None:
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(user)
    page.get_by_role("button", name="Log in").click()


def drop(page: Page, name: str, text: str) -> None:
    """Drop a file as from the desktop."""
    page.wait_for_load_state()  # from then on it listens
    make = "([name, text]) => { const all = new DataTransfer(); all.items.add(new File([text], name)); return all }"
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": page.evaluate_handle(make, [name, text])})


def ask_for_price_by(page: Page, column: str) -> None:
    """Ask for the sum of the prices."""
    form = page.get_by_role("form", name="Group and aggregate")
    form.get_by_role("group", name="Group by").get_by_label(column).check()
    form.get_by_role("group", name=re.compile("^price")).get_by_label("sum").check()
    form.get_by_role("button", name="Run").click()


def download(page: Page, format_: str) -> bytes:
    """Take the result away and return what is in the file."""
    with page.expect_download() as coming:
        page.get_by_label(f"Download as {format_}", exact=True).click()
    assert coming.value.suggested_filename.endswith(f".{format_}")
    return Path(coming.value.path()).read_bytes()


def call(command: str) -> requests.Response:
    """Do what a curl command says."""
    _, url, *rest = shlex.split(command.replace("\\\n", " ").replace("$APRON_TOKEN", "test-token"))
    arguments = list(zip(rest[::2], rest[1::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in arguments if option == "-H")
    return requests.post(url, dict(arguments)["-d"].encode(), headers=headers, timeout=30)


def test_from_login_to_the_downloaded_result(page: Page, house: House) -> None:
    page.goto("/workbench")
    log_in(page, "operator")
    expect(page).to_have_url(f"{house.url}/workbench")

    drop(page, "way.csv", SALES)
    expect(page.get_by_role("heading", name="way.csv")).to_be_visible()
    rows = page.get_by_role("region", name="First rows").get_by_role("row")
    expect(rows).to_have_text(
        [re.compile("flight.*product.*price"), "AP1Coffee3", "AP1Perfume90", "AP2Coffee4", "AP2missing5"]
    )
    assert barriers(page) == []

    ask_for_price_by(page, "flight")
    expect(page.get_by_role("heading", name="sum of price, by flight")).to_be_visible()
    result = page.get_by_role("region", name="Rows of the result").get_by_role("row")
    expect(result).to_have_text(["flightprice_sum", "AP193", "AP29"])
    assert points_of(chart_of(page, "price_sum · flight")) == ["AP1; price_sum: 93", "AP2; price_sum: 9"]
    assert barriers(page) == []

    assert download(page, "csv").split() == [b"flight,price_sum", b"AP1,93", b"AP2,9"]
    for format_, sign in (("json", b'"price_sum"'), ("xml", b"<price_sum>"), ("parquet", b"PAR1")):
        assert sign in download(page, format_)
    assert call(page.get_by_label("Command").inner_text()).json()["rows"] == 2


def test_a_job_is_watched_to_its_end(page: Page, house: House) -> None:
    house.sign_in(page.context, "operator")
    house.upload("watched.csv", SALES)
    page.goto("/workbench/files/watched.csv")
    with house.worker_asleep():
        ask_for_price_by(page, "product")
        expect(page.get_by_text("Waiting for its turn.")).to_be_visible()
        assert barriers(page) == []
    assert "Coffee; price_sum: 7" in points_of(chart_of(page, "price_sum · product"))


def test_a_job_is_cancelled(page: Page, house: House) -> None:
    house.sign_in(page.context, "operator")
    house.upload("cancelled.csv", SALES)
    page.goto("/workbench/files/cancelled.csv")
    with house.worker_asleep():
        ask_for_price_by(page, "product")
        page.get_by_role("button", name="Cancel the job").click()
        expect(page.get_by_text("Cancelled on request.")).to_be_visible()


def test_an_upload_shows_how_far_it_is_and_can_be_stopped(page: Page, house: House) -> None:
    house.sign_in(page.context, "operator")
    page.goto("/workbench")
    slowly = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slowly)
    drop(page, "large.csv", SALES * 50_000)
    expect(page.get_by_text("% of large.csv is there.")).to_be_visible()
    page.get_by_role("button", name="Stop the upload").click()
    expect(page.get_by_text("The upload was stopped.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="large.csv")).to_have_count(0)


def test_a_file_of_decimal_commas_is_read_right_and_grouped(page: Page, house: House) -> None:
    house.sign_in(page.context, "operator")
    house.upload("ventes.csv", "flight;price\nNîmes;1,5\nNîmes;2,25\nParis;4\n", encoding="cp1252")
    page.goto("/workbench/files/ventes.csv")
    expect(page.get_by_text("cp1252, a guess")).to_be_visible()
    assert barriers(page) == []

    page.get_by_role("link", name="Read decimal commas").click()
    expect(page.get_by_role("link", name="Read decimal commas")).to_have_count(0)
    ask_for_price_by(page, "flight")

    assert points_of(chart_of(page, "price_sum · flight")) == ["Nîmes; price_sum: 3.75", "Paris; price_sum: 4"]
