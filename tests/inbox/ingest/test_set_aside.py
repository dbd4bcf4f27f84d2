"""What could not be used is kept for a person, told by kind and place and never by a citizen's words."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.failures import SetAsideKind
from inbox.ingest import queue, set_aside
from inbox.models import SetAside


@pytest.fixture
def event_id(session: Session) -> int:
    """A stored body."""
    return queue.store_raw_event(session, "hook:meta", b"{}") or 0


def test_one_place_of_a_body_is_kept_once_and_what_it_says_now_counts(
    session: Session, event_id: int
) -> None:
    set_aside.keep(session, event_id, 3, SetAsideKind.UNKNOWN_ACCOUNT, "77777", None)
    session.scalars(select(SetAside)).one().resolved_at = now()
    session.flush()
    set_aside.keep(session, event_id, 3, SetAsideKind.FAILED, "KeyError", None)
    set_aside.keep(session, event_id, 4, SetAsideKind.FAILED, "KeyError", None)
    session.expire_all()
    rows = session.scalars(select(SetAside).order_by(SetAside.position)).all()
    assert [(row.position, row.kind, row.what, row.resolved_at) for row in rows] == [
        (3, "failed", "KeyError", None),
        (4, "failed", "KeyError", None),
    ]


def test_what_is_told_of_it_is_cut_to_what_a_screen_can_show(session: Session, event_id: int) -> None:
    set_aside.keep(session, event_id, 0, SetAsideKind.UNSUPPORTED, "field:" + "x" * 1000, None)
    assert len(session.scalars(select(SetAside.what)).one()) == 300


def test_an_error_is_named_by_its_kind_and_place_without_the_words_it_was_about() -> None:
    words = "Ayşe Yılmaz 0532 123 45 67"
    with pytest.raises(KeyError) as raised:
        dict[str, int]()[words]
    told = set_aside.describe(raised.value)
    assert "KeyError at test_an_error_is_named_by_its_kind_and_place" in told
    assert not {"Ayşe", "0532"} & set(told.split())


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert set_aside.describe(ValueError("Ayşe")) == "ValueError"


@pytest.mark.parametrize("ends_the_work", [KeyboardInterrupt, SystemExit, MemoryError, OSError])
def test_what_ends_the_work_is_no_mistake_of_a_single_fact(ends_the_work: type[BaseException]) -> None:
    assert not issubclass(ends_the_work, set_aside.MISTAKES)
