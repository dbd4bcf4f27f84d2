"""What a citizen's words seem to want, how urgent that is, where it seems to belong: proposals only.

The rules are the city's own data (`vocabulary`, `suggestion`), kept in the database, built into
patterns once a process and version of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from inbox.conversations import groups
from inbox.models import Category, CitySetting, Message, Neighbourhood
from inbox.understanding.suggestion import CityWords, KnownPlace, Topic, city_words, suggest
from inbox.understanding.vocabulary import Vocabulary, assess

VOCABULARY = "vocabulary"
_VERSION_SEEN = "version of the triage rules"

# Everything the rules are made of, as one digest: a change on a settings screen holds at once, everywhere.
_VERSION = text(
    """SELECT md5(concat(
        (SELECT value::text FROM city_setting WHERE key = 'vocabulary'),
        (SELECT string_agg(category::text, ';' ORDER BY id) FROM category),
        (SELECT string_agg(neighbourhood::text, ';' ORDER BY id) FROM neighbourhood)))"""
)


@dataclass(frozen=True, slots=True)
class _Rules:
    version: str
    vocabulary: Vocabulary
    words: CityWords
    units: dict[str, int]  # ids by key, as the categories propose them
    categories: dict[str, int]
    neighbourhoods: dict[str, int]


_built: _Rules | None = None


def save_vocabulary(session: Session, raw: dict[str, Any]) -> None:
    """Replace the city's triage rules. Raises pydantic's ValidationError naming what is wrong."""
    Vocabulary.model_validate(raw)
    session.merge(CitySetting(key=VOCABULARY, value=raw))
    session.info.pop(_VERSION_SEEN, None)


def assess_group(session: Session, message: Message) -> None:
    """Assess the group of `message` as one text: fragments count together."""
    group = groups.members(session, message)
    whole = "\n".join(one.text for one in group if one.text)
    proposed = proposals(session, whole)
    for one in group:
        for name, value in proposed.items():
            setattr(one, name, value)


def proposals(session: Session, whole: str) -> dict[str, Any]:
    """What the city's rules make of some words, as columns of their messages."""
    rules = _rules(session)
    verdict = assess(whole, rules.vocabulary)
    proposal = suggest(whole, rules.words)
    return {
        "intent": verdict.intent,
        "urgency": verdict.urgency,
        "suggested_unit_id": rules.units.get(proposal.unit or ""),
        "suggested_category_id": rules.categories.get(proposal.category or ""),
        "suggested_neighbourhood_id": rules.neighbourhoods.get(proposal.neighbourhood or ""),
        "suggestion_confidence": proposal.confidence if proposal.category else None,
    }


def _rules(session: Session) -> _Rules:
    """The city's rules, built anew only when what they are made of changed."""
    global _built
    # Asked once a transaction, for reading it takes a while.
    version: str | None = session.info.get(_VERSION_SEEN)
    if version is None:
        version = session.info[_VERSION_SEEN] = session.scalar(_VERSION) or ""
    if _built is None or _built.version != version:
        _built = _build(session, version)
    return _built


def _build(session: Session, version: str) -> _Rules:
    stored = session.scalar(select(CitySetting.value).where(CitySetting.key == VOCABULARY))
    categories = session.scalars(
        select(Category).where(Category.is_active).order_by(Category.id).options(joinedload(Category.unit))
    ).all()
    neighbourhoods = session.scalars(
        select(Neighbourhood).where(Neighbourhood.is_active).order_by(Neighbourhood.id)
    ).all()
    return _Rules(
        version=version,
        vocabulary=Vocabulary.model_validate(stored or {"emergencies": []}),
        words=city_words(
            [
                KnownPlace(one.key, (one.name_tr, one.name_en, one.name_ar, *one.aliases), one.is_ambiguous)
                for one in neighbourhoods
            ],
            [Topic(one.key, one.unit.key if one.unit else None, tuple(one.stems)) for one in categories],
        ),
        units={one.unit.key: one.unit.id for one in categories if one.unit},
        categories={one.key: one.id for one in categories},
        neighbourhoods={one.key: one.id for one in neighbourhoods},
    )
