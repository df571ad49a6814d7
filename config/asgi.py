"""The ASGI application, for those whose server wants one; Apron's own processes use WSGI."""

import os
from importlib import import_module

from django.conf import settings
from django.core.asgi import get_asgi_application

from config.core.loading import loading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

with loading():
    application = get_asgi_application()
    import_module(settings.ROOT_URLCONF)  # or the first request waits for all that the paths lead to
