"""Sentences that were kept in English, such as the error of a job, told in the reader's language.

They were made from texts that are translated, with values put in: `Import %(run)s failed` became "Import 7 failed". A sentence
is told by finding the text that it was made of. What was made of none is shown as it is.
"""

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django import template
from django.utils.translation import get_language
from django.utils.translation.trans_real import translation

from config.core.languages import ENGLISH

register = template.Library()

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
LEAST_LETTERS = 6  # of a text beside its values: one of fewer says nothing by which it could be known
LONGEST = 4000  # characters of a text that was made of one of ours
MOST_NESTED = 3  # sentences within sentences


class _Pattern(NamedTuple):
    literals: tuple[str, ...]
    fits: re.Pattern[str]
    text: str


@register.filter
def translated(text: str) -> str:
    """Return a kept text in the reader's language."""
    language = get_language()
    if not text or len(text) > LONGEST or not language or language == ENGLISH:
        return text
    return _translated(text, language, MOST_NESTED)


@lru_cache(maxsize=4096)
def _translated(text: str, language: str, nested: int) -> str:
    catalogue = translation(language)
    whole = catalogue.gettext(text)
    if whole != text or not nested:
        return whole
    for pattern in _patterns(language):
        if all(part in text for part in pattern.literals) and (found := pattern.fits.fullmatch(text)):
            values = {name: _translated(value, language, nested - 1) for name, value in found.groupdict().items()}
            return pattern.text % values
    return text


@cache
def _patterns(language: str) -> list[_Pattern]:
    """Return the texts with values of a language, those that say most first."""
    catalogue: Any = getattr(translation(language), "_catalog")  # noqa: B009 - Django's own JavaScriptCatalog reads it, too
    texts = [
        (msgid, text)
        for msgid, text in catalogue.items()
        if isinstance(msgid, str) and isinstance(text, str) and PLACEHOLDER.search(msgid)
    ]
    texts.sort(key=lambda each: len(PLACEHOLDER.sub("", each[0])), reverse=True)
    return [
        _Pattern(_literals(msgid), re.compile(_expression(msgid), re.DOTALL), text)
        for msgid, text in texts
        if sum(map(str.isalpha, PLACEHOLDER.sub("", msgid))) >= LEAST_LETTERS
    ]


def _literals(msgid: str) -> tuple[str, ...]:
    return tuple(part.replace("%%", "%") for part in PLACEHOLDER.split(msgid)[::2] if part)


def _expression(msgid: str) -> str:
    literal, names, parts = True, set[str](), []
    for part in PLACEHOLDER.split(msgid):
        if literal:
            parts.append(re.escape(part.replace("%%", "%")))
        else:
            parts.append(f"(?P={part})" if part in names else f"(?P<{part}>.+?)")
            names.add(part)
        literal = not literal
    return "".join(parts)
