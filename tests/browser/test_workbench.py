"""The analyst's way: a file in, a question, an answer to take away."""

import re
import shlex
from pathlib import Path

import requests
from playwright.sync_api import Browser, Locator, Page, expect

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


def add(page: Page, part: str, **fields: str) -> None:
    """Add a part to the question: open its form, fill in its fields by their labels, send it."""
    adder = page.locator("details.adder").filter(has=page.get_by_text(part, exact=True).and_(page.locator("summary")))
    adder.locator("summary").click()
    form = adder.get_by_role("form")
    for label, value in fields.items():
        field = form.get_by_label(label.capitalize(), exact=True)
        field.select_option(value) if field.evaluate("field => field.tagName") == "SELECT" else field.fill(value)
    form.get_by_role("button").click()
    page.wait_for_url(re.compile("#question$"))


def ask_for_price_by(page: Page, column: str) -> None:
    """Ask for the sum of the prices."""
    add(page, "Group by", column=column)
    add(page, "Compute", figure="sum", column="price")
    page.get_by_role("button", name="Run").first.click()


def answer_of(page: Page) -> Locator:
    """The rows of the answer."""
    return page.get_by_role("region", name="Rows of the answer").get_by_role("row")


def download(page: Page, format_: str) -> bytes:
    """Take the result away and return what is in the file."""
    group = page.get_by_role("group", name="Download the answer")
    with page.expect_download() as coming:
        group.locator("a, button").filter(has_text=re.compile(rf"\b{format_}$")).click()
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
    rows = page.get_by_role("region", name="Rows of the file").get_by_role("row")
    expect(rows).to_have_text(
        [re.compile("flight.*product.*price"), "AP1Coffee3", "AP1Perfume90", "AP2Coffee4", "AP2missing5"]
    )
    expect(page.get_by_role("region", name="Columns", exact=True)).to_contain_text("25% missing")
    assert barriers(page) == []

    ask_for_price_by(page, "flight")
    expect(answer_of(page)).to_have_text(["flightprice_sum", "AP193", "AP29"])
    expect(page.get_by_role("application", name="price_sum · flight")).to_be_visible()
    assert barriers(page) == []

    assert download(page, "csv").split() == [b"flight,price_sum", b"AP1,93", b"AP2,9"]
    for format_, sign in (("json", b'"price_sum"'), ("xml", b"<price_sum>"), ("parquet", b"PAR1")):
        assert sign in download(page, format_)
    page.get_by_text("The same with curl, Python or SQL").click()
    assert call(page.get_by_label("curl").inner_text()).json()["rows"] == 2
    assert barriers(page) == []


def test_a_job_is_watched_to_its_end_over_a_reload(page: Page, house: House) -> None:
    house.sign_in(page.context, "operator")
    house.upload("watched.csv", SALES)
    page.goto("/workbench/files/watched.csv")
    expect(page.get_by_role("button", name="Profile all rows")).to_be_visible()
    with house.worker_asleep():
        ask_for_price_by(page, "product")
        expect(page.get_by_text("Queued.")).to_be_visible()
        page.reload()
        expect(page.get_by_text("Queued.")).to_be_visible()
        assert barriers(page) == []
    expect(answer_of(page)).to_have_text(["productprice_sum", "Coffee7", "Perfume90", "missing5"])
    assert "Coffee; price_sum: 7" in points_of(chart_of(page, "price_sum · product"))


def test_a_job_is_cancelled(page: Page, house: House) -> None:
    house.sign_in(page.context, "operator")
    house.upload("cancelled.csv", SALES)
    page.goto("/workbench/files/cancelled.csv")
    expect(page.get_by_role("button", name="Profile all rows")).to_be_visible()
    with house.worker_asleep():
        ask_for_price_by(page, "product")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled on request.")).to_be_visible()
    page.get_by_role("button", name="Run again").click()
    expect(answer_of(page)).to_have_count(4)


def test_an_upload_shows_how_far_it_is_and_can_be_stopped(page: Page, house: House) -> None:
    house.sign_in(page.context, "operator")
    page.goto("/workbench")
    slowly = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slowly)
    drop(page, "large.csv", SALES * 50_000)
    expect(page.get_by_text("% of large.csv uploaded.")).to_be_visible()
    page.get_by_role("button", name="Cancel the upload").click()
    expect(page.get_by_text("The upload was cancelled.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="large.csv")).to_have_count(0)


VENTES = "vol;produit;lot;prix;vendu\n" + "".join(
    f"AF{n % 3};{('Café', 'Thé', 'Crème')[n % 3]};{n + 5};{n},5;2026-11-{n % 9 + 1:02d}\n" for n in range(27)
)


def choose_type(page: Page, column: str, type_: str) -> None:
    """Say in the panel of columns as what a column is read."""
    card = page.locator("details.column", has=page.locator(".name", has_text=re.compile(f"^{column}$")))
    card.locator("summary").first.click()
    card.get_by_role("link", name=type_, exact=True).click()


def test_an_analyst_corrects_filters_groups_draws_and_shares(page: Page, house: House, browser: Browser) -> None:
    house.sign_in(page.context, "operator")
    house.upload("ventes.csv", VENTES, encoding="cp1252")
    page.goto("/workbench/files/ventes.csv")
    expect(page.get_by_text("cp1252, a guess")).to_be_visible()
    page.get_by_role("link", name="Read decimal commas").click()
    expect(page.get_by_role("link", name="Read decimal commas")).to_have_count(0)
    choose_type(page, "lot", "text")
    types = page.get_by_role("list", name="Types of columns")
    expect(types).to_contain_text("lot · text")

    add(page, "Filter", column="prix", comparison="<", value="20,0")
    add(page, "Filter", column="produit", comparison="=", value="Café")
    expect(page.get_by_role("region", name="Rows of the file").get_by_role("row")).to_have_count(8)
    add(page, "Group by", column="vendu")
    add(page, "Compute", figure="sum", column="prix")
    add(page, "Compute", figure="count", column="prix")
    page.get_by_role("button", name="Run").first.click()
    expect(answer_of(page)).to_have_count(4)

    page.locator("figure.chart-figure").get_by_role("button", name="Bars").click()
    page.get_by_role("combobox", name="Number").select_option("prix_count")
    expect(page.get_by_role("application", name=re.compile("prix_count"))).to_be_visible()
    page.get_by_text("Share", exact=True).click()
    address = page.get_by_label("Address").inner_text()
    assert "kind=bar" in address
    assert barriers(page) == []
    page.go_back()
    page.go_forward()
    expect(page.get_by_role("application", name=re.compile("prix_count"))).to_be_visible()
    see_what_is_shared(browser, house, address)
    page.get_by_role("link", name="Do not read lot as text").click()
    expect(types).to_have_count(0)


def see_what_is_shared(browser: Browser, house: House, address: str) -> None:
    """Open an address as another user, who sees the file read so, the answer and the chart."""
    with browser.new_context() as others:
        house.sign_in(others, "viewer")
        other = others.new_page()
        other.goto(address)
        expect(other.get_by_role("list", name="Types of columns")).to_contain_text("lot · text")
        expect(answer_of(other)).to_have_count(4)
        expect(other.get_by_role("application", name=re.compile("prix_count"))).to_be_visible()
        bars = other.locator("figure.chart-figure").get_by_role("button", name="Bars")
        expect(bars).to_have_attribute("aria-pressed", "true")


def test_each_of_300_columns_is_found_and_the_page_loads_little(page: Page, house: House) -> None:
    house.sign_in(page.context, "operator")
    names = ",".join(f"measure_{number}" for number in range(300))
    house.upload("wide.csv", names + "\n" + ",".join("1" * 300) + "\n")
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", "0"))))
    page.goto("/workbench/files/wide.csv", wait_until="networkidle")
    assert sum(sizes) < 300_000
    page.get_by_role("searchbox", name="Find columns").fill("measure_287")
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader")).to_have_text([re.compile("measure_287")])
    page.locator("details.column > summary").click()
    page.get_by_role("link", name="Filter", exact=True).click()
    expect(page.get_by_role("form", name="Add a filter").get_by_label("Column")).to_have_value("measure_287")
    expect(page.get_by_label("Value", exact=True)).to_be_focused()
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Parts of the question")).to_contain_text("measure_287 = 1")
    assert barriers(page) == []
