"""Who is called "Sayın Ad Soyad", and who just "Merhaba"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.language.salutation import looks_like_a_persons_name, salutation


@pytest.mark.parametrize(
    "name",
    [
        "Ayşe Yılmaz", "Mehmet Ali Demir", "AYŞE YILMAZ", "ayşe yılmaz", "Ayse Yilmaz",
        "Fatma Nur Öztürk", "M. Ali Kaya",
        "M.Ali Kaya", "Ayşe Y.", "Ayşe Kurt", "Hasan Aslan", "Ali Türk", "Elif Güzel", "Zeynep Yılmaz-Kaya",
        "Gülistan Çiçek", "İlker Işık", "ÇAĞLA ŞİMŞEK", "Dr. Selin Aydın", "Cuma Yıldız", "Abdullah Öz",
        "Hülya Su Deniz",
        "Berfîn Şêrko", "Rojda Bozan", "Azad Xelîl", "Jiyan Kaya", "Şilan Aktaş", "Mizgîn Ateş",
        "أحمد خالد", "محمد عبد الله", "فاطمة الزهراء حسن", "Ahmad Al-Khatib", "Mohammed El Sayed",
        "Conor McGregor",
        "Sinéad O'Connor", "Tutku Şenyuva", "Necmiye Çaltekin",
    ],
)  # fmt: skip
def test_a_persons_name_is_called_by_it(name: str) -> None:
    assert looks_like_a_persons_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "KraL_34", "KraL Adam", "Kral 34", "🌹Ayşe🌹", "Ayşe Yılmaz 🌹", "❤️❤️", "🇹🇷 Vatan 🇹🇷", "Ayşe",
        "esenyurtlu34",
        "Esenyurt Halkı", "La İlahe İllallah", "Ya Rabbim", "Allah Büyüktür", "Rabbim Bilir",
        "Hayırlı Cumalar",
        "Dua Kapısı", "Sabır Taşı", "Yalnız Kurt", "Gece Yolcusu", "Mavi Deniz", "Umut Fakirin Ekmeği",
        "Bir Garip Yolcu",
        "Ne Mutlu Türküm Diyene", "Adalet İstiyoruz", "Zafer Mahallesi", "Demir İnşaat", "Yıldız Kuaför",
        "Ahmet Oto Galeri", "Mehmet Reis", "Ahmet Abi", "Hz Ali", "aYşE yILMAZ", "Aliiii Veliii", "A B",
        "X Y Z", "..",
        "", "   ", "Ayşe_Yılmaz", "@ayse yilmaz", "Ayşe 1990", "Аyşe Yılmaz", "Ay\u200bşe Yılmaz",
        "\u202eAyşe Yılmaz",
        "A\0yşe", "الحمد لله", "لا اله الا الله", "يا رب", "استغفر الله", "محمد", "ａｙşｅ 34", "dünya yalan",
        "Ayşe Yılmaz " * 10, "bizim sokak çok karanlık", "ALLAH RIZASI", "Test User", "Ιωάννης Παπαδόπουλος",
    ],
)  # fmt: skip
def test_a_nickname_a_prayer_or_a_shop_is_not_called_sayin(name: str) -> None:
    assert not looks_like_a_persons_name(name)


@pytest.mark.parametrize(
    ("name", "language", "line"),
    [
        ("Ayşe Yılmaz", "tr", "Sayın Ayşe Yılmaz,"),
        ("ilker ışık", "tr", "Sayın İlker Işık,"),
        ("KraL_34", "tr", "Merhaba,"),
        (None, "tr", "Merhaba,"),
        ("Ayşe Yılmaz", "en", "Dear Ayşe Yılmaz,"),
        ("🌹🌹", "en", "Hello,"),
        ("أحمد خالد", "ar", "مرحباً أحمد خالد،"),
        ("Berfîn Şêrko", "ku", "Birêz Berfîn Şêrko,"),
    ],
)
def test_the_first_line_of_a_reply(name: str | None, language: str, line: str) -> None:
    assert salutation(name, language) == line


@given(st.text())
def test_no_profile_name_can_put_anything_but_letters_into_the_salutation(name: str) -> None:
    line = salutation(name)
    assert line == "Merhaba," or all(letter.isalpha() or letter in " .'’-" for letter in line[:-1])
