"""Every word that a screen may show has its words."""

from __future__ import annotations

import inspect
from enum import StrEnum

import pytest
from flask import Flask
from flask_babel import force_locale

from inbox import failures, queries, refusals, states, values
from inbox.language import personal_data
from inbox.people import permissions
from inbox.wording import Worded
from web.kit import labels

ENUMS = sorted(
    {
        member
        for module in (failures, personal_data, refusals, states, values)
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, StrEnum) and member not in (StrEnum, Worded)
    },
    key=lambda enum: enum.__name__,
)


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_every_member_of_every_enum_has_words_in_both_languages(app: Flask, enum: type[StrEnum]) -> None:
    for language in ("en", "tr"):
        with app.test_request_context(), force_locale(language):
            words = [str(labels.label(member)) for member in enum]
            assert all(words)
            assert len(set(words)) == len(words)


def test_no_words_are_kept_for_members_that_are_gone() -> None:
    for enum, words in labels.ENUMS.items():
        assert set(words) == {member.value for member in enum}


def test_whoever_may_not_do_something_reads_what() -> None:
    assert set(labels.NOT_ALLOWED) == set(permissions.ACTIONS)


def test_every_view_of_the_inbox_has_words() -> None:
    assert set(labels.VIEWS) == set(queries.VIEWS)


def test_a_key_that_the_city_brought_along_stands_for_itself() -> None:
    assert labels.word(labels.LANGUAGES, "de") == "de"
    assert str(labels.word(labels.LANGUAGES, "tr")) == "Turkish"
