"""Every sentence of the screens is said in Turkish too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import translations


def test_every_sentence_is_translated_and_none_is_left_over() -> None:
    assert list(translations.problems()) == []


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the Turkish catalogue that a test may spoil."""
    copy = tmp_path / "tr" / "LC_MESSAGES" / "messages.po"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((translations.TRANSLATIONS / "tr/LC_MESSAGES/messages.po").read_bytes())
    monkeypatch.setattr(translations, "TRANSLATIONS", tmp_path)
    return copy


@pytest.mark.parametrize(
    ("said", "spoilt", "found"),
    [
        ('msgstr "Birimler"', 'msgstr ""', "untranslated: Units"),
        ('msgid "Units"', '#, fuzzy\nmsgid "Units"', "fuzzy: Units"),
        ('msgid "Units"', 'msgid "Unitz"', "not in the catalogue: Units"),
        ('msgid "Units"', 'msgid "Unitz"', "no longer said anywhere: Unitz"),
        ("%(name)s eklendi", "%(isim)s eklendi", "other placeholders than the sentence: %(name)s is added."),
        ('msgstr[0] "%(num)d kapı"', 'msgstr[0] ""', "untranslated: %(num)d door"),
    ],
)
def test_the_check_notices_what_is_missing(copied: Path, said: str, spoilt: str, found: str) -> None:
    text = copied.read_text()
    assert said in text
    copied.write_text(text.replace(said, spoilt, 1))
    assert f"tr: {found}" in list(translations.problems())


def test_an_update_brings_new_sentences_in_and_keeps_every_translation(copied: Path) -> None:
    translations.update(copied)
    complete = copied.read_text()
    copied.write_text(complete.replace('msgid "Units"', 'msgid "Unitz"'))
    translations.update(copied)
    assert copied.read_text() == complete.replace(
        'msgid "Units"\nmsgstr "Birimler"', 'msgid "Units"\nmsgstr ""'
    )
