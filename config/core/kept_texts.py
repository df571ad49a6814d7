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
    """A text with values: what stands around them, their names, and its translation."""

    literals: tuple[str, ...]
    names: tuple[str, ...]
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
        if found := _values_in(text, pattern):
            return pattern.text % {name: _translated(value, language, nested - 1) for name, value in found.items()}
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
        _Pattern(_literals(msgid), tuple(PLACEHOLDER.findall(msgid)), text)
        for msgid, text in texts
        if sum(map(str.isalpha, PLACEHOLDER.sub("", msgid))) >= LEAST_LETTERS
    ]


def _literals(msgid: str) -> tuple[str, ...]:
    return tuple(part.replace("%%", "%") for part in PLACEHOLDER.split(msgid)[::2])


def _values_in(text: str, pattern: _Pattern) -> dict[str, str]:
    """Return the values that make the text of the pattern, each as short as can be; none where it was not made of it.

    One pass: a regular expression would go back and forth, for minutes on a text that somebody made up for that.
    """
    first, *between, last = pattern.literals
    if not text.startswith(first) or not text.endswith(last):
        return {}
    values = dict[str, str]()
    start, end = len(first), len(text) - len(last)
    for name, literal in zip(pattern.names, (*between, None), strict=True):
        stop = end if literal is None else text.find(literal, start + 1, end)
        if stop <= start or values.setdefault(name, text[start:stop]) != text[start:stop]:
            return {}
        start = stop + len(literal or "")
    return values
