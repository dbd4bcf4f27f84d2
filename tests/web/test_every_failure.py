"""What a platform refused, and why a part is set aside, as the desk and the settings say it in Turkish."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from inbox import db, ingest
from inbox.desk import triage
from inbox.failures import Failure, SetAsideKind, Trouble, Unusable
from inbox.ingest import set_aside
from inbox.models import Channel, Message, RawEvent, Reply
from inbox.states import ReplyState
from inbox.wording import encode
from tests.support.turkish import ENGLISH, TURKISH, read
from tests.web.conftest import Browser, Citizens

THEIRS = "131047: Müşteri 24 saattir yazmadı"
OLD = "words of before: kept as they are"


@pytest.fixture
def screens(moderator: Browser, supervisor: Browser, citizens: Citizens) -> dict[str, Browser]:
    """A failed reply, a channel and a set-aside part, and the screens that show them, by what they show."""
    message_id = citizens.say("Çukur var")
    with db.transaction() as session:
        message = session.get_one(Message, message_id)
        triage.answer(session, message, text="Yoldayız.", by="test").state = ReplyState.FAILED
    return {
        f"/conversations/{message_id}?view=all": moderator,
        "/settings/channels": supervisor,
        "/settings/set-aside": supervisor,
    }


def test_every_failure_is_said_in_turkish_with_the_platforms_words_behind(
    screens: dict[str, Browser],
) -> None:
    (conversation, desk), (channels, settings), _ = screens.items()
    for failure in Failure:
        _fail(Trouble(failure, THEIRS).reason)
        for page in (desk.get(conversation), settings.get("/settings/channels")):
            words = read(page)
            assert f"{TURKISH[failure.sentence]} ({THEIRS})" in words, failure
            assert [piece for piece in ENGLISH if piece in words] == [], failure


def test_free_text_of_before_is_shown_as_it_is(screens: dict[str, Browser]) -> None:
    _fail(OLD)
    for path, browser in list(screens.items())[:2]:
        assert OLD in read(browser.get(path))


def test_why_a_part_is_set_aside_is_said_in_turkish(screens: dict[str, Browser]) -> None:
    with db.transaction() as session:
        ingest.store_raw_event(session, "hook:test", b"{}")
        event_id = session.scalars(select(RawEvent.id).order_by(RawEvent.id.desc())).first() or 0
        for position, kind in enumerate(SetAsideKind):
            set_aside.keep(session, event_id, position, kind, "field:likes", None)
        for position, cause in enumerate(Unusable, start=10):
            what = encode(cause, "a body that is none")
            set_aside.keep(session, event_id, position, SetAsideKind.FAILED, what, None)
    words = read(screens["/settings/set-aside"].get("/settings/set-aside"))
    assert "field:likes" in words
    for cause in Unusable:
        assert TURKISH[cause.sentence] in words
    assert [piece for piece in ENGLISH if piece in words] == []
    for member in (*SetAsideKind, *Unusable):
        assert "_" not in member or member.value not in words


def _fail(reason: str) -> None:
    """Let the reply and every channel have failed for `reason`."""
    with db.transaction() as session:
        for reply in session.scalars(select(Reply)):
            reply.failure = reason
        for channel in session.scalars(select(Channel)):
            channel.last_error = reason


def test_a_failure_is_read_as_it_was_kept() -> None:
    for failure in Failure:
        for words in ("", THEIRS):
            assert Trouble.parse(Trouble(failure, words).reason) == Trouble(failure, words)
    assert Trouble.parse(OLD) is None
    assert Trouble.parse("") is None
