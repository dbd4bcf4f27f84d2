"""What a citizen's words seem to want and how urgent that is: proposals only.

The rules are the city's own data (`inbox.vocabulary`), kept in the database and built into patterns once a
process and version.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from inbox import grouping
from inbox.models import CitySetting, Message
from inbox.states import Intent, Urgency
from inbox.vocabulary import Vocabulary, assess

VOCABULARY = "vocabulary"
_built: tuple[str, Vocabulary] | None = None


def save_vocabulary(session: Session, raw: dict[str, Any]) -> None:
    """Replace the city's triage rules. Raises pydantic's ValidationError naming what is wrong."""
    Vocabulary.model_validate(raw)
    session.merge(CitySetting(key=VOCABULARY, value=raw))


def assess_group(session: Session, message: Message) -> None:
    """Assess the group of `message` as one text: fragments count together."""
    group = grouping.members(session, message)
    rules = _vocabulary(session)
    if rules is None:
        return
    verdict = assess("\n".join(one.text for one in group if one.text), rules)
    for one in group:
        one.intent, one.urgency = Intent(verdict.intent), Urgency(verdict.urgency)


def _vocabulary(session: Session) -> Vocabulary | None:
    """The city's rules, built anew only when the stored ones changed; None where there are none."""
    global _built
    stored = select(CitySetting.value).where(CitySetting.key == VOCABULARY)
    version = session.scalar(
        select(func.md5(cast(CitySetting.value, Text))).where(CitySetting.key == VOCABULARY)
    )
    if version is None:
        return None
    if _built is None or _built[0] != version:
        _built = (version, Vocabulary.model_validate(session.scalar(stored)))
    return _built[1]
