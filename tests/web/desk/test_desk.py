"""The desk's screens keep what was typed, show what is, and do each thing once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from inbox import clock, db, queries, replies, tracking
from inbox.clock import now
from inbox.desk import triage
from inbox.models import Message, Rating, Reply, TrackedRequest
from inbox.states import MessageState, ReplyState, RequestState
from inbox.values import MessageKind, MessageSeen
from tests.support.waiting import until

HTMX = {"HX-Request": "true"}


def state_of(message_id: int) -> MessageState | None:
    with db.transaction() as session:
        return session.get_one(Message, message_id).state


def convert(message_id: int) -> int:
    with db.transaction() as session:
        message = queries.message(session, message_id)
        return tracking.convert(session, message, unit="roads", category="pothole", by="test").number


def respond(number: int, text: str = "Çukur kapatıldı.") -> None:
    with db.transaction() as session:
        request = queries.request(session, number)
        tracking.respond(session, request, outcome="positive", text=text, by="test")


def drafts(number: int) -> list[Reply]:
    with db.transaction() as session:
        file = queries.request_file(session, number)
        return [reply for reply in file.replies if reply.state is ReplyState.DRAFT]


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


def test_dismissing_by_a_plain_form_leads_back_to_the_conversation(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Teşekkürler")

    answer = moderator.post(f"/messages/{message_id}/dismiss", reason="thanks", group=message_id)

    assert answer.status_code == 303
    assert answer.location.startswith(f"/conversations/{message_id}")
    assert state_of(message_id) is MessageState.DISMISSED


def test_dismissing_with_htmx_answers_with_the_next_conversation_and_an_undo(
    moderator: Any, citizens: Any
) -> None:
    first, second = citizens.say("Teşekkürler"), citizens.say("Çukur var", who="Kemal Acar")

    answer = moderator.client.post(
        f"/messages/{first}/dismiss",
        data={"csrf_token": moderator.token(), "reason": "thanks", "group": first, "next": second},
        headers=HTMX,
    )

    assert "Çukur var" in answer.text
    assert f'action="/messages/{first}/reopen"' in answer.text
    assert answer.headers["HX-Push-Url"].startswith(f"/conversations/{second}")


def test_a_dismissed_message_is_open_again_after_undo(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Teşekkürler")
    moderator.post(f"/messages/{message_id}/dismiss", reason="thanks", group=message_id)

    moderator.post(f"/messages/{message_id}/reopen", group=message_id)

    assert state_of(message_id) is MessageState.NEW


def test_converting_opens_a_request_and_tells_the_citizen_its_number(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Çukur var")

    moderator.post(
        f"/messages/{message_id}/convert",
        unit="roads",
        category="pothole",
        neighbourhood="zafer",
        acknowledge="yes",
        group=message_id,
    )

    with db.transaction() as session:
        tracked = session.scalars(select(TrackedRequest)).one()
        reply = session.scalars(select(Reply)).one()
    assert str(tracked.number) in reply.text
    assert str(tracked.number) in moderator.get(f"/conversations/{message_id}").text


def test_a_unit_that_does_not_exist_is_named_and_the_note_is_kept(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Çukur var")

    answer = moderator.post(
        f"/messages/{message_id}/convert",
        act="convert",
        unit="nobody",
        category="pothole",
        note="Okul önü",
        group=message_id,
    )

    assert answer.status_code == 422
    assert "nobody" in answer.text
    assert 'value="Okul önü"' in answer.text


def test_one_compose_key_is_one_reply_however_often_it_is_sent(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Nikâh ne zaman?")

    for _ in range(3):
        moderator.post(
            f"/messages/{message_id}/answer", text="Hafta içi.", compose_key="one-click", group=message_id
        )

    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Reply)) == 1


@pytest.mark.parametrize("converted", [False, True])
def test_two_clicks_at_once_are_one_reply_and_both_are_told_so(
    app: Flask, moderator: Any, citizens: Any, converted: bool
) -> None:
    message_id = citizens.say("Nikâh ne zaman?")
    if converted:
        convert(message_id)
    token, start = moderator.token(), Barrier(2)
    cookie = moderator.client.get_cookie("cozum_session")
    assert cookie is not None

    def click(_: int) -> int:
        with app.test_client() as client:
            client.set_cookie(cookie.key, cookie.value)
            form = {"text": "Hafta içi.", "compose_key": "at-once", "group": message_id, "csrf_token": token}
            start.wait()
            return client.post(f"/messages/{message_id}/answer", data=form, headers=HTMX).status_code

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(click, range(2)))

    assert told == [200, 200]
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Reply)) == 1


def test_two_clicks_are_one_reply_although_the_first_is_not_done_when_the_second_begins(
    moderator: Any, citizens: Any
) -> None:
    message_id = citizens.say("Nikâh ne zaman?")
    form = {"text": "Hafta içi.", "compose_key": "one-click", "group": message_id}

    with ThreadPoolExecutor(1) as pool:
        with db.transaction() as session:
            message = queries.message(session, message_id)
            triage.answer(session, message, text="Hafta içi.", compose_key="one-click", by="test")
            session.flush()
            second = pool.submit(moderator.post, f"/messages/{message_id}/answer", **form)
            until(somebody_waits_for_a_lock)
        assert second.result(10).status_code == 303

    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Reply)) == 1


def somebody_waits_for_a_lock() -> bool:
    with db.transaction() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_other_words_under_a_key_that_was_used_are_refused_and_kept(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Nikâh ne zaman?")
    form = {"compose_key": "one-click", "group": message_id, "act": "answer"}
    moderator.post(f"/messages/{message_id}/answer", text="Hafta içi.", **form)

    other = moderator.post(f"/messages/{message_id}/answer", text="Hafta sonu.", **form)

    assert other.status_code == 409
    with db.transaction() as session:
        assert session.scalars(select(Reply.text)).all() == ["Hafta içi."]


def test_each_composer_carries_a_key_of_its_own(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Nikâh ne zaman?")

    keys = {
        re.search(r'name="compose_key" value="(\w+)"', moderator.get(f"/conversations/{message_id}").text)[1]  # type: ignore[index]
        for _ in range(3)
    }

    assert len(keys) == 3


def test_a_question_waits_for_the_citizen(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Yol bozuk")

    moderator.post(f"/messages/{message_id}/answer", text="Hangi sokak?", as_question="yes", group=message_id)

    assert state_of(message_id) is MessageState.WAITING


def test_the_door_that_was_chosen_answers(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Kaldırım", platform="x", external_id="both")
    citizens.say("Kaldırım", platform="x", account="1500000002", external_id="both")

    moderator.post(f"/messages/{message_id}/answer", text="Bakıyoruz.", channel="x-baskan", group=message_id)

    with db.transaction() as session:
        reply_id = session.scalars(select(Reply.id)).one()
        assert queries.reply(session, reply_id).channel.key == "x-baskan"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_reply_that_came_too_late_is_refused_and_its_words_are_kept(
    moderator: Any, citizens: Any, headers: dict[str, str]
) -> None:
    message_id = citizens.say("Teşekkürler")
    with db.transaction() as session:
        triage.dismiss(session, queries.message(session, message_id), reason="thanks", by="test")

    answer = moderator.client.post(
        f"/messages/{message_id}/answer",
        data={
            "csrf_token": moderator.token(),
            "act": "answer",
            "text": "Yarım kalan söz",
            "group": message_id,
        },
        headers=headers,
    )

    assert answer.status_code == 409
    assert "Yarım kalan söz" in answer.text
    assert 'id="conversation"' in answer.text


def test_a_draft_changed_meanwhile_is_refused_and_both_texts_are_shown(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    with db.transaction() as session:
        row = queries.reply(session, draft.id)
        replies.approve(session, row, text="Başkasının metni", by="test")
        replies.undo(session, row, by="test")

    answer = moderator.post(
        f"/replies/{draft.id}/approve",
        text="Benim metnim",
        version=draft.version,
        reply=draft.id,
        group=draft.message_id,
    )

    assert answer.status_code == 409
    assert "Benim metnim" in answer.text
    assert "Başkasının metni" in answer.text


def test_one_edit_and_one_approval_release_every_draft_that_is_ticked(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var", who="Emine Kara"))
    for who in ("Burak Yıldız", "Elif Aydın"):
        with db.transaction() as session:
            message = queries.message(session, citizens.say("Aynı çukur", who=who))
            tracking.join(session, queries.request(session, number), message, by="test")
    respond(number)
    kept, *released = drafts(number)
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))

    answer = moderator.post(
        f"/requests/{number}/approve",
        text="{salutation} onardık.",
        shared="",
        reply=[reply.id for reply in released],
        **seen,
    )

    assert answer.status_code == 303
    assert [reply.id for reply in drafts(number)] == [kept.id]
    with db.transaction() as session:
        texts = [queries.reply(session, reply.id).text for reply in released]
    assert all("onardık" in text and "{salutation}" not in text for text in texts)


def test_drafts_go_out_as_they_stand_when_the_shared_text_is_left_alone(
    moderator: Any, citizens: Any
) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    with db.transaction() as session:
        replies.edit(session, queries.reply(session, draft.id), text="Yalnız ona", by="test")
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))
    shared = re.search(r'name="shared" value="([^"]*)"', page)[1]  # type: ignore[index]

    moderator.post(f"/requests/{number}/approve", text=shared, shared=shared, reply=draft.id, **seen)

    with db.transaction() as session:
        assert queries.reply(session, draft.id).text == "Yalnız ona"


def test_a_draft_too_long_for_its_platform_is_named_and_holds_the_others_back(
    moderator: Any, citizens: Any
) -> None:
    number = convert(citizens.say("Çukur var", who="Emine Kara"))
    with db.transaction() as session:
        message = queries.message(session, citizens.say("Aynı çukur", who="Elif Aydın"))
        tracking.join(session, queries.request(session, number), message, by="test")
    respond(number)
    fine, too_long = drafts(number)
    with db.transaction() as session:
        replies.edit(session, queries.reply(session, too_long.id), text="uzun " * 2000, by="test")
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))
    warning = "Metin, platformun aldığından uzun"
    *_, last_card = page.split('class="approve-card"')
    assert page.count(warning) == last_card.count(warning) == 1

    answer = moderator.post(f"/requests/{number}/approve", reply=[fine.id, too_long.id], **seen)

    assert answer.status_code == 422
    assert warning in answer.text
    assert len(drafts(number)) == 2

    assert moderator.post(f"/requests/{number}/approve", reply=[fine.id], **seen).status_code == 303
    assert [reply.id for reply in drafts(number)] == [too_long.id]


def test_one_text_for_all_that_is_too_long_marks_those_it_is_too_long_for(
    moderator: Any, citizens: Any
) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))

    answer = moderator.post(
        f"/requests/{number}/approve", text="uzun " * 2000, shared="", reply=draft.id, **seen
    )

    assert answer.status_code == 422
    _, card = answer.text.split('class="approve-card"')
    assert "Metin, platformun aldığından uzun" in card
    assert [reply.text for reply in drafts(number)] == [draft.text]


def test_a_draft_edited_after_the_approver_looked_is_not_released(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))
    with db.transaction() as session:
        replies.edit(session, queries.reply(session, draft.id), text="Sonradan değişti", by="test")

    answer = moderator.post(f"/requests/{number}/approve", reply=draft.id, **seen)

    assert answer.status_code == 409
    assert [reply.id for reply in drafts(number)] == [draft.id]


def test_words_under_an_answer_are_kept_as_its_rating_by_one_press(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    with db.transaction() as session:
        row = queries.reply(session, draft.id)
        replies.approve(session, row, by="test")
        replies.settle(session, row, sent=True, by="test")

    moderator.post(f"/replies/{draft.id}/rate", stars=2, number=number)

    with db.transaction() as session:
        assert session.scalars(select(Rating.stars)).one() == 2


def test_a_request_the_unit_returned_goes_to_another(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Ağaç dalları"))
    with db.transaction() as session:
        tracking.return_to_desk(session, queries.request(session, number), reason="Bizde değil", by="test")

    moderator.post(f"/requests/{number}/reroute", unit="parks", number=number)

    with db.transaction() as session:
        tracked = queries.request(session, number)
    assert tracked.state is RequestState.WITH_UNIT
    assert tracked.unit.key == "parks"


def test_a_moderator_answers_for_a_body_outside_but_not_for_a_unit(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Su yok"))
    answered = {"outcome": "positive", "text": "Yapıldı.", "number": number}

    refused = moderator.post(f"/requests/{number}/respond", **answered)
    with db.transaction() as session:
        tracking.reroute(session, queries.request(session, number), unit="iski", by="test")
    taken = moderator.post(f"/requests/{number}/respond", **answered)

    assert refused.status_code == 403
    assert taken.status_code == 303


def test_the_file_of_a_request_shows_words_answers_notes_and_history(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number, "Asfaltlandı.")
    moderator.post(f"/requests/{number}/note", text="Muhtar da aradı", number=number)

    page = moderator.get(f"/requests/{number}").text

    for words in ("Çukur var", "Asfaltlandı.", "Muhtar da aradı", "Birim yanıtladı"):
        assert words in page


def test_a_typed_number_leads_to_its_file(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))

    assert moderator.get(f"/requests?number=%23{number}").location == f"/requests/{number}"


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
