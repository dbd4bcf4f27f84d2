"""From conversion to closing: what the desk and the units do with a request."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from inbox import clock, queries, tracking
from inbox.db import transaction
from inbox.errors import IllegalMove, InvalidInput, MovedMeanwhile, UnknownKey
from inbox.models import Message, Reply, TrackedRequest
from inbox.states import MessageState, ReplyState, RequestState
from inbox.values import MessageSeen, ReplyKind, Sent
from tests.support.steps import approve, claim, end, only, respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


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
        assert tracking.resume_planned(session, limit=10) == 0
    clock.shift_by(timedelta(days=3).total_seconds())
    with transaction() as session:
        assert tracking.resume_planned(session, limit=10) == 1
        assert queries.request(session, request_number).planned_until is None


@pytest.mark.parametrize(
    ("outcome", "until"), [("planned", None), ("planned", date(2020, 1, 1)), ("maybe", None)]
)
def test_an_answer_that_cannot_be_is_refused_by_name(
    request_number: int, outcome: str, until: date | None
) -> None:
    with pytest.raises(InvalidInput, match="until|outcome"):
        respond(request_number, outcome, until=until)


ISTANBUL = ZoneInfo("Europe/Istanbul")
