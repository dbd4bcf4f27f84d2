"""The shared session, against servers of a few lines that behave as badly as real ones."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors import http
from connectors.http import (
    AccessExpired,
    PlatformError,
    PlatformSession,
    RateLimited,
    Rejected,
    Transient,
    Unknown,
    answered_at,
    json_object,
    outcome_of,
)
from inbox.failures import Failure
from inbox.values import AccessLost, MaybeSent, NotSent, Refused

ORIGIN = "https://platform.example"
TOKEN = "EAAB-token-that-nobody-may-see"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """What a test server is called and what reached it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.received: list[bytes] = []
        self.closing = threading.Event()


def _read_request(connection: socket.socket) -> bytes:
    """One whole request, or b"" when the caller is gone."""
    said = b""
    while b"\r\n\r\n" not in said:
        piece = connection.recv(65536)
        if not piece:
            return b""
        said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while len(body) < int(length[1] if length else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(behave: Callable[[socket.socket, Server], None]) -> Iterator[Server]:
    """A server that does `behave` with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    server, open_ones = Server(listener.getsockname()[1]), []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection, server)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            open_ones.append(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        server.closing.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in open_ones:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def answering(*answers: bytes) -> Callable[[socket.socket, Server], None]:
    """One of these to each request of a connection, then the end of it."""

    def behave(connection: socket.socket, server: Server) -> None:
        for answer in answers:
            said = _read_request(connection)
            if not said:
                return
            server.received.append(said)
            connection.sendall(answer)

    return behave


def hanging_up(connection: socket.socket, server: Server) -> None:
    """Reads a request to its end and says nothing."""
    server.received.append(_read_request(connection))


def no_verdict(response: requests.Response, write: bool) -> PlatformError | None:
    return None


def session(server: Server, classify: http.Classify = no_verdict, **kwargs: Any) -> PlatformSession:
    return PlatformSession(classify, rewrite={ORIGIN: server.url}, **kwargs)


# --- what a failure proves ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_proves_that_nothing_was_sent(method: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(Transient):
        PlatformSession(no_verdict).request(method, f"http://127.0.0.1:{port}/2/tweets")


def test_an_unknown_host_proves_that_nothing_was_sent() -> None:
    with pytest.raises(Transient):
        PlatformSession(no_verdict).post("http://nobody.invalid/2/tweets")


@pytest.mark.parametrize(("method", "error"), [("GET", Transient), ("POST", Unknown), ("DELETE", Unknown)])
def test_a_server_that_hangs_up_after_reading_may_have_done_it(
    method: str, error: type[PlatformError]
) -> None:
    with serving(hanging_up) as server, pytest.raises(error):
        session(server).request(method, f"{ORIGIN}/2/tweets", json={"text": "Merhaba"})

    assert len(server.received) == 1


def test_a_kept_connection_that_the_server_closes_proves_nothing_about_a_write() -> None:
    def behave(connection: socket.socket, server: Server) -> None:
        answering(OK)(connection, server)
        hanging_up(connection, server)

    with serving(behave) as server, session(server) as calls:
        calls.get(f"{ORIGIN}/a")
        with pytest.raises(Unknown):
            calls.post(f"{ORIGIN}/b")

    assert [said.split(b" ")[0] for said in server.received] == [b"GET", b"POST"]


@pytest.mark.parametrize(("method", "error"), [("GET", Transient), ("POST", Unknown)])
def test_silence_is_not_waited_out(method: str, error: type[PlatformError]) -> None:
    def behave(connection: socket.socket, server: Server) -> None:
        _read_request(connection)
        server.closing.wait(60)

    begun = time.monotonic()
    with serving(behave) as server, pytest.raises(error):
        session(server, read_seconds=0.3).request(method, f"{ORIGIN}/a")

    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    "first",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"],
    ids=["in the headers", "in the body"],
)
def test_a_server_that_drips_is_given_up_at_the_deadline(first: bytes) -> None:
    def behave(connection: socket.socket, server: Server) -> None:
        _read_request(connection)
        connection.sendall(first)
        for _ in range(1200):  # a minute
            connection.sendall(b"a")
            server.closing.wait(0.05)

    begun = time.monotonic()
    with serving(behave) as server, pytest.raises(Unknown):
        session(server, read_seconds=5, total_seconds=0.5).post(f"{ORIGIN}/a")

    assert time.monotonic() - begun < 20


def test_a_call_whose_time_is_over_before_it_is_sent_was_surely_not_sent() -> None:
    moment = time.monotonic() + 0.2
    with serving(answering(OK)) as server, http.ending_by(moment):
        calls = session(server, on_answer=lambda answer: time.sleep(0.3))
        calls.get(f"{ORIGIN}/a")
        with pytest.raises(Transient) as late:
            calls.post(f"{ORIGIN}/b")

    assert late.value.reason == "too_late"
    assert [said.split(b" ")[0] for said in server.received] == [b"GET"], (
        "the POST never reached the platform"
    )


def test_calls_are_given_up_together_when_the_senders_time_is_over() -> None:
    def behave(connection: socket.socket, server: Server) -> None:
        _read_request(connection)
        server.closing.wait(60)

    begun = time.monotonic()
    with serving(behave) as server, http.ending_by(begun + 0.3), pytest.raises(Unknown):
        session(server).post(f"{ORIGIN}/a")

    assert time.monotonic() - begun < 20


def test_a_text_that_cannot_be_written_is_refused_before_anything_is_sent() -> None:
    with serving(answering(OK)) as server, pytest.raises(Rejected):
        session(server).post(f"{ORIGIN}/a", data={"message": "\ud83d"})

    assert server.received == []


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_an_endless_answer_is_not_taken_in(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 100_000)
    body = gzip.compress(b"a" * 10_000_000) if packed else b"a" * 10_000_000
    kind = b"Content-Encoding: gzip\r\n" if packed else b""
    answer = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (kind, len(body), body)

    with serving(answering(answer)) as server:
        with pytest.raises(Transient):
            session(server).get(f"{ORIGIN}/a")
        with pytest.raises(Unknown):
            session(server).post(f"{ORIGIN}/a")


# --- tokens -------------------------------------------------------------------------------------------


def test_a_token_travels_in_the_header_alone() -> None:
    with serving(answering(OK, OK)) as server, session(server) as calls:
        calls.get(f"{ORIGIN}/me", params={"access_token": TOKEN, "fields": "id"})
        calls.post(f"{ORIGIN}/me/feed", data={"access_token": TOKEN, "message": "Merhaba"})

    for said in server.received:
        head, _, body = said.partition(b"\r\n\r\n")
        line, _, headers = head.partition(b"\r\n")
        assert TOKEN.encode() not in line + body
        assert f"Authorization: Bearer {TOKEN}".encode() in headers
    assert b"fields=id" in server.received[0]
    assert server.received[1].endswith(b"message=Merhaba")


def test_no_error_shows_a_token_or_an_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}"
    raised = []

    def call(address: str) -> None:
        calls = PlatformSession(no_verdict)
        try:
            calls.post(f"{address}/v26.0/1234?access_token={TOKEN}", data={"access_token": TOKEN})
        except PlatformError:
            raised.append(traceback.format_exc())

    call(gone)
    call(f"http://[{TOKEN}")
    with serving(hanging_up) as server:
        call(server.url)

    assert len(raised) == 3
    for told in raised:
        shown = [line for line in told.splitlines() if not line.startswith("  ")]
        assert not [line for line in shown if TOKEN in line or "127.0.0.1" in line or "1234" in line]


def test_a_token_quoted_by_the_platform_is_blotted_out() -> None:
    def classify(response: requests.Response, write: bool) -> PlatformError | None:
        return AccessExpired(f"Malformed access token {TOKEN}")

    with serving(answering(OK)) as server, pytest.raises(AccessExpired) as caught:
        session(server, classify).get(f"{ORIGIN}/me", params={"access_token": TOKEN})

    assert str(caught.value) == caught.value.text == "Malformed access token …"


def test_no_redirect_is_followed() -> None:
    with serving(answering(OK)) as elsewhere:
        moved = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}/\r\nContent-Length: 0\r\n\r\n".encode()
        with serving(answering(moved)) as server:
            response = session(server).get(f"{ORIGIN}/me", params={"access_token": TOKEN})

    assert response.status_code == 302
    assert elsewhere.received == []


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/a", ORIGIN + ".elsewhere.example/a", "http://127.0.0.1:1/a"]
)
def test_an_address_that_is_not_the_platforms_is_not_called(address: str) -> None:
    with serving(answering(OK)) as server, pytest.raises(Rejected, match="not the platform's"):
        session(server).get(address, params={"access_token": TOKEN})

    assert server.received == []


def test_the_environment_changes_neither_the_way_nor_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login stranger password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    with serving(answering(OK)) as server:
        session(server).get(f"{ORIGIN}/me", params={"access_token": TOKEN})

    assert f"Authorization: Bearer {TOKEN}".encode() in server.received[0]


# --- answers ------------------------------------------------------------------------------------------


def test_the_verdict_is_asked_of_each_answer_and_raised() -> None:
    asked: list[tuple[int, bool, bytes]] = []

    def classify(response: requests.Response, write: bool) -> PlatformError | None:
        asked.append((response.status_code, write, response.content))
        return Rejected("no")

    with serving(answering(OK)) as server, pytest.raises(Rejected):
        session(server, classify).post(f"{ORIGIN}/a")

    assert asked == [(200, True, b"{}")]


def test_media_is_left_unread_for_the_caller() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x89PNG"

    def classify(response: requests.Response, write: bool) -> PlatformError | None:
        raise AssertionError("a verdict would have to read the picture")

    with (
        serving(answering(answer)) as server,
        session(server, classify).get(f"{ORIGIN}/a", stream=True) as got,
    ):
        assert got.raw.read() == b"\x89PNG"


def test_limits_in_the_headers_are_seen_even_of_a_refusal() -> None:
    seen = []
    answer = b"HTTP/1.1 429 Too Many\r\nX-Rate-Limit-Reset: 7\r\nContent-Length: 0\r\n\r\n"

    def classify(response: requests.Response, write: bool) -> PlatformError | None:
        return RateLimited("wait")

    with serving(answering(answer)) as server, pytest.raises(RateLimited):
        session(
            server, classify, on_answer=lambda response: seen.append(response.headers["x-rate-limit-reset"])
        ).get(f"{ORIGIN}/a")

    assert seen == ["7"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_reads_as_an_empty_one(body: bytes) -> None:
    response = requests.Response()
    vars(response).update(_content=body)

    assert json_object(response) == {}


def test_an_answer_is_dated_by_the_platforms_clock() -> None:
    response = requests.Response()
    response.headers["Date"] = "Tue, 24 Nov 2026 06:30:00 GMT"

    assert answered_at(response) == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Nov 2026 06:30:00 GMT"])
def test_an_answer_without_a_readable_date_is_dated_now(date: str) -> None:
    response = requests.Response()
    response.headers["Date"] = date

    assert abs(answered_at(response) - datetime.now(UTC)) < timedelta(seconds=5)


# --- outcomes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (
            RateLimited("slow down", status=429, retry_after=60, reason=Failure.RATE_LIMIT),
            NotSent(Failure.RATE_LIMIT, "slow down", 60, pauses_channel=True),
        ),
        (
            RateLimited("one person", status=400, code=131056, retry_after=6, whole_account=False),
            NotSent(Failure.OTHER, "131056: one person", 6, pauses_channel=False),
        ),
        (
            Transient("no connection", reason=Failure.NO_CONNECTION, code="NameResolutionError"),
            NotSent(Failure.NO_CONNECTION, "NameResolutionError"),
        ),
        (AccessExpired("no token", reason=Failure.NO_CREDENTIALS), AccessLost(Failure.NO_CREDENTIALS)),
        (
            Rejected("too old", reason=Failure.WINDOW_CLOSED, status=400, code=131047),
            Refused(Failure.WINDOW_CLOSED, "131047: too old"),
        ),
        (Unknown("no answer"), MaybeSent(Failure.OTHER, "no answer")),
        (PlatformError("of a kind unforeseen"), MaybeSent(Failure.OTHER, "of a kind unforeseen")),
    ],
)
def test_each_error_ends_a_send_in_one_outcome(error: PlatformError, outcome: object) -> None:
    assert outcome_of(error) == outcome


def test_no_library_takes_our_errors_for_its_own() -> None:
    for error in (PlatformError, RateLimited, AccessExpired, Rejected, Transient, Unknown):
        assert not issubclass(error, (requests.RequestException, OSError, ValueError))


def test_a_platforms_long_speech_is_cut_for_people() -> None:
    assert len(Rejected(json.dumps({"error": "a" * 10_000})).text) == 300
