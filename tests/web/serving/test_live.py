"""What the live feed tells a browser that asks: what changed, and to each only what they may know."""

from __future__ import annotations

from typing import Any

import pytest

from inbox import db, feed, queries, tracking
from web.serving import live


def cursor() -> str:
    with db.transaction() as session:
        return str(feed.now_cursor(session))


def told(browser: Any, after: str) -> list[dict[str, Any]]:
    return browser.get(f"/live/changes?after={after}").json  # type: ignore[no-any-return]


def convert(message_id: int, unit: str = "roads") -> int:
    with db.transaction() as session:
        message = queries.message(session, message_id)
        return tracking.convert(session, message, unit=unit, category="pothole", by="test").id


def test_a_unit_officer_is_told_of_requests_and_of_no_message(officer: Any, citizens: Any) -> None:
    before = cursor()
    message_id = citizens.say("Çukur var")
    assert told(officer, before) == []

    request_id = convert(message_id)

    (change,) = told(officer, before)
    assert change["ids"] == [f"r{request_id}"]
    assert change["new"] is False


def test_the_feed_carries_ids_and_never_a_citizens_words(moderator: Any, citizens: Any) -> None:
    before = cursor()
    citizens.say("Gizli kalsın", who="Zehra Şahin")

    answer = moderator.get(f"/live/changes?after={before}").text

    assert "Gizli" not in answer
    assert "Zehra" not in answer


def test_a_cursor_of_another_epoch_is_told_to_fetch_everything(moderator: Any, citizens: Any) -> None:
    before = cursor()
    with db.transaction() as session:
        feed.raise_epoch(session)

    (change,) = told(moderator, before)

    assert change["all"] is True
    assert told(moderator, change["cursor"]) == []


def test_who_is_far_behind_is_told_to_fetch_everything(
    moderator: Any, citizens: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_ENTRIES", 2)
    before = cursor()
    for number in range(3):
        citizens.say("Bir", who=f"Vatandaş {number}")

    (change,) = told(moderator, before)

    assert change["all"] is True
    assert change["cursor"] == cursor()


@pytest.mark.parametrize("path", ["/live", "/live/changes"])
@pytest.mark.parametrize("bad", ["", "x", "1.2", "1.2.x"])
def test_a_place_that_is_none_is_refused(moderator: Any, citizens: Any, path: str, bad: str) -> None:
    assert moderator.get(f"{path}?after={bad}").status_code == 422


def test_where_no_event_loop_serves_a_browser_is_sent_to_ask(moderator: Any, citizens: Any) -> None:
    assert moderator.get(f"/live?after={cursor()}").status_code == 503
