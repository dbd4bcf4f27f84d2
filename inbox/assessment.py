"""What a citizen's words seem to want, how urgent that is, and where it seems to belong: proposals only."""

from __future__ import annotations

from sqlalchemy.orm import Session

from inbox import grouping
from inbox.models import Message
from inbox.states import Intent, Urgency


def assess_group(session: Session, message: Message) -> None:
    """Assess the group of `message` as one text: fragments count together."""
    group = grouping.members(session, message)
    for one in group:
        one.intent, one.urgency = Intent.REQUEST, Urgency.NORMAL
