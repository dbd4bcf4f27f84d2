"""What an arrival sets off is one list: the same for one message and for many, and nothing when run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from inbox import clock, ingest, queries, replies, tracking
from inbox.db import engine, transaction
from inbox.desk import triage
from inbox.ingest import bulk_first, follow_up
from inbox.ingest.follow_up import Arrival, FollowUpStep
from inbox.models import Message, Note, Rating, RawEvent
from inbox.replies import sending
from inbox.states import Intent, MessageState, Outcome
from inbox.tracking import surveys
from inbox.understanding import proposals
from inbox.values import Fact, MessageKind, MessageSeen, ReplyKind, Sent
from tests.support.rows import forget, rows

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]
LATER = timedelta(hours=1)


def message(session: Session, words: str) -> Message:
    return session.scalars(select(Message).where(Message.text == words)).one()


def send_all() -> None:
    """Whatever waits to be sent goes out."""
    with transaction() as session:
        claimed = sending.claim_for_sending(session, limit=10)
    for reply in claimed:
        with transaction() as session:
            sending.record_outcome(session, reply.id, reply.version, Sent(f"sent-{reply.id}"))


def ask(session: Session, words: str) -> None:
    asked = message(session, words)
    triage.answer(session, asked, text="Hangi sokak?", kind=ReplyKind.QUESTION, by="test")


def convert(words: str) -> int:
    with transaction() as session:
        found = message(session, words)
        return tracking.convert(session, found, unit="fen-isleri", category="yol", by="test").number


def answer_and_ask(number: int) -> None:
    """The citizens of a request get its answer, and are asked whether it helped."""
    with transaction() as session:
        request = queries.request(session, number)
        tracking.respond(session, request, outcome=Outcome.POSITIVE, text="Asfaltlandı.", by="test")
    with transaction() as session:
        replies.approve_all(session, queries.request(session, number), by="test")
    send_all()
    with transaction() as session:
        for answer in surveys.due_to_ask(session, limit=10):
            surveys.ask(session, answer)
    send_all()


def apply_together(*bodies: Sequence[Fact]) -> None:
    """Each body with what it says, all in one transaction."""
    says: dict[bytes, Sequence[Fact]] = {}
    with transaction() as session:
        start = len(session.scalars(select(RawEvent.id)).all())
        for number, facts in enumerate(bodies, start):
            body = f"together {number}".encode()
            says[body] = facts
            ingest.store_raw_event(session, "hook:test", body)
    with transaction() as session:
        claimed = ingest.claim_raw_events(session, limit=50)
    with transaction() as session:
        through = ingest.apply_raw_events(session, claimed, lambda _, body: says[body], end=float("inf"))
        assert through == set(claimed)


def apply_one_by_one(*bodies: Sequence[Fact]) -> None:
    for facts in bodies:
        with transaction() as session:
            event_id = ingest.store_raw_event(session, "hook:test", repr(facts).encode())
            assert event_id is not None
            ingest.apply_raw_event(session, event_id, lambda *_, facts=facts: facts)


# --- both paths -------------------------------------------------------------------------------------


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more step at the end of the list: a note about each arrival, and a column by its words."""

    def write_note(session: Session, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            about = f"planted: {arrival.text}"
            session.add(Note(message_id=arrival.message_id, use="note", text=about, written_at=clock.now()))

    def count_words(_session: Session, words: str) -> Mapping[str, Any]:
        return {"language": f"words-{len(words.split())}"}

    monkeypatch.setattr(follow_up, "STEPS", (*follow_up.STEPS, FollowUpStep(write_note, columns=count_words)))


def left_by_the_planted_step() -> list[tuple[str, str | None, str]]:
    with transaction() as session:
        found = session.execute(
            select(Message.text, Message.language, Note.text)
            .join(Note, Note.message_id == Message.id)
            .order_by(Message.text)
        )
        return [(words, language, note) for words, language, note in found]


@pytest.mark.usefixtures("city", "planted")
def test_a_step_added_to_the_list_is_taken_for_many_at_once_and_for_one_alone(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_bulk: list[str] = []
    as_it_is = bulk_first.apply

    def keep(session: Session, sightings: Any) -> Any:
        kept = as_it_is(session, sightings)
        in_bulk.extend(sighting.fact.text for sighting in kept)
        return kept

    monkeypatch.setattr(bulk_first, "apply", keep)
    first = seen("Su yok")
    bodies = [[first], [seen("Çöp alınmadı", who="cem")], [seen("Hâlâ yok")], [seen("5", who="ece")]]

    apply_together(*bodies)
    together, of_step = rows(), left_by_the_planted_step()
    forget()
    apply_one_by_one(*bodies)

    assert in_bulk == ["Su yok", "Çöp alınmadı", "5"], "and one that follows another"
    assert len(of_step) == 4
    assert ("Su yok", "words-2", "planted: Su yok") in of_step
    assert left_by_the_planted_step() == of_step
    assert rows() == together


@pytest.mark.usefixtures("city", "planted")
def test_a_post_that_turns_out_to_be_addressed_to_us_is_followed_up_like_any_arrival(
    seen: Seen, arrive: Arrive
) -> None:
    post = seen("Meydanda ağaç devrildi", kind=MessageKind.POST)
    arrive(post)
    assert left_by_the_planted_step() == []

    arrive(replace(post, kind=MessageKind.MENTION))

    assert left_by_the_planted_step() == [
        ("Meydanda ağaç devrildi", "words-3", "planted: Meydanda ağaç devrildi")
    ]


@pytest.mark.usefixtures("city")
def test_first_words_are_followed_up_without_a_statement(seen: Seen, arrive: Arrive) -> None:
    arrive(seen("Su yok"))
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    with transaction() as session:
        found = message(session, "Su yok")
        event.listen(engine(), "before_cursor_execute", note)
        try:
            arrivals = [Arrival(found.id, found.text, None, begins_thread=True)] * 50
            follow_up.follow_up(session, arrivals)
            assert sent == []
            follow_up.follow_up(session, [Arrival.of(found)])
            assert sent != []
        finally:
            event.remove(engine(), "before_cursor_execute", note)


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("apply", [apply_together, apply_one_by_one])
def test_a_number_in_a_new_conversation_is_the_rating_on_either_path(
    seen: Seen, arrive: Arrive, apply: Callable[..., None]
) -> None:
    arrive(seen("Yol bozuk"))
    answer_and_ask(convert("Yol bozuk"))

    elsewhere = seen("4/5", conversation="post-2", parent_external_id="post-2", sent_at=clock.now())
    apply([elsewhere], [seen("Çöp", who="cem")])

    with transaction() as session:
        assert session.scalars(select(Rating.stars)).all() == [4]
        assert message(session, "4/5").state is MessageState.DISMISSED
        assert message(session, "Çöp").state is MessageState.NEW


# --- again ------------------------------------------------------------------------------------------

TRAILS = {
    "history": "SELECT kind, message_id, reply_id, to_state FROM history_entry ORDER BY id",
    "ratings": "SELECT reply_id, message_id, stars, text FROM rating ORDER BY id",
    "notes": "SELECT message_id, text FROM note ORDER BY id",
    "messages": "SELECT id, version, state, intent, group_id, request_id FROM message ORDER BY id",
}


def everything() -> dict[str, list[Any]]:
    with engine().connect() as connection:
        trails = {name: [tuple(row) for row in connection.execute(text(sql))] for name, sql in TRAILS.items()}
    return {**rows(), **trails}


def fire_in_a_school() -> None:
    """From now on these words, read as one text, are an emergency."""
    with transaction() as session:
        rule = {"all": ["yangin", "okul*"]}
        kind = {"key": "fire", "name_tr": "Yangın", "name_en": "Fire", "look_now": [rule]}
        proposals.save_vocabulary(session, {"emergencies": [kind]})


def a_fragment_of_a_request(seen: Seen, arrive: Arrive) -> str:
    """It joined the request for what it says by itself; with the words before it, it would say more."""
    fire_in_a_school()
    arrive(seen("Okul yolu bozuk"))
    convert("Okul yolu bozuk")
    arrive(seen("yangın musluğu da"))
    return "yangın musluğu da"


def words_that_were_waited_for(seen: Seen, arrive: Arrive) -> str:
    arrive(seen("Yol bozuk"))
    with transaction() as session:
        ask(session, "Yol bozuk")
    arrive(seen("Lale sokak", sent_at=clock.now()))
    return "Lale sokak"


def a_verdict_with_words(seen: Seen, arrive: Arrive) -> str:
    """Of a citizen who was asked about an older answer, too."""
    for words in ("Yol bozuk", "Çöp alınmadı"):
        arrive(seen(words, conversation=words, parent_external_id=words))
        answer_and_ask(convert(words))
    arrive(seen("1 - hâlâ aynı", sent_at=clock.now()))
    return "1 - hâlâ aynı"


def a_bare_verdict(seen: Seen, arrive: Arrive) -> str:
    arrive(seen("Yol bozuk"))
    answer_and_ask(convert("Yol bozuk"))
    arrive(seen("5", sent_at=clock.now()))
    return "5"


def words_in_one_breath(seen: Seen, arrive: Arrive) -> str:
    arrive(seen("Yol"), seen("bozuk"))
    return "bozuk"


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(
    "case",
    [
        a_fragment_of_a_request,
        words_that_were_waited_for,
        a_verdict_with_words,
        a_bare_verdict,
        words_in_one_breath,
    ],
)
def test_following_up_again_leaves_the_same_rows(
    seen: Seen, arrive: Arrive, case: Callable[[Seen, Arrive], str]
) -> None:
    words = case(seen, arrive)
    before = everything()
    assert len(before["ratings"]) == (case in (a_verdict_with_words, a_bare_verdict))

    for _ in range(2):
        with transaction() as session:
            follow_up.follow_up(session, [Arrival.of(message(session, words))])

    assert everything() == before


# --- what turns out later ---------------------------------------------------------------------------


@pytest.mark.usefixtures("city")
def test_words_whose_author_shows_only_later_call_back_what_waited_for_that_citizen(
    seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("Yol bozuk"))
    with transaction() as session:
        ask(session, "Yol bozuk")
    answer = seen("Lale sokak", sent_at=clock.now())
    arrive(replace(answer, author=None))
    with transaction() as session:
        assert message(session, "Yol bozuk").state is MessageState.WAITING

    arrive(answer)

    with transaction() as session:
        assert message(session, "Yol bozuk").state is MessageState.NEW


@pytest.mark.usefixtures("city")
def test_words_that_turn_out_to_be_of_one_breath_are_read_as_one_text(seen: Seen, arrive: Arrive) -> None:
    fire_in_a_school()
    first, edited = seen("Okulda"), seen("yangın var")
    arrive(first, replace(edited, sent_at=edited.sent_at + LATER, observed_at=edited.observed_at + LATER))
    with transaction() as session:
        assert message(session, "Okulda").intent is Intent.REQUEST

    arrive(edited)

    with transaction() as session:
        assert message(session, "Okulda").intent is Intent.EMERGENCY
        assert message(session, "yangın var").intent is Intent.EMERGENCY
