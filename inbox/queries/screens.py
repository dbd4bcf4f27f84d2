"""The data of the screens: the inbox by groups, one conversation, one request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from inbox.errors import InvalidInput, NotFound
from inbox.models import (
    Answer,
    Channel,
    Contact,
    FormerText,
    HistoryEntry,
    Message,
    Note,
    Rating,
    Reply,
    TrackedRequest,
)
from inbox.queries.lists import MOST, Listing, after_id, arrived_through, has_words, opaque
from inbox.queries.lookups import message_parts, reply_parts, request
from inbox.refusals import Thing, Why
from inbox.states import OPEN_MESSAGE, REPLY_NEEDS_A_PERSON, Intent, MessageState, ReplyState, Urgency

_MANY_ENTRIES = 300


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One row of the inbox: one group of messages (see `Message`)."""

    group_id: int
    messages: tuple[Message, ...]  # oldest first
    latest: Message
    author: Contact | None
    channel: Channel
    doors: tuple[Channel, ...]
    post: Message | None
    intent: Intent
    urgency: Urgency
    state: MessageState
    request_number: int | None
    draft_reply_ids: tuple[int, ...]

    @property
    def count(self) -> int:
        """The number of its messages."""
        return len(self.messages)

    @property
    def is_new_emergency(self) -> bool:
        """Whether it holds a NEW message that may be an emergency."""
        return any(message.is_new_emergency for message in self.messages)


@dataclass(frozen=True, slots=True)
class RequestFile:
    """One request with all rows about it."""

    request: TrackedRequest
    messages: Sequence[Message]
    answers: Sequence[Answer]
    replies: Sequence[Reply]
    ratings: Sequence[Rating]
    notes: Sequence[Note]
    history: Sequence[HistoryEntry]
    parts: Sequence[TrackedRequest]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One group with its post, the whole thread from both sides, its request and history."""

    group: GroupRow
    post: Message | None
    thread_messages: Sequence[Message]
    replies: Sequence[Reply]
    request: RequestFile | None
    history: Sequence[HistoryEntry]
    notes: Sequence[Note]
    former_texts: dict[int, list[FormerText]]


def _with_reply(state: ReplyState) -> ColumnElement[bool]:
    groups = select(Message.group_id).join(Reply, Reply.message_id == Message.id).where(Reply.state == state)
    return Message.id.in_(groups)


VIEWS = ("new", "waiting", "answers", "uncertain", "failed", "answered", "converted", "dismissed", "all")


def _view(name: str) -> ColumnElement[bool]:
    match name:
        case "new" | "waiting" | "answered" | "converted" | "dismissed":
            return Message.state == MessageState(name.upper())
        case "answers":
            return _with_reply(ReplyState.DRAFT)
        case "uncertain":
            return _with_reply(ReplyState.UNCERTAIN)
        case "failed":
            return _with_reply(ReplyState.FAILED)
        case "all":
            return Message.state.is_not(None)
        case _:
            raise InvalidInput("view", Why.NONE_OF, existing=tuple(VIEWS))


_LEADS = Message.id == Message.group_id
_RANK = case((Message.urgency == Urgency.SIREN, 2), (Message.urgency == Urgency.LOOK_NOW, 1), else_=0)


def inbox(
    session: Session,
    *,
    view: str,
    channel: str | None = None,
    q: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Listing[GroupRow]:
    """The groups of a view, newest first; in `new`, emergencies on top. Raises InvalidInput, UnknownKey."""
    if not 1 <= limit <= MOST:
        raise InvalidInput("limit", Why.LIMIT_RANGE, least=1, most=MOST)
    # Other views are ordered by id alone, so that an index returns the page without a sort.
    place = (_RANK, Message.id) if view == "new" else (Message.id,)
    rank = _RANK if view == "new" else literal(0)
    query = select(Message.id, rank).where(_LEADS, _view(view))
    if channel is not None:
        query = query.where(arrived_through(session, channel))
    if q is not None and (wanted := has_words(q)) is not None:
        query = query.where(Message.id.in_(select(Message.group_id).where(wanted)))
    if after is not None:
        start_rank, _, start = after.partition("-")
        if start_rank not in ("0", "1", "2"):
            raise InvalidInput("after", Why.NOT_A_PLACE)
        before = (int(start_rank), after_id(start) or 0)[-len(place) :]
        query = query.where(tuple_(*place) < tuple_(*before))
    rows = session.execute(query.order_by(*(column.desc() for column in place)).limit(limit + 1)).all()
    groups = _groups(session, [row[0] for row in rows[:limit]])
    more = f"{rows[limit - 1][1]}-{opaque(rows[limit - 1][0])}" if len(rows) > limit else None
    return Listing(groups, more)


def _groups(session: Session, ids: Sequence[int]) -> list[GroupRow]:
    if not ids:
        return []
    members: dict[int, list[Message]] = defaultdict(list)
    query = select(Message).where(Message.group_id.in_(ids)).options(*message_parts())
    for message in session.scalars(query.order_by(Message.sent_at, Message.id)).unique():
        members[message.group_id or message.id].append(message)
    everyone = [message for group in members.values() for message in group]
    posts = _posts(session, everyone)
    numbers = _numbers(session, everyone)
    drafts: dict[int, list[int]] = defaultdict(list)
    for group_id, reply_id in session.execute(
        select(Message.group_id, Reply.id)
        .join(Reply, Reply.message_id == Message.id)
        .where(Message.group_id.in_(ids), Reply.state == ReplyState.DRAFT)
        .order_by(Reply.id)
    ):
        drafts[group_id or 0].append(reply_id)
    return [_row(id, members[id], posts, numbers, drafts[id]) for id in ids if members[id]]


def _row(
    group_id: int,
    messages: Sequence[Message],
    posts: dict[tuple[str, str], Message],
    numbers: dict[int, int],
    drafts: Sequence[int],
) -> GroupRow:
    lead = next((message for message in messages if message.id == group_id), messages[0])
    urgent = max(
        messages,
        key=lambda message: (message.urgency is Urgency.SIREN, message.urgency is Urgency.LOOK_NOW),
    )
    return GroupRow(
        group_id=group_id,
        messages=tuple(messages),
        latest=messages[-1],
        author=lead.author,
        channel=lead.channel,
        doors=tuple(door.channel for door in lead.doors),
        post=posts.get((lead.platform, lead.conversation)) if lead.conversation else None,
        intent=urgent.intent,
        urgency=urgent.urgency,
        state=lead.state or MessageState.NEW,
        request_number=numbers.get(lead.request_id) if lead.request_id else None,
        draft_reply_ids=tuple(drafts),
    )


def _posts(session: Session, messages: Iterable[Message]) -> dict[tuple[str, str], Message]:
    """The parent posts of these messages, by platform and external id."""
    wanted = {
        (message.platform, message.conversation)
        for message in messages
        if message.conversation is not None and message.conversation != message.external_id
    }
    if not wanted:
        return {}
    found = session.scalars(
        select(Message).where(tuple_(Message.platform, Message.external_id).in_(sorted(wanted)))
    )
    return {(post.platform, post.external_id): post for post in found}


def _numbers(session: Session, messages: Iterable[Message]) -> dict[int, int]:
    ids = {message.request_id for message in messages if message.request_id is not None}
    if not ids:
        return {}
    rows = session.execute(select(TrackedRequest.id, TrackedRequest.number).where(TrackedRequest.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def counts(session: Session) -> dict[str, int]:
    """The number of groups or replies in each view with open work, and of emergencies in `new`."""
    by_state = dict(
        session.execute(
            select(Message.state, func.count())
            .where(_LEADS, Message.state.in_(OPEN_MESSAGE))
            .group_by(Message.state)
        ).all()
    )
    by_reply = dict(
        session.execute(
            select(Reply.state, func.count())
            .where(Reply.state.in_(REPLY_NEEDS_A_PERSON))
            .group_by(Reply.state)
        ).all()
    )
    emergencies = session.scalar(select(func.count()).where(_LEADS, Message.is_new_emergency))
    return {
        "new": by_state.get(MessageState.NEW, 0),
        "waiting": by_state.get(MessageState.WAITING, 0),
        "answers": by_reply.get(ReplyState.DRAFT, 0),
        "uncertain": by_reply.get(ReplyState.UNCERTAIN, 0),
        "failed": by_reply.get(ReplyState.FAILED, 0),
        "emergencies": emergencies or 0,
    }


def conversation(session: Session, group_id: int) -> Conversation:
    """The conversation of a group, by the id of any of its messages. Raises NotFound."""
    lead = session.get(Message, group_id) if 0 < group_id < 2**63 else None
    groups = _groups(session, [lead.group_id]) if lead is not None and lead.group_id is not None else []
    if not groups:
        raise NotFound(Thing.CONVERSATION, group_id)
    group = groups[0]
    thread_id = group.latest.thread_id
    replies = session.scalars(
        select(Reply).where(Reply.thread_id == thread_id).order_by(Reply.id).options(*reply_parts())
    ).unique()
    thread_messages = session.scalars(
        select(Message)
        .where(Message.thread_id == thread_id, ~_is_a_reply())
        .order_by(Message.sent_at, Message.id)
        .options(*message_parts())
    ).unique()
    messages, thread_replies = list(thread_messages), list(replies)
    file = request_file(session, group.request_number) if group.request_number else None
    return Conversation(
        group=group,
        post=group.post,
        thread_messages=messages,
        replies=thread_replies,
        request=file,
        history=_history(
            session,
            or_(
                HistoryEntry.message_id.in_([message.id for message in messages]),
                HistoryEntry.reply_id.in_([reply.id for reply in thread_replies]),
                HistoryEntry.request_id.in_([file.request.id] if file else []),
            ),
        ),
        notes=list(
            session.scalars(
                select(Note)
                .where(Note.message_id.in_([message.id for message in group.messages]))
                .order_by(Note.id)
            )
        ),
        former_texts=_former_texts(session, messages),
    )


def _is_a_reply() -> ColumnElement[bool]:
    """The condition for a message of ours that is a Reply; the screen shows it once, as the reply."""
    return (
        select(Reply.id)
        .where(Reply.platform == Message.platform, Reply.external_id == Message.external_id)
        .exists()
    )


def _history(session: Session, about: ColumnElement[bool]) -> Sequence[HistoryEntry]:
    latest = session.scalars(
        select(HistoryEntry).where(about).order_by(HistoryEntry.id.desc()).limit(_MANY_ENTRIES)
    ).all()
    return latest[::-1]


def _former_texts(session: Session, messages: Iterable[Message]) -> dict[int, list[FormerText]]:
    former: dict[int, list[FormerText]] = defaultdict(list)
    rows = session.scalars(
        select(FormerText)
        .where(FormerText.message_id.in_([message.id for message in messages]))
        .order_by(FormerText.observed_at)
    )
    for row in rows:
        former[row.message_id].append(row)
    return dict(former)


def request_file(session: Session, number: int) -> RequestFile:
    """The request with all rows about it. Raises NotFound."""
    found = request(session, number)
    replies = (
        session.scalars(
            select(Reply).where(Reply.request_id == found.id).order_by(Reply.id).options(*reply_parts())
        )
        .unique()
        .all()
    )
    return RequestFile(
        request=found,
        messages=session.scalars(
            select(Message)
            .where(Message.request_id == found.id)
            .order_by(Message.sent_at, Message.id)
            .options(*message_parts())
        )
        .unique()
        .all(),
        answers=session.scalars(
            select(Answer)
            .where(Answer.request_id == found.id)
            .order_by(Answer.id)
            .options(joinedload(Answer.unit), joinedload(Answer.user))
        ).all(),
        replies=replies,
        ratings=[reply.rating for reply in replies if reply.rating is not None],
        notes=session.scalars(select(Note).where(Note.request_id == found.id).order_by(Note.id)).all(),
        history=_history(session, HistoryEntry.request_id == found.id),
        parts=session.scalars(
            select(TrackedRequest).where(TrackedRequest.part_of_id == found.id).order_by(TrackedRequest.id)
        ).all(),
    )
