"""Pages that belong to no app: landing page, login, logout, API docs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, re_path

from config.monitoring import health, status
from config.pages.api_docs import ApiDocsView
from config.pages.languages import switch, texts
from config.pages.login import Login, Logout, logged_out


def landing(request: HttpRequest) -> HttpResponse:
    """Say what this is, how it does and where to go. Why something is down is told to staff only."""
    is_well, parts = health.report()
    apps = status.report() if parts["database"]["status"] == "ok" else {}
    return render(request, "landing.html", {"is_well": is_well, "parts": parts, "apps": apps})


urlpatterns = [
    path("", landing, name="home"),
    path("login", Login.as_view(), name="login"),
    path("logout", Logout.as_view(), name="logout"),
    path("logged-out", logged_out, name="logged-out"),
    path("api/docs", ApiDocsView.as_view(url_name="schema"), name="docs"),
    path("language", switch, name="set_language"),
    re_path("^texts/(?P<language>en|fr)-(?P<digest>[0-9a-f]{12})[.]js$", texts, name="texts"),
]
