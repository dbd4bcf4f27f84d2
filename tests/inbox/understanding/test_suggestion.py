"""What a message's words propose, and that a word is not taken for a place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cities.schema import load
from inbox.understanding.suggestion import CityWords, KnownPlace, Proposal, Topic, city_words, suggest

ROOT = Path(__file__).parents[3]
LABELLED = ROOT.parent / "shared" / "data" / "labelled"


@pytest.fixture(scope="module")
def words() -> CityWords:
    city = load(ROOT / "cities" / "esenyurt")
    return city_words(
        [
            KnownPlace(place.key, (place.name_tr, place.name_ar, *place.aliases), place.ambiguous)
            for place in city.neighbourhoods
        ],
        [Topic(topic.key, topic.unit, topic.stems) for topic in city.categories],
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Zafer Mahallesi 12. sokak", "zafer"),
        ("zafer mah. çöp", "zafer"),
        ("ZAFER MH. ÇÖP", "zafer"),
        ("zafer mahallesinde su yok", "zafer"),
        ("Zafer'de su yok", "zafer"),
        ("Çınar’da çukur var", "cinar"),
        ("cinar mah cop toplanmiyor", "cinar"),
        ("ÇINAR MAHALLESİ", "cinar"),
        ("Yenikent'te asfalt bozuk", "yenikent"),
        ("yenikentte asfalt bozuk", "yenikent"),
        ("mahallemiz Saadetdere çok kirli", "saadetdere"),
        ("Sadetdere'nin yolları", "saadetdere"),
        ("Mehmet Akif Ersoy Mah.", "mehmet-akif-ersoy"),
        ("Namıkkemal mahallesi", "namik-kemal"),
        ("balık yolu mahallesi", "balikyolu"),
        ("Akşemsettin mah", "aksemseddin"),
        ("Fatih mah. ile Zafer'de", "fatih"),
        ("حي الفاتح", None),
    ],
)
def test_a_neighbourhood_is_known_by_its_name(words: CityWords, text: str, key: str | None) -> None:
    assert suggest(text, words).neighbourhood == key


@pytest.mark.parametrize(
    "text",
    [
        "bir örnek vermek istiyorum",
        "Fatih bey ilgilenmedi",
        "Cumhuriyet Caddesi'nde çukur var",
        "Yunus Emre Parkı'ndaki banklar kırık",
        "Çınar ağacı devrildi",
        "zafer bizim olacak",
        "Mehmet Akif Ersoy Hastanesi",
        "İnönü Stadı",
        "Atatürk'ün fotoğrafı",
        "Çınarlı Mahallesi",
        "Mevlana Sokak karanlık",
        "pınar gibi akıyor",
        "şehitlerimiz ölmez",
    ],
)
def test_a_word_a_person_or_a_street_is_no_neighbourhood(words: CityWords, text: str) -> None:
    assert suggest(text, words).neighbourhood is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("sokağımızda çukur var asfalt bozuk", "fen-isleri"),
        ("cop konteyneri dolmus alinmiyor", "temizlik-isleri"),
        ("parktaki salıncak kırık", "park-ve-bahceler"),
        ("başıboş köpekler saldırıyor", "veteriner-isleri"),
        ("seyyar satıcılar kaldırımı işgal etti", "zabita"),
        ("sular kesik 2 gündür su yok", "iski"),
        ("sokak lambası yanmıyor karanlık", "bedas"),
        ("otobüs durağa gelmedi", "iett"),
        ("gıda yardımı almak istiyorum", "sosyal-yardim-isleri"),
        ("sürekli bekliyoruz", None),
    ],
)
def test_a_unit_is_proposed_by_the_words(words: CityWords, text: str, unit: str | None) -> None:
    assert suggest(text, words).unit == unit


def test_a_proposal_names_the_words_it_rests_on(words: CityWords) -> None:
    found = suggest("Çınar Mahallesi'nde çöpler alınmıyor", words)

    assert (found.category, found.neighbourhood) == ("temizlik-cop", "cinar")
    assert "copler" in found.words
    assert 0 < found.confidence < 1


def test_nothing_is_proposed_for_nothing(words: CityWords) -> None:
    assert suggest("", words) == Proposal()


def test_neighbourhoods_are_found_in_real_complaints(words: CityWords) -> None:
    file = LABELLED / "address_esenyurt_substituted.jsonl"
    if not file.exists():
        pytest.skip("the labelled addresses do not lie beside the project")
    keys = {place.names[0]: place.key for place in words.places}
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    found = [
        (suggest(row["text"], words).neighbourhood, {keys[s["canonical"]] for s in row["spans"]})
        for row in rows
    ]

    assert sum(key in wanted for key, wanted in found) / len(found) >= 0.97
    assert sum(key not in wanted for key, wanted in found if key) / len(found) <= 0.02
