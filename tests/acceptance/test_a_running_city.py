"""What a city must be able to rely on, seen on the whole system: web, worker, beat, broker and database as
they run, the platforms as the sandbox plays them. One system for all of the file.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inbox import clock
from tests.support.city import City, page_comment, phone_message, running_city
from tests.support.running_demo import eventually

BEING_CHECKED = "Denetleniyor: yayımlanmış olabilir"
PUBLIC = ("x-belediye", "facebook-belediye", "instagram-belediye")
WHATSAPP = "whatsapp-cozum"
PICTURE = "https://pictures.example/park.jpg"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """One running city for the module."""
    with running_city(tmp_path_factory.mktemp("acceptance") / "city") as running:
        yield running


# --- what comes in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_one_body", [True, False], ids=["one_body", "bodies_that_differ"])
def test_one_whatsapp_payload_a_hundred_times_at_once_is_one_message(city: City, as_one_body: bool) -> None:
    """One message, one contact, one conversation and one notification, however often and however close
    together Meta delivers it: byte for byte, or in an envelope that is another one each time.
    """
    phone, wamid = f"90532{uuid.uuid4().int % 10**7:07}", f"wamid.{uuid.uuid4().hex}"
    text = "Babam az önce evde vefat etti, ne yapmamız gerekiyor"
    body = city.whatsapp(
        contacts=[{"wa_id": phone, "profile": {"name": "Ayşe Yılmaz"}}],
        messages=[phone_message(phone, text, id=wamid)],
    )
    bodies = [body if as_one_body else {**body, "delivery": number} for number in range(100)]
    feed = city.get("/events?after=now")["next"]

    assert set(at_once([partial(city.hook, one) for one in bodies])) == {200}

    message = city.message(WHATSAPP, wamid)
    city.understood()
    assert city.system.rows("SELECT count(*) FROM message WHERE external_id = %s", wamid) == [(1,)]
    contacts = city.system.rows("SELECT contact_id FROM contact_key WHERE value = %s", phone)
    assert len(contacts) == 1
    assert city.system.rows("SELECT count(*) FROM thread WHERE contact_id = %s", contacts[0][0]) == [(1,)]
    told = city.get(f"/events?after={feed}&limit=200")["items"]
    assert [one["kind"] for one in told if one["message"] == message["id"]] == ["message.opened"]
    urgent = city.get(f"/messages?urgency={message['urgency']}&limit=200")["items"]
    assert [one["external_id"] for one in urgent].count(wamid) == 1, "one alert at the head of the inbox"


def test_one_body_for_two_pages_loses_none_of_its_parts(city: City) -> None:
    """Two entries, three messages, one thing of an unknown kind and one receipt: three are stored, one is
    kept as unsupported, the receipt reaches its reply, and Meta is answered 200.
    """
    first, second = "facebook-belediye", "facebook-baskan"
    private = city.said(second, "Selin Kurt", "Randevu alabilir miyim?", kind="dm")
    city.fault(second, "drop_hook", 9)  # the sandbox tells nothing of this reply: the body below does
    reply_id = city.post(f"/messages/{private['id']}/answer", {"text": "Elbette, yarın 10.00 uygun."})["id"]
    sent = city.reply_is("SENT", reply_id)
    city.fault(second, "drop_hook", 0)
    assert sent["receipt"] is None
    post = city.threads(first)["posts"][0]["external_id"]
    seconds, ids = int(time.time()), [uuid.uuid4().hex for _ in range(3)]

    def comment(id: str, text: str) -> dict[str, Any]:
        who = {"id": f"7{uuid.uuid4().int % 10**9}", "name": "Can Demir"}
        return page_comment(id, text, post, seconds, **{"from": who})

    parties = {"recipient": {"id": city.account(second)}, "sender": {"id": "7100200300"}}
    body = {
        "object": "page",
        "entry": [
            {
                "id": city.account(first),
                "time": seconds,
                "changes": [
                    comment(ids[0], "Yol ne zaman açılacak?"),
                    {"field": "feed", "value": {"item": "hologram", "verb": "add", "created_time": seconds}},
                    comment(ids[1], "Bizim sokak da kapalı"),
                ],
            },
            {
                "id": city.account(second),
                "time": seconds * 1000,
                "messaging": [
                    {
                        **parties,
                        "timestamp": seconds * 1000,
                        "message": {"mid": ids[2], "text": "İyi günler"},
                    },
                    {**parties, "timestamp": seconds * 1000, "delivery": {"mids": [sent["external_id"]]}},
                ],
            },
        ],
    }

    assert city.hook(body) == 200

    stored = [city.message(channel, id) for channel, id in zip((first, first, second), ids, strict=True)]
    city.understood()
    assert [one["text"] for one in stored] == [
        "Yol ne zaman açılacak?",
        "Bizim sokak da kapalı",
        "İyi günler",
    ]
    aside = city.system.rows(
        "SELECT set_aside.kind, what FROM set_aside JOIN message USING (raw_event_id)"
        " WHERE message.external_id = %s",
        ids[0],
    )
    assert aside == [("unsupported", "feed:hologram:add")]
    assert city.reply(reply_id)["receipt"] == "delivered"


@pytest.mark.parametrize("knows_its_id", [True, False], ids=["after_the_id", "before_the_id"])
def test_receipts_in_the_wrong_order_end_in_read(city: City, knows_its_id: bool) -> None:
    """Read, delivered, sent: the reply counts as read in the end, also when the first of them came before we
    knew by which id WhatsApp has the reply.
    """
    message = city.said(WHATSAPP, f"Deniz {knows_its_id}", "Pazar saat kaçta kuruluyor?")
    city.fault(WHATSAPP, "drop_hook", 3)  # the sandbox's own receipts, which come in order
    if not knows_its_id:
        city.fault(WHATSAPP, "accept_then_hang_up")
    text = f"Pazar saat 7'de kuruluyor ({uuid.uuid4().hex[:6]})."
    reply_id = city.post(f"/messages/{message['id']}/answer", {"text": text})["id"]
    before = city.reply_is("SENT" if knows_its_id else "UNCERTAIN", reply_id)
    assert (before["external_id"] is not None) == knows_its_id
    assert before["receipt"] is None
    (public,) = city.ours_under(WHATSAPP, message["external_id"], words=text)

    for place, status in enumerate(("read", "delivered", "sent")):
        moment = str(int(time.time()) - place)
        stand = {"id": public["external_id"], "status": status, "timestamp": moment}
        if status == "sent":  # only this one says whose it is
            stand["biz_opaque_callback_data"] = f"reply-{reply_id}"
        assert city.hook(city.whatsapp(statuses=[stand])) == 200
        city.understood()

    eventually(lambda: city.reply(reply_id)["receipt"] == "read", what="the reply read")
    after = city.reply(reply_id)
    assert (after["state"], after["external_id"]) == ("SENT", public["external_id"])
    assert after["delivered_at"] is not None
    assert "Okundu" in city.desk().conversation(message)


# --- what goes out ------------------------------------------------------------------------------------


def test_a_platform_that_takes_a_reply_and_hangs_up_shows_it_once(city: City) -> None:
    """Exactly one public reply, found by looking (WhatsApp: told by the receipt that carries our reference);
    meanwhile the desk says that it is being checked.
    """
    desk, text = city.desk(), "Ekibimiz bugün geliyor, ilginiz için teşekkürler."
    channels = (*PUBLIC, WHATSAPP)
    asked = {one: city.said(one, "Bekir Kaya", f"Kaldırım ne zaman yapılacak? {one}") for one in channels}
    for channel in PUBLIC:
        city.fault(channel, "drop_hook")  # that tells us of our own words: only a look finds them now
    city.fault(WHATSAPP, "late_hook", 3)  # the receipts
    sent, waiting = {}, set(channels)

    def all_were_seen() -> bool:
        waiting.difference_update(
            [channel for channel in waiting if BEING_CHECKED in desk.conversation(asked[channel])]
        )
        return not waiting

    with nobody_looks(city):
        for channel, message in asked.items():
            city.fault(channel, "accept_then_hang_up")
            sent[channel] = city.post(f"/messages/{message['id']}/answer", {"text": text})["id"]
        eventually(all_were_seen, what="“being checked” on the desk, on each channel")

    for channel, reply_id in sent.items():
        found = city.reply_is("SENT", reply_id)
        public = city.ours_under(channel, asked[channel]["external_id"])
        assert [one["external_id"] for one in public] == [found["external_id"]], channel
        assert BEING_CHECKED not in desk.conversation(asked[channel])


@contextmanager
def nobody_looks(city: City) -> Iterator[None]:
    """What comes by the clock stands still while the block lasts: looks, polls, checks and the sweep."""
    beat = city.system.of_role("beat")
    assert beat is not None
    beat.suspend()
    try:
        yield
    finally:
        beat.resume()


def test_an_approval_while_the_broker_is_down_goes_out_when_it_is_back(city: City) -> None:
    """Nobody clicks again: the wake-up is lost, the row stays, and the sweep finds it."""
    channel = "facebook-belediye"
    message = city.said(channel, "Cemile Ak", "Park saat kaçta kapanıyor?")
    dropped = city.system.log("web").count("wake_up_dropped")
    with broker_down(city):
        reply_id = city.post(f"/messages/{message['id']}/answer", {"text": "Park 23.00'te kapanıyor."})["id"]
        eventually(
            lambda: city.system.log("web").count("wake_up_dropped") > dropped,
            what="the wake-up given up, for nobody takes it",
        )
        assert city.reply(reply_id)["state"] == "READY"

    city.reply_is("SENT", reply_id, within=90)

    assert len(city.ours_under(channel, message["external_id"])) == 1


@contextmanager
def broker_down(city: City) -> Iterator[None]:
    """The broker is killed and cannot start again while the block lasts."""
    told = city.folder / "broker" / "valkey.conf"
    away = told.with_suffix(".away")
    told.rename(away)
    try:
        broker = city.system.of_role("broker")
        assert broker is not None
        broker.kill()
        broker.wait(30)
        yield
    finally:
        away.rename(told)


def test_of_two_moderators_who_reply_at_once_one_is_sent_and_one_warned(city: City) -> None:
    """The citizen reads one answer; the other moderator reads why theirs did not go, and keeps the text."""
    channel, desks = "instagram-belediye", (city.desk(0), city.desk(1))
    texts = ("Yarın sabah ekip gelecek.", "Konuyu ilgili birime aktardık.")
    for number in range(5):
        message = city.said(channel, f"Vatandaş {number}", f"Sokak lambası yanmıyor, numara {number}")
        pages = [desk.conversation(message) for desk in desks]

        answers = at_once([partial(desks[one].send, pages[one], message, texts[one]) for one in (0, 1)])

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        warned = next(place for place, answer in enumerate(answers) if answer.status_code == 409)
        assert "Hiçbir şey gönderilmedi" in answers[warned].text or "Yazmış olduğunuz" in answers[warned].text
        assert re.search(rf"<textarea[^>]*>{re.escape(texts[warned])}</textarea>", answers[warned].text)
        ((reply_id,),) = city.system.rows("SELECT id FROM reply WHERE message_id = %s", message["id"])
        city.reply_is("SENT", reply_id)
        public = city.ours_under(channel, message["external_id"])
        assert [one["text"] for one in public] == [texts[1 - warned]]


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call answers, all begun at the same moment."""
    together = Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        together.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as callers:
        return list(callers.map(begin, calls))


# --- what the desk shows --------------------------------------------------------------------------------


def test_a_message_that_was_held_up_for_twenty_hours_can_be_answered_for_four_more(city: City) -> None:
    """The window counts from when the citizen wrote, not from when an outage let it through."""
    phone, wamid = f"90533{uuid.uuid4().int % 10**7:07}", f"wamid.{uuid.uuid4().hex}"
    written = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=20)
    body = city.whatsapp(
        contacts=[{"wa_id": phone, "profile": {"name": "Derya Ak"}}],
        messages=[phone_message(phone, "Su kesik", at=written.timestamp(), id=wamid)],
    )

    assert city.hook(body) == 200

    page = city.desk().conversation(city.message(WHATSAPP, wamid))
    ends = (written + timedelta(hours=24)).astimezone(ZoneInfo(clock.ISTANBUL))
    assert re.search(rf"Yanıt için son [^·<]*{ends:%H:%M} · 4 saat kaldı", page)


def test_a_comment_without_author_is_shown_with_its_words(city: City) -> None:
    """Facebook hides who wrote where the person did not consent: the words are there, the name is not."""
    channel, id = "facebook-belediye", uuid.uuid4().hex
    post, seconds = city.threads(channel)["posts"][0]["external_id"], int(time.time())
    change = page_comment(id, "Çukur hâlâ kapatılmadı", post, seconds)
    entry = {"id": city.account(channel), "time": seconds, "changes": [change]}

    assert city.hook({"object": "page", "entry": [entry]}) == 200

    page = city.desk().conversation(city.message(channel, id))
    assert "Bilinmeyen vatandaş" in page
    assert "Çukur hâlâ kapatılmadı" in page


def test_a_comment_under_a_post_without_text_is_shown_under_it(city: City) -> None:
    """A picture of ours without a word: the comment stands there, and the post is no empty place."""
    channel = "facebook-baskan"
    ours = city.control("/say", channel=channel, author="Biz", text="", media=[PICTURE], by_us=True)
    comment = city.said(channel, "Ece Su", "Burası neresi?", parent=ours["external_id"])

    desk = city.desk()

    page, row = desk.conversation(comment), desk.get("/inbox").partition(f'id="group-{comment["id"]}"')[2]
    assert "Burası neresi?" in page
    assert "Sözsüz" in page.partition('class="post-text')[2].partition("</p>")[0]
    assert "Sözsüz" in row.partition('class="row-post"')[2].partition("</a>")[0]


def test_a_citizens_post_without_text_is_shown_as_its_picture(city: City) -> None:
    """Work like any other: it stands in the inbox, named by what came instead of words."""
    post = city.said("facebook-baskan", "Ali Can", "", media=[PICTURE], kind="mention")
    desk = city.desk()

    said = desk.conversation(post).partition(f'id="message-{post["id"]}"')[2].partition("</li>")[0]
    row = desk.get("/inbox").partition(f'id="group-{post["id"]}"')[2].partition("</li>")[0]
    assert "Fotoğraf" in said
    assert "Ali Can" in row
    assert "Fotoğraf" in row


def test_an_edited_and_a_deleted_comment_keep_their_former_words(city: City) -> None:
    """The desk shows what stands now, that it was changed or taken back, and what was said before."""
    channel, desk = "facebook-belediye", city.desk()
    message = city.said(channel, "Fatma Gül", "Cadde karanlik")

    city.control("/edit", channel=channel, external_id=message["external_id"], text="Cadde çok karanlık")
    eventually(lambda: city.get(f"/messages/{message['id']}")["edited_at"], what="the edit")
    edited = desk.conversation(message)
    city.control("/delete", channel=channel, external_id=message["external_id"])
    eventually(lambda: city.get(f"/messages/{message['id']}")["deleted_at"], what="the deletion")
    deleted = desk.conversation(message)

    assert "Düzenlendi" in edited
    for page in (edited, deleted):
        assert "Cadde çok karanlık" in page
        former = page[page.index("Önceki hâli") :]
        assert "Cadde karanlik" in former
    assert "Vatandaş sildi" in deleted
    assert "Vatandaş sildi" not in edited
