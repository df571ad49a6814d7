"""Every path: pages for people; the API under /api and, as the requirements spell it, without. Only /api is in the schema."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from config.common.probes import HealthView, MetricsView
from config.common.problems import not_found

admin.autodiscover()

handler400 = "config.common.problems.bad_request"
handler403 = "config.common.problems.permission_denied"
handler404 = "config.common.problems.not_found"
handler500 = "config.common.problems.server_error"

# Django tries one after the other, which is a sixth of the CPU of a small POST when it stands last: the hot path is first.
api: list[URLPattern | URLResolver] = [
    path("", include("ingest.urls")),
    path("health", HealthView.as_view(), name="health"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("", include("inflight.urls")),
    path("", include("catalog.urls")),
    path("", include("metadata_registry.urls")),
    path("compute/", include("compute.urls")),
]

urlpatterns = [
    path("api/", include((api, "api"))),
    path("", include("config.pages")),
    path("", include("catalog.page_urls")),
    path("", include("compute.page_urls")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularJSONAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("", include((api, "unprefixed"))),
    re_path("", csrf_exempt(not_found)),
]
