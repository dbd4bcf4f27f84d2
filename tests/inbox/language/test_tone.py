"""What the desk's own rules say about a text before it goes out."""

from __future__ import annotations

import pytest

from inbox.language.tone import Tone, check_tone
from inbox.states import Outcome, Urgency

OWN = {"444 04 11"}


def whats(
    text: str, outcome: Outcome | None = None, urgency: Urgency | None = None, public: bool = True
) -> list[str]:
    return [
        finding.what
        for finding in check_tone(text, outcome=outcome, urgency=urgency, is_public=public, own=OWN)
    ]


@pytest.mark.parametrize("mark", ["😊", "🙏🏻", "❤️", "🇹🇷", "👍", "✅", ":)", "😔"])
def test_no_emoji_stands_in_a_negative_answer_a_condolence_or_an_emergency(mark: str) -> None:
    assert whats(f"Bütçe nedeniyle yapılamıyor {mark}", Outcome.NEGATIVE) == [Tone.EMOJI]
    assert whats(f"Başınız sağ olsun {mark}") == [Tone.EMOJI]
    assert whats(f"BASINIZ SAGOLSUN {mark}") == [Tone.EMOJI]
    assert whats(f"Geçmiş olsun {mark}") == [Tone.EMOJI]
    assert whats(f"Ekibimiz yolda {mark}", urgency=Urgency.SIREN) == [Tone.EMOJI]


def test_an_emoji_is_welcome_in_good_news() -> None:
    assert whats("Parkınız hazır 🌳", Outcome.POSITIVE) == []


@pytest.mark.parametrize(
    "text",
    [
        "Gereği yapılacaktır.",
        "gereği yapilacaktir",
        "GEREĞİ YAPILACAKTIR",
        "Konunun gereğinin yapılması için",
        "geregi yapılmıştır",
    ],
)
def test_the_phrase_that_says_nothing_is_named(text: str) -> None:
    assert whats(text) == [Tone.HOLLOW_PHRASE]


@pytest.mark.parametrize("text", ["En kısa sürede dönüş yapacağız.", "en kisa zamanda", "EN KISA SÜREDE"])
def test_a_promise_without_a_day_is_named(text: str) -> None:
    assert whats(text) == [Tone.NO_DAY]


def test_a_gap_nobody_filled_is_named() -> None:
    assert whats("Talebiniz {number} ile {unit:ours-a} iletildi.") == [Tone.UNFILLED_GAP, Tone.UNFILLED_GAP]


def test_personal_data_stop_a_public_text_and_not_a_private_one() -> None:
    text = "Sizi 0532 123 45 67 numarasından arayacağız."

    found = check_tone(text, is_public=True, own=OWN)

    assert [(one.what, text[one.start : one.end], one.is_personal) for one in found] == [
        (Tone.PHONE, "0532 123 45 67", True)
    ]
    assert whats(text, public=False) == []


def test_a_good_answer_is_left_alone() -> None:
    text = "Sayın Ayşe Yılmaz, 104233'ün çalışması 26 Kasım Perşembe tamamlandı. Bilgi: 444 04 11"
    assert whats(text, Outcome.POSITIVE) == []
