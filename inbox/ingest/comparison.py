"""Compares a platform's content with our rows: citizens' messages and our own.

`Comparison` takes the facts of freshly read pages, one page at a time, and records differences. `finish` ends
the run: it resolves differences that were not found again and updates the alarm. Changes of the last minutes
(SETTLING) are not differences: a hook may be on its way, or a list may be late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import history, replies
from inbox.channels import mismatches
from inbox.clock import now
from inbox.ingest import facts, storing
from inbox.language.turkish import clean
from inbox.models import Channel, Message, Reply
from inbox.states import MAYBE_PUBLIC_REPLY, DifferenceKind, ReplyState
from inbox.values import Fact, Gone, MessageGone, MessageKind, MessageSeen

BY = "reconcile"
WINDOW = timedelta(days=3)
SETTLING = timedelta(minutes=2)


def comparable_window(session: Session, channel: Channel) -> tuple[datetime, datetime]:
    """The start and end of the comparable time of a channel; it does not start before our first message."""
    first = session.scalar(
        select(Message.received_at).where(Message.channel_id == channel.id).order_by(Message.id).limit(1)
    )
    moment = now()
    since = moment - WINDOW if first is None else max(moment - WINDOW, first - SETTLING)
    return since, moment - SETTLING


@dataclass(slots=True)
class Comparison:
    """One run over one channel. Times are by the platform's clock."""

    channel_id: int
    since: datetime
    until: datetime
    whole_account: bool
    found: set[tuple[DifferenceKind, str]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)  # external ids of all messages on the pages
    posts: set[str] = field(default_factory=set)  # top-level posts whose comments were read

    def compare_page(self, session: Session, page_facts: Iterable[Fact]) -> bool:
        """Compare one page. True when it holds anything new: then the caller must store its body."""
        channel = session.get_one(Channel, self.channel_id)
        sightings = [fact for fact in page_facts if isinstance(fact, MessageSeen)]
        ids = {clean(fact.external_id) for fact in sightings}
        self.seen |= ids
        self.posts |= {fact.external_id for fact in sightings if fact.external_id == fact.conversation}
        known = {
            message.external_id: message
            for message in session.scalars(
                select(Message).where(Message.platform == channel.platform, Message.external_id.in_(ids))
            )
        }
        ours = {
            reply.external_id: reply
            for reply in session.scalars(
                select(Reply).where(Reply.platform == channel.platform, Reply.external_id.in_(ids))
            )
        }
        is_news = False
        for fact in sightings:
            if fact.kind is MessageKind.POST or fact.sent_at < self.since:
                continue
            message = known.get(clean(fact.external_id))
            if fact.from_us:
                reply = ours.get(fact.external_id)
                if reply is None:
                    is_news |= self._compare_ours(session, channel, fact, message)
                elif reply.state is not ReplyState.SENT:  # published although we recorded it as not sent
                    self._record(session, channel, DifferenceKind.REPLY_THERE, fact, reply=reply)
            elif not storing.is_an_account_of_ours(session, fact):
                is_news |= self._compare_citizens(session, channel, fact, message)
        return is_news

    def _compare_citizens(
        self, session: Session, channel: Channel, fact: MessageSeen, message: Message | None
    ) -> bool:
        if message is None:
            if fact.sent_at <= self.until:
                self._record(session, channel, DifferenceKind.MISSING, fact)
            return True
        text = clean(fact.text)
        if message.text == text or (fact.kind is MessageKind.UNSUPPORTED and not text):
            return False
        if fact.edited_at is None or fact.edited_at <= self.until:
            self._record(session, channel, DifferenceKind.TEXT_DIFFERS, fact, message=message)
        return True

    def _compare_ours(
        self, session: Session, channel: Channel, fact: MessageSeen, message: Message | None
    ) -> bool:
        """Compare a message of ours whose id no reply has. Stops a READY reply with the same text."""
        reply = replies.match(session, fact) or next(
            (same for same in replies.said_already(session, fact) if same.channel_id == channel.id), None
        )
        if reply is not None and reply.state is not ReplyState.SENT and reply.state not in MAYBE_PUBLIC_REPLY:
            self._record(session, channel, DifferenceKind.REPLY_THERE, fact, reply=reply)
            if reply.state is ReplyState.READY:
                replies.back_to_draft(session, reply, reason="already_there", by=BY)
            return message is None
        if message is not None:
            return False
        if fact.sent_at <= self.until and not replies.may_be_a_reply(session, fact):
            self._record(session, channel, DifferenceKind.OURS_UNKNOWN, fact)
        return True

    def record_missing_replies(self, session: Session) -> None:
        """Record SENT replies that were on no page. Call it after the last page."""
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
            self._record_row(
                session,
                channel,
                DifferenceKind.REPLY_GONE,
                reply.external_id or "",
                message_id=reply.message_id,
                reply_id=reply.id,
                permalink=permalink,
                our_at=reply.sent_at,
            )

    def unseen_messages(self, session: Session, kinds: Collection[MessageKind]) -> list[str]:
        """External ids of citizens' messages that were on no page. Call it after the last page.

        The caller must check each one: a list may have gaps. Empty when no citizen's message was seen at all:
        when a permission is lost, platforms omit all of them and report each as not existing.
        """
        held = session.execute(
            select(Message.external_id, Message.conversation)
            .where(
                Message.channel_id == self.channel_id,
                Message.kind.in_(kinds),
                Message.is_ours.is_(False),
                Message.deleted_at.is_(None),
                Message.sent_at >= self.since,
                Message.sent_at <= self.until,
            )
            .order_by(Message.id.desc())
        ).all()
        if not any(external_id in self.seen for external_id, _ in held):
            return []
        return [
            external_id
            for external_id, conversation in held
            if external_id not in self.seen
            and (self.whole_account or conversation == external_id or conversation in self.posts)
        ]

    def mark_deleted(self, session: Session, external_ids: Collection[str]) -> None:
        """Mark messages as deleted, as a hook would do. Their texts stay."""
        channel = session.get_one(Channel, self.channel_id)
        for external_id in sorted(external_ids):
            deleted = MessageGone(channel.platform, channel.external_id, external_id, Gone.DELETED, now())
            facts.message_gone(session, deleted)

    def finish(self, session: Session) -> int:
        """End a complete run: resolve differences not found again. Returns the number of open ones."""
        for row in session.scalars(mismatches.still_open(self.channel_id)).all():
            gone = row.kind is DifferenceKind.REPLY_GONE
            if (row.kind, row.external_id) not in self.found and (not gone or row.external_id in self.seen):
                row.resolved_at = now()
        session.flush()
        count = mismatches.update_alarm(session, self.channel_id, by=BY)
        channel = session.get_one(Channel, self.channel_id)
        history.record(session, "reconcile.ended", by=BY, channel=channel, details={"differences": count})
        return count

    def _record(
        self,
        session: Session,
        channel: Channel,
        kind: DifferenceKind,
        fact: MessageSeen,
        *,
        message: Message | None = None,
        reply: Reply | None = None,
    ) -> None:
        self._record_row(
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

    def _record_row(
        self, session: Session, channel: Channel, kind: DifferenceKind, external_id: str, **columns: Any
    ) -> None:
        if mismatches.record(session, channel, kind, external_id, **columns):
            self.found.add((kind, external_id))
