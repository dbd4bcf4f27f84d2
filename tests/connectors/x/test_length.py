"""How long X takes a text to be; the values are those of its published rules."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.x.length import weighted_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Merhaba", 7),
        ("İğne ğüşıöç ÇÖP", 15),
        ("cafe\u0301", 4),
        ("مرحبا بكم", 9),
        ("Привет", 6),
        ("日本語", 6),
        ("“söz” – …", 10),
        ("bir\niki", 7),
        ("bir\r\niki", 7),
        ("😀", 2),
        ("👨\u200d👩\u200d👧 😀", 5),
        ("🇹🇷", 2),
        ("👍🏽", 2),
        ("❤\ufe0f", 2),
        ("5\ufe0f\u20e3", 2),
        ("https://www.esenyurt.bel.tr/duyuru?no=1234567890&dil=tr", 23),
        ("http://a.co", 23),
        ("bkz: https://www.esenyurt.bel.tr/duyuru, iyi günler", 40),
        ("(https://esenyurt.bel.tr/a)", 25),
        ("https://esenyurt.bel.tr https://esenyurt.bel.tr", 47),
        ("esenyurt.bel.tr", 23),
        ("bilgi@esenyurt.bel.tr", 21),
        ("@esenyurtbelediye", 17),
        ("3.5 ton", 7),
    ],
)
def test_a_text_is_counted_as_x_counts(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_a_link_that_is_none_is_counted_letter_by_letter() -> None:
    assert weighted_length("https://" + "a" * 100) == 108


@given(st.text())
def test_any_text_has_a_length(text: str) -> None:
    assert weighted_length(text) >= 0


@pytest.mark.parametrize(
    "text",
    ["a" * 25_000, "a." * 12_500, "https://" * 3_000, "a-" * 12_500, "http://a.b" * 2_500, "1\ufe0f" * 9_000],
    ids=["word", "dots", "schemes", "hyphens", "links", "digits"],
)
def test_no_text_takes_long_to_count(text: str) -> None:
    begun = time.monotonic()

    weighted_length(text)

    assert time.monotonic() - begun < 1
