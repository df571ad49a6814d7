"""Django's WSGI application, for our server and for any other."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.core.loading import loading
from config.core.telemetry.start import start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

with loading():
    start("web")  # before the application is made: it adds a middleware
    application = get_wsgi_application()
    import_module(settings.ROOT_URLCONF)  # or the first request waits for all that the paths lead to
    import_module("config.worker.watchdog").start()
