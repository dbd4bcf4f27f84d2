"""The history as a feed: nothing is skipped, nothing comes twice, no citizen's words are in it."""

from __future__ import annotations

from typing import Any

from inbox import db, feed

WORDS = "Sokağımız karanlık, korkuyoruz"


def _all(caller: Any, limit: int) -> list[Any]:
    items: list[Any] = []
    after: dict[str, str] = {}
    while True:
        page = caller.get("/events", limit=limit, **after).json
        after = {"after": page["next"]}
        if not page["items"]:
            return items
        items += page["items"]


def test_the_feed_tells_everything_once_and_in_order(small: Any, say: Any) -> None:
    message = say()
    small.chief.post(f"/messages/{message}/dismiss", {"reason": "spam"})
    small.chief.post(f"/messages/{message}/reopen")

    events = _all(small.chief, 2)

    assert len({one["id"] for one in events}) == len(events)
    moves = [(one["from_state"], one["to_state"]) for one in events if one["message"] == message]
    assert moves == [(None, "NEW"), ("NEW", "DISMISSED"), ("DISMISSED", "NEW")]


def test_next_is_given_also_when_there_is_nothing_new(small: Any, say: Any) -> None:
    start = small.chief.get("/events", after="now").json
    quiet = small.chief.get("/events", after=start["next"]).json
    message = say()

    told = small.chief.get("/events", after=quiet["next"]).json

    assert (start["items"], quiet["items"]) == ([], [])
    assert [one["message"] for one in told["items"]] == [message]


def test_an_event_names_the_request_by_its_number_and_the_channel_by_its_key(
    small: Any, convert: Any
) -> None:
    number = convert(acknowledge=True)

    events = _all(small.chief, 200)

    opened = next(one for one in events if one["kind"] == "request.opened")
    reply = next(one for one in events if one["kind"] == "reply.opened")
    assert opened["request"] == reply["request"] == number
    assert reply["channel"] == "facebook-belediye"
    assert opened["by"].startswith("user:")


def test_the_feed_never_carries_a_citizens_words(small: Any, say: Any) -> None:
    message = say(WORDS)
    request = small.chief.post(
        f"/messages/{message}/convert",
        {"unit": "roads", "category": "pothole", "note": "notun sözleri", "acknowledge": True},
    ).json
    small.officer.post(f"/requests/{request['number']}/return", {"reason": "sebebin sözleri"})

    told = small.chief.get("/events").text

    for words in (WORDS, "Ayşe", "notun", "sebebin", "alındı"):
        assert words not in told


def test_a_cursor_of_before_a_restore_is_told_to_start_again(small: Any, say: Any) -> None:
    say()
    before = small.chief.get("/events").json["next"]
    with db.transaction() as session:
        feed.raise_epoch(session)

    answer = small.chief.get("/events", after=before)

    assert (answer.status_code, answer.mimetype) == (410, "application/problem+json")
    assert small.chief.get("/events").json["items"]
