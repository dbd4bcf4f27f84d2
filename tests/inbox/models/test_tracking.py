"""Questions about a tracked request: a row and the database must give one answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import queries
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Category, TrackedRequest
from inbox.queries import figures
from inbox.states import RequestState

QUESTIONS = ("is_open", "is_overdue", "is_planned")
_numbers = count(900_001)

Shape = tuple[RequestState, timedelta, date | None]

SHAPES: st.SearchStrategy[Shape] = st.tuples(
    st.sampled_from(RequestState),
    st.timedeltas(min_value=timedelta(days=-30), max_value=timedelta(days=30)).filter(
        lambda left: abs(left) > timedelta(minutes=5)  # so that none falls due while the test runs
    ),
    st.none() | st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 12, 31)),
)


def _add(session: Session, city: SimpleNamespace, shape: Shape) -> TrackedRequest:
    state, left, planned_until = shape
    request = TrackedRequest(
        number=next(_numbers),
        state=state,
        version=1,
        unit_id=city.roads.id,
        category_id=session.scalars(select(Category.id)).one(),
        priority="normal",
        opened_at=now() - timedelta(days=40),
        due_at=now() + left,
        planned_until=planned_until,
    )
    session.add(request)
    session.flush()
    return request


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes=st.lists(SHAPES, min_size=1, max_size=12))
def test_a_row_and_the_database_give_one_answer(city: SimpleNamespace, shapes: list[Shape]) -> None:
    with transaction() as session:
        rows = [_add(session, city, shape) for shape in shapes]
        for question in QUESTIONS:
            yes = set(session.scalars(select(TrackedRequest.id).where(getattr(TrackedRequest, question))))
            no = set(session.scalars(select(TrackedRequest.id).where(~getattr(TrackedRequest, question))))
            by_row = {row.id for row in rows if getattr(row, question)}
            ids = {row.id for row in rows}
            assert (yes & ids, no & ids) == (by_row, ids - by_row), question
        session.rollback()


@pytest.mark.parametrize("state", RequestState)
def test_figures_lists_and_rows_count_the_same_overdue_requests(
    tx: Callable[[], Any], city: SimpleNamespace, state: RequestState
) -> None:
    """What the unit has answered and the desk has not published is late, too: the desk owes it."""
    owed = state not in (RequestState.CLOSED, RequestState.CANCELLED)
    with tx() as session:
        request = _add(session, city, (state, timedelta(days=-1), None))
        assert request.is_overdue is owed
        assert figures.current(session).overdue_requests == int(owed)
        assert len(queries.requests(session, overdue=True).items) == int(owed)
        assert len(queries.requests(session, overdue=False).items) == int(not owed)


def test_a_unit_is_not_told_late_for_what_the_desk_owes(tx: Callable[[], Any], city: SimpleNamespace) -> None:
    with tx() as session:
        _add(session, city, (RequestState.RESPONDED, timedelta(days=-1), None))
        late = _add(session, city, (RequestState.WITH_UNIT, timedelta(days=-1), None))
        found = queries.unit_requests(session, city.roads.id, view="overdue").items
        assert [row.id for row in found] == [late.id]


def test_a_plan_counts_only_while_the_unit_has_the_request(
    tx: Callable[[], Any], city: SimpleNamespace
) -> None:
    day = datetime.date(now()) + timedelta(days=3)
    with tx() as session:
        planned = _add(session, city, (RequestState.WITH_UNIT, timedelta(days=1), day))
        returned = _add(session, city, (RequestState.RETURNED, timedelta(days=1), day))
        assert (planned.is_planned, returned.is_planned) == (True, False)
