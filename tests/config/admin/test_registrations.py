"""The admin of what belongs to no app, as a web process loads it."""

from tests.config.processes import run_python

REGISTERED = """
import config.urls
from django.contrib import admin
print(sorted({model._meta.app_label for model in admin.site._registry}))
"""


def test_a_web_process_registers_users_workers_and_the_queue_beside_the_apps() -> None:
    done = run_python(REGISTERED)
    ours = "'auth', 'catalog', 'compute', 'config', 'django_q', 'inflight', 'ingest', 'metadata_registry'"
    assert done.stdout == f"[{ours}, 'mfa', 'socialaccount']\n", done.stderr
