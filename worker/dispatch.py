"""Sends approved replies, and searches for those that may be public.

Claim (commit), call, record (commit): no transaction is open while a platform is called.
"""

from __future__ import annotations

import time

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors import CONNECTORS, http
from connectors.contract import Connector
from inbox import channels, platforms, replies
from inbox.channels import budgets
from inbox.db import transaction
from inbox.failures import Failure
from inbox.ingest import parked
from inbox.models import Channel, ContactKey, Message, Reply
from inbox.replies import sending
from inbox.settings import settings
from inbox.values import (
    Access,
    AccessLost,
    AuthorKey,
    CallKind,
    Found,
    MessageKind,
    NotSent,
    Outgoing,
    ProbeFailed,
    Refused,
    SendOutcome,
)
from worker import calling, probing
from worker.calling import ChannelSession

log = structlog.get_logger()

LOOKS_PER_ROUND = 1  # a reply that is claimed but not searched for waits a whole lease


def run() -> int:
    """Send the reply that has waited longest. Returns the number of replies tried: 1 or 0.

    One at a time: if this process dies, every claimed reply becomes UNCERTAIN, sent or not.
    """
    with transaction() as session:
        sending.expire_leases(session, limit=100)
        work = [
            (reply.id, reply.version, as_outgoing(session, reply), _session_for(session, reply))
            for reply in sending.claim_for_sending(session, limit=1)
        ]
    for reply_id, version, outgoing, channel_session in work:
        send_one(reply_id, version, outgoing, channel_session)
    return len(work)


def send_one(reply_id: int, version: int, outgoing: Outgoing, channel_session: ChannelSession) -> None:
    """Send one claimed reply and record the result."""
    access = channel_session.access
    connector = CONNECTORS[access.platform]
    outcome = _sent_within_the_lease(reply_id, version, connector, outgoing, access)
    if isinstance(outcome, AccessLost):
        outcome = _confirm_access_lost(channel_session, outcome)
    with transaction() as session:
        reply = sending.record_outcome(session, reply_id, version, outcome)
        channel = session.get_one(Channel, reply.channel_id)
        if isinstance(outcome, AccessLost) and channel_session.is_current(channel):
            channels.lose_access(session, channel, outcome.reason, by="dispatch")
        error = outcome.reason if isinstance(outcome, NotSent | AccessLost) else None
        channels.record_call(channel, error=error)
        channel_session.record_usage(session, channel, by="dispatch")
        if reply.external_id is not None:
            parked.unpark(session, reply.platform, reply.external_id, replies.reference(reply))
    log.info("reply_sent", reply_id=reply_id, outcome=type(outcome).__name__, platform=access.platform)


def _sent_within_the_lease(
    reply_id: int, version: int, connector: Connector, outgoing: Outgoing, access: Access
) -> SendOutcome:
    """Send the reply, unless its lease, the reply window or its length forbids it now.

    A call starts only in the first half of the lease and sends nothing after its end, even if this process
    was suspended in between: by then another worker may have claimed the reply.
    """
    begun = time.monotonic()  # before the lease is read, so that a pause in between shortens the call
    with transaction() as session:
        reply = session.get_one(Reply, reply_id)
        left = sending.lease_left(reply)
        if reply.version != version or left < settings().send_lease / 2:
            return NotSent(Failure.TOO_LATE, retry_after=0)
        if (closed_at := sending.window_closed_at(session, reply)) is not None:
            return Refused(Failure.WINDOW_CLOSED, f"{closed_at:%Y-%m-%d %H:%M} UTC")
    if (too_long := _too_long(access.platform, outgoing)) is not None:
        return too_long
    with http.ending_by(begun + left.total_seconds()):
        return connector.send(access, outgoing)


def _too_long(platform: str, outgoing: Outgoing) -> Refused | None:
    """Refused for a text that is too long: the limit may have changed after the approval."""
    is_private = outgoing.in_private or outgoing.to_kind is MessageKind.CHAT
    length = replies.length(platform, outgoing.text, private=is_private)
    return Refused(Failure.TOO_LONG, f"{length.counted}/{length.longest}") if length.is_too_long else None


def _confirm_access_lost(channel_session: ChannelSession, outcome: AccessLost) -> SendOutcome:
    """AccessLost only if a probe of the channel fails too; one locked comment must not stop the channel."""
    probe = probing.probe(channel_session).outcome
    if isinstance(probe, ProbeFailed):
        return outcome if probe.access_lost else NotSent(outcome.failure, f"{outcome.words}; {probe.reason}")
    return Refused(outcome.failure, outcome.words)


def look_for_uncertain() -> int:
    """Search the platform for UNCERTAIN replies that are due. Returns how many were claimed."""
    with transaction() as session:
        due = sending.claim_for_looking(session, limit=LOOKS_PER_ROUND)
        work = [
            (reply.id, as_outgoing(session, reply), _session_for(session, reply))
            for reply in due
            if _may_look(session, reply)
        ]
    for reply_id, outgoing, channel_session in work:
        connector = CONNECTORS[channel_session.access.platform]
        outcome = connector.look(channel_session.access, outgoing)
        with transaction() as session:
            reply = session.get_one(Reply, reply_id, with_for_update=True)
            channel_session.record_usage(session, session.get_one(Channel, reply.channel_id), by="look")
            if isinstance(outcome, Found):
                if reply.external_id is None:
                    replies.mark_sent(session, reply, outcome.external_id, by="look")
                parked.unpark(session, reply.platform, outcome.external_id, replies.reference(reply))
            else:
                provable = connector.can_prove_absence(outgoing)
                sending.record_not_there(session, reply_id, outcome, provable=provable)
    return len(due)


def _may_look(session: Session, reply: Reply) -> bool:
    """Take one call from the channel's budget. Without one, the reply is due again after the lease."""
    limit = platforms.traits(reply.platform).limits.get(CallKind.READ)
    return limit is not None and bool(budgets.take(session, reply.channel_id, CallKind.READ, limit))


def _session_for(session: Session, reply: Reply) -> ChannelSession:
    return calling.open_session(session.get_one(Channel, reply.channel_id))


def as_outgoing(session: Session, reply: Reply) -> Outgoing:
    """The reply with everything its connector may need to send it and to find it again."""
    message = session.get_one(Message, reply.message_id)
    keys = session.scalars(
        select(ContactKey)
        .where(ContactKey.contact_id == message.author_id)
        .order_by(ContactKey.rank, ContactKey.id)
    )
    return Outgoing(
        reference=replies.reference(reply),
        kind=reply.kind,
        text=reply.text,
        to_external_id=message.external_id,
        to_kind=message.kind,
        conversation=message.conversation,
        recipient=tuple(AuthorKey(key.scope, key.value) for key in keys),
        choices=tuple((id, title) for id, title in reply.choices),
        in_private=reply.in_private,
        first_tried_at=reply.first_tried_at,
        others=_others(session, reply, message),
    )


def _others(session: Session, reply: Reply, message: Message) -> tuple[str, ...]:
    """External ids of our other replies under the same post: they may have the same text."""
    if reply.first_tried_at is None or message.conversation is None:
        return ()
    known = session.scalars(
        select(Reply.external_id)
        .join(Message, Reply.message_id == Message.id)
        .where(
            Reply.platform == reply.platform,
            Reply.channel_id == reply.channel_id,
            Reply.id != reply.id,
            Reply.external_id.is_not(None),
            Message.conversation == message.conversation,
        )
    )
    return tuple(external_id for external_id in known if external_id is not None)
