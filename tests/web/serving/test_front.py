"""Hooks and screens of one process stand in nobody's way, whatever a client or the database does."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import socket
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode

import psycopg
import pytest
from sqlalchemy import select

from inbox import db
from inbox.models import RawEvent
from inbox.settings import settings
from tests.support.serving import free_port, served
from tests.support.waiting import until

BODY = b'{"object": "page"}'


@pytest.fixture
def port(database: None, environment: dict[str, str]) -> Iterator[int]:
    """The whole application, served."""
    number = free_port()
    with served(number, "-m", "web", "--port", str(number), env={**os.environ, **environment}):
        yield number


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()


def knock(port: int, body: bytes) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        line.request("POST", "/hooks/meta", body, {"X-Hub-Signature-256": signature(body)})
        return line.getresponse().status


def sent(port: int, *parts: bytes) -> bytes:
    """What is answered to some bytes, after which the client says no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        for part in parts:
            line.sendall(part)
            time.sleep(0.05)
        line.shutdown(socket.SHUT_WR)
        return line.recv(65536)


def head(body: bytes, *lines: str) -> bytes:
    told = ["POST /hooks/meta HTTP/1.1", "Host: here", f"X-Hub-Signature-256: {signature(body)}", *lines]
    return "\r\n".join([*told, "", ""]).encode()


def stored() -> set[bytes | None]:
    with db.transaction() as session:
        return set(session.scalars(select(RawEvent.body)))


def test_a_hundred_hooks_that_wait_for_the_database_keep_nobody_from_a_screen(port: int) -> None:
    bodies = [json.dumps({"object": "page", "n": number}).encode() for number in range(100)]
    with ThreadPoolExecutor(len(bodies)) as crowd, psycopg.connect(settings().database_url) as other:
        other.execute("LOCK TABLE raw_event IN EXCLUSIVE MODE")
        said = [crowd.submit(knock, port, body) for body in bodies]
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        until(lambda: other.execute(waiting).fetchone() != (0,))

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=3) as answer:
            assert answer.status == 200
        assert not any(one.done() for one in said)

        other.rollback()
        assert {one.result() for one in said} == {200}
    assert stored() == set(bodies)


def test_a_body_that_comes_in_pieces_of_unsaid_length_is_kept_whole(port: int) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:5], BODY[5:])) + b"0\r\n\r\n"

    answer = sent(port, head(BODY, "Transfer-Encoding: chunked"), chunks[:9], chunks[9:])

    assert answer.startswith(b"HTTP/1.1 200")
    assert stored() == {BODY}


def test_of_a_body_that_breaks_off_nothing_is_kept(port: int) -> None:
    whole = json.dumps({"object": "page", "filler": "x" * 200_000}).encode()

    answer = sent(port, head(whole, f"Content-Length: {len(whole)}"), whole[:100_000])

    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert knock(port, BODY) == 200
    assert stored() == {BODY}


def test_a_body_said_to_be_too_large_is_refused_unread(port: int) -> None:
    answer = sent(port, head(BODY, f"Content-Length: {9 * 1024 * 1024}"))

    assert answer.startswith(b"HTTP/1.1 413")
    assert knock(port, BODY) == 200


def test_the_body_of_a_form_comes_to_its_screen(port: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        line.request("GET", "/login")
        answer = line.getresponse()
        cookie = str(answer.getheader("Set-Cookie")).split(";")[0]
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', answer.read().decode())
        assert token is not None
        form = urlencode({"csrf_token": token[1], "email": "nobody@city.test", "password": "wrong"})
        typed = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        line.request("POST", "/login", form, typed)
        answer = line.getresponse()

        assert answer.status == 401
        assert "nobody@city.test" in answer.read().decode()
