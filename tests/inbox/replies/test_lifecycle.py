"""Triage, requests, replies and ratings: what the desk and the units do, and what follows from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update

from inbox import clock, queries, replies, tracking
from inbox.channels import mismatches
from inbox.conversations import threads
from inbox.db import transaction
from inbox.desk import triage
from inbox.errors import IllegalMove, InvalidInput, MovedMeanwhile, UnknownKey
from inbox.models import HistoryEntry, Message, Rating, Reply, SetAside, TrackedRequest
from inbox.replies import receipts, sending
from inbox.states import DifferenceKind, Intent, MessageState, Outcome, ReplyState, RequestState, Urgency
from inbox.tracking import surveys
from inbox.values import (
    AccessLost,
    Author,
    AuthorKey,
    Gone,
    MaybeSent,
    MessageGone,
    MessageSeen,
    NotSent,
    NotThere,
    Receipt,
    Refused,
    ReplyKind,
    ReplyReceipt,
    Sent,
)

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]
PLATFORMS = ("x", "facebook", "whatsapp")
ISTANBUL = ZoneInfo("Europe/Istanbul")


def only(session: Any, kind: Any) -> Any:
    return session.scalars(select(kind)).one()


def claim() -> list[Reply]:
    with transaction() as session:
        return sending.claim_for_sending(session, PLATFORMS, limit=10)


def end(reply: Reply, outcome: Any) -> Reply:
    with transaction() as session:
        return sending.record_outcome(session, reply.id, reply.version, outcome)


@pytest.fixture
def request_number(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> int:
    """A converted, acknowledged complaint whose acknowledgement went out."""
    arrive(seen("Zafer'de yol bozuk"))
    with transaction() as session:
        request = tracking.convert(
            session,
            only(session, Message),
            unit="fen-isleri",
            category="yol",
            acknowledge=True,
            by=city.moderator,
        )
    end(claim()[0], Sent("ack-1"))
    return request.number


def respond(number: int, outcome: str = "positive", **more: Any) -> None:
    with transaction() as session:
        tracking.respond(
            session,
            queries.request(session, number),
            outcome=outcome,
            text="Asfaltlandı.",
            by="test",
            **more,
        )


def approve(number: int, **more: Any) -> list[Reply]:
    with transaction() as session:
        return replies.approve_all(session, queries.request(session, number), by="test", **more)


# --- conversion -------------------------------------------------------------------------------------


def test_conversion_moves_the_whole_group_and_acknowledges_once(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(*(seen(word, platform="whatsapp") for word in ("sa", "abi", "yol bozuk")))
    with transaction() as session:
        first = queries.inbox(session, view="new").items[0].messages[0]
        request = tracking.convert(
            session, first, unit="fen-isleri", category="yol", acknowledge=True, by=city.moderator
        )
        states = set(session.scalars(select(Message.state)))
        reply = only(session, Reply)
        assert states == {MessageState.CONVERTED}
        assert (reply.kind, reply.state) == (ReplyKind.ACKNOWLEDGEMENT, ReplyState.READY)
        assert str(request.number) in reply.text


def test_conversion_names_what_exists_when_the_unit_does_not(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen())
    with transaction() as session, pytest.raises(UnknownKey, match="fen-isleri"):
        tracking.convert(session, only(session, Message), unit="yok", category="yol", by="test")


def test_who_approves_a_draft_edited_meanwhile_hears_of_it(request_number: int) -> None:
    respond(request_number)
    with transaction() as session:
        draft = session.scalars(select(Reply).where(Reply.state == ReplyState.DRAFT)).one()
        seen = draft.version
        replies.edit(session, draft, text="Bugün asfaltlandı.", by="colleague")
    with transaction() as session, pytest.raises(MovedMeanwhile):
        replies.approve(session, session.get_one(Reply, draft.id), by="test", version=seen)


def test_of_two_moderators_one_converts_and_the_other_hears_of_it(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen())

    def convert(_: int) -> str:
        try:
            with transaction() as session:
                tracking.convert(
                    session, only(session, Message), unit="fen-isleri", category="yol", by="test"
                )
        except (MovedMeanwhile, IllegalMove) as refusal:
            return type(refusal).__name__
        return "converted"

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(convert, range(4)))
    assert ends.count("converted") == 1
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(TrackedRequest)) == 1


def test_a_fragment_after_conversion_joins_the_request(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    first = seen("yol bozuk", platform="whatsapp")
    arrive(first)
    with transaction() as session:
        tracking.convert(session, only(session, Message), unit="fen-isleri", category="yol", by="test")
    arrive(seen("Zafer mahallesi", platform="whatsapp"))
    with transaction() as session:
        joined = session.scalars(select(Message.request_id)).all()
        assert len(joined) == 2
        assert None not in joined


def test_request_numbers_refuse_a_slip_of_the_finger(request_number: int) -> None:
    assert tracking.valid_number(request_number)
    wrong = [n for n in range(request_number - 9, request_number + 10) if n != request_number]
    swapped = int(str(request_number)[:-2] + str(request_number)[:-3:-1])
    assert not tracking.valid_number(swapped) or swapped == request_number
    assert sum(tracking.valid_number(n) for n in wrong if n // 10 == request_number // 10) == 0


# --- the unit's answer ------------------------------------------------------------------------------


def test_the_whole_way_from_answer_to_closed(request_number: int) -> None:
    respond(request_number)
    approve(request_number, text="{salutation} yolunuz asfaltlandı.")
    sent = claim()
    assert [reply.text for reply in sent] == ["Sayın Ayşe Yılmaz, yolunuz asfaltlandı."] or (
        "yolunuz asfaltlandı." in sent[0].text
    )
    end(sent[0], Sent("answer-1"))
    with transaction() as session:
        request = queries.request(session, request_number)
        assert request.state is RequestState.CLOSED


def test_one_approval_serves_every_citizen_on_the_request(
    city: SimpleNamespace, seen: Seen, arrive: Arrive, request_number: int
) -> None:
    for who in ("bekir", "cemile"):
        arrive(seen("bizde de", who=who))
        with transaction() as session:
            message = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
            tracking.join(session, queries.request(session, request_number), message, by="test")
    respond(request_number)
    approved = approve(request_number)
    assert len(approved) == 3
    assert len({reply.thread_id for reply in approved}) == 3


def test_a_late_joiner_of_an_answered_request_gets_the_draft_at_once(
    seen: Seen, arrive: Arrive, request_number: int
) -> None:
    respond(request_number)
    arrive(seen("bizde de", who="bekir"))
    with transaction() as session:
        message = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
        tracking.join(session, queries.request(session, request_number), message, by="test")
        drafts = session.scalars(select(Reply).where(Reply.state == ReplyState.DRAFT)).all()
        assert len(drafts) == 2


def test_a_planned_answer_stays_with_the_unit_and_comes_back_on_its_day(request_number: int) -> None:
    day = clock.now().astimezone(ISTANBUL).date() + timedelta(days=3)
    respond(request_number, "planned", until=day)
    with transaction() as session:
        request = queries.request(session, request_number)
        assert (request.state, request.planned_until) == (RequestState.WITH_UNIT, day)
        draft = session.scalars(select(Reply).where(Reply.state == ReplyState.DRAFT)).one()
        assert draft.kind is ReplyKind.INTERIM
        assert tracking.planned_come_back(session, limit=10) == 0
    clock.shift_by(timedelta(days=3).total_seconds())
    with transaction() as session:
        assert tracking.planned_come_back(session, limit=10) == 1
        assert queries.request(session, request_number).planned_until is None


@pytest.mark.parametrize(
    ("outcome", "until"), [("planned", None), ("planned", date(2020, 1, 1)), ("maybe", None)]
)
def test_an_answer_that_cannot_be_is_refused_by_name(
    request_number: int, outcome: str, until: date | None
) -> None:
    with pytest.raises(InvalidInput, match="until|outcome"):
        respond(request_number, outcome, until=until)


def test_an_edit_after_conversion_stops_the_ready_reply(
    seen: Seen, arrive: Arrive, city: SimpleNamespace
) -> None:
    fact = seen("yol bozuk")
    arrive(fact)
    with transaction() as session:
        tracking.convert(
            session, only(session, Message), unit="fen-isleri", category="yol", acknowledge=True, by="test"
        )
    arrive(replace(fact, text="yol düzeldi", observed_at=fact.observed_at + timedelta(minutes=1)))
    with transaction() as session:
        reply, message = only(session, Reply), only(session, Message)
        assert (reply.state, reply.draft_reason) == (ReplyState.DRAFT, "edited")
        assert message.changed_after_conversion


def test_a_public_reply_with_a_phone_number_is_never_approved(request_number: int) -> None:
    respond(request_number)
    with pytest.raises(InvalidInput, match="phone"):
        approve(request_number, text="Ahmet Bey'i 0532 123 45 67 numarasından arayın.")


# --- direct answers ---------------------------------------------------------------------------------


def test_a_double_click_is_one_reply(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> None:
    arrive(seen("kaçta açılıyor?"))
    for _ in range(2):
        with transaction() as session:
            triage.answer(
                session, only(session, Message), text="09:00'da", compose_key="k1", by=city.moderator
            )
    with transaction() as session:
        assert only(session, Reply).state is ReplyState.READY
        assert only(session, Message).state is MessageState.ANSWERED


def test_a_question_waits_and_the_citizens_words_bring_it_back(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("yol bozuk", platform="whatsapp"))
    with transaction() as session:
        triage.answer(
            session, only(session, Message), text="Hangi sokak?", kind=ReplyKind.QUESTION, by=city.moderator
        )
        assert only(session, Message).state is MessageState.WAITING
    arrive(seen("1405. sokak", platform="whatsapp", sent_at=seen().sent_at + timedelta(hours=3)))
    with transaction() as session:
        rows = session.scalars(select(Message)).all()
        assert {row.state for row in rows} == {MessageState.NEW}
        assert len({row.group_id for row in rows}) == 1


def test_a_refused_answer_opens_its_message_again(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    end(claim()[0], Refused("the comment is locked"))
    with transaction() as session:
        assert only(session, Message).state is MessageState.NEW
        assert only(session, Reply).state is ReplyState.FAILED


def test_only_one_of_many_workers_claims_a_reply(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: len(claim()), range(8)))
    assert sum(claims) == 1


def test_an_unfinished_earlier_reply_holds_back_the_later_ones_of_its_thread(request_number: int) -> None:
    respond(request_number)
    approve(request_number)
    with transaction() as session:
        request = queries.request(session, request_number)
        first = session.scalars(select(Reply).where(Reply.request_id == request.id)).first()
        assert first is not None
        replies.draft(
            session,
            session.get_one(Message, first.message_id),
            threads.of_message(session, session.get_one(Message, first.message_id)),
            kind=ReplyKind.INTERIM,
            text="bir şey daha",
            by="test",
        )
        later = session.scalars(select(Reply).order_by(Reply.id.desc()).limit(1)).one()
        replies.approve(session, later, by="test")
    (answer,) = claim()
    assert answer.kind is ReplyKind.ANSWER
    assert claim() == []
    end(answer, MaybeSent("hung up"))
    assert claim() == []
    end_as_found(answer)
    assert [reply.text for reply in claim()] == ["bir şey daha"]


def end_as_found(reply: Reply) -> None:
    with transaction() as session:
        replies.found(session, session.get_one(Reply, reply.id), "found-1", by="look")


# --- what may be public -----------------------------------------------------------------------------


@pytest.fixture
def uncertain(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> Reply:
    """A direct answer whose call was cut off."""
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    return end(claim()[0], MaybeSent("the connection broke"))


def test_what_may_be_public_is_not_sent_again_before_two_looks_and_the_wait(uncertain: Reply) -> None:
    assert claim() == []
    for _ in range(3):
        look_and_find_nothing(uncertain)
    with transaction() as session:
        assert session.get_one(Reply, uncertain.id).state is ReplyState.UNCERTAIN
    clock.shift_by(601)
    look_and_find_nothing(uncertain)
    with transaction() as session:
        assert session.get_one(Reply, uncertain.id).state is ReplyState.READY


def look_and_find_nothing(reply: Reply, *, provable: bool = True) -> None:
    with transaction() as session:
        sending.record_not_there(session, reply.id, NotThere(), provable=provable)


def test_where_absence_cannot_be_proved_a_person_settles_it(uncertain: Reply) -> None:
    clock.shift_by(6000)
    for _ in range(5):
        look_and_find_nothing(uncertain, provable=False)
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        assert str(reply.state) == "UNCERTAIN"
        replies.settle(session, reply, sent=True, by="test")
        assert str(reply.state) == "SENT"


def test_our_own_comment_that_comes_back_while_its_id_is_written_down_is_no_second_message(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    (sent,) = claim()
    ours = seen(
        "09:00'da",
        from_us=True,
        author=None,
        parent_external_id="m1",
        sent_at=clock.now(),
        external_id="ours-1",
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            sending.record_outcome(session, sent.id, sent.version, Sent("ours-1"))
            session.flush()
            coming_back = pool.submit(arrive, ours)
            time.sleep(0.5)  # it waits for the reply's row by now
        coming_back.result()

    with transaction() as session:
        assert session.scalar(select(func.count()).where(Message.is_ours)) == 0


def test_our_own_comment_that_comes_back_while_it_is_written_down_is_not_taken_for_another_reply(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?", who="ayse", parent_external_id="top"))
    arrive(seen("saat kaçta?", who="can", parent_external_id="top"))
    with transaction() as session:
        for message in session.scalars(select(Message)).all():
            triage.answer(session, message, text="09:00'da", by=city.moderator)
    doubted, sent = claim()
    end(doubted, MaybeSent("the connection broke"))
    ours = seen(
        "09:00'da",
        from_us=True,
        author=None,
        parent_external_id="top",  # where some platforms hang a reply to a reply
        sent_at=clock.now(),
        external_id="ours-2",
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            sending.record_outcome(session, sent.id, sent.version, Sent("ours-2"))
            session.flush()
            coming_back = pool.submit(arrive, ours)
            time.sleep(0.5)  # it waits for the reply's row by now
        coming_back.result()

    with transaction() as session:
        assert session.get_one(Reply, doubted.id).state is ReplyState.UNCERTAIN
        assert session.get_one(Reply, sent.id).external_id == "ours-2"
        assert session.scalars(select(SetAside)).all() == []


def test_our_own_comment_coming_back_settles_the_uncertain_reply(
    uncertain: Reply, seen: Seen, arrive: Arrive
) -> None:
    arrive(
        seen(
            "09:00'da",
            from_us=True,
            author=None,
            parent_external_id="m1",
            sent_at=clock.now(),
            external_id="ours-1",
        )
    )
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        assert (reply.state, reply.external_id) == (ReplyState.SENT, "ours-1")
        assert session.scalar(select(func.count()).select_from(Message)) == 1


@pytest.fixture
def doubted_chat(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> Reply:
    """An answer in a private chat whose call was cut off."""
    arrive(seen("kaçta?", platform="whatsapp"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    return end(claim()[0], MaybeSent("the connection broke"))


@pytest.mark.parametrize(
    ("to", "words", "minutes", "state"),
    [
        ("ayse", "09:00'da", 0, ReplyState.SENT),
        ("can", "09:00'da", 0, ReplyState.UNCERTAIN),
        ("ayse", "Bir şey daha", 0, ReplyState.UNCERTAIN),
        ("ayse", "09:00'da", -60, ReplyState.UNCERTAIN),
    ],
)
def test_a_private_message_of_ours_coming_back_without_our_reference_settles_what_it_surely_is(
    doubted_chat: Reply, seen: Seen, arrive: Arrive, to: str, words: str, minutes: int, state: ReplyState
) -> None:
    arrive(
        seen(
            words,
            platform="whatsapp",
            from_us=True,
            author=None,
            recipient=Author(keys=(AuthorKey("whatsapp", to),)),
            sent_at=clock.now() + timedelta(minutes=minutes),
            external_id="echo-1",
        )
    )
    with transaction() as session:
        reply = session.get_one(Reply, doubted_chat.id)
        assert reply.state is state
        ours = session.scalar(select(func.count()).where(Message.is_ours))
        assert (reply.external_id, ours) == (("echo-1", 0) if state is ReplyState.SENT else (None, 1))


def test_a_lease_that_ran_out_is_uncertain_not_ready(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    (claimed,) = claim()
    clock.shift_by(121)
    with transaction() as session:
        assert sending.expire_leases(session, limit=10) == 1
    with transaction() as session:
        assert session.get_one(Reply, claimed.id).state is ReplyState.UNCERTAIN
    end(claimed, Sent("late-1"))
    with transaction() as session:
        assert session.get_one(Reply, claimed.id).external_id == "late-1"


@pytest.mark.parametrize("outcome", [NotSent("429", retry_after=90), AccessLost("190")])
def test_what_is_surely_not_sent_waits_as_ready(
    city: SimpleNamespace, seen: Seen, arrive: Arrive, outcome: NotSent | AccessLost
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    reply = end(claim()[0], outcome)
    assert reply.state is ReplyState.READY
    assert claim() == []
    clock.shift_by(100)
    assert [one.id for one in claim()] == [reply.id]


def test_receipts_never_go_back_in_whatever_order_they_come(uncertain: Reply) -> None:
    moment = clock.now()
    reference = replies.reference(uncertain)
    for status in (Receipt.READ, Receipt.DELIVERED, Receipt.SENT):
        with transaction() as session:
            assert receipts.receipt(session, ReplyReceipt("x", "1", "w-1", status, moment, None, reference))
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        assert (reply.state, reply.receipt, reply.external_id) == (ReplyState.SENT, Receipt.READ, "w-1")


@pytest.mark.parametrize("what", ["edited", "deleted"])
@pytest.mark.parametrize("way", ["surely not sent", "proved absent"])
def test_words_that_changed_while_the_reply_was_on_its_way_stop_it_before_it_is_tried_again(
    city: SimpleNamespace, seen: Seen, arrive: Arrive, what: str, way: str
) -> None:
    said = seen("kaçta?")
    arrive(said)
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    (claimed,) = claim()
    later = said.observed_at + timedelta(minutes=1)
    arrive(
        MessageGone("x", "1", said.external_id, Gone.DELETED, later)
        if what == "deleted"
        else replace(said, text="kaçta ve nerede?", observed_at=later, edited_at=later)
    )

    if way == "surely not sent":
        end(claimed, NotSent("429", retry_after=1))
    else:
        end(claimed, MaybeSent("the connection broke"))
        clock.shift_by(601)
        look_and_find_nothing(claimed)
        look_and_find_nothing(claimed)

    with transaction() as session:
        reply = session.get_one(Reply, claimed.id)
        assert (reply.state, reply.draft_reason) == (ReplyState.DRAFT, what)
        assert only(session, Message).state is MessageState.NEW


def test_what_could_not_be_sent_is_worded_anew_and_looked_for_anew(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    reply = end(claim()[0], MaybeSent("the connection broke"))
    look_and_find_nothing(reply)
    with transaction() as session:
        reply = session.get_one(Reply, reply.id)
        replies.settle(session, reply, sent=False, by="test")
        replies.redraft(session, reply, by="test")
        replies.approve(session, reply, text="Saat 09:00'da.", by="test")
        assert only(session, Message).state is MessageState.ANSWERED
    end(claim()[0], MaybeSent("the connection broke"))
    clock.shift_by(601)

    look_and_find_nothing(reply)

    with transaction() as session:
        reply = session.get_one(Reply, reply.id)
        assert (reply.state, reply.looks) == (ReplyState.UNCERTAIN, 1), "one look is not two"


def receipt(reply: Reply, status: Receipt) -> None:
    fact = ReplyReceipt("x", "1", "w-1", status, clock.now(), None, replies.reference(reply))
    with transaction() as session:
        assert receipts.receipt(session, fact)


def open_differences() -> list[tuple[DifferenceKind, int | None]]:
    with transaction() as session:
        return [(one.difference.kind, one.difference.reply_id) for one in mismatches.shown(session)]


@pytest.mark.parametrize("ended", [ReplyState.FAILED, ReplyState.WITHDRAWN, ReplyState.DRAFT])
def test_a_reply_found_public_after_it_was_called_not_sent_is_told_and_never_goes_out_again(
    uncertain: Reply, ended: ReplyState
) -> None:
    if ended is ReplyState.DRAFT:
        clock.shift_by(601)
        look_and_find_nothing(uncertain)
        look_and_find_nothing(uncertain)
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        if ended is ReplyState.DRAFT:
            replies.undo(session, reply, by="test")
        else:
            replies.settle(session, reply, sent=False, by="test")
        if ended is ReplyState.WITHDRAWN:
            replies.withdraw(session, reply, by="test")

    receipt(uncertain, Receipt.DELIVERED)

    assert open_differences() == [(DifferenceKind.REPLY_THERE, uncertain.id)]
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        assert (reply.state, reply.external_id) == (ended, "w-1")
        with pytest.raises((InvalidInput, IllegalMove)):
            replies.approve(session, reply, by="test")
    assert claim() == []


def test_what_the_platform_took_and_could_not_deliver_failed_whatever_our_call_says_afterwards(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    (claimed,) = claim()
    receipt(claimed, Receipt.FAILED)
    receipt(claimed, Receipt.SENT)
    end(claimed, Sent("w-1"))
    assert open_differences() == []

    receipt(claimed, Receipt.DELIVERED)

    assert open_differences() == [(DifferenceKind.REPLY_THERE, claimed.id)]
    with transaction() as session:
        reply = session.get_one(Reply, claimed.id)
        assert (reply.state, reply.receipt) == (ReplyState.FAILED, Receipt.DELIVERED)


# --- ratings ----------------------------------------------------------------------------------------


def answer_and_ask(number: int) -> None:
    respond(number)
    approve(number)
    end(claim()[0], Sent("answer-1"))
    with transaction() as session:
        (answer,) = surveys.due_to_ask(session, limit=10)
        assert surveys.ask(session, answer, in_private=False, has_choices=False) is not None
    end(claim()[0], Sent("question-1"))


@pytest.mark.parametrize(
    ("words", "stars", "state"),
    [
        ("5", 5, MessageState.DISMISSED),
        ("4/5", 4, MessageState.DISMISSED),
        ("⭐⭐⭐", 3, MessageState.DISMISSED),
        ("1 - hâlâ aynı", 1, MessageState.NEW),
        ("3 gündür su yok", None, MessageState.NEW),
        ("teşekkürler", None, MessageState.NEW),
    ],
)
def test_a_bare_number_after_our_question_is_the_rating(
    seen: Seen, arrive: Arrive, request_number: int, words: str, stars: int | None, state: MessageState
) -> None:
    answer_and_ask(request_number)
    arrive(seen(words, sent_at=clock.now()))
    with transaction() as session:
        rating = session.scalars(select(Rating)).one_or_none()
        said = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
        assert (rating.stars if rating else None) == stars
        assert said.state is state


def test_nobody_is_asked_twice_and_a_number_without_question_is_no_rating(
    seen: Seen, arrive: Arrive, request_number: int
) -> None:
    arrive(seen("5", who="baskasi"))
    answer_and_ask(request_number)
    with transaction() as session:
        assert surveys.due_to_ask(session, limit=10) == []
        assert session.scalars(select(Rating)).all() == []


@pytest.mark.parametrize(
    "why",
    [
        {"intent": Intent.EMERGENCY, "urgency": Urgency.SIREN},
        {"deleted_at": datetime(2026, 11, 26, tzinfo=UTC)},
    ],
)
def test_whom_nobody_asks_stands_before_nobody_who_may_be_asked(
    seen: Seen, arrive: Arrive, request_number: int, why: dict[str, Any]
) -> None:
    respond(request_number)
    approve(request_number)
    end(claim()[0], Sent("answer-1"))
    with transaction() as session:
        assert len(surveys.due_to_ask(session, limit=1)) == 1
        session.execute(update(Message).values(**why))

    with transaction() as session:
        assert surveys.due_to_ask(session, limit=1) == []


# --- time and trail ---------------------------------------------------------------------------------


def test_a_deadline_skips_weekends_and_public_holidays() -> None:
    friday = datetime(2026, 10, 23, 16, 59, tzinfo=ISTANBUL)  # 28 October is a half day, 29 a holiday
    assert tracking.due_at(friday, working_days=5).date() == date(2026, 11, 2)
    assert tracking.due_at(friday, working_days=1).date() == date(2026, 10, 26)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(ISTANBUL)),  # noqa: DTZ001
    st.integers(1, 30),
)
def test_a_deadline_is_a_working_day_and_more_days_are_never_sooner(start: datetime, days: int) -> None:
    due = tracking.due_at(start, working_days=days)
    assert due.weekday() < 5
    assert due > start
    assert tracking.due_at(start, working_days=days + 1) > due


def test_every_change_of_state_has_its_history_entry(request_number: int) -> None:
    respond(request_number)
    approve(request_number)
    end(claim()[0], Sent("answer-1"))
    with transaction() as session:
        missing = session.execute(
            text(
                """SELECT 'message', id FROM message m WHERE state IS NOT NULL AND version !=
                   (SELECT count(*) FROM history_entry WHERE message_id = m.id AND kind IN ('message.opened', 'message.moved'))
                   UNION ALL SELECT 'reply', id FROM reply r WHERE version !=
                   (SELECT count(*) FROM history_entry WHERE reply_id = r.id AND kind IN ('reply.opened', 'reply.moved', 'reply.edited'))
                   UNION ALL SELECT 'request', id FROM tracked_request t WHERE version !=
                   (SELECT count(*) FROM history_entry WHERE request_id = t.id AND kind IN ('request.opened', 'request.moved'))"""  # noqa: E501
            )
        ).all()
        assert missing == []
        assert (session.scalar(select(func.count()).select_from(HistoryEntry)) or 0) > 5


def test_outcomes_are_the_four_of_the_contract() -> None:
    assert set(Outcome) == {"positive", "negative", "outside", "planned"}
