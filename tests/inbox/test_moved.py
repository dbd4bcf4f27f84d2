"""A number that changes hands: the citizen is the same, the next owner gets nothing that was meant for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import select

from inbox import queries, replies, triage
from inbox.db import transaction
from inbox.models import Contact, ContactKey, Message, Reply
from inbox.states import ReplyState
from inbox.values import Author, AuthorKey, KeyScope, MessageSeen, PersonMoved
from worker.dispatch import as_outgoing

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]
OLD, NEW = AuthorKey(KeyScope.PHONE, "905320000001"), AuthorKey(KeyScope.PHONE, "905320000002")
HER, HIS = AuthorKey(KeyScope.BSUID, "TR.1"), AuthorKey(KeyScope.BSUID, "TR.2")


def by(*keys: AuthorKey) -> Author:
    return Author(keys=keys, name="Ayşe Yılmaz", phone=keys[-1].value)


def approved(external_id: str) -> int:
    with transaction() as session:
        message = session.scalars(select(Message).where(Message.external_id == external_id)).one()
        return triage.answer(session, message, text="Ekibimiz yolda.", by="test").id


def reply(reply_id: int) -> Reply:
    with transaction() as session:
        return queries.reply(session, reply_id)


def goes_to(reply_id: int) -> set[AuthorKey]:
    with transaction() as session:
        return set(as_outgoing(session, queries.reply(session, reply_id)).recipient)


def moved(fact: MessageSeen, *, minutes: int, new: AuthorKey | None = NEW) -> PersonMoved:
    return PersonMoved("whatsapp", "4", OLD, new, fact.sent_at + timedelta(minutes=minutes))


def test_a_reply_to_a_number_that_was_given_up_waits_for_a_person_and_then_follows_the_citizen(
    seen: Seen, arrive: Arrive
) -> None:
    said = seen(platform="whatsapp", author=by(OLD))
    arrive(said)
    waiting = approved(said.external_id)

    arrive(moved(said, minutes=1))

    stopped = reply(waiting)
    assert (stopped.state, stopped.draft_reason) == (ReplyState.DRAFT, "number_changed")
    with transaction() as session:
        replies.approve(session, queries.reply(session, waiting), by="test")
    assert goes_to(waiting) == {NEW}
    with transaction() as session:
        assert session.scalars(select(Contact.phone)).all() == [NEW.value]


def test_the_next_owner_of_a_number_is_somebody_else_however_often_the_change_is_told(
    seen: Seen, arrive: Arrive
) -> None:
    said = seen(platform="whatsapp", author=by(OLD))
    arrive(said)
    change = moved(said, minutes=1)
    arrive(change)
    stranger = seen(platform="whatsapp", author=by(OLD), sent_at=said.sent_at + timedelta(minutes=90))
    arrive(stranger)
    arrive(change)

    with transaction() as session:
        written = session.scalars(select(Message).order_by(Message.sent_at)).all()
        assert written[0].author_id != written[1].author_id
        assert written[0].thread_id != written[1].thread_id
    assert goes_to(approved(said.external_id)) == {NEW}
    assert goes_to(approved(stranger.external_id)) == {OLD}


def test_a_citizen_who_wrote_from_the_new_number_before_the_change_was_told_is_one_person(
    seen: Seen, arrive: Arrive
) -> None:
    said = seen(platform="whatsapp", author=by(OLD))
    again = seen(platform="whatsapp", author=by(NEW), sent_at=said.sent_at + timedelta(minutes=5))
    arrive(said)
    arrive(again)
    waiting = approved(said.external_id)

    arrive(moved(said, minutes=4))

    assert reply(waiting).state is ReplyState.DRAFT
    assert goes_to(waiting) == set()
    with transaction() as session:
        one, other = session.scalars(select(Contact).order_by(Contact.id))
        assert one.person_id is not None
        assert one.person_id == other.person_id


def test_where_only_the_identity_behind_a_number_changed_replies_wait_for_a_person(
    seen: Seen, arrive: Arrive
) -> None:
    said = seen(platform="whatsapp", author=by(OLD))
    arrive(said)
    waiting = approved(said.external_id)

    arrive(moved(said, minutes=1, new=None))

    assert reply(waiting).state is ReplyState.DRAFT
    assert goes_to(waiting) == {OLD}


def test_a_number_that_comes_with_another_id_has_a_new_owner_although_nobody_told_of_a_change(
    seen: Seen, arrive: Arrive
) -> None:
    said = seen(platform="whatsapp", author=by(HER, OLD))
    stranger = seen(platform="whatsapp", author=by(HIS, OLD), sent_at=said.sent_at + timedelta(minutes=90))
    arrive(said)
    waiting = approved(said.external_id)

    arrive(stranger)

    assert reply(waiting).draft_reason == "number_changed"
    assert goes_to(waiting) == {HER}
    assert goes_to(approved(stranger.external_id)) == {HIS, OLD}

    late = seen(platform="whatsapp", author=by(HER, OLD), sent_at=said.sent_at + timedelta(minutes=2))
    arrive(late)
    with transaction() as session:
        key = session.scalars(select(ContactKey).where(ContactKey.value == OLD.value)).one()
        his = session.scalars(select(ContactKey).where(ContactKey.value == HIS.value)).one()
        assert key.contact_id == his.contact_id, "an older telling takes nothing back"


def test_a_public_reply_does_not_wait(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> None:
    said = seen(author=by(OLD))
    arrive(said)
    waiting = approved(said.external_id)

    arrive(moved(said, minutes=1))

    assert reply(waiting).state is ReplyState.READY
