"""Nobody's phone number becomes public, however it is written; the city's own lines and request numbers
may."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from inbox.language.personal_data import Personal, personal_data

OWN = {"444 04 11", "153", "185", "186", "187", "112", "188", "150", "0212 596 30 00", "@esenyurt.bel.tr"}

PHONES = [
    "0532 123 45 67", "05321234567", "5321234567", "0(532)123 45 67", "+90 532 123 45 67",
    "+90 (532) 123.45.67",
    "0090 532 1234567", "90 532 1234567", "0 5 3 2 1 2 3 4 5 6 7", "0532.123.45.67", "0532-123-45-67",
    "0532/1234567",
    "0532 123 4567", "0532_123_45_67", "0532–123–45–67", "[0532] [123] [45] [67]", "0532\n123 45 67",
    "0532, 123, 45, 67",
    "0500 000 00 00", "(212) 555 12 34", "0212 555 12 34", "212 555 12 34", "02125551234", "0850 222 33 44",
    "555 12 34",
    "0532 123 12:34",
    "50 6.7.1900 00",
    "+963 944 123 456",
    "+49 151 23456789",
    "tel:05321234567",
    "05321234567'yi",
    "O532 l23 45 67", "o5o5 1oo 4O 5O", "0532 I23 45 67",
    "٠٥٣٢١٢٣٤٥٦٧", "٠٥٣٢ ١٢٣ ٤٥ ٦٧", "۰۵۳۲۱۲۳۴۵۶۷", "０５３２１２３４５６７", "𝟎𝟓𝟑𝟐 𝟏𝟐𝟑 𝟒𝟓 𝟔𝟕",
    "0️⃣5️⃣3️⃣2️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣", "⓪⑤③②①②③④⑤⑥⑦", "0532\u200b123\u200b45\u200b67",
    "0532\u00a0123\u202f45\u200967", "\u202e0532 123 45 67",
]  # fmt: skip


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize(
    "around", ["{}", "Ekibimiz {} numarasından size ulaştı.", "444 04 11 veya {} (104233)"]
)
def test_a_persons_phone_number_is_found_and_pointed_at(phone: str, around: str) -> None:
    text = around.format(phone)

    found = personal_data(text, own=OWN)

    assert [piece.kind for piece in found] == [Personal.PHONE]
    assert sum(c.isdecimal() or c.isdigit() for c in text[found[0].start : found[0].end]) >= 5


@pytest.mark.parametrize(
    "text",
    [
        "444 04 11", "4440411", "444 0 411", "444-04-11", "0212 596 30 00", "+90 212 596 30 00", "Alo 153",
        "İSKİ 185, BEDAŞ 186, İGDAŞ 187, 112, 188", "185 186 187 112 188", "08:30-17:30 arası 444 04 11",
        "104233", "104233'ün", "Talebiniz 104233 numarasıyla iletildi.", "104233, 104241 ve 104258",
        "104233 104241 104258 104266", "27.11.2026 14:30", "5.11.2026 9:30", "05.11.2026 14:30'da 104233",
        "34517 Esenyurt 1234. Sokak No: 5 D: 12", "1.250.000 TL", "12.345.678,90 TL",
        "5393 sayılı Kanun'un 14. maddesi",
        "41.0398, 28.6812", "34 ABC 123", "o 5 kişi", "E-5 ve D-100", "2026-11-27", "%15 indirim 100 TL",
        "cozum@esenyurt.bel.tr", "@ayse.yilmaz", "Merhaba @ayse.yilmaz, nasılsınız", "",
    ],
)  # fmt: skip
def test_our_own_lines_request_numbers_and_dates_are_not_personal(text: str) -> None:
    assert personal_data(text, own=OWN) == []


def test_our_own_line_is_found_where_it_is_not_named_as_ours() -> None:
    assert [piece.kind for piece in personal_data("444 04 11 veya 0212 596 30 00")] == [Personal.PHONE] * 2


@pytest.mark.parametrize(
    ("text", "kind", "piece"),
    [
        ("TCKN 10000000146 olan", Personal.IDENTITY_NUMBER, "10000000146"),
        ("kimlik 100 000 001 46", Personal.IDENTITY_NUMBER, "100 000 001 46"),
        ("١٠٠٠٠٠٠٠١٤٦", Personal.IDENTITY_NUMBER, "١٠٠٠٠٠٠٠١٤٦"),
        ("TR33 0006 1005 1978 6457 8413 26 hesabına", Personal.IBAN, "TR33 0006 1005 1978 6457 8413 26"),
        ("tr330006100519786457841326", Personal.IBAN, "tr330006100519786457841326"),
        ("TR99 0006 1005 1978 6457 8413 26", Personal.IBAN, "TR99 0006 1005 1978 6457 8413 26"),
        ("DE89 3704 0044 0532 0130 00 nolu", Personal.IBAN, "DE89 3704 0044 0532 0130 00"),
        ("ayse.yilmaz@gmail.com'a", Personal.EMAIL, "ayse.yilmaz@gmail.com"),
        ("ayse@ gmail.com", Personal.EMAIL, "ayse@ gmail.com"),
        ("ayse (at) gmail.com", Personal.EMAIL, "ayse (at) gmail.com"),
        ("ayse[at]gmail[dot]com", Personal.EMAIL, "ayse[at]gmail[dot]com"),
    ],
)
def test_identity_numbers_accounts_and_addresses_are_found_exactly(
    text: str, kind: Personal, piece: str
) -> None:
    found = personal_data(text, own=OWN)

    assert [(one.kind, text[one.start : one.end]) for one in found] == [(kind, piece)]


def test_eleven_digits_without_the_identity_checksum_are_no_identity_number() -> None:
    assert personal_data("10000000147") == []


LIKE_A_DATE = re.compile(r"^0?\d([./-])\d{1,2}\1(?:19|20)\d\d(?!\d)")
SEPARATORS = st.sampled_from(
    ["", " ", "  ", ".", "-", "/", " - ", ")", "(", ") ", " (", "\u200b", "\u00a0", "_", "·"]
)


@given(
    number=st.integers(min_value=5_000_000_000, max_value=5_999_999_999),
    prefix=st.sampled_from(["", "0", "90", "+90", "0090", "+90 ", "0 ", "(0)"]),
    separators=st.lists(SEPARATORS, min_size=9, max_size=9),
    digits=st.sampled_from(["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９", "O123456789"]),
)
def test_every_mobile_number_is_found_in_every_spelling(
    number: int, prefix: str, separators: list[str], digits: str
) -> None:
    spaced = "".join(d + s for d, s in zip(str(number), [*separators, ""], strict=True))
    phone = (prefix + spaced).translate(str.maketrans("0123456789", digits))

    assume(not LIKE_A_DATE.search(prefix + spaced))
    assert Personal.PHONE in {piece.kind for piece in personal_data(f"Ekip {phone} aradı", own=OWN)}


@given(
    st.lists(st.integers(min_value=100_000, max_value=199_999), min_size=1, max_size=6),
    st.sampled_from([" ", ", ", " ve "]),
)
def test_no_list_of_request_numbers_is_taken_for_a_phone(numbers: list[int], between: str) -> None:
    assert personal_data(between.join(map(str, numbers)), own=OWN) == []


@given(st.text())
def test_any_text_can_be_searched_and_spans_lie_within_it(text: str) -> None:
    for piece in personal_data(text, own=OWN):
        assert 0 <= piece.start < piece.end <= len(text)
