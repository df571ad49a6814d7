"""What models say of themselves, in the reader's language: the names of models and fields, their help and their choices.

Django makes most names from those in the code: `next_attempt_at` is "next attempt at". They are texts to translate as any
other one (`make messages` finds them), but need not be written down a second time, and translating one is no migration.
"""

import re
from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

APP_NAMES = {  # what the menu says instead of a package's name
    "auth": "Users and groups",
    "django_q": "Background tasks",
    "mfa": "Second factor",
    "socialaccount": "Company login",
}
ACRONYMS = {"http": "HTTP", "id": "ID", "ids": "IDs", "sku": "SKU", "url": "URL"}


def translate_names(configs: Iterable[AppConfig]) -> None:
    """Have what the apps' models say translated when it is shown."""
    for config in configs:
        config.verbose_name = gettext_lazy(APP_NAMES.get(config.label) or str(config.verbose_name))
        for model in config.get_models():
            options: Any = model._meta
            options.verbose_name = gettext_lazy(options.verbose_name)
            options.verbose_name_plural = gettext_lazy(options.verbose_name_plural)
            for field in (*options.local_fields, *options.local_many_to_many):
                _translate_field(field)


def _translate_field(field: Any) -> None:
    if field._verbose_name is None:  # noqa: SLF001 - Django has made it from the field's name
        field.verbose_name = re.sub(r"\w+", lambda word: ACRONYMS.get(word[0], word[0]), field.verbose_name)
    field.verbose_name = gettext_lazy(field.verbose_name)
    if field.help_text:
        field.help_text = gettext_lazy(field.help_text)
    if field.choices:
        field.choices = [(value, gettext_lazy(label) if label else label) for value, label in field.choices]
