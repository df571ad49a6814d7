"""The admin's look, under a policy that lets no inline script or style and no evaluation through."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

ROOT = Path(__file__).resolve().parents[3]


def test_alpine_is_served_as_the_build_that_evaluates_nothing() -> None:
    found = finders.find("unfold/js/alpine/alpine.js")
    assert found == str(ROOT / "static/unfold/js/alpine/alpine.js")
    text = Path(found).read_text()
    assert "@alpinejs/csp" in text
    assert "new Function" not in text
    assert "AsyncFunction" not in text


@pytest.mark.django_db
def test_the_menu_leads_to_the_dashboard_and_to_the_apps_in_the_order_of_the_house(admin_client: Client) -> None:
    titles = [group["title"] for group in admin_client.get("/admin/").context["sidebar_navigation"]]
    assert titles[:6] == ["", "In-flight sales", "Catalogue", "Metadata registry", "Ingest", "Compute"]


def test_the_menu_sorts_an_accented_letter_with_its_plain_one(admin_client: Client) -> None:
    page = admin_client.get("/admin/", headers={"Accept-Language": "fr"})
    links = [item["link"] for group in page.context["sidebar_navigation"] for item in group["items"]]
    changes, imports = (links.index(f"/admin/catalog/{name}/") for name in ("offerchange", "productimport"))
    assert changes < imports  # Évolutions, Importations
