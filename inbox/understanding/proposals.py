"""Proposes intent, urgency, unit, category and neighbourhood for a message; a person decides.

The rules are the city's own data (see `vocabulary` and `suggestion`) in the database. Each process compiles
every version of them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from inbox.models import Category, CitySetting, Message, Neighbourhood
from inbox.understanding.suggestion import CityWords, KnownPlace, Topic, city_words, suggest
from inbox.understanding.vocabulary import Vocabulary, assess

VOCABULARY = "vocabulary"
_VERSION_SEEN = "version of the triage rules"

# A digest of all data behind the rules, so that a change in the settings takes effect at once everywhere.
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
    units: dict[str, int]  # ids by key
    categories: dict[str, int]
    neighbourhoods: dict[str, int]


_built: _Rules | None = None


def save_vocabulary(session: Session, raw: dict[str, Any]) -> None:
    """Replace the city's triage rules. Raises pydantic's ValidationError if they are invalid."""
    Vocabulary.model_validate(raw)
    session.merge(CitySetting(key=VOCABULARY, value=raw))
    session.info.pop(_VERSION_SEEN, None)


def assess_group(session: Session, group: Sequence[Message]) -> None:
    """Assess the joined texts of a group, oldest first, and store the result on each member."""
    whole = "\n".join(member.text for member in group if member.text)
    proposed = proposals(session, whole)
    for member in group:
        for name, value in proposed.items():
            setattr(member, name, value)


def proposals(session: Session, whole: str) -> dict[str, Any]:
    """The assessment of a text, as values for the columns of Message."""
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
    """The compiled rules, rebuilt only after a change."""
    global _built
    # Queried once per transaction, because it reads three tables.
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
                KnownPlace(
                    neighbourhood.key,
                    (
                        neighbourhood.name_tr,
                        neighbourhood.name_en,
                        neighbourhood.name_ar,
                        *neighbourhood.aliases,
                    ),
                    neighbourhood.is_ambiguous,
                )
                for neighbourhood in neighbourhoods
            ],
            [
                Topic(category.key, category.unit.key if category.unit else None, tuple(category.stems))
                for category in categories
            ],
        ),
        units={category.unit.key: category.unit.id for category in categories if category.unit},
        categories={category.key: category.id for category in categories},
        neighbourhoods={neighbourhood.key: neighbourhood.id for neighbourhood in neighbourhoods},
    )
