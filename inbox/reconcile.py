"""Comparing what a platform shows with what we hold: citizens' messages, and our own words.

`Comparison` takes the facts of pages read afresh, one page at a time, and notes what differs; `finish` ends
the run: what is found no more is resolved, and an alarm stands as long as anything is open. What changed
within the last minutes is no difference: a hook may be under way, a list may lag.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from inbox import alarms, history, replies
from inbox.clock import now
from inbox.errors import NotFound
from inbox.history import Actor
from inbox.models import Channel, Message, ReconcileDifference, Reply, User
from inbox.states import DifferenceKind, ReplyState
from inbox.turkish import clean
from inbox.values import Fact, MessageKind, MessageSeen

ALARM = "reconcile"
WINDOW = timedelta(days=3)
SETTLING = timedelta(minutes=2)
_UNSENT = (ReplyState.READY, ReplyState.FAILED)
_UNDER_WAY = (ReplyState.SENDING, ReplyState.UNCERTAIN)


def window(session: Session, channel: Channel) -> tuple[datetime, datetime]:
    """From when until when a channel can be compared: not from before it was ours."""
    first = session.scalar(
        select(Message.received_at).where(Message.channel_id == channel.id).order_by(Message.id).limit(1)
    )
    moment = now()
    since = moment - WINDOW if first is None else max(moment - WINDOW, first - SETTLING)
    return since, moment - SETTLING


@dataclass(slots=True)
class Comparison:
    """One run over one channel. Times are the platform's, aware."""

    channel_id: int
    since: datetime
    until: datetime
    whole_account: bool
    found: set[tuple[DifferenceKind, str]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)  # everything that stands there
    posts: set[str] = field(default_factory=set)  # top-level posts under which we looked

    def page(self, session: Session, facts: Iterable[Fact]) -> bool:
        """Compare one page. Whether it tells anything we do not hold: then it must be stored and applied."""
        channel = session.get_one(Channel, self.channel_id)
        shown = [fact for fact in facts if isinstance(fact, MessageSeen)]
        ids = {clean(fact.external_id) for fact in shown}
        self.seen |= ids
        self.posts |= {fact.external_id for fact in shown if fact.external_id == fact.conversation}
        known = {
            message.external_id: message
            for message in session.scalars(
                select(Message).where(Message.platform == channel.platform, Message.external_id.in_(ids))
            )
        }
        ours = set(
            session.scalars(
                select(Reply.external_id).where(
                    Reply.platform == channel.platform, Reply.external_id.in_(ids)
                )
            )
        )
        accounts = set(
            session.scalars(select(Channel.external_id).where(Channel.platform == channel.platform))
        )
        is_news = False
        for fact in shown:
            if fact.kind is MessageKind.POST or fact.sent_at < self.since:
                continue
            message = known.get(clean(fact.external_id))
            if fact.from_us:
                if fact.external_id not in ours:
                    is_news |= self._own_words(session, channel, fact, message)
            elif fact.author is None or not accounts & {key.value for key in fact.author.keys}:
                is_news |= self._citizens_words(session, channel, fact, message)
        return is_news

    def _citizens_words(
        self, session: Session, channel: Channel, fact: MessageSeen, message: Message | None
    ) -> bool:
        if message is None:
            if fact.sent_at <= self.until:
                self._note(session, channel, DifferenceKind.MISSING, fact)
            return True
        text = clean(fact.text)
        if message.text == text or (fact.kind is MessageKind.UNSUPPORTED and not text):
            return False
        if fact.edited_at is None or fact.edited_at <= self.until:
            self._note(session, channel, DifferenceKind.TEXT_DIFFERS, fact, message=message)
        return True

    def _own_words(
        self, session: Session, channel: Channel, fact: MessageSeen, message: Message | None
    ) -> bool:
        """Words of ours that no reply has as its own. One that waits to be sent must not go out again."""
        for reply in _same_words(session, channel, fact, _UNSENT):
            self._note(session, channel, DifferenceKind.REPLY_THERE, fact, reply=reply)
            if reply.state is ReplyState.READY:
                replies.back_to_draft(session, reply, reason="already_there", by=ALARM)
            return message is None
        if message is not None:
            return False
        if fact.sent_at <= self.until and not _same_words(session, channel, fact, _UNDER_WAY):
            self._note(session, channel, DifferenceKind.OURS_UNKNOWN, fact)
        return True

    def missing_replies(self, session: Session) -> None:
        """Replies we call sent that do not stand where we looked. To be asked when every page was read."""
        channel = session.get_one(Channel, self.channel_id)
        sent = session.execute(
            select(Reply, Message.conversation, Message.permalink)
            .join(Message, Reply.message_id == Message.id)
            .where(
                Reply.channel_id == channel.id,
                Reply.state == ReplyState.SENT,
                Reply.external_id.is_not(None),
                Reply.in_private.is_(False),
                Message.kind != MessageKind.CHAT,
                Reply.sent_at >= self.since,
                Reply.sent_at <= self.until,
            )
            .order_by(Reply.id)
        )
        for reply, conversation, permalink in sent:
            if reply.external_id in self.seen or not (self.whole_account or conversation in self.posts):
                continue
            self._note_row(
                session,
                channel,
                DifferenceKind.REPLY_GONE,
                reply.external_id or "",
                message_id=reply.message_id,
                reply_id=reply.id,
                permalink=permalink,
                our_at=reply.sent_at,
            )

    def finish(self, session: Session) -> int:
        """End a run that read everything: resolve what is found no more. Answers how many are open."""
        for one in session.scalars(_open(self.channel_id)).all():
            gone = one.kind is DifferenceKind.REPLY_GONE
            if (one.kind, one.external_id) not in self.found and (not gone or one.external_id in self.seen):
                one.resolved_at = now()
        session.flush()
        count = tell(session, self.channel_id, by=ALARM)
        channel = session.get_one(Channel, self.channel_id)
        history.record(session, "reconcile.ended", by=ALARM, channel=channel, details={"differences": count})
        return count

    def _note(
        self,
        session: Session,
        channel: Channel,
        kind: DifferenceKind,
        fact: MessageSeen,
        *,
        message: Message | None = None,
        reply: Reply | None = None,
    ) -> None:
        self._note_row(
            session,
            channel,
            kind,
            clean(fact.external_id),
            message_id=message.id if message else reply.message_id if reply else None,
            reply_id=reply.id if reply else None,
            permalink=fact.permalink,
            their_at=fact.edited_at or fact.sent_at,
            our_at=message.received_at if message else reply.claimed_at if reply else None,
        )

    def _note_row(
        self, session: Session, channel: Channel, kind: DifferenceKind, external_id: str, **columns: Any
    ) -> None:
        """Note it once while it is open, and not again what a person has looked at and left so."""
        if session.scalar(
            select(
                exists().where(
                    ReconcileDifference.channel_id == channel.id,
                    ReconcileDifference.kind == kind,
                    ReconcileDifference.external_id == external_id,
                    ReconcileDifference.resolved_by_id.is_not(None),
                )
            )
        ):
            return
        self.found.add((kind, external_id))
        moment = now()
        session.execute(
            insert(ReconcileDifference)
            .values(
                channel_id=channel.id,
                kind=kind,
                external_id=external_id,
                found_at=moment,
                last_seen_at=moment,
                **columns,
            )
            .on_conflict_do_update(
                index_elements=["channel_id", "kind", "external_id"],
                index_where=ReconcileDifference.resolved_at.is_(None),
                set_={"last_seen_at": moment},
            )
        )


def _same_words(
    session: Session, channel: Channel, fact: MessageSeen, states: tuple[ReplyState, ...]
) -> Sequence[Reply]:
    """Replies in `states` to what `fact` answers that say the same."""
    if fact.parent_external_id is None:
        return []
    candidates = session.scalars(
        select(Reply)
        .join(Message, Reply.message_id == Message.id)
        .where(
            Reply.channel_id == channel.id,
            Reply.state.in_(states),
            Reply.external_id.is_(None),
            or_(
                Message.external_id == fact.parent_external_id,
                Message.parent_external_id == fact.parent_external_id,
            ),
        )
        .order_by(Reply.id)
        .with_for_update(of=Reply)
    )
    return [reply for reply in candidates if replies.same_words(reply.text, fact.text)]


# --- what is open -----------------------------------------------------------------------------------


def _open(channel_id: int | None = None) -> Any:
    query = select(ReconcileDifference).where(ReconcileDifference.resolved_at.is_(None))
    return query if channel_id is None else query.where(ReconcileDifference.channel_id == channel_id)


def tell(session: Session, channel_id: int, *, by: Actor) -> int:
    """Raise or clear the alarm of a channel by what is open. Answers how many differences are."""
    channel = session.get_one(Channel, channel_id)
    count = session.scalar(select(func.count()).select_from(_open(channel_id).subquery())) or 0
    if count:
        alarms.raise_alarm(session, ALARM, channel.key, {"differences": count}, by=by, channel=channel)
    else:
        alarms.clear(session, ALARM, channel.key, by=by, channel=channel)
    return count


@dataclass(frozen=True, slots=True)
class Shown:
    """A difference and the conversation it stands in, where it stands in one."""

    difference: ReconcileDifference
    group_id: int | None


def differences(session: Session, *, limit: int = 500) -> list[Shown]:
    """What is open, the newest first, with its channel."""
    found = session.scalars(
        _open()
        .options(joinedload(ReconcileDifference.channel))
        .order_by(ReconcileDifference.id.desc())
        .limit(limit)
    ).all()
    groups = session.execute(
        select(Message.id, Message.platform, Message.external_id, Message.group_id).where(
            or_(
                Message.id.in_([one.message_id for one in found if one.message_id]),
                Message.external_id.in_([one.external_id for one in found]),
            )
        )
    ).all()
    by_id = {row.id: row.group_id for row in groups}
    by_key = {(row.platform, row.external_id): row.group_id for row in groups}
    return [
        Shown(one, by_id.get(one.message_id or 0) or by_key.get((one.channel.platform, one.external_id)))
        for one in found
    ]


def leave_so(session: Session, difference_id: int, *, by: User) -> None:
    """A person has looked: it stays as it is, and is no difference any more. Raises NotFound."""
    row = session.execute(
        update(ReconcileDifference)
        .where(ReconcileDifference.id == difference_id, ReconcileDifference.resolved_at.is_(None))
        .values(resolved_at=now(), resolved_by_id=by.id)
        .returning(ReconcileDifference.channel_id)
    ).first()
    if row is None:
        raise NotFound("difference", difference_id)
    history.record(
        session,
        "reconcile.left",
        by=by,
        channel=session.get_one(Channel, row[0]),
        details={"difference": difference_id},
    )
    tell(session, row[0], by=by)
