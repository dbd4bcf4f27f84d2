"""Invented citizens and what they say: each name and each text exists once in a run."""

from __future__ import annotations

import random
from collections.abc import Iterator

from sandbox import identity


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    """Ayşe Fatma Emine Hatice Zeynep Elif Meryem Şerife Zehra Sultan Hülya Derya Sevgi Gülay Songül Aslı
    Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Ramazan Halil Emre"""
)
MIDDLE = _words(
    "Nur Su Can Ece Naz Efe Deniz Ada Alp Eylül Ege Kaan Ilgın Bora Cem Tuna Umut Arda Mert Yiğit"
)
LAST = _words(
    """Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin
    Koç Kurt Özkan Şimşek Polat Korkmaz Erdoğan Aktaş Güneş Tekin Bulut Keskin Turan Güler Avcı Işık"""
)
PLACES = _words("Zafer Pınar Fatih Mevlana Yenikent İncirtepe Saadetdere Çınar Talatpaşa Örnek Barbaros")
MATTERS = (
    "{place} mahallesinde yol çöktü, araçlar geçemiyor",
    "{place} mahallesinde çöpler üç gündür alınmadı 😡",
    "Parktaki salıncak kırık, {place}",
    "{place}'de sokak lambası yanmıyor <acil değil> & lütfen bakın",
    "Kaldırım işgali var. {place} pazar yeri\nMasalar yolu kapatıyor",
    "Teşekkürler, {place} parkı çok güzel olmuş 🌳❤️",
    "Evlilik başvurusu için hangi belgeler gerekli? ({place})",
    "متى يتم إصلاح الطريق في حي {place}؟",
    '{place} mah. su birikintisi: "göl" gibi oldu',
    "Başkanım {place} mahallesine otobüs seferi istiyoruz",
)
LONG = (
    " Bu konuyu defalarca ilettik, telefonla da aradık, henüz bir sonuç alamadık; gereğini rica ederiz." * 4
)


def names(rng: random.Random) -> Iterator[str]:
    """Names of people, none twice, whose WhatsApp numbers differ, too."""
    known: set[str] = set()
    numbers: set[str] = set()
    while True:
        middle = rng.choice(MIDDLE) + " " if rng.random() < 0.9 else ""
        name = f"{rng.choice(FIRST)} {middle}{rng.choice(LAST)}"
        if rng.random() < 0.5:
            name += f" {rng.choice(LAST)}"
        number = identity.person("whatsapp", "", name).phone
        if name in known or number in numbers:
            continue
        known.add(name)
        numbers.add(number)
        yield name


def complaint(rng: random.Random, number: int, *, long: bool = False) -> str:
    """A text that is said once in a run."""
    text = rng.choice(MATTERS).format(place=rng.choice(PLACES))
    return f"{text}{LONG if long else ''} (m{number:06d})"


def correction(text: str, number: int) -> str:
    """What an edit makes of a text."""
    return f"{text} düzeltme {number}: kapı no yanlıştı"
