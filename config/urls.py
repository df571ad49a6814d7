"""All URLs: pages, the API under /api and, as the requirements spell it, without. Only /api is in the schema."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView

from config.api.problems import not_found
from config.monitoring.views import HealthView, LiveView, MetricsView, ReadyView

admin.autodiscover()

handler400 = "config.api.problems.bad_request"
handler403 = "config.api.problems.permission_denied"
handler404 = "config.api.problems.not_found"
handler500 = "config.api.problems.server_error"

# Django tries one after the other, which is a sixth of the CPU of a small POST when it stands last: the hot path is first.
api: list[URLPattern | URLResolver] = [
    path("", include("ingest.api.urls")),
    path("health", HealthView.as_view(), name="health"),
    path("livez", LiveView.as_view(), name="live"),
    path("readyz", ReadyView.as_view(), name="ready"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("", include("inflight.api.urls")),
    path("", include("catalog.api.urls")),
    path("", include("metadata_registry.api.urls")),
    path("compute/", include("compute.api.urls")),
]

urlpatterns = [
    path("api/", include((api, "api"))),
    path("", include("config.pages.urls")),
    path("", include("catalog.pages.urls")),
    path("", include("compute.pages.urls")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularJSONAPIView.as_view(), name="schema"),
    path("", include((api, "unprefixed"))),
    *([path("", include("config.pages.sso.urls"))] if settings.HAS_ALLAUTH else []),
    re_path("", csrf_exempt(not_found)),
]
