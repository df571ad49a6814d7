"""Which language a request is answered in, and what stays English whatever it asks for."""

# ruff: noqa: RUF001 - French has apostrophes

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.translation import get_language, override

from catalog.models import RefreshRun
from catalog.services.imports import importer
from compute.models import Job
from config.core.kept_texts import translated
from config.models import AlertMessage
from config.monitoring.alerts import channels
from tests.people import client_of
from tests.rows import make_rows

pytestmark = pytest.mark.django_db

FRENCH = {"Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"}


def post(client: Client, body: Any, **headers: str) -> Any:
    return client.post("/api/data", json.dumps(body), content_type="application/json", headers=headers)


def test_a_program_that_wishes_nothing_gets_the_english_problem_of_before(client: Client) -> None:
    answer = post(client, {"content": 1})
    problem = answer.json()
    assert problem.pop("instance")
    assert problem == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "content must be a string.",
        "errors": [{"field": "content", "code": "invalid", "message": "content must be a string."}],
    }
    assert answer["Content-Language"] == "en"


def test_a_problem_is_told_in_the_language_of_the_wish_and_its_codes_stay(client: Client) -> None:
    answer = post(client, {"content": 1}, **FRENCH)
    problem = answer.json()
    assert problem["title"] == "Requête incorrecte"
    assert problem["errors"] == [{"field": "content", "code": "invalid", "message": "content doit être une chaîne."}]
    assert answer["Content-Language"] == "fr"
    assert set(re.split(", *", answer["Vary"])) >= {"Accept-Language", "Cookie"}


def test_what_is_no_problem_is_the_same_in_each_language(client: Client) -> None:
    english, french = client.get("/api/products"), client.get("/api/products", headers=FRENCH)
    assert english.content == french.content
    assert not french.has_header("Content-Language")


@pytest.mark.parametrize("wish", ["de", "", "*", "not a language", "fr" * 5000])
def test_a_wish_for_no_language_of_ours_is_english(client: Client, wish: str) -> None:
    assert post(client, {"content": 1}, **{"Accept-Language": wish}).json()["title"] == "Bad Request"


def test_a_request_leaves_no_language_behind_in_its_thread(client: Client) -> None:
    before = get_language()
    client.get("/login", headers=FRENCH)
    assert get_language() == before
    assert "<h1>Log in</h1>" in client.get("/login").content.decode()


def test_the_switch_is_kept_and_wins_over_the_browsers_wish(client: Client) -> None:
    answer = client.post("/language", {"language": "en", "next": "/catalogue?q=x"}, headers=FRENCH)
    assert (answer.status_code, answer["Location"]) == (302, "/catalogue?q=x")
    page = client.get("/login", headers=FRENCH)
    assert '<html lang="en">' in page.content.decode()
    cookie = client.cookies["django_language"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_the_switch_leads_nowhere_else(client: Client) -> None:
    assert client.post("/language", {"language": "fr", "next": "https://elsewhere.example/"})["Location"] == "/"


def test_a_page_says_its_language_and_offers_the_other(client: Client) -> None:
    page = client.get("/login", headers=FRENCH).content.decode()
    assert '<html lang="fr">' in page
    assert re.search(r'<button name="language" value="en" lang="en"[^>]*>EN</button>', page)


def test_the_texts_of_scripts_are_a_script_that_a_browser_keeps(client: Client) -> None:
    page = client.get("/login", headers=FRENCH).content.decode()
    address = re.search(r'src="(/texts/fr-[0-9a-f]{12}\.js)"', page)
    assert address
    script = client.get(address[1])
    assert "immutable" in script["Cache-Control"]
    assert json.dumps("Copié.") in script.content.decode()
    assert "Cookie" not in script.get("Vary", "")


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("Import 7 failed", "L’importation 7 a échoué"),
        ("partner API: no answer in time", "API du partenaire\u00a0: pas de réponse à temps"),
        (
            "There is no column 'x'. The file has: a, b.",
            "Il n’y a pas de colonne 'x'. Le fichier a\u00a0: a, b.",
        ),
        ("'0' is not a positive whole number", "'0' n’est pas un entier positif"),
        ("nothing that Apron ever says", "nothing that Apron ever says"),
        ("", ""),
    ],
)
def test_a_kept_sentence_is_told_in_the_readers_language(kept: str, told: str) -> None:
    assert translated(kept) == kept
    with override("fr"):
        assert translated(kept) == told


def test_a_long_text_that_fits_nothing_is_given_up_soon() -> None:
    with override("fr"):
        assert translated("x " * 50_000) == "x " * 50_000


@pytest.mark.timeout(20)
def test_a_text_that_was_made_up_to_fit_in_many_ways_is_given_up_soon() -> None:
    parts = ("a worker tries again at ", " (", "), in round ", " of ", ". To try at once, retry it.")
    text = parts[0] + "x" + "".join(f"{part}x" * (3900 // len(parts) // (len(part) + 1)) for part in parts[1:]) + "!"
    with override("fr"):
        assert translated(text) == text


def test_the_error_of_a_job_is_kept_in_english_and_shown_in_french() -> None:
    make_rows(Job, 1)
    job = Job.objects.get()
    Job.objects.update(
        status="failed",
        parameters={"columns": ["x"], "by": []},
        error="The file is empty: it has no columns.",
        error_code="broken_file",
    )
    page = client_of("viewer").get(f"/workbench/jobs/{job.pk}", headers=FRENCH).content.decode()
    assert "Le fichier est vide\u00a0: il n’a pas de colonnes." in page
    assert "The file is empty" not in page


def test_an_import_that_a_french_reader_starts_keeps_its_reasons_in_english(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("sku;name;category;description\n;Thé;;\n")
    with override("fr"):
        run = importer.import_files({"products_file_path": str(tmp_path / "products.csv")}, roots=[tmp_path])
    (reject,) = run.rejects.all()
    assert [reason["message"] for reason in reject.reasons] == ["must not be blank: it identifies the product"]


def test_an_alerts_email_is_in_the_configured_language(settings: Any) -> None:
    settings.MAIL_LANGUAGE, settings.ALERT_EMAILS = "fr", ["ops@example.com"]
    content = {
        "title": "Delivery 4 failed", "severity": "error", "since": "2026-11-29T10:00:00+00:00", "url": "",
        "detail": "Customers not delivered: 3. The last answer was 500.",
    }  # fmt: skip
    message = AlertMessage.objects.create(
        channel="email", content=content, created_at=timezone.now(), next_attempt_at=timezone.now()
    )
    channels.send(message)
    (sent,) = mail.outbox
    assert sent.subject == "[Apron] erreur: L’envoi 4 a échoué"
    assert "Depuis 2026-11-29" in sent.body


def test_a_time_is_told_with_its_zone_and_to_be_shown_by_the_readers_clock(admin_client: Client) -> None:
    make_rows(RefreshRun, 1)
    at = RefreshRun.objects.get().started_at
    time = f'<time datetime="{at:%Y-%m-%dT%H:%M:%S}Z" data-moment="seconds">'
    assert f"{time}{at:%Y-%m-%d %H:%M:%S} UTC</time>" in admin_client.get("/admin/catalog/refreshrun/").content.decode()
    french = admin_client.get("/admin/catalog/refreshrun/", headers=FRENCH).content.decode()
    assert f"{time}{at:%d/%m/%Y %H:%M:%S} UTC</time>" in french
