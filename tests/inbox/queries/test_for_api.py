"""What the outside is shown: keys and numbers for our ids, in as many statements for ten rows as for one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sqlalchemy import event, select

from inbox import queries, tracking
from inbox.db import engine, transaction
from inbox.models import Message, TrackedRequest
from inbox.queries import for_api
from inbox.values import MessageSeen
from tests.support.steps import respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_rows_are_named_by_key_and_requests_by_number(city: SimpleNamespace, request_number: int) -> None:
    with transaction() as session:
        request = queries.request(session, request_number)
        names = for_api.names(session, requests=[request.id, None, 0])
    assert names.units[city.roads.id] == "fen-isleri"
    assert set(names.channels.values()) == {"x-belediye", "x-baskan", "fb-belediye", "wa"}
    assert names.requests == {request.id: request_number}


def test_a_whole_request_shows_what_changed_within_the_same_transaction(request_number: int) -> None:
    with transaction() as session:
        request = queries.request(session, request_number)
        for_api.load_requests(session, [request])
        tracking.respond(session, request, outcome="positive", text="Asfaltlandı.", by="test")
        (whole,) = for_api.load_requests(session, [request])
        assert [answer.text for answer in whole.row.answers] == ["Asfaltlandı."]
        assert sorted(str(reply.kind) for reply in whole.row.replies) == ["acknowledgement", "answer"]
        kinds = [entry.kind for entry in whole.history]
        assert kinds[0] == "request.opened"
        assert "request.moved" in kinds
        assert [entry.id for entry in whole.history] == sorted(entry.id for entry in whole.history)


def test_ten_requests_take_as_many_statements_as_one_and_stay_in_order(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    for number in range(10):
        arrive(seen(f"söz {number}", who=f"v{number}"))
    with transaction() as session:
        for message in session.scalars(select(Message).order_by(Message.id)).all():
            tracking.convert(session, message, unit="fen-isleri", category="yol", by="test")
    with transaction() as session:
        for number in session.scalars(select(TrackedRequest.number)).all():
            respond(number)

    def statements(count: int) -> int:
        seen_statements: list[str] = []

        def see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen_statements.append(statement)

        with transaction() as session:
            rows = list(
                session.scalars(select(TrackedRequest).order_by(TrackedRequest.id.desc()).limit(count))
            )
            ids = [row.id for row in rows]
            event.listen(engine(), "before_cursor_execute", see)
            try:
                found = for_api.load_requests(session, rows)
            finally:
                event.remove(engine(), "before_cursor_execute", see)
            assert [one.row.id for one in found] == ids
        return len(seen_statements)

    assert statements(10) == statements(1)
