"""A signed body is kept and answered 200 whatever is in it, and nothing else is disturbed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from inbox import db
from inbox.models import Channel, HookCount, Message, RawEvent, SetAside
from inbox.states import RawEventState
from tests.support.front import Client, knocking
from worker import ingest

PAGE = "100200300401"
LINE = "105500000000001"


@pytest.fixture
def client(database: None) -> Iterator[Client]:
    with db.transaction() as session:
        for key, platform, external_id in (
            ("facebook-belediye", "facebook", PAGE),
            ("whatsapp-cozum", "whatsapp", LINE),
            ("x-belediye", "x", "1500000001"),
        ):
            session.add(
                Channel(
                    key=key,
                    platform=platform,
                    external_id=external_id,
                    name=key,
                    voice="municipality",
                    is_active=True,
                )
            )
    with knocking() as client:
        yield client


def _deliver(client: Client, body: bytes, signed_with: str = "app-secret") -> int:
    signature = "sha256=" + hmac.new(signed_with.encode(), body, hashlib.sha256).hexdigest()
    return client.post("/hooks/meta", data=body, headers={"X-Hub-Signature-256": signature}).status_code


def _comment(serial: int, text: str) -> dict[str, Any]:
    return {
        "id": PAGE,
        "time": 1767225600,
        "changes": [
            {
                "field": "feed",
                "value": {
                    "from": {"id": f"900{serial}", "name": "Vatandaş"},
                    "post_id": f"{PAGE}_1",
                    "comment_id": f"1_{serial}",
                    "parent_id": f"{PAGE}_1",
                    "created_time": 1767225600,
                    "item": "comment",
                    "verb": "add",
                    "message": text,
                },
            }
        ],
    }


def _page(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"object": "page", "entry": list(entries)}).encode()


def _ingest() -> None:
    while ingest.run():
        pass


def _texts() -> list[str]:
    with db.transaction() as session:
        return list(session.scalars(select(Message.text).order_by(Message.id)))


def _set_aside() -> list[str]:
    with db.transaction() as session:
        return list(session.scalars(select(SetAside.kind).order_by(SetAside.id)))


def _waiting() -> int:
    with db.transaction() as session:
        return session.scalar(select(func.count()).where(RawEvent.state == RawEventState.PENDING)) or 0


@pytest.fixture(autouse=True)
def _the_rest_goes_on(client: Client) -> Iterator[None]:
    """After every test: an ordinary comment still arrives, and nothing waits for ever."""
    yield
    assert _deliver(client, _page(_comment(777_777, "Her şey yolunda"))) == 200
    _ingest()
    assert "Her şey yolunda" in _texts()
    assert _waiting() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\x00",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"7",
        b'"page"',
        b"{}",
        b'{"object": "page"',
        b'{"object": "page"}',
        b'{"object": "page", "entry": 7}',
        b'{"object": "page", "entry": [null, 7, {}]}',
        b'{"object": "page", "entry": [{"id": null, "changes": "x"}]}',
        b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"value": []}]}]}',
        b'{"object": "instagram", "entry": [{"messaging": [7]}]}',
        b'{"object": "martian", "entry": []}',
        b'{"object": ["page"], "entry": []}',
        b"[" * 200_000,
        b'{"object":"page","entry":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"object":"page","entry":[{"id":"' + b"1" * 100_000 + b'"}]}',
        b'{"object":"page","entry":[{"id":"1","time":' + b"9" * 5_000 + b"}]}",
        b'{"object":"page","entry":[],"n":1e999,"m":NaN}',
    ],
)
def test_a_signed_body_nobody_can_read_is_kept_and_answered_200(client: Client, body: bytes) -> None:
    assert _deliver(client, body) == 200
    _ingest()

    with db.transaction() as session:
        kept = session.scalars(select(RawEvent.body).order_by(RawEvent.id)).first()
    assert kept == body
    assert _texts() == []


def test_a_body_of_an_unknown_object_is_shown_as_unsupported(client: Client) -> None:
    assert _deliver(client, b'{"object": "martian", "entry": [{"id": "1"}]}') == 200
    _ingest()

    assert _set_aside() == ["unsupported"]


def test_a_comment_for_an_account_we_do_not_know_is_set_aside(client: Client) -> None:
    known, foreign = _comment(1, "Bizim"), {**_comment(2, "Başkasının"), "id": "999"}

    assert _deliver(client, _page(foreign, known)) == 200
    _ingest()

    assert _texts() == ["Bizim"]
    assert _set_aside() == ["unknown_account"]


def test_a_nul_goes_and_half_a_character_is_replaced(client: Client) -> None:
    body = _page(_comment(1, "yol\0bozuk"), _comment(2, "yarım \ud83d harf"), _comment(3, "tam \U0001f6a7"))

    assert _deliver(client, body) == 200
    _ingest()

    assert _texts() == ["yolbozuk", "yarım \ufffd harf", "tam \U0001f6a7"]


@pytest.mark.slow
def test_a_body_of_a_thousand_entries_gives_a_thousand_messages(client: Client) -> None:
    assert _deliver(client, _page(*(_comment(serial, f"söz {serial}") for serial in range(1000)))) == 200
    _ingest()

    assert sorted(_texts()) == sorted(f"söz {serial}" for serial in range(1000))


def test_a_broken_entry_leaves_its_siblings_standing(client: Client) -> None:
    broken = {
        "id": PAGE,
        "time": 1,
        "changes": [{"field": "feed", "value": {"item": "comment", "verb": "add"}}],
    }

    assert _deliver(client, _page(_comment(1, "önce"), broken, {"id": PAGE}, _comment(2, "sonra"))) == 200
    _ingest()

    assert _texts() == ["önce", "sonra"]


def test_a_body_of_eight_mebibytes_is_taken_and_one_byte_more_is_not(client: Client) -> None:
    most = 8 * 1024 * 1024
    fitting = _page(_comment(1, "büyük"))

    assert _deliver(client, fitting + b" " * (most - len(fitting))) == 200
    assert _deliver(client, b" " * (most + 1)) == 413
    _ingest()

    assert _texts() == ["büyük"]


@pytest.mark.parametrize(
    "signature", [None, "", "sha256=", "sha256=00", "sha1=00", "sha256=" + "g" * 64, "ç"]
)
def test_a_body_that_is_not_signed_is_refused_counted_and_not_kept(
    client: Client, signature: str | None
) -> None:
    headers = {} if signature is None else {"X-Hub-Signature-256": signature}

    answer = client.post("/hooks/meta", data=_page(_comment(1, "sahte")), headers=headers)
    _ingest()

    assert answer.status_code == 403
    assert _texts() == []
    with db.transaction() as session:
        assert session.get_one(HookCount, "meta").rejected == 1


def test_any_of_the_configured_secrets_signs(client: Client) -> None:
    assert _deliver(client, _page(_comment(1, "eski")), "app-secret") == 200
    assert _deliver(client, _page(_comment(2, "yeni")), "second-app-secret") == 200
    assert _deliver(client, _page(_comment(3, "sahte")), "some-other-secret") == 403
    _ingest()

    assert _texts() == ["eski", "yeni"]


def test_the_same_body_many_times_is_one_message(client: Client) -> None:
    body = _page(_comment(1, "tekrar"))

    assert {_deliver(client, body) for _ in range(5)} == {200}
    _ingest()

    assert _texts() == ["tekrar"]
