"""Bulk insert of citizens' first messages in a conversation.

Most arrivals are unknown messages in unknown conversations, so there is nothing to compare or group them
with, and a few statements can store many. Everything else, and every row that another worker inserts at the
same time, is skipped: `facts` applies it one by one to the same rows.
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
    """One message, with the body and position it came from and the time the body arrived."""

    event_id: int
    position: int
    received_at: datetime
    fact: MessageSeen
    channel: Channel


def apply(session: Session, sightings: Iterable[Sighting]) -> list[Sighting]:
    """Store the first messages of new conversations. Returns those stored; skips all others."""
    plain = _independent(
        _unknown(session, [sighting for sighting in sightings if _may_be_plain(session, sighting.fact)])
    )
    plain_facts = [sighting.fact for sighting in plain]
    identities = [
        (fact.platform, fact.author, fact.observed_at) for fact in plain_facts if fact.author is not None
    ]
    authors = contacts.find_or_create_many(session, identities)
    known = [
        (sighting, author) for sighting, author in zip(plain, authors, strict=True) if author is not None
    ]
    opened = _with_new_thread(session, known)
    return _insert(session, opened) if opened else []


def _may_be_plain(session: Session, fact: MessageSeen) -> bool:
    """Whether it is a message of a citizen whom the platform identifies."""
    return (
        storing.is_work(fact)
        and fact.author is not None
        and bool(fact.author.keys)
        and not storing.is_an_account_of_ours(session, fact)
    )


def _unknown(session: Session, sightings: Sequence[Sighting]) -> list[Sighting]:
    """Those without a stored message and without parked facts."""
    if not sightings:
        return []
    keys = [
        {"platform": sighting.fact.platform, "external_id": clean(sighting.fact.external_id)}
        for sighting in sightings
    ]
    held = set[tuple[str, str]]()
    for model in (Message, ParkedFact):
        wanted = as_table(model, keys)
        held |= {
            (platform, external_id)
            for platform, external_id in session.execute(
                select(model.platform, model.external_id).join(
                    wanted,
                    (model.platform == wanted.c.platform) & (model.external_id == wanted.c.external_id),
                )
            )
        }
    return [
        sighting
        for sighting, key in zip(sightings, keys, strict=True)
        if (key["platform"], key["external_id"]) not in held
    ]


def _independent(sightings: Iterable[Sighting]) -> list[Sighting]:
    """The first sighting of each message and citizen: later ones depend on the rows of the first."""
    seen: set[object] = set()
    first = []
    for sighting in sightings:
        author = sighting.fact.author
        names = {(sighting.fact.platform, sighting.fact.external_id), *(author.keys if author else ())}
        if seen.isdisjoint(names):
            first.append(sighting)
        seen |= names
    return first


@dataclass(frozen=True, slots=True)
class _Opened:
    """A sighting with its author and the thread that it starts."""

    sighting: Sighting
    author_id: int
    thread_id: int


def _with_new_thread(session: Session, known: Sequence[tuple[Sighting, int]]) -> list[_Opened]:
    """Insert a thread for each sighting. Returns those whose thread did not exist before."""
    if not known:
        return []
    rows: list[dict[str, Any]] = []
    opened: list[_Opened] = []
    for (sighting, author_id), thread_id in zip(known, next_ids(session, Thread, len(known)), strict=True):
        rows.append(
            {
                "id": thread_id,
                "channel_id": sighting.channel.id,
                "key": threads.thread_key(sighting.fact.conversation, author_id),
                "conversation": sighting.fact.conversation,
                "contact_id": author_id,
                "last_citizen_at": sighting.fact.sent_at,
            }
        )
        opened.append(_Opened(sighting, author_id, thread_id))
    rows.sort(
        key=lambda row: (row["channel_id"], row["key"])
    )  # the same order in all workers avoids deadlocks
    made = set(
        session.scalars(
            insert_many(Thread, rows)
            .on_conflict_do_nothing(index_elements=[Thread.channel_id, Thread.key])
            .returning(Thread.id)
        )
    )
    return [each for each in opened if each.thread_id in made]


def _insert(session: Session, opened: Sequence[_Opened]) -> list[Sighting]:
    rows = {
        message_id: {
            **storing.columns(
                session,
                each.sighting.fact,
                each.sighting.channel,
                event_id=each.sighting.event_id,
                received_at=each.sighting.received_at,
                thread_id=each.thread_id,
                author_id=each.author_id,
            ),
            "id": message_id,
            "group_id": message_id,
        }
        for each, message_id in zip(opened, next_ids(session, Message, len(opened)), strict=True)
    }
    ordered = sorted(rows.values(), key=lambda row: (row["platform"], row["external_id"]))
    made = set(
        session.scalars(
            insert_many(Message, ordered)
            .on_conflict_do_nothing(index_elements=[Message.platform, Message.external_id])
            .returning(Message.id)
        )
    )
    kept = {id: each.sighting for id, each in zip(rows, opened, strict=True) if id in made}
    if kept:
        _insert_details(session, kept)
        follow_up(
            session,
            [Arrival(id, str(rows[id]["text"]), rows[id]["button"], begins_thread=True) for id in kept],
        )
    return list(kept.values())


def _insert_details(session: Session, kept: Mapping[int, Sighting]) -> None:
    """Insert the doors, attachments and history entries of the new messages, which are given by id."""
    doors = [{"message_id": id, "channel_id": sighting.channel.id} for id, sighting in kept.items()]
    session.execute(insert_many(MessageDoor, doors))
    attachments = [
        row for id, sighting in kept.items() for row in storing.attachment_rows(id, sighting.fact.attachments)
    ]
    if attachments:
        session.execute(insert_many(Attachment, attachments))
    history.record_opened_many(
        session, [(id, sighting.channel.id) for id, sighting in kept.items()], by=INGEST
    )
