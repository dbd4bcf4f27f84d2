"""What the composer says when a reply cannot go out now, or not as it is; nothing that was typed is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from inbox import channels, db, queries
from inbox.clock import now
from inbox.models import Reply
from inbox.states import ReplyState

TEXT = "Ekibimiz yarın sabah sokağınızda olacak."


def conversation(browser: Any, message_id: int) -> str:
    return str(browser.get(f"/conversations/{message_id}").text)


def answer(browser: Any, message_id: int, text: str) -> Any:
    return browser.post(
        f"/messages/{message_id}/answer", text=text, group=message_id, act="answer", compose_key="k"
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("dead", "erişimini yitirdi"),
        ("paused", "platformun isteğiyle ara veriyor"),
        ("off", "kapalı: yanıt bekler"),
    ],
)
def test_a_channel_that_cannot_send_now_is_told_and_the_reply_waits(
    moderator: Any, citizens: Any, state: str, said: str
) -> None:
    message_id = citizens.say("Yolda çukur var")
    assert said not in conversation(moderator, message_id)
    with db.transaction() as session:
        channel = queries.channel(session, "facebook-belediye")
        if state == "dead":
            channels.lose_access(session, channel, "the token is not valid", by="test")
        elif state == "paused":
            channels.pause(session, channel, now() + timedelta(hours=1), by="test")
        else:
            channel.is_active = False

    assert said in conversation(moderator, message_id)
    assert answer(moderator, message_id, TEXT).status_code == 303

    with db.transaction() as session:
        reply = session.scalars(select(Reply)).one()
        assert (reply.state, reply.text) == (ReplyState.READY, TEXT)


def test_a_chat_whose_window_is_closed_says_so_and_one_that_closes_soon_says_when(
    moderator: Any, citizens: Any
) -> None:
    closed = citizens.say("Merhaba", platform="whatsapp", who="Ayşe", minutes_ago=25 * 60)
    closing = citizens.say("Merhaba", platform="whatsapp", who="Can", minutes_ago=23 * 60)
    fresh = citizens.say("Merhaba", platform="whatsapp", who="Ece")

    over, ends = "yanıtlayabileceğimiz süre doldu", "yanıtlayabileceğimiz süre"
    assert over in conversation(moderator, closed)
    assert over not in conversation(moderator, closing)
    assert ends in conversation(moderator, closing)
    assert ends not in conversation(moderator, fresh)
    assert answer(moderator, closed, TEXT).status_code == 303, "it is said, and the platform decides"
    with db.transaction() as session:
        assert session.scalars(select(Reply.text)).all() == [TEXT]


@pytest.mark.parametrize(("platform", "most"), [("x", 280), ("facebook", 8000), ("whatsapp", 4096)])
def test_a_reply_too_long_for_its_platform_is_refused_and_its_text_is_kept(
    moderator: Any, citizens: Any, platform: str, most: int
) -> None:
    message_id = citizens.say("Yolda çukur var", platform=platform)
    too_long = "a" * (most + 1)

    refused = answer(moderator, message_id, too_long)

    assert refused.status_code == 422
    assert too_long in refused.text
    assert "platformun aldığından uzun" in refused.text
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Reply)) == 0

    assert answer(moderator, message_id, "a" * most).status_code == 303
