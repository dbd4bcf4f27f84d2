"""Holds deletions and receipts that arrive before their message or reply."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import delete, or_, select, union, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.failures import SetAsideKind
from inbox.ingest import facts, set_aside
from inbox.models import Channel, Message, ParkedFact, RawEvent, Reply
from inbox.replies import receipts
from inbox.values import Gone, MessageGone, Receipt, ReplyReceipt

log = structlog.get_logger()

MAX_TRIES = 5


def park(session: Session, event: RawEvent, position: int, fact: MessageGone | ReplyReceipt) -> None:
    """Keep `fact` until its message or reply is known."""
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
            tries=0,
        )
        .on_conflict_do_nothing()
    )


def unpark(session: Session, platform: str, external_id: str, our_reference: str | None = None) -> None:
    """Apply the facts that wait for this message or reply, each in its own savepoint.

    A fact that fails does not affect the others: the sweep tries it again, and after MAX_TRIES it is set
    aside.
    """
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
        try:
            with session.begin_nested():
                applied = _apply(session, parked)
        except (OperationalError, InternalError):
            raise  # a deadlock, time-out or lost connection: not the fact's fault
        except set_aside.MISTAKES as error:
            what = set_aside.describe(error)
            log.error("parked_fact_failed", raw_event_id=parked.raw_event_id, error=what)
            applied = parked.tries + 1 >= MAX_TRIES
            session.execute(
                update(ParkedFact).where(ParkedFact.id == parked.id).values(tries=parked.tries + 1)
            )
            if applied:
                set_aside.keep(
                    session,
                    parked.raw_event_id,
                    parked.position,
                    SetAsideKind.FAILED,
                    set_aside.as_mistake(what),
                    _channel_id(session, parked),
                )
        if applied:
            session.execute(delete(ParkedFact).where(ParkedFact.id == parked.id))


def _apply(session: Session, parked: ParkedFact) -> bool:
    fact = _from_json(parked.fact)
    if isinstance(fact, MessageGone):
        return facts.message_gone(session, fact)
    return receipts.receipt(session, fact)


def _channel_id(session: Session, parked: ParkedFact) -> int | None:
    return session.scalar(
        select(Channel.id).where(
            Channel.platform == parked.platform, Channel.external_id == parked.fact["account"]
        )
    )


def apply_overlooked(session: Session, *, limit: int) -> int:
    """Apply facts that are still parked although their message or reply is stored. Returns how many subjects.

    This happens when two transactions overlap: one parks a deletion because it does not see the message, the
    other stores the message and does not see the parked deletion.
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


def _from_json(stored: dict[str, Any]) -> MessageGone | ReplyReceipt:
    observed_at = datetime.fromisoformat(stored["observed_at"])
    if "how" in stored:
        return MessageGone(
            stored["platform"], stored["account"], stored["external_id"], Gone(stored["how"]), observed_at
        )
    return ReplyReceipt(
        stored["platform"],
        stored["account"],
        stored["external_id"],
        Receipt(stored["status"]),
        observed_at,
        stored["failure"],
        stored["our_reference"],
    )
