"""What to do after a restore about the time between the backup and the end of the old system.

In that time replies may have been sent, drafts approved and request numbers given to citizens, and the
restored rows do not show it. So replies that would be sent automatically become UNCERTAIN, drafts carry a
warning, and ids and numbers of that time are not used again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from inbox import history, platforms, replies
from inbox.clock import now
from inbox.failures import Failure, Trouble
from inbox.models import REQUEST_NUMBERS, Message, Reply, Thread
from inbox.replies import sending
from inbox.states import ReplyState
from inbox.tracking import surveys
from inbox.values import ReplyKind

BY = "restore"
DRAFT_REASON = "restored"

# More than a city uses in a week, so that none from after the backup is used again.
IDS_A_WEEK = 1_000_000
NUMBERS_A_WEEK = 10_000

_SEQUENCES = text(
    "SELECT format('%I.%I', schemaname, sequencename), sequencename, coalesce(last_value, start_value)"
    " FROM pg_catalog.pg_sequences"
    " WHERE schemaname = current_schema() AND data_type = 'bigint'::regtype"
)


def mark_uncertain(session: Session, *, made_at: datetime, at: datetime, limit: int) -> int:
    """Make up to `limit` replies UNCERTAIN that may have been sent after the backup of `made_at`.

    The searches for them start anew at `at`, the time of the restore. A question for a rating is withdrawn
    instead: better not asked than asked twice. Replies that were not yet due stay READY, as do those sent by
    hand. Returns how many were processed: call it until it returns 0.
    """
    not_yet_due = (Reply.not_before > at) & (Reply.attempts == 0)
    doubtful = session.scalars(
        select(Reply)
        .where(
            Reply.platform.in_(platforms.connected()),
            or_(
                (Reply.state == ReplyState.READY) & ~func.coalesce(not_yet_due, False),
                Reply.state == ReplyState.SENDING,
                (Reply.state == ReplyState.UNCERTAIN) & (func.coalesce(Reply.claimed_at, made_at) < at),
            ),
        )
        .order_by(Reply.id)
        .limit(limit)
        .with_for_update()
    ).all()
    for reply in doubtful:
        if reply.state is ReplyState.READY and reply.kind is ReplyKind.RATING:
            replies.withdraw(session, reply, by=BY)
            continue
        reply.claimed_at, reply.looks, reply.next_look_at = at, 0, at
        # Not tried before the backup, so it cannot have been published before it.
        reply.first_tried_at = reply.first_tried_at or made_at
        if reply.state is ReplyState.READY:
            # It may have been claimed after the backup: treat it like a lost lease.
            history.move(session, reply, ReplyState.SENDING, by=BY, lease_until=at)
        if reply.state is ReplyState.SENDING:
            sending.become_uncertain(session, reply, Trouble(Failure.RESTORED), by=BY)
    return len(doubtful)


def suppress_ratings(session: Session, *, limit: int) -> int:
    """Prevent a second request for a rating of answers that may have been asked about after the backup.

    Adds a withdrawn question to each. Returns how many were processed: call it until it returns 0.
    """
    asked = select(Reply.rates_reply_id).where(Reply.rates_reply_id.is_not(None))
    answers = session.scalars(
        select(Reply)
        .where(
            Reply.platform.in_(platforms.connected()),
            Reply.kind == ReplyKind.ANSWER,
            or_(
                Reply.state == ReplyState.UNCERTAIN,
                (Reply.state == ReplyState.SENT) & (Reply.sent_at > now() - surveys.ASKED_LATELY),
            ),
            Reply.request_id.is_not(None),
            Reply.id.not_in(asked),
        )
        .order_by(Reply.id)
        .limit(limit)
        .with_for_update()
    ).all()
    for answer in answers:
        question = replies.draft(
            session,
            session.get_one(Message, answer.message_id),
            session.get_one(Thread, answer.thread_id),
            kind=ReplyKind.RATING,
            text="",
            by=BY,
            channel_id=answer.channel_id,
            rates=answer,
        )
        replies.withdraw(session, question, by=BY)
    return len(answers)


def count_uncertain(session: Session) -> int:
    """The number of UNCERTAIN replies."""
    query = select(func.count()).where(Reply.state == ReplyState.UNCERTAIN)
    return session.scalar(query) or 0


def mark_drafts(session: Session, *, limit: int) -> int:
    """Mark drafts as perhaps public already. Returns how many were marked: call it until it returns 0."""
    drafts = session.scalars(
        select(Reply)
        .where(
            Reply.platform.in_(platforms.connected()),
            Reply.state == ReplyState.DRAFT,
            Reply.draft_reason.is_distinct_from(DRAFT_REASON),
        )
        .order_by(Reply.id)
        .limit(limit)
        .with_for_update()
    ).all()
    for draft in drafts:
        history.revise(session, draft, by=BY, draft_reason=DRAFT_REASON)
    return len(drafts)


def skip_used_numbers(session: Session, *, made_at: datetime, at: datetime) -> None:
    """Advance all sequences past the ids and request numbers that may have been used since the backup.

    Citizens know request numbers, and platforms return ids of replies: neither may be used for another row.
    The gap grows with every week begun since the backup.
    """
    weeks = max(0, (at - made_at) // timedelta(weeks=1)) + 1
    for qualified_name, name, last in session.execute(_SEQUENCES).all():
        gap = NUMBERS_A_WEEK if name == REQUEST_NUMBERS.name else IDS_A_WEEK
        session.execute(select(func.setval(qualified_name, last + gap * weeks, True)))
