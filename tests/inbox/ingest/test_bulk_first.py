"""First words of many citizens, kept at once, leave the rows that one after the other would leave."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from inbox import ingest
from inbox.conversations import contacts
from inbox.db import engine, transaction
from inbox.ingest import apply as applying
from inbox.ingest import bulk_first
from inbox.models import (
    Attachment,
    Contact,
    ContactKey,
    HistoryEntry,
    Message,
    MessageDoor,
    RawEvent,
    Thread,
)
from inbox.states import Intent, MessageState
from inbox.understanding import proposals
from inbox.values import AttachmentSeen, Author, AuthorKey, Fact, Gone, MessageGone, MessageKind, MessageSeen
from tests.inbox.conftest import START
from tests.support.rows import forget, rows
from tests.support.waiting import until

Seen = Callable[..., MessageSeen]


def arrived(*bodies: Sequence[Fact]) -> dict[int, Sequence[Fact]]:
    """Bodies that wait, each with what it says."""
    told = {}
    for facts in bodies:
        with transaction() as session:
            number = session.scalar(select(func.count(RawEvent.id)))
            event_id = ingest.store_raw_event(session, "hook:test", f"body {number}".encode())
        assert event_id is not None
        told[event_id] = facts
    return told


def apply(told: dict[int, Sequence[Fact]], session: Session) -> set[int]:
    bodies = {session.get_one(RawEvent, id).body: facts for id, facts in told.items()}
    return ingest.apply_raw_events(
        session, list(told), lambda _source, body: bodies[body], end=time.monotonic() + 30
    )


def together(*bodies: Sequence[Fact]) -> dict[int, Sequence[Fact]]:
    """All of them in one transaction."""
    told = arrived(*bodies)
    with transaction() as session:
        assert apply(told, session) == set(told)
    return told


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of the messages that were kept as first words."""
    texts: list[str] = []
    as_it_is = bulk_first.apply

    def apply(session: Session, sightings: Any) -> list[bulk_first.Sighting]:
        done = as_it_is(session, sightings)
        texts.extend(one.fact.text for one in done)
        return done

    monkeypatch.setattr(bulk_first, "apply", apply)
    return texts


@contextmanager
def statements() -> Iterator[list[str]]:
    """What goes to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine(), "before_cursor_execute", note)


def counted(of: type[Any]) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(of)) or 0


def test_sixty_citizens_take_no_more_statements_than_six(city: SimpleNamespace, seen: Seen) -> None:
    def many(count: int) -> int:
        told = arrived(*([seen(who=f"{count}-{number}")] for number in range(count)))
        with statements() as sent, transaction() as session:
            apply(told, session)
        return len([one for one in sent if not one.startswith("UPDATE raw_event")]) - len(told)  # ours reads

    many(3)  # the first reads the city's rules

    assert many(60) == many(6)


def test_all_of_a_message_is_there_and_told(city: SimpleNamespace, seen: Seen, kept: list[str]) -> None:
    photo = AttachmentSeen("image", media_id="m-1", mime="image/jpeg")
    fact = seen("Su yok", permalink="https://x.com/1", language="tr", attachments=(photo,))
    with_edit = seen("Asfalt", edited_at=fact.sent_at + timedelta(minutes=1), who="cem")

    told = together([fact, with_edit], [seen(who="deniz")])

    assert len(kept) == 3
    with transaction() as session:
        message = session.scalars(select(Message).where(Message.external_id == fact.external_id)).one()
        assert (message.text, message.search_text, message.permalink) == ("Su yok", "su yok", fact.permalink)
        assert (message.state, message.group_id, message.version) == (MessageState.NEW, message.id, 1)
        assert (message.sent_at, message.raw_event_id) == (fact.sent_at, min(told))
        thread = session.get_one(Thread, message.thread_id)
        assert (thread.contact_id, thread.last_citizen_at) == (message.author_id, fact.sent_at)
        assert session.get_one(Contact, message.author_id).name == "Ayse Yılmaz"
        doors = session.scalars(select(MessageDoor).where(MessageDoor.message_id == message.id)).all()
        assert [door.channel_id for door in doors] == [message.channel_id]
        attachment = session.scalars(select(Attachment)).one()
        assert (attachment.message_id, attachment.media_id) == (message.id, "m-1")
        entry = session.scalars(select(HistoryEntry).where(HistoryEntry.message_id == message.id)).one()
        assert (entry.kind, entry.to_state, entry.version) == ("message.opened", "NEW", 1)
        assert (entry.by, entry.channel_id, entry.details) == ("ingest", message.channel_id, {})
        assert session.get_one(RawEvent, min(told)).counts == {"messages": 2}


def test_what_a_rule_says_of_words_it_says_of_many_at_once(
    city: SimpleNamespace, seen: Seen, kept: list[str]
) -> None:
    with transaction() as session:
        rule = {"all": ["yardim|imdat"]}
        kind = {"key": "other", "name_tr": "Başka", "name_en": "Other", "look_now": [rule]}
        proposals.save_vocabulary(session, {"emergencies": [kind]})

    together([seen("İMDAT")], [seen("Çukur var", who="cem")])

    assert len(kept) == 2
    with transaction() as session:
        intents = session.scalars(select(Message.intent).order_by(Message.sent_at)).all()
        assert intents == [Intent.EMERGENCY, Intent.REQUEST]


def ayse(*keys: tuple[str, str], name: str = "Ayşe") -> Author:
    return Author(keys=tuple(AuthorKey(*key) for key in keys), name=name)


@pytest.mark.parametrize("case", range(9))
def test_what_is_more_than_first_words_leaves_the_rows_it_leaves_one_by_one(
    city: SimpleNamespace, seen: Seen, kept: list[str], case: int
) -> None:
    first = seen("Su yok")
    later = first.observed_at + timedelta(minutes=1)
    cases: list[list[MessageSeen | MessageGone]] = [
        [first, seen("Hâlâ yok")],  # the same conversation
        [first, replace(first, text="Su yok!", observed_at=later, edited_at=later)],
        [first, replace(first, account="2")],  # a second door
        [MessageGone("x", "1", first.external_id, Gone.DELETED, later), first],
        [first, seen("Bizden", author=None, from_us=True)],
        [first, seen("Kardeş hesaptan", author=ayse(("x", "2"), name="Başkan"))],
        [first, seen("Gizli", author=None), seen("Adsız", author=Author(keys=()))],
        [first, seen("Duyuru", kind=MessageKind.POST, author=ayse(("x", "cem")))],
        [
            seen("bir", author=ayse(("x", "1-1"))),
            seen("iki", author=ayse(("x", "1-1"), ("y", "1-2")), conversation="post-2"),
            seen("üç", author=ayse(("y", "1-2"), name="Ayşe Y."), conversation="post-3"),
        ],
    ]
    facts = cases[case]
    together(*([fact] for fact in facts))
    at_once = rows()
    assert len(kept) == 1
    forget()

    for fact in facts:
        (event_id,) = arrived([fact])
        with transaction() as session:
            ingest.apply_raw_event(session, event_id, lambda *_, fact=fact: (fact,))

    assert rows() == at_once


def test_a_known_citizens_new_conversation_is_first_words_and_takes_the_younger_name(
    city: SimpleNamespace, seen: Seen, kept: list[str]
) -> None:
    together([seen("Su yok")], [seen("Çöp", who="cem")])
    renamed = seen("Işık", author=ayse(("x", "ayse"), name="Ayşe Kaya"), conversation="post-2")

    together([renamed], [seen("Yol", who="deniz")])

    assert len(kept) == 4
    assert counted(Contact) == 3
    with transaction() as session:
        message = session.scalars(select(Message).where(Message.text == "Işık")).one()
        assert session.get_one(Contact, message.author_id).name == "Ayşe Kaya"


def test_a_known_citizens_new_name_by_which_the_platform_knows_them_is_kept(
    city: SimpleNamespace, seen: Seen, kept: list[str]
) -> None:
    together([seen("Su yok", author=ayse(("x", "ayse")))], [seen("Çöp", who="cem")])
    both = seen("Işık", author=ayse(("x", "ayse"), ("y", "y-ayse")), conversation="post-2")

    together([both], [seen("Yol", who="deniz")])

    assert "Işık" not in kept
    assert (counted(Contact), counted(ContactKey)) == (3, 4)


def test_what_was_told_of_a_message_before_it_came_counts_when_it_comes(
    city: SimpleNamespace, seen: Seen
) -> None:
    fact = seen("Su yok")
    gone = MessageGone("x", "1", fact.external_id, Gone.DELETED, fact.observed_at + timedelta(minutes=1))
    together([gone], [seen("Çöp", who="cem")])

    together([fact], [seen("Yol", who="deniz")])

    with transaction() as session:
        deleted = session.scalars(select(Message.text).where(Message.deleted_at.is_not(None))).all()
    assert deleted == ["Su yok"]


def test_no_transaction_takes_more_bodies_than_it_may_last(city: SimpleNamespace, seen: Seen) -> None:
    whole = [[seen(who=f"{body}-{fact}") for fact in range(40)] for body in range(5)]
    told = arrived(*whole)

    with transaction() as session:
        through = apply(told, session)

    assert through == set(sorted(told)[:3])
    assert counted(Message) == 120, "nothing of those that are left for later"


def test_a_body_of_very_many_messages_shares_its_transaction_with_none(
    city: SimpleNamespace, seen: Seen
) -> None:
    small, large, behind = [seen("Su yok")], [seen(who=f"{n}") for n in range(60)], [seen("Çöp", who="cem")]
    told = arrived(small, large, behind)
    ids = sorted(told)

    with transaction() as session:
        assert apply(told, session) == {ids[0]}
    with transaction() as session:
        assert apply({id: told[id] for id in ids[1:]}, session) == set()
    assert counted(Message) == 1 + applying.FACTS_AT_ONCE
    with transaction() as session:
        assert session.get_one(RawEvent, ids[2]).counts is None


def test_what_is_left_for_later_is_left_whole(
    city: SimpleNamespace, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the time is over, what was kept is finished all the same; the others are not begun."""
    told = arrived([seen("Su yok")], [seen("Gizli", author=None)], [seen("Çöp", who="cem")])
    first, other, last = sorted(told)
    as_it_is = applying._keep_first_words

    def slowly(*given: Any) -> Any:
        kept = as_it_is(*given)
        monkeypatch.setattr(applying, "time", SimpleNamespace(monotonic=lambda: float("inf")))
        return kept

    monkeypatch.setattr(applying, "_keep_first_words", slowly)
    with transaction() as session:
        assert apply(told, session) == {first, last}
    monkeypatch.undo()

    with transaction() as session:
        assert apply({other: told[other]}, session) == {other}
        counts = session.scalars(select(RawEvent.counts)).all()
    assert counts == [{"messages": 1}] * 3


@pytest.mark.parametrize("made", ["message", "contact", "thread", "post"])
def test_of_two_workers_that_hear_the_same_at_once_each_row_is_made_by_one(
    city: SimpleNamespace, seen: Seen, made: str
) -> None:
    fact, other = seen("Su yok"), seen("Çöp", who="cem")
    with transaction() as session:
        told = arrived([fact], [other])
        slow = Contact(platform="x", first_seen_at=fact.sent_at)
        channel_id = session.scalar(select(func.min(Message.channel_id))) or 1
        if made != "contact":  # known before; the conversation or the message is what both make
            with transaction() as before:
                before.add(slow)
                before.flush()
                before.add(ContactKey(contact_id=slow.id, scope="x", value="ayse", rank=0))
        if made == "contact":
            session.add(slow)
            session.flush()
            session.add(ContactKey(contact_id=slow.id, scope="x", value="ayse", rank=0))
        elif made == "thread":
            session.add(
                Thread(
                    channel_id=channel_id,
                    key=f"post-1|{slow.id}",
                    conversation="post-1",
                    contact_id=slow.id,
                )
            )
        else:
            # As somebody's post that others answered, it opens no conversation yet.
            known = replace(fact, kind=MessageKind.POST, author=None) if made == "post" else fact
            (rival,) = arrived([known])
            ingest.apply_raw_event(session, rival, lambda *_: (known,))
        session.flush()

        def work() -> None:
            with transaction() as mine:
                assert apply(told, mine) == set(told)

        worker = threading.Thread(target=work)
        worker.start()
        until(waits_for_a_lock)
    worker.join(20)

    assert not worker.is_alive()
    with transaction() as session:
        assert session.scalars(select(Message.text).order_by(Message.sent_at)).all() == ["Su yok", "Çöp"]
    assert (counted(Contact), counted(Thread), counted(ContactKey)) == (2, 2, 2)
    assert counted(MessageDoor) == 2


@pytest.mark.parametrize("at_once", [True, False])
def test_of_two_who_make_one_citizen_by_some_of_their_names_one_yields_with_all_of_them(
    city: SimpleNamespace, seen: Seen, at_once: bool
) -> None:
    both = ayse(("x", "ayse-1"), ("y", "ayse-2"))
    told = arrived([seen("Su yok", author=both)], [seen("Çöp", who="cem")])

    def work() -> None:
        with transaction() as mine:
            if at_once:
                apply(told, mine)
            else:
                contacts.contact(mine, "x", both, START)

    with transaction() as session:
        contacts.contact(session, "x", ayse(("y", "ayse-2")), START)
        session.flush()
        worker = threading.Thread(target=work)
        worker.start()
        until(waits_for_a_lock)
    worker.join(20)

    with transaction() as session:
        found = session.execute(
            select(ContactKey.value, ContactKey.contact_id).where(ContactKey.value.startswith("ayse-"))
        ).all()
        assert len(found) == 2
        assert len({contact_id for _, contact_id in found}) == 1
        assert session.scalar(select(func.count(Contact.id)).where(Contact.name == "Ayşe")) == 1


def waits_for_a_lock() -> bool:
    with transaction() as session:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(session.scalar(text(waiting)))


def test_taking_a_citizen_back_reads_no_whole_table(city: SimpleNamespace) -> None:
    """Whatever points at a contact is asked when one is deleted: each such column leads an index."""
    with transaction() as session:
        unindexed = session.execute(
            text(
                "SELECT conrelid::regclass::text, attname FROM pg_constraint"
                " JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]"
                " WHERE contype = 'f' AND confrelid = 'contact'::regclass AND NOT EXISTS ("
                "   SELECT FROM pg_index"
                "   WHERE indrelid = conrelid AND indkey[0] = conkey[1] AND indpred IS NULL)"
            )
        ).all()
    assert unindexed == []
