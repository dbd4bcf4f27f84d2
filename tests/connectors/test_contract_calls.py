"""What calls promise when the other side is away, silent or talks gibberish: no more than is proved."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from connectors import CONNECTORS
from inbox.values import (
    Access,
    AccessLost,
    AuthorKey,
    CannotTell,
    Found,
    MaybeSent,
    MessageKind,
    NotSent,
    Outgoing,
    ProbeFailed,
    Refused,
    ReplyKind,
    Sent,
)

ASKED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ACCOUNTS = {
    "x": "1500000001",
    "facebook": "100200300401",
    "instagram": "17841400000000001",
    "whatsapp": "105500000000001",
}
each_platform = pytest.mark.parametrize("platform", CONNECTORS)


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that says `answer` to everybody, and hangs up; and with which verbs it was called."""
    listener = socket.create_server(("127.0.0.1", 0))
    verbs: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                verbs.append(connection.recv(65536).split(b" ")[0])
                connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", verbs
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def access(platform: str, base_url: str) -> Access:
    return Access(platform, ACCOUNTS[platform], base_url, {"access_token": SecretStr("a-token")})


def outgoing(platform: str, **more: Any) -> Outgoing:
    scoped = {"whatsapp": "phone", "x": "x"}
    scope = scoped.get(platform, f"{platform}:{ACCOUNTS[platform]}")
    return Outgoing(
        **{
            "reference": "reply-1",
            "kind": ReplyKind.ANSWER,
            "text": "Ekibimiz yolda.",
            "to_external_id": "100200300401",
            "to_kind": MessageKind.CHAT,
            "conversation": None if more.get("to_kind", MessageKind.CHAT) is MessageKind.CHAT else "1",
            "recipient": (AuthorKey(scope, "905321112233"),),
            "first_tried_at": ASKED,
            **more,
        }
    )


@each_platform
@pytest.mark.parametrize("kind", [MessageKind.CHAT, MessageKind.COMMENT])
def test_a_platform_that_is_away_has_surely_sent_nothing(platform: str, kind: MessageKind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        away = access(platform, f"http://127.0.0.1:{taken.getsockname()[1]}")
    reply = outgoing(platform, to_kind=kind)

    assert isinstance(CONNECTORS[platform].send(away, reply), NotSent | Refused)
    assert isinstance(CONNECTORS[platform].look(away, reply), CannotTell)
    probed = CONNECTORS[platform].probe(away)
    assert isinstance(probed, ProbeFailed)
    assert not probed.access_lost


@each_platform
def test_without_credentials_nothing_is_tried_and_the_probe_says_why(platform: str) -> None:
    nobody = dataclasses.replace(access(platform, "http://127.0.0.1:1"), credentials={})

    assert isinstance(CONNECTORS[platform].send(nobody, outgoing(platform)), AccessLost)
    probed = CONNECTORS[platform].probe(nobody)
    assert isinstance(probed, ProbeFailed)
    assert probed.access_lost


GIBBERISH = [
    b"",
    b"\x00\xff\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nnull",
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"data": []}',
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{}",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 400 Bad\r\nContent-Length: 6\r\n\r\n<html>",
    b"HTTP/1.1 500 Bad\r\nContent-Length: 2\r\n\r\n{}",
    b'HTTP/1.1 500 Bad\r\nContent-Length: 13\r\n\r\n{"error": []}',
]


@each_platform
@pytest.mark.parametrize("answer", GIBBERISH, ids=range(len(GIBBERISH)))
@pytest.mark.parametrize("kind", [MessageKind.CHAT, MessageKind.COMMENT])
def test_gibberish_never_proves_that_a_reply_is_out_nor_that_it_is_not(
    platform: str, answer: bytes, kind: MessageKind
) -> None:
    reply = outgoing(platform, to_kind=kind)
    with answering(answer) as (url, verbs):
        sent = CONNECTORS[platform].send(access(platform, url), reply)
        written = b"POST" in verbs
        looked = CONNECTORS[platform].look(access(platform, url), reply)
        probed = CONNECTORS[platform].probe(access(platform, url))

    assert isinstance(sent, MaybeSent if written else NotSent | Refused)
    assert not isinstance(looked, Found)
    assert isinstance(probed, ProbeFailed)


@each_platform
@pytest.mark.parametrize("text", ["\ud83d", "a\x00b", "😀" * 3, "x" * 100_000, ""])
@pytest.mark.parametrize("id", ["", "../../me", "1?a=b#c", "\ud83d", "Ğ", "1" * 600])
def test_sending_never_raises_whatever_is_to_be_sent(platform: str, text: str, id: str) -> None:
    away = access(platform, "http://127.0.0.1:1")
    reply = outgoing(platform, text=text, to_external_id=id, recipient=(AuthorKey("phone", id),))

    outcome = CONNECTORS[platform].send(away, reply)

    assert isinstance(outcome, Sent | NotSent | Refused | AccessLost | MaybeSent)
