"""The seams at which facebook-sdk is held, one test each, against a server that keeps what it was sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from connectors.graph import Graph, next_cursor, probe
from connectors.http import AccessExpired, Rejected, Transient, Unknown
from inbox.values import Access, ProbeFailed, ProbeOk


@dataclass
class Platform:
    """A server that answers what it was told and keeps what it was sent."""

    url: str = ""
    body: bytes = b'{"id": "1"}'
    status: int = 200
    content_type: str | None = "application/json; charset=UTF-8"
    wait: float = 0.0  # before it answers; the end of the test cuts it short
    closing: threading.Event = field(default_factory=threading.Event)
    method: str = ""
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    authorization: str | None = None


@pytest.fixture
def platform() -> Iterator[Platform]:
    told = Platform()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            told.method, told.path = self.command, parts.path
            told.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            told.form = {name: values[0] for name, values in parse_qs(sent).items()}
            told.authorization = self.headers.get("Authorization")
            told.closing.wait(told.wait)
            with suppress(OSError):  # a caller that gave up listens no more
                self.send_response(told.status)
                if told.content_type:
                    self.send_header("Content-Type", told.content_type)
                self.send_header("Content-Length", str(len(told.body)))
                self.end_headers()
                self.wfile.write(told.body)

        do_GET = do_POST = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/graph"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield told
    told.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


def access(platform: Platform, **credentials: str) -> Access:
    given = {"access_token": "EAAtoken", **credentials}
    return Access("facebook", "1002", platform.url, {name: SecretStr(value) for name, value in given.items()})


def test_facebook_sdk_is_the_version_whose_seams_these_are() -> None:
    assert version("facebook-sdk") == "3.1.0"


def test_every_call_names_the_current_version_of_the_api(platform: Platform) -> None:
    graph = Graph(access(platform))

    graph.get("1002", "feed", limit=5)
    read = platform.path
    graph.post("1002_1", "comments", message="Merhaba")

    assert read == "/graph/v26.0/1002/feed"
    assert platform.path == "/graph/v26.0/1002_1/comments"


def test_the_token_travels_in_a_header_and_never_in_address_or_form(platform: Platform) -> None:
    graph = Graph(access(platform))

    graph.get("1002")
    in_read = (platform.query, platform.authorization)
    graph.post("1002", "comments", message="Merhaba")

    assert in_read == ({}, "Bearer EAAtoken")
    assert (platform.form, platform.authorization) == ({"message": "Merhaba"}, "Bearer EAAtoken")
    assert platform.query == {}


def test_nested_values_and_truths_are_written_as_json_and_what_is_none_left_out(platform: Platform) -> None:
    message = {"text": "Çöp", "metadata": "reply-1"}

    Graph(access(platform)).post(
        "1002", "messages", recipient={"id": "7"}, message=message, ok=True, tag=None
    )

    assert json.loads(platform.form["recipient"]) == {"id": "7"}
    assert json.loads(platform.form["message"]) == message
    assert platform.form["ok"] == "true"
    assert "tag" not in platform.form


def test_the_proof_of_the_app_secret_is_given_when_there_is_one(platform: Platform) -> None:
    expected = hmac.new(b"app-secret", b"EAAtoken", hashlib.sha256).hexdigest()

    Graph(access(platform, app_secret="app-secret")).get("1002")

    assert platform.query["appsecret_proof"] == expected


def test_a_call_ends_at_its_deadline(platform: Platform) -> None:
    platform.wait = 60.0
    began = time.monotonic()

    with pytest.raises(Unknown):
        Graph(access(platform), total_seconds=0.3).post("1002", "comments", message="Merhaba")

    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>hello</html>", "text/html"),
        (b'{"id": "1"', "application/json"),
        (b'{"id": "1"}', None),
        (b"true", "application/json"),
        (b"[]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"", "image/png"),
    ],
)
def test_a_success_nobody_can_read_is_unknown_for_a_write_and_harmless_for_a_read(
    platform: Platform, body: bytes, content_type: str | None
) -> None:
    platform.body, platform.content_type = body, content_type
    graph = Graph(access(platform))

    with pytest.raises(Unknown):
        graph.post("1002", "comments", message="Merhaba")
    with pytest.raises(Transient):
        graph.get("1002")


@pytest.mark.parametrize("body", [b"{}", b'{"id": ""}', b'{"id": null}', b'{"id": ["1"]}'])
def test_a_write_answered_without_an_id_is_unknown(platform: Platform, body: bytes) -> None:
    platform.body = body

    with pytest.raises(Unknown):
        Graph(access(platform)).post("1002", "comments", message="Merhaba")


def test_no_call_is_made_without_a_token(platform: Platform) -> None:
    with pytest.raises(AccessExpired):
        Graph(Access("facebook", "1002", platform.url, {}))
    assert platform.path == ""


def test_an_id_cannot_lead_to_another_place(platform: Platform) -> None:
    Graph(access(platform)).get("../1003/feed?x=1")

    assert platform.path == "/graph/v26.0/..%2F1003%2Ffeed%3Fx%3D1"


@pytest.mark.parametrize("id", ["", ".", ".."])
def test_what_is_no_id_is_refused_without_a_call(platform: Platform, id: str) -> None:
    with pytest.raises(Rejected):
        Graph(access(platform)).post(id, "comments", message="Merhaba")
    assert platform.path == ""


def test_kept_bodies_are_to_the_letter_but_for_our_secrets(platform: Platform) -> None:
    link = "https://graph.facebook.com/v26.0/1/feed?access_token=EAAtoken&limit=5"
    platform.body = json.dumps({"data": [{"message": "Çöp 🗑️"}], "paging": {"next": link}}).encode()

    answer = Graph(access(platform)).get("1002", "feed")

    assert "EAAtoken" not in answer.text
    assert answer.text == platform.body.decode().replace("EAAtoken", "removed")


@pytest.mark.parametrize(
    ("listed", "cursor"),
    [
        ({"paging": {"cursors": {"after": "QVFI"}, "next": "https://…"}}, "QVFI"),
        ({"paging": {"cursors": {"after": "QVFI"}}}, None),
        ({"paging": {"next": "https://…"}}, None),
        ({"data": []}, None),
        (None, None),
    ],
)
def test_the_next_page_begins_at_the_cursor_and_the_last_has_none(listed: object, cursor: str | None) -> None:
    assert next_cursor(listed) == cursor


def test_a_list_without_end_is_told_and_not_cut(platform: Platform) -> None:
    more = {"cursors": {"after": "QVFI"}, "next": "https://…"}
    platform.body = json.dumps({"data": [{}], "paging": more}).encode()

    with pytest.raises(Rejected, match="longer"):
        list(Graph(access(platform)).pages("1002", "comments"))


def test_a_probe_tells_lost_access_from_a_bad_minute_and_a_foreign_token(platform: Platform) -> None:
    def probed(status: int, body: object) -> object:
        platform.status, platform.body = status, json.dumps(body).encode()
        return probe(access(platform), "me", "id,name")

    assert probed(200, {"id": "1002", "name": "Belediye"}) == ProbeOk(details={"name": "Belediye"})
    lost = probed(401, {"error": {"code": 190, "error_subcode": 460, "message": "changed"}})
    minute = probed(500, {"error": {"code": 2, "is_transient": True, "message": "later"}})
    limited = probed(400, {"error": {"code": 4, "message": "too many"}})
    foreign = probed(200, {"id": "1003"})

    assert [isinstance(one, ProbeFailed) and one.access_lost for one in (lost, minute, limited, foreign)] == [
        True,
        False,
        False,
        True,
    ]
