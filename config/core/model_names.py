"""What models and their fields are called, in the reader's language.

Django makes most of these names from those in the code: `next_attempt_at` is "next attempt at". They are texts to translate as
any other one, but need not be written down a second time, and changing one is no migration.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


def translate_names(configs: Iterable[AppConfig]) -> None:
    """Have the names of the apps' models and fields translated when they are shown."""
    for config in configs:
        for model in config.get_models():
            options: Any = model._meta
            options.verbose_name = gettext_lazy(options.verbose_name)
            options.verbose_name_plural = gettext_lazy(options.verbose_name_plural)
            for field in (*options.local_fields, *options.local_many_to_many):
                field.verbose_name = gettext_lazy(field.verbose_name)
