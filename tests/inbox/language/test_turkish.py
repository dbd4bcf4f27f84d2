"""Folding, order and case: the laws they keep, and tables of what people really type."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.language.turkish import clean, fold, sort_key, tr_lower, tr_title, tr_upper

ANY_TEXT = st.text(st.characters())  # surrogates included


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("ISPARTA", "isparta"),
        ("ısparta", "isparta"),
        ("İSPARTA", "isparta"),
        ("I\u0307sparta", "isparta"),
        ("çöp toplanmıyor", "cop toplanmiyor"),
        ("COP TOPLANMIYOR", "cop toplanmiyor"),
        ("ÇÖP TOPLANMIYOR", "cop toplanmiyor"),
        ("Şehitler Mah.", "sehitler mah."),
        ("Mevlâna", "mevlana"),
        ("êvar baş, ev çi ye? ûjdan î", "evar bas, ev ci ye? ujdan i"),
        ("Ｅｓｅｎｙｕｒｔ", "esenyurt"),
        ("𝓐𝔂ş𝓮 𝐘ı𝐥𝐦𝐚𝐳", "ayse yilmaz"),
        ("ᴇꜱᴇɴʏᴜʀᴛ", "esenyurt"),
        ("ⒺⓈⒺⓃ 🅔🅢🅔🅝 🅴🆂🅴🅽", "esen esen esen"),
        ("su\u200b yok\ufeff", "su yok"),
        ("su\u202e yok\u202c", "su yok"),
        ("s\u0336u\u0336 y\u0336o\u0336k\u0336", "su yok"),
        ("  çok \t\n  boşluk\u00a0\u3000var ", "cok bosluk var"),
        ("Zafer’de", "zafer'de"),
        ("straße œuvre ﬁş", "strasse oeuvre fis"),
        ("١٠٤٢٣٣ ve 104233", "104233 ve 104233"),
        ("الماء مقطوع", "الماء مقطوع"),
        ("اَلْمَاءُ", "الماء"),
        ("Привет", "привет"),
        ("👏🌹❤️", "👏🌹❤"),
        ("a\0b\x07c", "abc"),
        ("", ""),
    ],
)
def test_what_people_type_folds_to_what_is_searched(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@given(ANY_TEXT)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
def test_a_folded_text_has_no_capital_no_mark_and_no_loose_blank(text: str) -> None:
    folded = fold(text)
    assert not any(letter.isupper() for letter in folded)
    assert not {unicodedata.category(letter) for letter in folded} & {
        "Cf",
        "Cc",
        "Cs",
        "Mn",
        "Me",
        "Lu",
        "Lt",
    }
    assert re.search(r"^\s|\s$|\s\s|[^\S ]", folded) is None


@given(st.text(alphabet="abcçdefgğhıijklmnoöprsştuüvyzêîûâABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZqwx 0123456789"))
def test_turkish_and_kurdish_fold_to_plain_ascii_whatever_their_case(text: str) -> None:
    assert fold(text).isascii()
    assert (
        fold(text) == fold(tr_upper(text)) == fold(tr_lower(text)) == fold(unicodedata.normalize("NFD", text))
    )


def test_every_latin_letter_with_a_mark_becomes_its_letter() -> None:
    named = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z])(?: WITH .*)?")
    wrong = {
        chr(code): fold(chr(code))
        for code in range(0x110000)
        if (found := named.fullmatch(unicodedata.name(chr(code), "")))
        and not fold(chr(code)).startswith(found[1].lower())
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("a\0b", "ab"),
        ("\ud83d tek", "\ufffd tek"),
        ("tek \ude00", "tek \ufffd"),
        ("\ud83d\ude00", "😀"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ud83d\ude00x", "\ufffd😀x"),
        ("olağan", "olağan"),
    ],
)
def test_only_what_the_database_can_hold_is_left(raw: str, stored: str) -> None:
    assert clean(raw) == stored


@given(ANY_TEXT)
def test_a_clean_text_can_be_written_as_utf8(text: str) -> None:
    assert "\0" not in clean(text)
    assert clean(text).encode("utf-8").decode("utf-8") == clean(clean(text))


def test_names_stand_in_turkish_order() -> None:
    names = [
        "10 Temmuz", "19 Mayıs", "Akçaburgaz", "Akevler", "Aşık Veysel", "Atatürk", "Cumhuriyet", "Çınar",
        "Denizli", "Gazi", "Gökevler", "Gürpınar", "Güzelyurt", "Ilıca", "Irmak", "İncirtepe", "İnönü",
        "İstiklal", "Jale", "Orhan Gazi", "Osmangazi", "Örnek", "Saadetdere", "Süleymaniye", "Şehitler",
        "Turgut Özal", "Uğur", "Üçevler", "Yenikent", "Zafer",
    ]  # fmt: skip

    shuffled = random.sample(names, len(names))

    assert sorted(shuffled, key=sort_key) == names


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("çınar", "ZAFER"),
        ("ÇINAR", "zafer"),
        ("cuma", "çarşı"),
        ("ılgaz", "İlker"),
        ("ISPARTA", "izmir"),
        ("oğuz", "ömer"),
        ("su", "şeker"),
        ("ufuk", "ünal"),
        ("pzz", "qa"),
        ("qa", "ra"),
        ("vzz", "wa"),
        ("wa", "xa"),
        ("xa", "ya"),
        ("2. Sokak", "10. Sokak"),
        ("9", "A"),
        ("Fen İşleri", "Fenerbahçe"),
        ("Zülfü", "أحمد"),
        ("Kadın", "Kâhta"),
    ],
)
def test_the_first_stands_before_the_second(first: str, second: str) -> None:
    assert sort_key(first) < sort_key(second)


@given(st.lists(st.text(), min_size=2, max_size=6))
def test_the_order_does_not_depend_on_how_the_list_lay_before_nor_on_case(texts: list[str]) -> None:
    mirrored = list(reversed(texts))
    forth = [sort_key(text) for text in sorted(texts, key=sort_key)]
    back = [sort_key(text) for text in sorted(mirrored, key=sort_key)]
    assert forth == back == sorted(forth)


@given(st.text(alphabet="abcçdefgğhıijklmnoöprsştuüvyz "))
def test_capitals_do_not_change_the_place_in_the_order(text: str) -> None:
    assert sort_key(tr_upper(text)) == sort_key(text)


@pytest.mark.parametrize(
    ("upper", "lower"), [("ISPARTA", "ısparta"), ("İSTANBUL", "istanbul"), ("ÇIĞ", "çığ"), ("ŞÜKRÜ", "şükrü")]
)
def test_turkish_case_keeps_both_i(upper: str, lower: str) -> None:
    assert (tr_lower(upper), tr_upper(lower)) == (lower, upper)
    assert tr_title(upper) == upper[0] + lower[1:]
