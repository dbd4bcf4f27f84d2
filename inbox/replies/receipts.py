"""Delivery receipts of sent replies. They are ranked: a status never goes back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import history
from inbox.failures import Failure, Trouble
from inbox.models import Reply
from inbox.replies import lifecycle, matching
from inbox.states import MAYBE_PUBLIC_REPLY, ReplyState
from inbox.values import Receipt, ReplyReceipt

# DELIVERED outranks FAILED: the citizen has the message, whatever order the receipts come in.
_RANK = {Receipt.SENT: 0, Receipt.FAILED: 1, Receipt.DELIVERED: 2, Receipt.READ: 3}


def receipt(session: Session, fact: ReplyReceipt) -> bool:
    """Apply one receipt. False when its reply is not known (yet)."""
    reply = _reply(session, fact)
    if reply is None:
        return False
    if reply.state is not ReplyState.SENT:
        # The platform knows the reply: this is evidence, whatever our call returned.
        if fact.status is Receipt.FAILED:
            if reply.state in MAYBE_PUBLIC_REPLY:
                reply.receipt = Receipt.FAILED
                lifecycle.mark_failed(session, reply, _trouble(fact), by="receipt")
            return True
        if _RANK[fact.status] < _RANK[reply.receipt or fact.status]:
            return True  # accepted first, failed later
        lifecycle.mark_sent(session, reply, fact.external_id, by="receipt")
    if fact.status is Receipt.DELIVERED:
        reply.delivered_at = min(filter(None, (reply.delivered_at, fact.observed_at)))
    if fact.status is Receipt.READ:
        reply.read_at = min(filter(None, (reply.read_at, fact.observed_at)))
    if reply.receipt is None or _RANK[reply.receipt] < _RANK[fact.status]:
        reply.receipt = fact.status
        history.record(session, f"reply.{fact.status.value}", by="receipt", reply=reply)
        if fact.status is Receipt.FAILED:
            reply.failure = _trouble(fact).reason
            lifecycle.reopen_message(session, reply, by="receipt")
    return True


def _trouble(fact: ReplyReceipt) -> Trouble:
    """Why it was not delivered. A text without one of our keys is the platform's own."""
    if fact.failure is None:
        return Trouble(Failure.NOT_DELIVERED)
    return Trouble.parse(fact.failure) or Trouble(Failure.NOT_DELIVERED, fact.failure)


def _reply(session: Session, fact: ReplyReceipt) -> Reply | None:
    by_id = select(Reply).where(Reply.platform == fact.platform, Reply.external_id == fact.external_id)
    found = session.scalar(by_id.with_for_update())
    if found is not None or fact.our_reference is None:
        return found
    reply_id = matching.id_of_reference(fact.our_reference)
    if reply_id is None:
        return None
    return session.scalar(
        select(Reply).where(Reply.id == reply_id, Reply.platform == fact.platform).with_for_update()
    )
