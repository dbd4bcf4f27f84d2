"""What citizens say for the first time in a conversation, many of them at once.

Most of what arrives is a message nobody knows, in a conversation nobody knows: nothing to compare it with,
to join it to or to call back. A few statements keep all of them. Whatever is more than that, or turns out to
be while somebody else writes too, is left alone: `facts` applies it one by one, to the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import history
from inbox.bulk import as_table, insert_many, next_ids
from inbox.conversations import contacts, threads
from inbox.ingest import storing
from inbox.ingest.follow_up import INGEST, Arrival, follow_up
from inbox.language.turkish import clean
from inbox.models import Attachment, Channel, Message, MessageDoor, ParkedFact, Thread
from inbox.values import MessageSeen


@dataclass(frozen=True, slots=True)
class Sighting:
    """One message, where it was told and when that body came to us."""

    event_id: int
    position: int
    received_at: datetime
    fact: MessageSeen
    channel: Channel


def apply(session: Session, sightings: Iterable[Sighting]) -> list[Sighting]:
    """Keep those that are first words in a conversation. Answers which; nothing else is changed."""
    plain = _independent(_unknown(session, [one for one in sightings if _may_be_plain(session, one.fact)]))
    facts_of = [one.fact for one in plain]
    shown = [(fact.platform, fact.author, fact.observed_at) for fact in facts_of if fact.author is not None]
    authors = contacts.find_or_create_many(session, shown)
    known = [(one, author) for one, author in zip(plain, authors, strict=True) if author is not None]
    opened = _with_new_thread(session, known)
    return _insert(session, opened) if opened else []


def _may_be_plain(session: Session, fact: MessageSeen) -> bool:
    """A citizen's words, by someone the platform names."""
    return (
        storing.is_work(fact)
        and fact.author is not None
        and bool(fact.author.keys)
        and not storing.is_an_account_of_ours(session, fact)
    )


def _unknown(session: Session, sightings: Sequence[Sighting]) -> list[Sighting]:
    """Those of which we hold nothing, neither the message nor what was told of it before it came."""
    if not sightings:
        return []
    keys = [{"platform": one.fact.platform, "external_id": clean(one.fact.external_id)} for one in sightings]
    held = set[tuple[str, str]]()
    for model in (Message, ParkedFact):
        asked = as_table(model, keys)
        held |= {
            (platform, external_id)
            for platform, external_id in session.execute(
                select(model.platform, model.external_id).join(
                    asked,
                    (model.platform == asked.c.platform) & (model.external_id == asked.c.external_id),
                )
            )
        }
    return [
        one
        for one, key in zip(sightings, keys, strict=True)
        if (key["platform"], key["external_id"]) not in held
    ]


def _independent(sightings: Iterable[Sighting]) -> list[Sighting]:
    """The first of each message and of each citizen: what follows needs what the first has left."""
    seen: set[object] = set()
    first = []
    for one in sightings:
        author = one.fact.author
        names = {(one.fact.platform, one.fact.external_id), *(author.keys if author else ())}
        if seen.isdisjoint(names):
            first.append(one)
        seen |= names
    return first


@dataclass(frozen=True, slots=True)
class _Opened:
    """A sighting with the conversation that begins with it."""

    sighting: Sighting
    author_id: int
    thread_id: int


def _with_new_thread(session: Session, known: Sequence[tuple[Sighting, int]]) -> list[_Opened]:
    """Make the conversations that nobody has yet; those of the others are theirs to go on with."""
    if not known:
        return []
    rows: list[dict[str, Any]] = []
    opened: list[_Opened] = []
    for (one, author_id), thread_id in zip(known, next_ids(session, Thread, len(known)), strict=True):
        rows.append(
            {
                "id": thread_id,
                "channel_id": one.channel.id,
                "key": threads.thread_key(one.fact.conversation, author_id),
                "conversation": one.fact.conversation,
                "contact_id": author_id,
                "last_citizen_at": one.fact.sent_at,
            }
        )
        opened.append(_Opened(one, author_id, thread_id))
    rows.sort(key=lambda row: (row["channel_id"], row["key"]))  # two of us never wait for each other
    made = set(
        session.scalars(
            insert_many(Thread, rows)
            .on_conflict_do_nothing(index_elements=[Thread.channel_id, Thread.key])
            .returning(Thread.id)
        )
    )
    return [one for one in opened if one.thread_id in made]


def _insert(session: Session, opened: Sequence[_Opened]) -> list[Sighting]:
    rows = {
        message_id: {
            **storing.columns(
                session,
                one.sighting.fact,
                one.sighting.channel,
                event_id=one.sighting.event_id,
                received_at=one.sighting.received_at,
                thread_id=one.thread_id,
                author_id=one.author_id,
            ),
            "id": message_id,
            "group_id": message_id,
        }
        for one, message_id in zip(opened, next_ids(session, Message, len(opened)), strict=True)
    }
    ordered = sorted(rows.values(), key=lambda row: (row["platform"], row["external_id"]))
    made = set(
        session.scalars(
            insert_many(Message, ordered)
            .on_conflict_do_nothing(index_elements=[Message.platform, Message.external_id])
            .returning(Message.id)
        )
    )
    kept = {id: one.sighting for id, one in zip(rows, opened, strict=True) if id in made}
    if kept:
        _insert_details(session, kept)
        follow_up(
            session,
            [Arrival(id, str(rows[id]["text"]), rows[id]["button"], begins_thread=True) for id in kept],
        )
    return list(kept.values())


def _insert_details(session: Session, kept: Mapping[int, Sighting]) -> None:
    """The doors they came through, what they carry, and that they came to be."""
    doors = [{"message_id": id, "channel_id": one.channel.id} for id, one in kept.items()]
    session.execute(insert_many(MessageDoor, doors))
    attachments = [
        row for id, one in kept.items() for row in storing.attachment_rows(id, one.fact.attachments)
    ]
    if attachments:
        session.execute(insert_many(Attachment, attachments))
    history.record_opened_many(session, [(id, one.channel.id) for id, one in kept.items()], by=INGEST)
