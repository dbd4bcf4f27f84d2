"""What a restored database must not believe: that nothing happened since the backup.

Between the backup and the end of the old system replies went out, people approved drafts, citizens were told
numbers. None of that is in the rows, all of it may be public. So whatever the program would send by itself
is doubted first, drafts say so to whoever approves them, and no number is given a second time.
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

# More than a city needs in a week, so that what was given out after the backup is not given out again.
IDS_A_WEEK = 1_000_000
NUMBERS_A_WEEK = 10_000

_SEQUENCES = text(
    "SELECT format('%I.%I', schemaname, sequencename), sequencename, coalesce(last_value, start_value)"
    " FROM pg_catalog.pg_sequences"
    " WHERE schemaname = current_schema() AND data_type = 'bigint'::regtype"
)


def mark_uncertain(session: Session, *, made_at: datetime, at: datetime, limit: int) -> int:
    """Make UNCERTAIN what may have gone out since the backup of `made_at`. Answers how many were taken up.

    The looks that decide begin anew, their patience counted from `at`, the restore. A question for a rating
    is withdrawn instead: better not asked than asked twice. What cannot have been due yet stays READY, and
    so does what is sent by hand. To be called until it answers 0.
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
        # Never tried before the backup: then it cannot have appeared before it either.
        reply.first_tried_at = reply.first_tried_at or made_at
        if reply.state is ReplyState.READY:
            # Somebody may have claimed it after the backup and not come back: as with any lost lease.
            history.move(session, reply, ReplyState.SENDING, by=BY, lease_until=at)
        if reply.state is ReplyState.SENDING:
            sending.become_uncertain(session, reply, Trouble(Failure.RESTORED), by=BY)
    return len(doubtful)


def suppress_ratings(session: Session, *, limit: int) -> int:
    """Ask for no rating of an answer whose citizen may have been asked since. Answers how many were found.

    The question is written down as withdrawn. To be called until it answers 0.
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
    """How many replies may be public."""
    query = select(func.count()).where(Reply.state == ReplyState.UNCERTAIN)
    return session.scalar(query) or 0


def mark_drafts(session: Session, *, limit: int) -> int:
    """Say on each draft that it may be public already. Answers how many; to be called until it is 0."""
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
    """Let all ids and request numbers go on behind those that may have been given out since the backup.

    A citizen holds their number, and a platform carries the id of a reply back to us: neither may come to
    mean another. Counted by the weeks begun since the backup.
    """
    weeks = max(0, (at - made_at) // timedelta(weeks=1)) + 1
    for name, shown, last in session.execute(_SEQUENCES).all():
        gap = NUMBERS_A_WEEK if shown == REQUEST_NUMBERS.name else IDS_A_WEEK
        session.execute(select(func.setval(name, last + gap * weeks, True)))
