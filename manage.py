#!/usr/bin/env python
"""Django's command line for Apron."""

import os
import sys

import django
from django.core.management import execute_from_command_line

from config.access.acts import command_as_act
from config.core.loading import loading

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with loading():
        django.setup()
    with command_as_act(sys.argv):
        execute_from_command_line(sys.argv)
