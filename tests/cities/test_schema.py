"""The municipality's data is whole, and a mistake in it is named where it stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from cities.schema import City, CityError, load
from inbox.language.personal_data import personal_data
from inbox.language.placeholders import Filling, render
from inbox.language.salutation import looks_like_a_persons_name
from inbox.language.tone import check_tone
from inbox.language.turkish import sort_key
from inbox.states import Outcome, Role
from inbox.values import ReplyKind

ESENYURT = Path(__file__).parents[2] / "cities" / "esenyurt"

VALUES: dict[str, Filling] = {
    "salutation": "Sayın Muhammed Abdurrahman Karaosmanoğlu,",
    "number": 1042335,
    "unit": "Basın Yayın ve Halkla İlişkiler Müdürlüğü",
    "neighbourhood": "Necip Fazıl Kısakürek",
    "category": "Yol ve kaldırım",
    "day": date(2026, 11, 26),
    "text": "",
    "body": "İBB Mezarlıklar Dairesi",
    "hotline": "188",
    "city": "Esenyurt Belediyesi",
    "phone": "444 04 11",
    "signature": "Esenyurt Belediye Başkanı",
}


@pytest.fixture(scope="module")
def city() -> City:
    return load(ESENYURT)


def test_esenyurt_has_its_seven_channels_43_neighbourhoods_and_all_its_units(city: City) -> None:
    assert [account.key for account in city.accounts] == [
        "x-belediye",
        "x-baskan",
        "facebook-belediye",
        "facebook-baskan",
        "instagram-belediye",
        "instagram-baskan",
        "whatsapp-cozum",
    ]
    assert len(city.neighbourhoods) == 43
    assert sum(unit.is_outside for unit in city.units) == 12
    assert sum(not unit.is_outside for unit in city.units) == 39


def test_every_role_has_a_person_and_four_units_an_officer(city: City) -> None:
    assert {person.role for person in city.people} == set(Role)
    assert len({person.unit for person in city.people if person.role is Role.UNIT_OFFICER}) == 4


def test_lists_stand_in_turkish_order(city: City) -> None:
    names = [place.name_tr for place in city.neighbourhoods]
    assert names == sorted(names, key=sort_key)
    assert names.index("Çınar") < names.index("Zafer")


def test_every_neighbourhood_lies_in_esenyurt(city: City) -> None:
    outside = [
        p.key for p in city.neighbourhoods if not (40.99 < p.point[0] < 41.10 and 28.59 < p.point[1] < 28.72)
    ]
    assert outside == []


@pytest.mark.parametrize("voice", ["municipality", "mayor"])
@pytest.mark.parametrize("scope", ["public", "private"])
@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (ReplyKind.ACKNOWLEDGEMENT, None),
        (ReplyKind.QUESTION, None),
        (ReplyKind.RATING, None),
        (ReplyKind.ANSWER, Outcome.POSITIVE),
        (ReplyKind.ANSWER, Outcome.NEGATIVE),
        (ReplyKind.ANSWER, Outcome.OUTSIDE),
        (ReplyKind.INTERIM, Outcome.PLANNED),
    ],
)
def test_the_library_has_turkish_words_for_every_kind_of_reply(
    city: City, kind: ReplyKind, outcome: Outcome | None, scope: str, voice: str
) -> None:
    fitting = [
        text
        for text in city.texts
        if (text.kind, text.outcome, text.language) == (kind, outcome, "tr")
        and text.scope in {scope, "any"}
        and text.voice in {voice, "any"}
    ]

    assert sum(len(text.variants) for text in fitting) >= 3


def test_every_ready_text_can_be_said_in_a_post_of_280_characters_and_names_nobody(city: City) -> None:
    own = city.profile.public_numbers
    for text in city.texts:
        for variant in text.variants:
            said = render(variant, VALUES, language=text.language)
            assert len(said) <= 280, said
            assert personal_data(said, own=own) == [], said
            assert check_tone(said, outcome=text.outcome, is_public=True, own=own) == [], said


def test_the_mayor_speaks_in_the_first_person_and_the_municipality_never(city: City) -> None:
    first_person = ("okudum", "teşekkür ederim", "aldım", "paylaşacağım", "iletiyorum", "takipçisiyim")
    for text in city.texts:
        if text.voice == "municipality":
            assert not any(word in variant for variant in text.variants for word in first_person), text.key


def test_no_variant_of_a_text_repeats_another(city: City) -> None:
    for text in city.texts:
        assert len(set(text.variants)) == len(text.variants) >= 3, text.key


def test_people_of_the_rehearsal_have_peoples_names(city: City) -> None:
    assert all(looks_like_a_persons_name(person.name) for person in city.people)


# --- mistakes ----------------------------------------------------------------------------------------


def _spoilt(tmp_path: Path, file: str, spoil: Callable[[str], str]) -> Path:
    folder = tmp_path / "city"
    shutil.copytree(ESENYURT, folder)
    changed = spoil((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_text(changed, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        (
            "categories.yaml",
            "unit: fen-isleri",
            "unit: fen-isler",
            ["categories.yaml", "yol-kaldirim", "fen-isler"],
        ),
        ("people.yaml", "unit: zabita", "unit: iski", ["people.yaml", "derya.simsek", "iski"]),
        ("people.yaml", "role: supervisor", "role: boss", ["people.yaml", "gulay.ozturk", "role", "boss"]),
        ("units.yaml", "kind: outside", "kind: far", ["units.yaml", "iski.kind", "far"]),
        ("units.yaml", "key: zabita", "key: fen-isleri", ["units.yaml", "fen-isleri", "twice"]),
        ("neighbourhoods.yaml", '"34513"', "345", ["neighbourhoods.yaml", "akevler.postcode", "345"]),
        (
            "texts.yaml",
            "{neighbourhood} için",
            "{birim} için",
            ["texts.yaml", "acknowledgement-neighbourhood", "{birim}"],
        ),
        ("texts.yaml", "{neighbourhood:daki}", "{neighbourhood:dki}", ["texts.yaml", "“dki”"]),
        (
            "texts.yaml",
            "sonuçlandı. {text}",
            "sonuçlandı. Gereği yapılacaktır.",
            ["answer-positive", "hollow_phrase"],
        ),
        (
            "texts.yaml",
            "iletildi. Sonucu",
            "iletildi, 0532 123 45 67. Sonucu",
            ["texts.yaml", "personal data"],
        ),
        (
            "accounts.yaml",
            "platform: x,",
            "platform: tiktok,",
            ["accounts.yaml", "x-belediye.platform", "tiktok"],
        ),
        ("accounts.yaml", '"1500000002"', '"1500000001"', ["accounts.yaml", "1500000001", "twice"]),
        ("city.yaml", "  mayor: ", "  mayors: ", ["city.yaml", "signatures", "mayor"]),
        ("city.yaml", "Europe/Istanbul", "Europe/Esenyurt", ["city.yaml", "Europe/Esenyurt"]),
        ("vocabulary.yaml", "$place_that_burns", "$place_that_burn", ["vocabulary.yaml", "$place_that_burn"]),
        ("reasons.yaml", "{key: spam,", "{keys: spam,", ["reasons.yaml", "dismiss", "keys"]),
        ("city.yaml", "name: Esenyurt Belediyesi", "name: [", ["city.yaml", "YAML"]),
    ],
)
def test_a_mistake_is_named_with_its_file_entry_and_value(
    tmp_path: Path, file: str, old: str, new: str, named: list[str]
) -> None:
    def spoil(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    with pytest.raises(CityError) as refused:
        load(_spoilt(tmp_path, file, spoil))
    assert [word for word in named if word not in str(refused.value)] == [], str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = _spoilt(tmp_path, "texts.yaml", str)
    (folder / "texts.yaml").unlink()

    with pytest.raises(CityError, match=r"texts\.yaml"):
        load(folder)


def test_no_credential_stands_in_the_citys_data() -> None:
    for file in ESENYURT.glob("*.yaml"):
        words = yaml.safe_dump(yaml.safe_load(file.read_text(encoding="utf-8"))).lower()
        assert not any(word in words for word in ("token", "secret", "password")), file.name
