"""What speaks of something not yet known waits here until that comes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox import facts, receipts
from inbox.clock import now
from inbox.models import Message, ParkedFact, RawEvent, Reply
from inbox.values import Gone, MessageGone, Receipt, ReplyReceipt


def park(session: Session, event: RawEvent, position: int, fact: MessageGone | ReplyReceipt) -> None:
    """Keep `fact` until the message or reply it speaks of is known."""
    session.execute(
        insert(ParkedFact)
        .values(
            raw_event_id=event.id,
            position=position,
            platform=fact.platform,
            external_id=fact.external_id,
            our_reference=fact.our_reference if isinstance(fact, ReplyReceipt) else None,
            fact=_as_json(fact),
            parked_at=now(),
        )
        .on_conflict_do_nothing()
    )


def unpark(session: Session, platform: str, external_id: str, our_reference: str | None = None) -> None:
    """Apply what waited for this message or reply."""
    speaks_of_it = ParkedFact.external_id == external_id
    if our_reference is not None:
        speaks_of_it = or_(speaks_of_it, ParkedFact.our_reference == our_reference)
    waiting = session.scalars(
        select(ParkedFact)
        .where(ParkedFact.platform == platform, speaks_of_it)
        .order_by(ParkedFact.id)
        .with_for_update()
    ).all()
    for parked in waiting:
        fact = _from_json(parked.fact)
        applied = (
            facts.message_gone(session, fact)
            if isinstance(fact, MessageGone)
            else receipts.receipt(session, fact)
        )
        if applied:
            session.execute(delete(ParkedFact).where(ParkedFact.id == parked.id))


def overlooked(session: Session, *, limit: int) -> int:
    """Apply what waits although its message or reply is known. Answers for how many something waited.

    Two transactions side by side: one parks a deletion because it does not see the message yet, the other
    stores that message and does not see what is parked yet.
    """
    messages = (
        select(ParkedFact.platform, ParkedFact.external_id)
        .join(
            Message,
            (Message.platform == ParkedFact.platform) & (Message.external_id == ParkedFact.external_id),
        )
        .where(ParkedFact.fact.has_key("how"))
    )
    replies = (
        select(ParkedFact.platform, ParkedFact.external_id)
        .join(Reply, (Reply.platform == ParkedFact.platform) & (Reply.external_id == ParkedFact.external_id))
        .where(ParkedFact.fact.has_key("status"))
    )
    found = session.execute(union(messages, replies).limit(limit)).all()
    for platform, external_id in found:
        unpark(session, platform, external_id)
    return len(found)


def _as_json(fact: MessageGone | ReplyReceipt) -> dict[str, Any]:
    common = {
        "platform": fact.platform,
        "account": fact.account,
        "external_id": fact.external_id,
        "observed_at": fact.observed_at.isoformat(),
    }
    if isinstance(fact, MessageGone):
        return {**common, "how": fact.how.value}
    return {
        **common,
        "status": fact.status.value,
        "failure": fact.failure,
        "our_reference": fact.our_reference,
    }


def _from_json(kept: dict[str, Any]) -> MessageGone | ReplyReceipt:
    observed_at = datetime.fromisoformat(kept["observed_at"])
    if "how" in kept:
        return MessageGone(
            kept["platform"], kept["account"], kept["external_id"], Gone(kept["how"]), observed_at
        )
    return ReplyReceipt(
        kept["platform"],
        kept["account"],
        kept["external_id"],
        Receipt(kept["status"]),
        observed_at,
        kept["failure"],
        kept["our_reference"],
    )
