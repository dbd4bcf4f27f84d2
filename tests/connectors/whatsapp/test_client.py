"""A WhatsApp line as we use it, against the stand-in over HTTP."""

from __future__ import annotations

import dataclasses
import json
import logging
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from threading import Thread
from typing import Any

import heyoo
import pytest
import requests
from pydantic import SecretStr

from connectors.whatsapp import CONNECTOR
from inbox.failures import Failure
from inbox.values import (
    Access,
    AccessLost,
    AuthorKey,
    CannotTell,
    MaybeSent,
    MessageKind,
    NotSent,
    Outgoing,
    ProbeFailed,
    ProbeOk,
    Refused,
    ReplyKind,
    Sent,
)
from sandbox.server import running

LINE = "105500000000001"
CHANNEL = "whatsapp-cozum"
TOKEN = f"sandbox-token-{CHANNEL}"
ROWS = tuple((f"rate-7-{stars}", "⭐" * stars) for stars in range(5, 0, -1))


@pytest.fixture
def platforms() -> Iterator[str]:
    """The stand-in platforms, impatient."""
    with running({"hang_seconds": 0.2, "slow_seconds": 0.2}) as url:
        yield url


@pytest.fixture
def access(platforms: str) -> Access:
    """Our line."""
    return Access("whatsapp", LINE, f"{platforms}/graph", {"access_token": SecretStr(TOKEN)})


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
def chat(platforms: str) -> Callable[[], list[dict[str, Any]]]:
    """The one chat of the line, as its citizen sees it."""

    def messages() -> list[dict[str, Any]]:
        address = f"{platforms}/_control/threads"
        told = requests.get(address, params={"channel": CHANNEL}, timeout=10).json()
        (only,) = told["chats"]
        return [{**said, "phone": only["phone"], "peer_id": only["peer_id"]} for said in only["messages"]]

    return messages


@pytest.fixture
def complaint(
    control: Callable[..., Any], chat: Callable[[], list[dict[str, Any]]]
) -> Callable[..., Outgoing]:
    """A citizen writes; answers what makes the reply to it."""
    said = control("say", author="Ayşe", text="Su yok")
    phone = chat()[0]["phone"]

    def outgoing(text: str = "Ekibimiz yola çıktı.", **more: Any) -> Outgoing:
        return Outgoing(
            **{
                "reference": "reply-1",
                "kind": ReplyKind.ANSWER,
                "text": text,
                "to_external_id": said["external_id"],
                "to_kind": MessageKind.CHAT,
                "conversation": None,
                "recipient": (AuthorKey("phone", phone),),
                **more,
            }
        )

    return outgoing


@dataclasses.dataclass
class Recorder:
    """A server that answers every call alike, and what it was asked."""

    url: str
    answer: bytes
    status: int = 200
    asked: list[tuple[str, str, dict[str, str], bytes]] = dataclasses.field(default_factory=list)

    @property
    def body(self) -> Any:
        """What the only call carried."""
        ((_, _, _, body),) = self.asked
        return json.loads(body)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A server that takes any message."""
    kept: list[Recorder] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept[0].asked.append((self.command, self.path, dict(self.headers), body))
            self.send_response(kept[0].status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(kept[0].answer)))
            self.end_headers()
            self.wfile.write(kept[0].answer)

        do_GET = do_POST
        do_DELETE = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    kept.append(Recorder(f"http://127.0.0.1:{server.server_port}", b'{"messages": [{"id": "wamid.1"}]}'))
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield kept[0]
    server.shutdown()
    server.server_close()


# --- sending ------------------------------------------------------------------------------------------


def test_an_answer_stands_in_the_chat_and_quotes_what_it_answers(
    access: Access, complaint: Callable[..., Outgoing], chat: Callable[[], list[dict[str, Any]]]
) -> None:
    text = "İyi günler & teşekkürler 🙏\nİğde Sk. için ekip çıktı: https://www.esenyurt.bel.tr"

    outcome = CONNECTOR.send(access, complaint(text))

    asked, answered = chat()
    assert outcome == Sent(answered["external_id"])
    assert (answered["text"], answered["is_ours"]) == (text, True)
    assert answered["parent"] == asked["external_id"]


def test_choices_are_offered_as_rows_with_our_ids(
    access: Access, complaint: Callable[..., Outgoing], chat: Callable[[], list[dict[str, Any]]]
) -> None:
    outcome = CONNECTOR.send(access, complaint("Çözüldü mü?", kind=ReplyKind.RATING, choices=ROWS))

    assert isinstance(outcome, Sent)
    offered = chat()[-1]["choices"]
    assert [(row["id"], row["title"]) for row in offered] == list(ROWS)


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("a" * 1025, ROWS),
        ("Kaç?", tuple((str(number), str(number)) for number in range(11))),
        ("Hangisi?", (("1", "a" * 25),)),
    ],
    ids=["long text", "many rows", "long title"],
)
def test_choices_that_whatsapp_would_refuse_are_left_out_and_the_text_goes_alone(
    access: Access,
    complaint: Callable[..., Outgoing],
    chat: Callable[[], list[dict[str, Any]]],
    text: str,
    choices: tuple[tuple[str, str], ...],
) -> None:
    outcome = CONNECTOR.send(access, complaint(text, choices=choices))

    assert isinstance(outcome, Sent)
    assert chat()[-1]["text"] == text
    assert "choices" not in chat()[-1]


def test_a_citizen_without_a_number_is_answered_by_the_business_scoped_id(
    access: Access,
    control: Callable[..., Any],
    complaint: Callable[..., Outgoing],
    chat: Callable[[], list[dict[str, Any]]],
) -> None:
    bsuid = chat()[0]["peer_id"]

    outcome = CONNECTOR.send(access, complaint(recipient=(AuthorKey("bsuid", bsuid),)))

    assert isinstance(outcome, Sent)
    assert chat()[-1]["is_ours"]


def test_the_surest_key_is_the_one_addressed(
    access: Access, recorder: Recorder, complaint: Callable[..., Outgoing]
) -> None:
    keys = (AuthorKey("x", "4001"), AuthorKey("bsuid", "TR.1"), AuthorKey("phone", "905321112233"))

    CONNECTOR.send(dataclasses.replace(access, base_url=recorder.url), complaint(recipient=keys))

    assert recorder.body["recipient"] == "TR.1"
    assert "to" not in recorder.body


def test_a_message_of_a_group_is_answered_in_the_group(
    access: Access, recorder: Recorder, complaint: Callable[..., Outgoing]
) -> None:
    CONNECTOR.send(dataclasses.replace(access, base_url=recorder.url), complaint(conversation="120363"))

    assert (recorder.body["recipient_type"], recorder.body["to"]) == ("group", "120363")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("refuse", Refused),
        ("rate_limit", NotSent),
        ("expired_token", AccessLost),
        ("revoked_scope", AccessLost),
        ("html_error", MaybeSent),
        ("hang", MaybeSent),
    ],
)
def test_a_send_that_fails_ends_as_what_it_proves(
    access: Access,
    control: Callable[..., Any],
    complaint: Callable[..., Outgoing],
    chat: Callable[[], list[dict[str, Any]]],
    fault: str,
    kind: type[object],
) -> None:
    control("faults", fault=fault, times=1)

    outcome = CONNECTOR.send(access, complaint())

    assert isinstance(outcome, kind)
    assert not any(said["is_ours"] for said in chat())


def test_an_answer_that_is_out_although_whatsapp_hung_up_may_be_sent(
    access: Access,
    control: Callable[..., Any],
    complaint: Callable[..., Outgoing],
    chat: Callable[[], list[dict[str, Any]]],
) -> None:
    control("faults", fault="accept_then_hang_up", times=1)

    outcome = CONNECTOR.send(access, complaint())

    assert isinstance(outcome, MaybeSent)
    assert chat()[-1]["is_ours"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"to_kind": MessageKind.COMMENT}, "not_a_chat"),
        ({"recipient": ()}, "no_recipient"),
        ({"recipient": (AuthorKey("x", "4001"),)}, "no_recipient"),
        ({"text": "a" * 4097}, "too_long"),
    ],
)
def test_what_cannot_be_sent_is_not_even_tried(
    access: Access, complaint: Callable[..., Outgoing], more: dict[str, Any], reason: str
) -> None:
    offline = dataclasses.replace(access, base_url="http://127.0.0.1:1")

    outcome = CONNECTOR.send(offline, complaint(**more))

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith(reason)


def test_a_platform_that_is_away_has_sent_nothing(access: Access, complaint: Callable[..., Outgoing]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        away = f"http://127.0.0.1:{taken.getsockname()[1]}"

    assert isinstance(CONNECTOR.send(dataclasses.replace(access, base_url=away), complaint()), NotSent)


def test_without_a_token_nothing_is_tried(access: Access, complaint: Callable[..., Outgoing]) -> None:
    assert isinstance(CONNECTOR.send(dataclasses.replace(access, credentials={}), complaint()), AccessLost)


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"[]", b"null", b"{}", b'{"messages": []}', b'{"messages": [{"id": 1}]}']
)
def test_an_answer_without_an_id_leaves_the_fate_open(
    access: Access, recorder: Recorder, complaint: Callable[..., Outgoing], answer: bytes
) -> None:
    recorder.answer = answer

    outcome = CONNECTOR.send(dataclasses.replace(access, base_url=recorder.url), complaint())

    assert isinstance(outcome, MaybeSent)


def test_an_error_under_a_200_is_an_error(
    access: Access, recorder: Recorder, complaint: Callable[..., Outgoing]
) -> None:
    recorder.answer = b'{"error": {"code": 131047, "message": "Re-engagement message"}}'

    outcome = CONNECTOR.send(dataclasses.replace(access, base_url=recorder.url), complaint())

    assert outcome == Refused(Failure.WINDOW_CLOSED, "131047: Re-engagement message")


# --- looking and probing ------------------------------------------------------------------------------


def test_absence_is_never_believed(access: Access, complaint: Callable[..., Outgoing]) -> None:
    assert isinstance(CONNECTOR.look(access, complaint()), CannotTell)
    assert not CONNECTOR.can_prove_absence(complaint())


def test_nothing_is_polled(access: Access) -> None:
    assert CONNECTOR.edges == ()
    with pytest.raises(ValueError, match="no edge"):
        CONNECTOR.poll(access, "messages", None)


def test_a_probe_names_the_line(access: Access) -> None:
    assert CONNECTOR.probe(access) == ProbeOk(
        {"display_phone_number": "+90 555 000 04 11", "verified_name": "Esenyurt Çözüm Merkezi"}
    )


@pytest.mark.parametrize(
    ("fault", "lost"), [("expired_token", True), ("revoked_scope", True), ("html_error", False)]
)
def test_a_probe_tells_a_dead_token_from_a_bad_minute(
    access: Access, control: Callable[..., Any], fault: str, lost: bool
) -> None:
    control("faults", fault=fault, times=1)

    outcome = CONNECTOR.probe(access)

    assert isinstance(outcome, ProbeFailed)
    assert outcome.access_lost is lost


@pytest.mark.parametrize("account", ["105500000000009", "100200300401", "me", "../105500000000001"])
def test_a_line_that_is_not_the_tokens_is_found_out(access: Access, account: str) -> None:
    outcome = CONNECTOR.probe(dataclasses.replace(access, account=account))

    assert isinstance(outcome, ProbeFailed)
    assert outcome.access_lost


# --- the seams of the library -------------------------------------------------------------------------


def test_the_library_is_the_one_whose_seams_we_hold() -> None:
    assert version("heyoo") == "0.1.2"


def test_a_message_goes_to_our_address_and_version_with_our_reference(
    access: Access, recorder: Recorder, complaint: Callable[..., Outgoing]
) -> None:
    outgoing = complaint(recipient=(AuthorKey("phone", "905321112233"),))

    CONNECTOR.send(dataclasses.replace(access, base_url=f"{recorder.url}/graph/"), outgoing)

    ((method, path, headers, _),) = recorder.asked
    assert (method, path) == ("POST", f"/graph/v26.0/{LINE}/messages")
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert recorder.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "905321112233",
        "type": "text",
        "text": {"body": "Ekibimiz yola çıktı.", "preview_url": False},
        "context": {"message_id": outgoing.to_external_id},
        "biz_opaque_callback_data": "reply-1",
    }


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_every_call_of_the_library_goes_through_our_session(recorder: Recorder, method: str) -> None:
    line = heyoo.WhatsApp(token=TOKEN, phone_number_id=LINE)
    line.base_url = line.v15_base_url = recorder.url
    line.url = f"{recorder.url}/messages"
    recorder.status, recorder.answer = 401, b'{"error": {"code": 190, "message": "expired"}}'
    calls: dict[str, Callable[[], Any]] = {
        "get": lambda: line.query_media_url("9001"),
        "post": lambda: line.send_message("Merhaba", "905321112233"),
        "delete": lambda: line.delete_media("9001"),
    }

    with pytest.raises(Exception, match="expired") as caught:
        calls[method]()

    assert type(caught.value).__name__ == "AccessExpired"


def test_no_number_word_or_token_is_logged_however_much_is_logged(
    access: Access, complaint: Callable[..., Outgoing], recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outgoing = complaint("Sözümüz")
    number = outgoing.recipient[0].value
    library = heyoo.WhatsApp(token=TOKEN, phone_number_id=LINE)
    library.url = f"{recorder.url}/messages"

    CONNECTOR.send(access, outgoing)
    library.send_message("Sözümüz", number)

    assert len(recorder.asked) == 1
    for secret in (number, "Sözümüz", TOKEN):
        assert secret not in caplog.text
