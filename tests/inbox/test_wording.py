"""Members that carry their English sentence: stable as keys, said with their values."""

from __future__ import annotations

from enum import StrEnum

import pytest

from inbox.wording import N_, Piece, Worded, decode, encode, plain


class Why(Worded):
    """Two reasons, for these tests."""

    LONG = "long", N_("At most %(most)s letters.")
    HOLDS = "holds", N_("It must not hold %(found)s.")


class Colour(StrEnum):
    """A word of its own in each language."""

    RED = "red"


def test_a_member_is_its_key_and_carries_its_sentence() -> None:
    assert str(Why.LONG) == "long"
    assert Why.LONG.sentence == "At most %(most)s letters."


def test_a_sentence_is_said_with_its_values_and_a_missing_one_is_a_mistake_of_ours() -> None:
    assert Why.LONG.say({"most": 280}) == "At most 280 letters."
    with pytest.raises(KeyError):
        Why.LONG.say({})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "7"),
        (Colour.RED, "red"),
        (Why.LONG, "At most %(most)s letters."),
        (Piece(Colour.RED, "0532"), "red (0532)"),
        ((Piece(Colour.RED, "a"), "b"), "red (a), b"),
        ((), ""),
    ],
)
def test_each_kind_of_value_stands_in_an_english_sentence(value: object, words: str) -> None:
    assert plain(value) == words  # type: ignore[arg-type]


@pytest.mark.parametrize("details", ["", "280", "a: b: c"])
def test_what_is_kept_is_parted_again(details: str) -> None:
    assert decode(Why, encode(Why.HOLDS, details)) == (Why.HOLDS, details)


def test_text_that_begins_with_no_key_is_not_parted() -> None:
    assert decode(Why, "longer: 280") is None
