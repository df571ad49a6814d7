"""The catalogues: whole, of this source, compiled, and with the placeholders of the English texts."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.messages import DOMAINS, LANGUAGES, Domain, compiled, found

PLACEHOLDER = re.compile(r"%\((\w+)\)(?:\.\d+f|[sd])|\{\w*\}|%%|<[^>]+>")
CATALOGUES = [(domain, language) for domain in DOMAINS for language in LANGUAGES]
IDS = [f"{domain.folder}-{domain.name}-{language}" for domain, language in CATALOGUES]


def read(domain: Domain, language: str) -> Catalog:
    with domain.path(language, "po").open("rb") as file:
        return read_po(file, locale=language, domain=domain.name)


def messages(domain: Domain, language: str) -> Iterator[Message]:
    yield from (message for message in read(domain, language) if message.id)


def forms(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def placeholders(text: str) -> set[str]:
    return {found.group() for found in PLACEHOLDER.finditer(text)}


@pytest.mark.parametrize(("domain", "language"), CATALOGUES, ids=IDS)
def test_every_text_of_the_source_is_there_and_no_other(domain: Domain, language: str) -> None:
    wanted = {(message.context, message.id) for message in found(domain) if message.id}
    assert {(message.context, message.id) for message in messages(domain, language)} == wanted, "run make messages"


@pytest.mark.parametrize(("domain", "language"), CATALOGUES, ids=IDS)
def test_every_text_is_translated_by_a_person(domain: Domain, language: str) -> None:
    open_ = [message.id for message in messages(domain, language) if message.fuzzy or not all(forms(message.string))]
    assert open_ == []


@pytest.mark.parametrize(("domain", "language"), CATALOGUES, ids=IDS)
def test_a_translation_has_the_placeholders_and_tags_of_its_text(domain: Domain, language: str) -> None:
    for message in messages(domain, language):
        wanted = [
            placeholders(form) for form in forms(message.id)
        ]  # a singular may say "one" where the plural has a number
        assert all(placeholders(form) in wanted for form in forms(message.string)), message.id
        assert placeholders(forms(message.string)[-1]) == wanted[-1], message.id


@pytest.mark.parametrize(("domain", "language"), CATALOGUES, ids=IDS)
def test_what_is_compiled_is_what_is_translated(domain: Domain, language: str) -> None:
    assert domain.path(language, "mo").read_bytes() == compiled(domain, language), "run make messages"


def test_a_new_text_would_be_missed() -> None:
    domain = DOMAINS[0]
    english = next(iter(messages(domain, "fr"))).id
    assert english in found(domain)
    assert "A text that nobody wrote" not in found(domain)


def test_a_text_within_an_f_string_is_found_on_each_python() -> None:
    assert "describe" in found(
        DOMAINS[0]
    )  # compute/pages/explorer/chips.py has it in one; before 3.12 that is a single token
