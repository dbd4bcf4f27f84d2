"""Templates: refused when saved wrong, rendered right, never a way in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.language.placeholders import BadTemplate, check_template, day_text, render, variables, variant


def test_an_acknowledgement_reads_like_a_person_wrote_it() -> None:
    template = "{salutation}\n{number} numarasıyla {unit:ours-a} iletildi. {neighbourhood:da} ekibimiz var."

    text = render(
        template,
        {
            "salutation": "Sayın Ayşe Yılmaz,",
            "number": 104233,
            "unit": "Fen İşleri Müdürlüğü",
            "neighbourhood": "Çınar",
        },
    )

    assert text == (
        "Sayın Ayşe Yılmaz,\n104233 numarasıyla Fen İşleri Müdürlüğümüze iletildi. Çınar'da ekibimiz var."
    )


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{number:in} durumu", {"number": 104233}, "104233'ün durumu"),
        ("{body:a} başvurun", {"body": "İSKİ"}, "İSKİ'ye başvurun"),
        ("{day} günü", {"day": date(2026, 11, 26)}, "26 Kasım Perşembe günü"),
        ("{text}\n\n\n{signature}", {"text": " Yapıldı. ", "signature": ""}, "Yapıldı."),
        ("Merhaba {neighbourhood} sakini", {"neighbourhood": ""}, "Merhaba sakini"),
        ("Süslü {{ayraç}}", {}, "Süslü {ayraç}"),
    ],
)
def test_a_gap_is_filled(template: str, values: dict[str, str | int | date], text: str) -> None:
    assert render(template, values) == text


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("Sayın {isim}", "isim"),
        ("{number:inn}", "“inn”"),
        ("{number!r}", "“!r”"),
        ("{number.__class__}", "number.__class__"),
        ("{number[0]}", "number[0]"),
        ("{0}", "{0}"),
        ("{}", "{}"),
        ("açık {number", "braces"),
        ("kapalı number}", "braces"),
        ("{number:{unit}}", "{unit}"),
    ],
)
def test_a_template_that_cannot_be_rendered_is_refused_with_the_fault_named(
    template: str, named: str
) -> None:
    with pytest.raises(BadTemplate) as refused:
        check_template(template)
    assert named in refused.value.sentence


def test_turkish_endings_are_refused_in_another_language() -> None:
    with pytest.raises(BadTemplate, match="Turkish"):
        check_template("In {neighbourhood:da}", language="en")


def test_a_missing_value_is_named() -> None:
    with pytest.raises(BadTemplate, match="{day}"):
        render("{day} günü", {})


@given(st.text())
def test_what_a_citizen_or_unit_wrote_is_never_read_as_a_template(text: str) -> None:
    said = render("[{text}]", {"text": text + "{number}"})
    assert "{number}" in said


@given(st.text())
def test_any_text_is_a_template_or_refused(template: str) -> None:
    try:
        check_template(template)
    except BadTemplate:
        return
    assert variables(template) == frozenset() or render(template, dict.fromkeys(variables(template), "x"))


@pytest.mark.parametrize(
    ("language", "text"),
    [("tr", "26 Kasım Perşembe"), ("en", "Thursday 26 November"), ("ar", "الخميس 26 نوفمبر")],
)
def test_a_day_is_said_in_the_citizens_language(language: str, text: str) -> None:
    assert day_text(date(2026, 11, 26), language) == text


def test_a_moment_is_the_day_it_is_in_istanbul() -> None:
    assert day_text(datetime(2026, 11, 25, 22, 30, tzinfo=UTC)) == "26 Kasım Perşembe"


def test_variants_come_in_turn() -> None:
    assert [variant(["a", "b", "c"], turn) for turn in range(7)] == ["a", "b", "c", "a", "b", "c", "a"]
