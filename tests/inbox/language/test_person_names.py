"""The word lists behind a salutation are folded as they are looked up, and agree with each other."""

from __future__ import annotations

import pytest

from inbox.language import person_names
from inbox.language.person_names import (
    ARABIC_PRAYERS,
    DOUBTFUL_IN_A_NAME,
    FIRST_NAMES,
    NEVER_IN_A_NAME,
    TITLES,
)
from inbox.language.salutation import looks_like_a_persons_name
from inbox.language.turkish import fold

LISTS = {name: words for name, words in vars(person_names).items() if name.isupper()}


@pytest.mark.parametrize("name", LISTS)
def test_every_word_stands_as_it_is_looked_up(name: str) -> None:
    """A word that is not folded is never found: it only looks as if it counted."""
    assert {word for word in LISTS[name] if fold(word) != word} == set()


def test_a_title_is_no_first_name() -> None:
    assert not FIRST_NAMES & TITLES


@pytest.mark.parametrize("name", sorted(FIRST_NAMES & NEVER_IN_A_NAME))
def test_a_first_name_that_slogans_begin_with_too_gets_the_plain_greeting(name: str) -> None:
    """ "Yeter Artık" is no citizen; better that a Yeter is greeted without her name than a slogan with it."""
    assert not looks_like_a_persons_name(f"{name.title()} Kaya")


def test_what_is_never_in_a_name_is_not_also_only_doubtful() -> None:
    assert not NEVER_IN_A_NAME & DOUBTFUL_IN_A_NAME


def test_a_prayer_in_arabic_letters_has_no_latin_ones() -> None:
    assert not any(letter.isascii() for word in ARABIC_PRAYERS for letter in word)
