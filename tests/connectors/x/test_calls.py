"""X as our accounts use it, against the stand-in over HTTP."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from threading import Thread
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from connectors.http import AccessExpired, RateLimited, Rejected
from connectors.x import CONNECTOR
from connectors.x.calls import Walk
from inbox.failures import Failure
from inbox.values import (
    Access,
    AccessLost,
    AuthorKey,
    CannotTell,
    Found,
    MaybeSent,
    MessageKind,
    MessageSeen,
    NotSent,
    NotThere,
    Outgoing,
    PolledPage,
    ProbeFailed,
    ProbeOk,
    Refused,
    ReplyKind,
    Sent,
)
from sandbox.server import running

OURS = "1500000001"
CHANNEL = "x-belediye"
TOKEN = f"sandbox-token-{CHANNEL}"


@pytest.fixture
def platforms() -> Iterator[str]:
    """The stand-in platforms, impatient."""
    with running({"hang_seconds": 0.2, "slow_seconds": 0.2, "rate_limit_seconds": 90}) as url:
        yield url


@pytest.fixture
def access(platforms: str) -> Access:
    """Our account by OAuth 2.0."""
    return Access("x", OURS, f"{platforms}/x", {"access_token": SecretStr(TOKEN)})


@pytest.fixture
def control(platforms: str) -> Callable[..., Any]:
    """What citizens and platforms do: `control("say", author=…, text=…)`."""

    def act(act: str, **body: Any) -> Any:
        body = {"channel": CHANNEL, **body}
        response = requests.post(f"{platforms}/_control/{act}", json=body, timeout=10)
        assert response.status_code == 200, response.text
        return response.json()

    return act


@pytest.fixture
def standing(platforms: str) -> Callable[[], list[str]]:
    """The texts of our own replies as everybody sees them."""

    def texts() -> list[str]:
        address = f"{platforms}/_control/threads"
        told = requests.get(address, params={"channel": CHANNEL}, timeout=10).json()
        found: list[str] = []

        def walk(one: Any) -> None:
            if isinstance(one, list):
                for each in one:
                    walk(each)
            elif isinstance(one, dict):
                if one.get("is_ours") and one.get("parent"):
                    found.append(one["text"])
                for each in one.values():
                    walk(each)

        walk(told)
        return found

    return texts


def reply_to(external_id: str, text: str = "Ekibimiz yola çıktı.", **more: Any) -> Outgoing:
    return Outgoing(
        **{
            "reference": "reply-1",
            "kind": ReplyKind.ANSWER,
            "text": text,
            "to_external_id": external_id,
            "to_kind": MessageKind.MENTION,
            "conversation": external_id,
            "first_tried_at": datetime.now(UTC),
            **more,
        }
    )


def texts(page: PolledPage) -> list[str]:
    facts = CONNECTOR.normalise(page.body)
    return [fact.text for fact in facts if isinstance(fact, MessageSeen) and fact.kind != MessageKind.POST]


# --- reading ------------------------------------------------------------------------------------------


def test_a_mention_is_read_to_the_letter(access: Access, control: Callable[..., Any]) -> None:
    text = "@esenyurtbelediye Işık yok & <b>çukur</b> var, İğde Sk. 5'te 😡"
    said = control("say", author="Ayşe", text=text)

    page = CONNECTOR.poll(access, "mentions", None)

    (fact,) = (fact for fact in CONNECTOR.normalise(page.body) if isinstance(fact, MessageSeen))
    assert (fact.external_id, fact.text, fact.account) == (said["external_id"], text, OURS)
    assert fact.author is not None
    assert not page.more


def test_a_page_that_is_read_again_tells_nothing_new(access: Access, control: Callable[..., Any]) -> None:
    control("say", author="Ayşe", text="@esenyurtbelediye bir")
    first = CONNECTOR.poll(access, "mentions", None)

    second = CONNECTOR.poll(access, "mentions", first.cursor)
    third = CONNECTOR.poll(access, "mentions", second.cursor)

    assert texts(second) == ["@esenyurtbelediye bir"]
    assert first.digest == second.digest == third.digest
    assert not second.more


def test_a_post_that_x_lists_later_than_a_younger_one_is_read(
    access: Access, control: Callable[..., Any]
) -> None:
    control("say", author="Ayşe", text="@esenyurtbelediye bir")
    cursor = CONNECTOR.poll(access, "mentions", None).cursor
    control("say", author="Mehmet", text="@esenyurtbelediye geç görünen")
    control("say", author="Zeynep", text="@esenyurtbelediye erken görünen")
    control("faults", fault="late_index", times=1)

    first = CONNECTOR.poll(access, "mentions", cursor)
    second = CONNECTOR.poll(access, "mentions", first.cursor)

    assert "@esenyurtbelediye erken görünen" in texts(first)
    assert "@esenyurtbelediye geç görünen" not in texts(first)
    assert "@esenyurtbelediye geç görünen" in texts(second)


def _page_of(*ids: int, more: bool = True) -> dict[str, Any]:
    return {
        "data": [{"id": str(id)} for id in ids],
        "meta": {"next_token": f"below-{ids[-1]}"} if more else {},
    }


def test_a_walk_reads_no_further_back_than_a_quarter_of_an_hour_and_three_pages() -> None:
    at = datetime(2026, 11, 26, 12, tzinfo=UTC)
    milliseconds = int(at.timestamp() * 1000) - 1288834974657
    known = milliseconds << 22
    walk = Walk(since=str(known))
    assert int(walk.down_to or "") == (milliseconds - 15 * 60 * 1000) << 22

    steps = []
    for page in range(6):
        walk = Walk.read(walk.after(_page_of(known + 150 - 100 * page, known + 51 - 100 * page)).written())
        steps.append(walk.token is not None)
        if walk.token is None:
            break

    assert steps == [True, True, True, False]  # one page of news, and three that were known
    assert walk == Walk(since=str(known + 150))
    assert Walk(since="7").down_to == "1"


def test_no_page_of_a_gap_is_skipped_although_more_is_written_meanwhile(
    access: Access, control: Callable[..., Any]
) -> None:
    cursor = CONNECTOR.poll(access, "mentions", None).cursor
    for number in range(230):
        control("say", author=f"Kişi {number % 7}", text=f"@esenyurtbelediye dert {number}")
    read, pages = [], 0

    more = True
    while more:
        page = CONNECTOR.poll(access, "mentions", cursor)
        control("say", author="Geç Kalan", text=f"@esenyurtbelediye sonradan {pages}")
        read += texts(page)
        cursor, more, pages = page.cursor, page.more, pages + 1
    late = texts(CONNECTOR.poll(access, "mentions", cursor))

    assert pages == 3
    assert sorted(read) == sorted(f"@esenyurtbelediye dert {number}" for number in range(230))
    assert {f"@esenyurtbelediye sonradan {number}" for number in range(3)} <= set(late)


def test_a_walk_whose_page_is_no_longer_known_begins_again_and_loses_nothing(
    access: Access, control: Callable[..., Any]
) -> None:
    control("say", author="Ayşe", text="@esenyurtbelediye bir")
    expired = Walk(since=None, newest="1990000000000000000", token="no-longer-known").written()

    page = CONNECTOR.poll(access, "mentions", expired)

    assert texts(page) == ["@esenyurtbelediye bir"]


@pytest.mark.parametrize("cursor", ["", "{", "[]", "null", '{"since": 7, "token": []}', '{"since": "a&b"}'])
def test_a_cursor_that_cannot_be_read_starts_anew(
    access: Access, control: Callable[..., Any], cursor: str
) -> None:
    control("say", author="Ayşe", text="@esenyurtbelediye bir")

    assert texts(CONNECTOR.poll(access, "mentions", cursor)) == ["@esenyurtbelediye bir"]


def test_an_edit_is_read_as_the_same_post(access: Access, control: Callable[..., Any]) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye cukur var")
    first = CONNECTOR.poll(access, "mentions", None)
    control("edit", external_id=said["external_id"], text="@esenyurtbelediye çukur var")

    second = CONNECTOR.poll(access, "mentions", first.cursor)

    (fact,) = (fact for fact in CONNECTOR.normalise(second.body) if isinstance(fact, MessageSeen))
    assert fact.external_id == said["external_id"]
    assert fact.text == "@esenyurtbelediye çukur var"
    assert fact.edited_at is not None


def test_a_rate_limit_says_how_long_to_wait(access: Access, control: Callable[..., Any]) -> None:
    control("faults", fault="rate_limit", times=1)

    with pytest.raises(RateLimited) as caught:
        CONNECTOR.poll(access, "mentions", None)

    assert 60 < (caught.value.retry_after or 0) <= 95


def test_a_dead_token_is_told_from_a_bad_minute(access: Access, control: Callable[..., Any]) -> None:
    control("faults", fault="expired_token", times=1)

    with pytest.raises(AccessExpired):
        CONNECTOR.poll(access, "mentions", None)


def test_an_edge_that_does_not_exist_is_a_mistake_of_ours(access: Access) -> None:
    with pytest.raises(ValueError, match="no edge"):
        CONNECTOR.poll(access, "followers", None)


# --- writing ------------------------------------------------------------------------------------------


def test_a_reply_stands_under_the_post_it_answers(
    access: Access, control: Callable[..., Any], standing: Callable[[], list[str]]
) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    outgoing = reply_to(said["external_id"], "Teşekkürler & <iletildi>: İğde Sk.")

    outcome = CONNECTOR.send(access, outgoing)

    assert isinstance(outcome, Sent)
    assert standing() == ["Teşekkürler & <iletildi>: İğde Sk."]
    assert CONNECTOR.look(access, outgoing) == Found(outcome.external_id)


def test_a_signed_call_is_taken_like_one_with_a_bearer_token(
    access: Access, control: Callable[..., Any]
) -> None:
    secrets = {
        "access_token": TOKEN,
        "access_token_secret": f"{TOKEN}-secret",
        "consumer_key": "sandboxxconsumerkey01",
        "consumer_secret": "sandbox-x-consumer-secret",
    }
    signed = dataclasses.replace(
        access, credentials={name: SecretStr(value) for name, value in secrets.items()}
    )
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")

    assert texts(CONNECTOR.poll(signed, "mentions", None)) == ["@esenyurtbelediye çöp"]
    assert isinstance(CONNECTOR.send(signed, reply_to(said["external_id"])), Sent)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("refuse", Refused),
        ("rate_limit", NotSent),
        ("expired_token", AccessLost),
        ("revoked_scope", AccessLost),
        ("server_error", MaybeSent),
        ("html_error", MaybeSent),
        ("hang", MaybeSent),
    ],
)
def test_a_send_that_fails_ends_as_what_it_proves(
    access: Access,
    control: Callable[..., Any],
    standing: Callable[[], list[str]],
    fault: str,
    kind: type[object],
) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    outgoing = reply_to(said["external_id"])
    control("faults", fault=fault, times=1)

    outcome = CONNECTOR.send(access, outgoing)

    assert isinstance(outcome, kind)
    assert standing() == []
    assert CONNECTOR.look(access, outgoing) == NotThere()


def test_a_rate_limit_pauses_the_account(access: Access, control: Callable[..., Any]) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    control("faults", fault="rate_limit", times=1)

    outcome = CONNECTOR.send(access, reply_to(said["external_id"]))

    assert isinstance(outcome, NotSent)
    assert outcome.pauses_channel
    assert outcome.retry_after is not None


def test_a_reply_that_is_out_although_x_hung_up_is_found_and_never_doubled(
    access: Access, control: Callable[..., Any], standing: Callable[[], list[str]]
) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    outgoing = reply_to(said["external_id"])
    control("faults", fault="accept_then_hang_up", times=1)

    outcome, found = CONNECTOR.send(access, outgoing), CONNECTOR.look(access, outgoing)
    again = CONNECTOR.send(access, outgoing)

    assert isinstance(outcome, MaybeSent)
    assert isinstance(found, Found)
    assert again == Sent(found.external_id)
    assert standing() == [outgoing.text]


def test_words_that_another_citizen_got_already_are_refused_with_the_reason(
    access: Access, control: Callable[..., Any], standing: Callable[[], list[str]]
) -> None:
    first = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    second = control("say", author="Mehmet", text="@esenyurtbelediye yol")
    CONNECTOR.send(access, reply_to(first["external_id"]))

    outcome = CONNECTOR.send(access, reply_to(second["external_id"]))

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("duplicate")
    assert len(standing()) == 1


def test_a_reply_too_long_as_x_counts_is_not_even_tried(access: Access) -> None:
    offline = dataclasses.replace(access, base_url="http://127.0.0.1:1")

    assert isinstance(CONNECTOR.send(offline, reply_to("1", "ğ" * 280)), NotSent)
    outcome = CONNECTOR.send(offline, reply_to("1", "日" * 141))
    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("too_long")


def test_a_reply_to_a_post_that_is_gone_is_refused(access: Access, control: Callable[..., Any]) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    control("delete", external_id=said["external_id"])

    outcome = CONNECTOR.send(access, reply_to(said["external_id"]))

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("gone")


def test_a_platform_that_is_away_has_sent_nothing(access: Access) -> None:
    away = dataclasses.replace(access, base_url="http://127.0.0.1:1")

    assert isinstance(CONNECTOR.send(away, reply_to("1990000000000000001")), NotSent)


def test_without_a_token_nothing_is_tried(access: Access) -> None:
    empty = dataclasses.replace(access, credentials={})

    assert isinstance(CONNECTOR.send(empty, reply_to("1")), AccessLost)
    assert CONNECTOR.probe(empty) == ProbeFailed(Failure.NO_CREDENTIALS, access_lost=True)


@pytest.mark.parametrize("id", ["1/../../users", "wamid.1", "", "1?a=b"])
def test_an_id_that_is_none_of_xs_never_reaches_it(access: Access, id: str) -> None:
    assert isinstance(CONNECTOR.send(access, reply_to(id)), Refused)


# --- looking ------------------------------------------------------------------------------------------


def test_a_reply_of_the_same_words_under_another_post_is_not_taken_for_it(
    access: Access, control: Callable[..., Any]
) -> None:
    first = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    second = control("say", author="Mehmet", text="@esenyurtbelediye yol")
    CONNECTOR.send(access, reply_to(first["external_id"]))

    assert CONNECTOR.look(access, reply_to(second["external_id"])) == NotThere()


def test_other_words_of_ours_under_the_post_leave_it_to_a_person(
    access: Access, control: Callable[..., Any]
) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    outgoing = reply_to(said["external_id"], "Başka sözler")
    CONNECTOR.send(access, reply_to(said["external_id"]))

    assert isinstance(CONNECTOR.look(access, outgoing), CannotTell)


def test_an_older_reply_is_no_evidence(access: Access, control: Callable[..., Any]) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    CONNECTOR.send(access, reply_to(said["external_id"]))
    later = reply_to(said["external_id"], first_tried_at=datetime.now(UTC) + timedelta(minutes=5))

    assert CONNECTOR.look(access, later) == NotThere()


def test_a_reply_to_an_edited_post_is_found_by_the_posts_first_id(
    access: Access, control: Callable[..., Any]
) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye cop")
    control("edit", external_id=said["external_id"], text="@esenyurtbelediye çöp")
    outgoing = reply_to(said["external_id"], "Linkimiz: https://www.esenyurt.bel.tr/talep?no=1 iyi günler")

    outcome = CONNECTOR.send(access, outgoing)

    assert isinstance(outcome, Sent)
    assert CONNECTOR.look(access, outgoing) == Found(outcome.external_id)


def test_a_look_that_fails_cannot_tell(access: Access, control: Callable[..., Any]) -> None:
    control("faults", fault="server_error", times=1)

    assert isinstance(CONNECTOR.look(access, reply_to("1990000000000000001")), CannotTell)


def test_only_public_absence_can_be_proved() -> None:
    assert CONNECTOR.can_prove_absence(reply_to("1"))
    assert not CONNECTOR.can_prove_absence(reply_to("1", to_kind=MessageKind.CHAT))
    assert not CONNECTOR.can_prove_absence(reply_to("1", in_private=True))


# --- probing ------------------------------------------------------------------------------------------


def test_a_probe_names_whose_token_it_is(access: Access) -> None:
    assert CONNECTOR.probe(access) == ProbeOk({"username": "esenyurtbelediye", "name": "Esenyurt Belediyesi"})


def test_another_accounts_token_is_found_out(access: Access) -> None:
    outcome = CONNECTOR.probe(dataclasses.replace(access, account="1500000002"))

    assert outcome == ProbeFailed(Failure.OTHER_ACCOUNT, access_lost=True)


@pytest.mark.parametrize(
    ("fault", "lost"), [("expired_token", True), ("revoked_scope", True), ("server_error", False)]
)
def test_a_probe_tells_a_dead_token_from_a_bad_minute(
    access: Access, control: Callable[..., Any], fault: str, lost: bool
) -> None:
    control("faults", fault=fault, times=1)

    outcome = CONNECTOR.probe(access)

    assert isinstance(outcome, ProbeFailed)
    assert outcome.access_lost is lost


# --- in private ---------------------------------------------------------------------------------------


@pytest.fixture
def recorder() -> Iterator[tuple[str, list[tuple[str, dict[str, str], Any]]]]:
    """A server that takes any message as X takes a direct one, and keeps what it was asked."""
    asked: list[tuple[str, dict[str, str], Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, dict(self.headers), json.loads(body)))
            answer = b'{"data": {"dm_conversation_id": "4001-1500000001", "dm_event_id": "1990"}}'
            self.send_response(201)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("more", [{"to_kind": MessageKind.CHAT}, {"in_private": True}], ids=["chat", "asked"])
def test_what_is_private_goes_to_the_person_alone(
    access: Access, recorder: tuple[str, list[tuple[str, dict[str, str], Any]]], more: dict[str, Any]
) -> None:
    url, asked = recorder
    private = reply_to("1990000000000000051", recipient=(AuthorKey("x", "4001"),), **more)

    outcome = CONNECTOR.send(dataclasses.replace(access, base_url=url), private)

    assert outcome == Sent("1990")
    ((path, _, body),) = asked
    assert path == "/2/dm_conversations/with/4001/messages"
    assert body == {"text": "Ekibimiz yola çıktı."}


def test_what_is_private_and_has_no_recipient_is_never_said_in_public(
    access: Access, standing: Callable[[], list[str]], control: Callable[..., Any]
) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    private = reply_to(said["external_id"], to_kind=MessageKind.CHAT, conversation=None)

    assert isinstance(CONNECTOR.send(access, private), Refused)
    assert standing() == []


# --- the seams of the library -------------------------------------------------------------------------


def test_the_library_is_the_one_whose_seams_we_hold() -> None:
    assert version("tweepy") == "4.17.0"


def test_every_call_goes_to_our_address_through_our_session(
    access: Access, recorder: tuple[str, list[tuple[str, dict[str, str], Any]]]
) -> None:
    url, asked = recorder

    CONNECTOR.send(dataclasses.replace(access, base_url=f"{url}/x/"), reply_to("1990000000000000051"))

    ((path, headers, body),) = asked
    assert path == "/x/2/tweets"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert body == {
        "text": "Ekibimiz yola çıktı.",
        "reply": {"in_reply_to_tweet_id": "1990000000000000051"},
    }


def test_an_answer_without_an_id_leaves_the_fate_open(
    access: Access, recorder: tuple[str, list[tuple[str, dict[str, str], Any]]]
) -> None:
    url, _ = recorder

    outcome = CONNECTOR.send(dataclasses.replace(access, base_url=url), reply_to("1990000000000000051"))

    assert isinstance(outcome, MaybeSent)


def test_no_token_is_logged_however_much_is_logged(
    access: Access, control: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    said = control("say", author="Ayşe", text="@esenyurtbelediye çöp")
    secrets = {"access_token_secret": "s1", "consumer_key": "sandboxxconsumerkey01", "consumer_secret": "s2"}
    signed = dataclasses.replace(
        access,
        credentials={**access.credentials, **{name: SecretStr(value) for name, value in secrets.items()}},
    )
    caplog.set_level(logging.DEBUG)

    for each in (access, signed):
        CONNECTOR.send(each, reply_to(said["external_id"], "Sözümüz"))

    assert TOKEN not in caplog.text
    assert "oauth_signature" not in caplog.text
    assert "Sözümüz" not in caplog.text


def test_the_sender_never_sleeps_over_a_rate_limit(
    access: Access, control: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tweepy.client.time.sleep", lambda _: pytest.fail("slept"))
    control("faults", fault="rate_limit", times=1)

    with pytest.raises(RateLimited):
        CONNECTOR.poll(access, "mentions", None)


def test_a_page_that_x_rejects_is_not_read_as_empty(access: Access) -> None:
    with pytest.raises(Rejected):
        CONNECTOR.poll(dataclasses.replace(access, account="../2/tweets"), "mentions", None)
