"""State changes and the history of every change.

`move` is the only way to change a state: it checks the table of moves, updates the row only if it still has
the version that was read, and writes a history entry. The history is append-only (the database rejects
changes); `inbox.feed` reads the same rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from inbox.bulk import insert_many
from inbox.clock import now
from inbox.errors import IllegalMove, LastChange, MovedMeanwhile, NotFound
from inbox.models import Channel, HistoryEntry, Message, Reply, TrackedRequest, User
from inbox.refusals import Step, Thing
from inbox.states import MessageState, State, may_move

Actor = User | str
"""Who made a change: a user, or a part of the program by its name."""

Stateful = Message | TrackedRequest | Reply

_NOUN: Mapping[type[Stateful], Thing] = {
    Message: Thing.MESSAGE,
    TrackedRequest: Thing.REQUEST,
    Reply: Thing.REPLY,
}


def actor_name(by: Actor) -> str:
    """`user:7` for a user, else the name of the part of the program."""
    return f"user:{by.id}" if isinstance(by, User) else by


def display_key(row: Stateful) -> int:
    """What people call the row: a request's number, else the id."""
    return row.number if isinstance(row, TrackedRequest) else row.id


def move(
    session: Session,
    row: Stateful,
    to: State,
    *,
    by: Actor,
    details: Mapping[str, Any] | None = None,
    **columns: Any,
) -> None:
    """Change the state of `row` to `to` together with `columns`, and record it.

    Raises IllegalMove when the table of moves has no such step, MovedMeanwhile when the row has another state
    or version than `row`, NotFound when it is gone. Updates the caller's object.
    """
    noun, seen = _NOUN[type(row)], row.state
    if seen is None or not may_move(seen, to):
        raise illegal_move(session, row, to)
    _change(session, row, {"state": to, **columns})
    _write(session, f"{noun}.moved", by, row, seen, to, details or {})


def revise(session: Session, row: Stateful, *, by: Actor, **columns: Any) -> None:
    """Change `columns` of `row` and its version, but not its state, and record it.

    Raises MovedMeanwhile when the row has another state or version than `row`.
    """
    _change(session, row, columns)
    _write(session, f"{_NOUN[type(row)]}.edited", by, row, None, None, {})


def _change(session: Session, row: Stateful, columns: Mapping[str, Any]) -> None:
    """Set `columns` if the row still has the state and version of `row`. Updates the caller's object."""
    kind, noun = type(row), _NOUN[type(row)]
    session.flush()
    changed = session.execute(
        update(kind)
        .where(kind.id == row.id, kind.state == row.state, kind.version == row.version)
        .values(version=row.version + 1, **columns)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        current = session.scalar(select(kind.state).where(kind.id == row.id))
        if current is None:
            raise NotFound(noun, display_key(row))
        raise MovedMeanwhile(noun, display_key(row), str(current), last_change(session, row))
    for name, value in {"version": row.version + 1, **columns}.items():
        set_committed_value(row, name, value)


def last_change(session: Session, row: Stateful) -> LastChange | None:
    """The latest entry about `row`, whether of this transaction or committed by another."""
    about = {Message: HistoryEntry.message_id, TrackedRequest: HistoryEntry.request_id}
    mine = about.get(type(row), HistoryEntry.reply_id) == row.id
    if isinstance(row, Message | TrackedRequest):
        mine &= HistoryEntry.kind.startswith(f"{_NOUN[type(row)]}.")  # without the entries of its replies
    found = session.execute(
        select(HistoryEntry, User.name)
        .outerjoin(User, HistoryEntry.user_id == User.id)
        .where(mine)
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    entry, name = found
    return LastChange(entry.kind, entry.to_state, entry.by, name, entry.at)


def moved_meanwhile(session: Session, row: Stateful) -> MovedMeanwhile:
    """The error to raise when `row` changed after the caller read it; names who changed it and when."""
    return MovedMeanwhile(_NOUN[type(row)], display_key(row), str(row.state), last_change(session, row))


def illegal_move(session: Session, row: Stateful, to: State | Step) -> IllegalMove:
    """The error to raise when `row` cannot go to `to`; names who made the last change and when."""
    last = last_change(session, row)
    return IllegalMove(_NOUN[type(row)], display_key(row), str(row.state), to, last)


def begin_triage(message: Message) -> None:
    """Start the triage of a post that was stored only as context and proved to be addressed to us."""
    message.state = MessageState.NEW


def record_opened(
    session: Session, row: Stateful, *, by: Actor, details: Mapping[str, Any] | None = None
) -> None:
    """Record that `row` was created, with its state. Flushes first, so that the row has an id."""
    session.flush()
    _write(session, f"{_NOUN[type(row)]}.opened", by, row, None, row.state, details or {})


def record_opened_many(session: Session, messages: Iterable[tuple[int, int]], *, by: str) -> None:
    """The same for many messages in state NEW, in one statement. `messages`: (message id, channel id)."""
    moment = now()
    rows = [
        {
            "at": moment,
            "kind": "message.opened",
            "by": by,
            "message_id": message_id,
            "channel_id": channel_id,
            "to_state": str(MessageState.NEW),
            "version": 1,
            "details": {},
        }
        for message_id, channel_id in messages
    ]
    session.execute(insert_many(HistoryEntry, rows))


def _write(
    session: Session,
    kind: str,
    by: Actor,
    row: Stateful,
    seen: State | None,
    to: State | None,
    details: Mapping[str, Any],
) -> None:
    entry = _entry(kind, by, details)
    entry.from_state = str(seen) if seen else None
    entry.to_state = str(to) if to else None
    entry.version = row.version
    if isinstance(row, Message):
        entry.message_id, entry.request_id, entry.channel_id = row.id, row.request_id, row.channel_id
    elif isinstance(row, Reply):
        entry.reply_id, entry.message_id, entry.request_id = row.id, row.message_id, row.request_id
        entry.channel_id = row.channel_id
    else:
        entry.request_id = row.id
    session.add(entry)


def record(
    session: Session,
    kind: str,
    *,
    by: Actor,
    message: Message | None = None,
    request: TrackedRequest | None = None,
    reply: Reply | None = None,
    channel: Channel | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record something that changed no state: a note, a pause, a changed setting."""
    entry = _entry(kind, by, details or {})
    entry.message_id = message.id if message else None
    entry.request_id = request.id if request else (message.request_id if message else None)
    entry.reply_id = reply.id if reply else None
    entry.channel_id = channel.id if channel else (message.channel_id if message else None)
    session.add(entry)


def _entry(kind: str, by: Actor, details: Mapping[str, Any]) -> HistoryEntry:
    return HistoryEntry(
        at=now(),
        kind=kind,
        by=actor_name(by),
        user_id=by.id if isinstance(by, User) else None,
        details=dict(details),
    )


def latest_kind(session: Session, message_id: int, kinds: Collection[str], *, since: datetime) -> str | None:
    """Which of `kinds` was recorded last for a message since `since`; None when none was."""
    return session.scalar(
        select(HistoryEntry.kind)
        .where(HistoryEntry.message_id == message_id, HistoryEntry.kind.in_(kinds), HistoryEntry.at >= since)
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )
