"""The inbox and a conversation show what is, as words, to those who may see it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inbox import clock, db, queries
from inbox.clock import now
from inbox.desk import triage
from inbox.models import Message
from inbox.values import MessageKind, MessageSeen
from tests.support.at_the_desk import HTMX


def test_the_inbox_shows_who_wrote_what_under_which_view(moderator: Any, citizens: Any) -> None:
    citizens.say("Sokağımızda çukur var")

    page = moderator.get("/inbox").text

    assert "Ayşe Yılmaz" in page
    assert "Sokağımızda çukur var" in page
    assert "Sokağımızda çukur var" not in moderator.get("/inbox?view=dismissed").text


def test_a_post_of_ours_without_words_is_no_empty_place(moderator: Any, citizens: Any) -> None:
    """A picture alone, above the comment that stands under it."""
    at = now()
    citizens.apply(
        MessageSeen(
            platform="facebook",
            account="100200300401",
            external_id="a-post",
            kind=MessageKind.POST,
            text="",
            sent_at=at,
            observed_at=at,
            author=None,
            from_us=True,
        )
    )
    message_id = citizens.say("Burası neresi?")

    for path, place in (("/inbox", "row-post"), (f"/conversations/{message_id}", "post-text")):
        shown = moderator.get(path, **HTMX).text.partition(f'class="{place}')[2].partition("</p>")[0]
        assert "Sözsüz" in shown, path


def test_a_citizens_markup_is_shown_as_words(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("<script>alert(1)</script>", who='"><img src=x>')

    page = moderator.get(f"/conversations/{message_id}").text

    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_link_from_outside_is_followed_only_when_it_is_a_web_address(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Bakın")
    with db.transaction() as session:
        session.get_one(Message, message_id).permalink = "javascript:alert(1)"

    assert "javascript:" not in moderator.get(f"/conversations/{message_id}").text


@pytest.mark.parametrize(
    "path", ["/inbox", "/inbox?view=all", "/inbox/rows", "/inbox/views", "/conversations/{m}", "/requests"]
)
def test_no_page_carries_inline_script_or_style(moderator: Any, citizens: Any, path: str) -> None:
    message_id = citizens.say("Merhaba")

    page = moderator.get(path.format(m=message_id)).text

    assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=", page)


def test_every_field_of_a_conversation_has_a_name_for_those_who_cannot_see(
    moderator: Any, citizens: Any
) -> None:
    message_id = citizens.say("Merhaba")

    page = moderator.get(f"/conversations/{message_id}").text

    named = set(re.findall(r'<label[^>]* for="([^"]+)"', page))
    for field in re.findall(r"<(?:select|textarea)[^>]*>", page):
        assert re.search(r'id="([^"]+)"', field)[1] in named  # type: ignore[index]


def test_a_text_is_counted_as_its_channel_counts(moderator: Any, citizens: Any) -> None:
    counted = moderator.post("/compose/length", channel="x-belediye", text="https://example.org/" + "a" * 80)

    assert counted.json == {"length": 23, "max": 280}


def test_a_unit_officer_has_no_desk(officer: Any, citizens: Any) -> None:
    message_id = citizens.say("Çukur var")

    for path in ("/inbox", f"/conversations/{message_id}", "/requests"):
        assert officer.get(path).status_code == 403


@pytest.mark.parametrize(
    ("hours_ago", "told", "is_warning"),
    [
        (20, "Yanıt için son 14:30 · 4 saat kaldı", False),
        (22.5, "Yanıt için son 12:00 · 90 dakika kaldı", True),
        (24.5, "Yanıt süresi doldu", True),
    ],
)
def test_a_chat_tells_until_when_it_may_be_answered(
    moderator: Any, citizens: Any, hours_ago: float, told: str, is_warning: bool
) -> None:
    """Counted from when the citizen wrote, by the platform's clock; it is half past ten."""
    half_past_ten = now().astimezone(ZoneInfo(clock.ISTANBUL)).replace(hour=10, minute=30, second=0)
    if half_past_ten > now():  # a clock set forward would end the moderator's session
        half_past_ten -= timedelta(days=1)
    clock.shift_by((half_past_ten - now()).total_seconds())
    message_id = citizens.say("Merhaba", platform="whatsapp", minutes_ago=hours_ago * 60)

    page = moderator.get(f"/conversations/{message_id}").text

    (window,) = re.findall(
        r'<span class="conv-window([^"]*)"[^>]*>(?:<svg.*?</svg>|\s)*([^<]*)</span>', page, re.S
    )
    assert window[1].strip() == told
    assert ("is-warn" in window[0]) == is_warning


def test_what_may_be_answered_at_any_time_tells_no_end(moderator: Any, citizens: Any) -> None:
    """A comment in public; and a chat once nothing is to be written in it any more."""
    comment = citizens.say("Merhaba", minutes_ago=23 * 60)
    chat = citizens.say("Teşekkürler", platform="whatsapp")
    with db.transaction() as session:
        triage.dismiss(session, queries.message(session, chat), reason="thanks", by="test")

    for message_id in (comment, chat):
        assert "conv-window" not in moderator.get(f"/conversations/{message_id}?view=all").text
