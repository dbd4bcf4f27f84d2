"""Endings as a Turkish reader expects them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.language.suffixes import SUFFIXES, ablative, accusative, dative, genitive, locative, ours, suffixed


@pytest.mark.parametrize(
    ("name", "at", "to", "of", "from_", "what"),
    [
        ("Yenikent", "Yenikent'te", "Yenikent'e", "Yenikent'in", "Yenikent'ten", "Yenikent'i"),
        ("Çınar", "Çınar'da", "Çınar'a", "Çınar'ın", "Çınar'dan", "Çınar'ı"),
        ("Şehitler", "Şehitler'de", "Şehitler'e", "Şehitler'in", "Şehitler'den", "Şehitler'i"),
        ("Zafer", "Zafer'de", "Zafer'e", "Zafer'in", "Zafer'den", "Zafer'i"),
        ("Güzelyurt", "Güzelyurt'ta", "Güzelyurt'a", "Güzelyurt'un", "Güzelyurt'tan", "Güzelyurt'u"),
        ("Atatürk", "Atatürk'te", "Atatürk'e", "Atatürk'ün", "Atatürk'ten", "Atatürk'ü"),
        ("Koza", "Koza'da", "Koza'ya", "Koza'nın", "Koza'dan", "Koza'yı"),
        ("İnönü", "İnönü'de", "İnönü'ye", "İnönü'nün", "İnönü'den", "İnönü'yü"),
        ("Mevlâna", "Mevlâna'da", "Mevlâna'ya", "Mevlâna'nın", "Mevlâna'dan", "Mevlâna'yı"),
        ("Battalgazi", "Battalgazi'de", "Battalgazi'ye", "Battalgazi'nin", "Battalgazi'den", "Battalgazi'yi"),
        ("Namık Kemal", "Namık Kemal'de", "Namık Kemal'e", "Namık Kemal'in", "Namık Kemal'den",
         "Namık Kemal'i"),
        ("İstiklal", "İstiklal'de", "İstiklal'e", "İstiklal'in", "İstiklal'den", "İstiklal'i"),
        ("Turgut Özal", "Turgut Özal'da", "Turgut Özal'a", "Turgut Özal'ın", "Turgut Özal'dan",
         "Turgut Özal'ı"),
        ("Balıkyolu", "Balıkyolu'nda", "Balıkyolu'na", "Balıkyolu'nun", "Balıkyolu'ndan", "Balıkyolu'nu"),
        ("Beylikdüzü", "Beylikdüzü'nde", "Beylikdüzü'ne", "Beylikdüzü'nün", "Beylikdüzü'nden",
         "Beylikdüzü'nü"),
        ("İSKİ", "İSKİ'de", "İSKİ'ye", "İSKİ'nin", "İSKİ'den", "İSKİ'yi"),
        ("İETT", "İETT'de", "İETT'ye", "İETT'nin", "İETT'den", "İETT'yi"),
        ("İBB", "İBB'de", "İBB'ye", "İBB'nin", "İBB'den", "İBB'yi"),
        ("BEDAŞ", "BEDAŞ'ta", "BEDAŞ'a", "BEDAŞ'ın", "BEDAŞ'tan", "BEDAŞ'ı"),
        ("CİMER", "CİMER'de", "CİMER'e", "CİMER'in", "CİMER'den", "CİMER'i"),
        ("D-100", "D-100'de", "D-100'e", "D-100'ün", "D-100'den", "D-100'ü"),
        ("E-5", "E-5'te", "E-5'e", "E-5'in", "E-5'ten", "E-5'i"),
    ],
)  # fmt: skip
def test_a_name_takes_its_endings(name: str, at: str, to: str, of: str, from_: str, what: str) -> None:
    taken = (locative(name), dative(name), genitive(name), ablative(name), accusative(name))

    assert taken == (at, to, of, from_, what)


@pytest.mark.parametrize(
    ("name", "at", "to", "of"),
    [
        ("Zafer Mahallesi", "Zafer Mahallesi'nde", "Zafer Mahallesi'ne", "Zafer Mahallesi'nin"),
        ("Fen İşleri Müdürlüğü", "Fen İşleri Müdürlüğü'nde", "Fen İşleri Müdürlüğü'ne",
         "Fen İşleri Müdürlüğü'nün"),
        ("Gül Sokağı", "Gül Sokağı'nda", "Gül Sokağı'na", "Gül Sokağı'nın"),
        ("1453. Sokak", "1453. Sokak'ta", "1453. Sokak'a", "1453. Sokak'ın"),
        ("Doğan Araslı Bulvarı", "Doğan Araslı Bulvarı'nda", "Doğan Araslı Bulvarı'na",
         "Doğan Araslı Bulvarı'nın"),
        ("Çözüm Merkezi", "Çözüm Merkezi'nde", "Çözüm Merkezi'ne", "Çözüm Merkezi'nin"),
        ("Adnan Menderes Caddesi", "Adnan Menderes Caddesi'nde", "Adnan Menderes Caddesi'ne",
         "Adnan Menderes Caddesi'nin"),
    ],
)  # fmt: skip
def test_a_compound_name_takes_the_n_between(name: str, at: str, to: str, of: str) -> None:
    assert (locative(name), dative(name), genitive(name)) == (at, to, of)


@pytest.mark.parametrize(
    ("number", "of", "to", "at"),
    [
        (0, "0'ın", "0'a", "0'da"),
        (1, "1'in", "1'e", "1'de"),
        (2, "2'nin", "2'ye", "2'de"),
        (3, "3'ün", "3'e", "3'te"),
        (4, "4'ün", "4'e", "4'te"),
        (5, "5'in", "5'e", "5'te"),
        (6, "6'nın", "6'ya", "6'da"),
        (7, "7'nin", "7'ye", "7'de"),
        (8, "8'in", "8'e", "8'de"),
        (9, "9'un", "9'a", "9'da"),
        (10, "10'un", "10'a", "10'da"),
        (20, "20'nin", "20'ye", "20'de"),
        (30, "30'un", "30'a", "30'da"),
        (40, "40'ın", "40'a", "40'ta"),
        (50, "50'nin", "50'ye", "50'de"),
        (60, "60'ın", "60'a", "60'ta"),
        (70, "70'in", "70'e", "70'te"),
        (80, "80'in", "80'e", "80'de"),
        (90, "90'ın", "90'a", "90'da"),
        (100, "100'ün", "100'e", "100'de"),
        (104233, "104233'ün", "104233'e", "104233'te"),
        (104240, "104240'ın", "104240'a", "104240'ta"),
        (104200, "104200'ün", "104200'e", "104200'de"),
        (1000, "1000'in", "1000'e", "1000'de"),
        (104000, "104000'in", "104000'e", "104000'de"),
        (1000000, "1000000'un", "1000000'a", "1000000'da"),
        (2000000000, "2000000000'ın", "2000000000'a", "2000000000'da"),
    ],
)
def test_a_number_takes_the_endings_of_its_last_spoken_word(number: int, of: str, to: str, at: str) -> None:
    assert (genitive(str(number)), dative(str(number)), locative(str(number))) == (of, to, at)


@pytest.mark.parametrize(
    ("unit", "to", "plain"),
    [
        ("Fen İşleri Müdürlüğü", "Fen İşleri Müdürlüğümüze", "Fen İşleri Müdürlüğümüz"),
        ("Çözüm Merkezi", "Çözüm Merkezimize", "Çözüm Merkezimiz"),
        ("Teftiş Kurulu", "Teftiş Kurulumuza", "Teftiş Kurulumuz"),
        ("Özel Kalem", "Özel Kalemimize", "Özel Kalemimiz"),
    ],
)
def test_our_own_bodies_are_ours_without_apostrophe(unit: str, to: str, plain: str) -> None:
    assert (ours(unit, "a"), ours(unit)) == (to, plain)


@pytest.mark.parametrize("name", ["أحمد", "🌹", "", "Москва"])
def test_what_cannot_be_read_in_turkish_stays_as_it_is(name: str) -> None:
    assert [suffixed(name, suffix) for suffix in SUFFIXES] == [name] * len(SUFFIXES)


@given(st.text(), st.sampled_from(sorted(SUFFIXES)))
def test_the_name_itself_is_never_changed(name: str, suffix: str) -> None:
    assert suffixed(name, suffix).startswith(name)


@given(st.integers(min_value=0, max_value=10**15))
def test_every_number_is_read(number: int) -> None:
    assert genitive(str(number)).partition("'")[2] in {"in", "ın", "un", "ün", "nin", "nın", "nun", "nün"}
