"""Sending of approved replies, at most once: claim with a lease, record the result, search if uncertain.

A reply that may be public is UNCERTAIN. It becomes SENT as soon as it is found, and READY only when two
searches, the second well after the claim, did not find it; otherwise a person settles it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from inbox import channels, history, platforms
from inbox.channels import budgets
from inbox.clock import now
from inbox.failures import Failure, Trouble
from inbox.history import Actor
from inbox.models import Channel, Message, Reply, Thread
from inbox.replies.lifecycle import back_to_draft, mark_failed, mark_sent
from inbox.settings import settings
from inbox.states import UNFINISHED_REPLY, ReplyState
from inbox.values import (
    AccessLost,
    CallKind,
    CannotTell,
    MaybeSent,
    MessageKind,
    NotSent,
    NotThere,
    Receipt,
    Refused,
    SendOutcome,
    Sent,
)

IN_FLIGHT_A_CHANNEL = 2
_FIRST_BACK_OFF = timedelta(seconds=5)
_LONGEST_BACK_OFF = timedelta(minutes=15)
_SOONEST_LOOK = timedelta(seconds=5)
_RAREST_LOOK = timedelta(minutes=15)


def claim_for_sending(session: Session, *, limit: int) -> list[Reply]:
    """Claim replies that may be sent now, each with a lease. Commit before calling the platform.

    Replies of one thread are sent in the order of writing; a channel has at most two sends in flight.
    Channels that are paused, without access, inactive or out of budget are skipped, and so are those without
    a connector, whose replies are sent by hand.
    """
    moment = now()
    earlier = aliased(Reply)
    held_back = exists(
        select(earlier.id).where(
            earlier.channel_id == Reply.channel_id,
            earlier.thread_id == Reply.thread_id,
            earlier.id < Reply.id,
            earlier.state.in_(UNFINISHED_REPLY),
            (earlier.not_before.is_(None)) | (earlier.not_before <= moment) | (earlier.attempts > 0),
        )
    )
    oldest = (
        select(func.min(Reply.id))
        .where(Reply.channel_id == Channel.id, Reply.state == ReplyState.READY)
        .correlate(Channel)
        .scalar_subquery()
    )
    open_channels = session.scalars(
        select(Channel)
        .where(
            Channel.is_active,
            Channel.platform.in_(platforms.connected()),
            Channel.access_lost_at.is_(None),
            (Channel.paused_until.is_(None)) | (Channel.paused_until <= moment),
            oldest.is_not(None),
        )
        .order_by(oldest)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    claimed: list[Reply] = []
    for channel in open_channels:
        in_flight = session.scalar(
            select(func.count()).where(Reply.channel_id == channel.id, Reply.state == ReplyState.SENDING)
        )
        room = min(IN_FLIGHT_A_CHANNEL - (in_flight or 0), limit - len(claimed))
        if room <= 0:
            continue
        due = session.scalars(
            select(Reply)
            .where(
                Reply.channel_id == channel.id,
                Reply.state == ReplyState.READY,
                (Reply.not_before.is_(None)) | (Reply.not_before <= moment),
                ~held_back,
            )
            .order_by(Reply.id)
            .limit(room)
            .with_for_update(skip_locked=True, of=Reply)
        ).all()
        if due:
            most = platforms.traits(channel.platform).limits[CallKind.SEND]
            due = due[: budgets.take(session, channel.id, CallKind.SEND, most, wanted=len(due))]
        for reply in due:
            history.move(
                session,
                reply,
                ReplyState.SENDING,
                by="dispatch",
                attempts=reply.attempts + 1,
                claimed_at=moment,
                first_tried_at=reply.first_tried_at or moment,
                lease_until=moment + settings().send_lease,
            )
            claimed.append(reply)
    return claimed


def lease_left(reply: Reply) -> timedelta:
    """The rest of the lease. Ask right before the call."""
    return reply.lease_until - now() if reply.lease_until is not None else timedelta(0)


def window_closed_at(session: Session, reply: Reply) -> datetime | None:
    """When the private reply window closed, counted from the citizen's last message by the platform's clock.
    None while it is open and where the platform has none.
    """
    message = session.get_one(Message, reply.message_id)
    window = platforms.traits(reply.platform).private_window
    if window is None or message.kind is not MessageKind.CHAT:
        return None
    thread = session.get_one(Thread, reply.thread_id)
    closes_at = (thread.last_citizen_at or message.sent_at) + window
    return closes_at if closes_at <= now() else None


def record_outcome(session: Session, reply_id: int, claimed_version: int, outcome: SendOutcome) -> Reply:
    """Record the result of a claimed send. A state that evidence has set meanwhile stays."""
    reply = session.get_one(Reply, reply_id, with_for_update=True)
    if reply.state is not ReplyState.SENDING or reply.version != claimed_version:
        if reply.receipt is Receipt.FAILED:
            return reply  # accepted, and a receipt of its failure came before our call returned
        if isinstance(outcome, Sent) and reply.external_id is None and reply.state is not ReplyState.SENT:
            mark_sent(session, reply, outcome.external_id, by="dispatch")
        elif isinstance(outcome, Sent) and reply.external_id is None:
            reply.external_id = outcome.external_id
        return reply
    match outcome:
        case Sent(external_id):
            mark_sent(session, reply, external_id, by="dispatch")
        case NotSent():
            _wait(session, reply, outcome, outcome.retry_after)
            if outcome.pauses_channel:
                channel = session.get_one(Channel, reply.channel_id)
                channels.pause(session, channel, reply.not_before or now(), by="dispatch")
        case AccessLost():
            _wait(session, reply, outcome, None)
        case Refused():
            mark_failed(session, reply, outcome, by="dispatch")
        case MaybeSent():
            become_uncertain(session, reply, outcome, by="dispatch")
    return reply


def _wait(session: Session, reply: Reply, trouble: Trouble, retry_after: float | None) -> None:
    """Not sent: READY again, with a longer wait each time."""
    pause = timedelta(seconds=retry_after) if retry_after is not None else _back_off(reply.attempts)
    history.move(
        session,
        reply,
        ReplyState.READY,
        by="dispatch",
        not_before=now() + pause,
        failure=trouble.reason,
        lease_until=None,
    )
    _stop_if_stale(session, reply, by="dispatch")


def _stop_if_stale(session: Session, reply: Reply, *, by: Actor) -> None:
    """Take a reply back when its message was edited or deleted while it was being sent."""
    changes = {"message.edited": "edited", "message.deleted": "deleted"}
    since = reply.claimed_at or reply.created_at
    if changed := history.latest_kind(session, reply.message_id, changes, since=since):
        back_to_draft(session, reply, reason=changes[changed], by=by)


def _back_off(attempts: int) -> timedelta:
    doublings: int = 2 ** min(attempts - 1, 10)
    return min(_FIRST_BACK_OFF * doublings, _LONGEST_BACK_OFF)


def become_uncertain(session: Session, reply: Reply, trouble: Trouble, *, by: Actor) -> None:
    """SENDING → UNCERTAIN: it may be public; the search for it starts now."""
    history.move(
        session,
        reply,
        ReplyState.UNCERTAIN,
        by=by,
        failure=trouble.reason[:500],
        lease_until=None,
        looks=0,
        next_look_at=now(),
    )


def expire_leases(session: Session, *, limit: int) -> int:
    """Make replies UNCERTAIN whose lease has run out: their worker died or hangs. Returns how many."""
    stale = session.scalars(
        select(Reply)
        .where(Reply.state == ReplyState.SENDING, Reply.lease_until < now())
        .order_by(Reply.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for reply in stale:
        become_uncertain(session, reply, Trouble(Failure.NO_REPORT), by="sweep")
    return len(stale)


def claim_for_looking(session: Session, *, limit: int) -> list[Reply]:
    """Claim UNCERTAIN replies whose next search is due. Their next search is postponed by a lease."""
    due = session.scalars(
        select(Reply)
        .where(Reply.state == ReplyState.UNCERTAIN, Reply.next_look_at <= now())
        .order_by(Reply.next_look_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for reply in due:
        reply.next_look_at = now() + settings().send_lease
    return list(due)


def record_not_there(
    session: Session, reply_id: int, outcome: NotThere | CannotTell, *, provable: bool
) -> Reply:
    """Record a search that did not find the reply or failed.

    READY again only after two searches without a result, the second at least `uncertain_wait` after the
    claim, and only if `provable`: the platform's answer can prove that the reply is not there. The interval
    between searches grows, and is never shorter than the platform asks for.
    """
    reply = session.get_one(Reply, reply_id, with_for_update=True)
    if reply.state is not ReplyState.UNCERTAIN:
        return reply
    waited = now() - (reply.claimed_at or now())
    patience = settings().uncertain_wait
    if isinstance(outcome, NotThere) and provable:
        reply.looks += 1
        if reply.looks >= 2 and waited >= patience:
            history.move(
                session, reply, ReplyState.READY, by="look", looks=0, next_look_at=None, not_before=None
            )
            _stop_if_stale(session, reply, by="look")
            return reply
    pause = min(max(waited / 4, _SOONEST_LOOK), _RAREST_LOOK)
    left = patience - waited
    if reply.looks and timedelta() < left < pause:
        pause = max(left, timedelta(seconds=1))  # search again as soon as the result may prove absence
    if isinstance(outcome, CannotTell) and outcome.retry_after is not None:
        pause = max(pause, timedelta(seconds=outcome.retry_after))
    reply.next_look_at = now() + pause
    return reply
