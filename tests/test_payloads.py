"""Every recorded hook body, re-addressed to one of our channels, through the real hooks and the real ingest.

The bodies are private test data beside the project; without them these tests are skipped. What must be found
is computed here by walking the JSON, apart from the program's own reading of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as sql

from connectors.contract import Polled
from inbox import db
from inbox.ingest import queue
from inbox.models import Channel, FormerText, Message, RawEvent
from inbox.states import RawEventState
from tests.support.front import Client, knocking
from worker import ingest

CHANNELS = {
    "facebook": ("100200300401", "100200300402"),
    "instagram": ("17841400000000001", "17841400000000002"),
    "whatsapp": ("105500000000001",),
    "x": ("1500000001", "1500000002"),
}
WABA = "205500000000001"
DISPLAY_NUMBER = "905550000411"
PLATFORM_OF = {"page": "facebook", "instagram": "instagram", "whatsapp_business_account": "whatsapp"}

FLOOR = {"facebook": 34, "instagram": 21, "whatsapp": 45}
"""How many texts the bodies hold, a platform; fewer means that the walk below lost some."""


# --- re-addressing ---------------------------------------------------------------------------------


NAMES_AN_ACCOUNT = {"id", "page_id", "post_id", "parent_id", "comment_id", "from", "to", "for_user_id"} | {
    "phone_number_id",
    "display_phone_number",
}
"""Fields in which an account of ours is named; elsewhere an equal value is chance."""


def _replaced(value: Any, ids: dict[str, str], field: str = "") -> Any:
    """`value` with every old account id exchanged, also where it is the first half of `page_post`."""
    if isinstance(value, dict):
        return {key: _replaced(child, ids, key) for key, child in value.items()}
    if isinstance(value, list):
        return [_replaced(child, ids, field) for child in value]
    if field not in NAMES_AN_ACCOUNT or isinstance(value, bool) or not isinstance(value, (str, int)):
        return value
    if str(value) in ids:
        return ids[str(value)]
    head, separator, tail = str(value).partition("_")
    return ids[head] + separator + tail if head in ids else value


def _meta_accounts(body: dict[str, Any], platform: str) -> dict[str, str]:
    """Old account id → ours, several pages of one body to different accounts of ours."""
    ids: dict[str, str] = {}
    for entry in body["entry"]:
        if platform == "whatsapp":
            ids[str(entry.get("id"))] = WABA
            for change in entry.get("changes", []):
                metadata = (change.get("value") or {}).get("metadata") or {}
                ids[str(metadata.get("display_phone_number"))] = DISPLAY_NUMBER
                ids[str(metadata.get("phone_number_id"))] = CHANNELS["whatsapp"][0]
            continue
        ours = ids.setdefault(str(entry.get("id")), CHANNELS[platform][len(ids) % 2])
        for event in [*entry.get("messaging", []), *entry.get("standby", [])]:
            our_end = "sender" if (event.get("message") or {}).get("is_echo") else "recipient"
            ids[str((event.get(our_end) or {}).get("id"))] = ours
    ids.pop("None", None)
    return ids


def _complete(body: dict[str, Any]) -> dict[str, Any]:
    """A WhatsApp body with what a trimmed fixture leaves out: entry id, field and metadata."""
    for entry in body["entry"]:
        entry.setdefault("id", WABA)
        for change in entry.get("changes", []):
            change.setdefault("field", "messages")
            if {"messages", "message_echoes", "statuses"} & set(change.get("value") or {}):
                change["value"].setdefault("messaging_product", "whatsapp")
                change["value"].setdefault(
                    "metadata", {"phone_number_id": CHANNELS["whatsapp"][0], "display_phone_number": "0"}
                )
    return body


def _wrapped(value: dict[str, Any]) -> dict[str, Any]:
    """A bare value of the older on-premises shape, in the envelope the cloud sends it in."""
    return {"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]}


def _addressed(name: str, recorded: Any) -> tuple[str, str, bytes] | None:
    """(platform, hook, body for one of our channels), or None for what is no hook body."""
    if not isinstance(recorded, dict):
        return None
    if "for_user_id" in recorded:
        ids = {str(recorded["for_user_id"]): CHANNELS["x"][0]}
        return "x", "x", json.dumps(_replaced(recorded, ids)).encode()
    body = recorded
    if name.startswith("whatsapp/") and "entry" not in body and ("messages" in body or "statuses" in body):
        if not all("timestamp" in one for one in body.get("messages", []) + body.get("statuses", [])):
            return None  # the answer to a send
        body = _wrapped(body)
    if not isinstance(body.get("entry"), list):
        return None
    platform = PLATFORM_OF.get(body["object"], name.partition("/")[0])
    if platform == "whatsapp":
        body = _complete(body)
    addressed = _replaced(body, _meta_accounts(body, platform))
    return platform, "meta", json.dumps(addressed).encode()


# --- what must be found ------------------------------------------------------------------------------


def _kept(text: str) -> str:
    """How a text column keeps it: without NUL, U+FFFD for half a character."""
    return "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text if c != "\0")


def _texts(body: dict[str, Any]) -> Iterator[str]:
    """Every text message and comment in a Meta body, as it must be found."""
    for entry in body["entry"]:
        for event in [*entry.get("messaging", []), *entry.get("standby", [])]:
            message = event.get("message") or {}
            if message.get("text"):
                yield _kept(message["text"])
        for change in entry.get("changes", []):
            value = change.get("value")
            if isinstance(value, dict):
                yield from _texts_of_change(body["object"], change["field"], value)


def _texts_of_change(kind: str, changed: str, value: dict[str, Any]) -> Iterator[str]:
    if kind == "page" and value.get("item") == "comment" and value.get("verb") in ("add", "edited"):
        if value.get("message"):
            yield _kept(value["message"])
    elif kind == "instagram" and changed in ("comments", "live_comments"):
        yield _kept(value["text"])
    elif kind == "whatsapp_business_account":
        for message in [*value.get("messages", []), *value.get("message_echoes", [])]:
            if message.get("type") == "text":
                yield _kept(message["text"]["body"])


# --- the replay --------------------------------------------------------------------------------------


@dataclass
class Became:
    """What the bodies of one platform became."""

    bodies: int = 0
    texts: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)


def _signed(hook: str, body: bytes) -> dict[str, str]:
    if hook == "meta":
        return {"X-Hub-Signature-256": "sha256=" + hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()}
    digest = base64.b64encode(hmac.new(b"consumer-secret", body, hashlib.sha256).digest()).decode()
    return {"x-twitter-webhooks-signature": f"sha256={digest}"}


def _add_channels() -> None:
    with db.transaction() as session:
        for platform, accounts in CHANNELS.items():
            for external_id in accounts:
                session.add(
                    Channel(
                        key=f"{platform}-{external_id}",
                        platform=platform,
                        external_id=external_id,
                        name=platform,
                        voice="municipality",
                        is_active=True,
                    )
                )


def _forget_everything_said() -> None:
    """Recorded ids repeat from file to file with other words: each body meets an empty desk."""
    with db.engine().begin() as connection:
        connection.execute(sql("TRUNCATE raw_event, message, thread, contact CASCADE"))


def _found() -> set[str]:
    with db.transaction() as session:
        said = {row.text for row in session.query(Message.text)}
        return said | {row.text for row in session.query(FormerText.text)}


def _outcome() -> tuple[str, dict[str, int]]:
    with db.transaction() as session:
        event = session.query(RawEvent).one()
        return event.state, event.counts or {}


def _replay(client: Client, hook: str, body: bytes, became: Became) -> set[str]:
    answer = client.post(f"/hooks/{hook}", data=body, headers=_signed(hook, body))
    became.bodies += 1
    became.statuses[answer.status_code] += 1
    while ingest.run():
        pass
    state, counts = _outcome()
    became.states[state] += 1
    became.counts.update(counts)
    return _found()


def _bodies(shared: Path) -> Iterator[tuple[str, str, str, bytes]]:
    for file in sorted((shared / "payloads").glob("*/*.json")):
        name = f"{file.parent.name}/{file.name}"
        addressed = _addressed(name, json.loads(file.read_bytes()))
        if addressed is not None:
            yield name, *addressed


@pytest.fixture
def client(database: None, shared: Path) -> Iterator[Client]:
    if not (shared / "payloads").is_dir():
        pytest.skip("the recorded bodies (../shared/payloads) are not on this machine")
    _add_channels()
    with knocking() as client:
        yield client


def _table(became: dict[str, Became]) -> str:
    columns = sorted({name for one in became.values() for name in one.counts})
    lines = [f"{'platform':<10}{'bodies':>8}{'texts':>7}" + "".join(f"{name:>13}" for name in columns)]
    for platform, one in sorted(became.items()):
        cells = "".join(f"{one.counts[name]:>13}" for name in columns)
        lines.append(f"{platform:<10}{one.bodies:>8}{one.texts:>7}{cells}")
    return "\n".join(lines)


@pytest.mark.timeout(900)
def test_every_recorded_hook_body_is_taken_and_every_text_in_it_is_found(
    client: Client, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    became: dict[str, Became] = defaultdict(Became)

    for name, platform, hook, body in _bodies(shared):
        one = became[platform]
        found = _replay(client, hook, body, one)
        wanted = list(_texts(json.loads(body))) if hook == "meta" else []
        one.texts += len(wanted)
        one.missing += [f"{name}: {text!r}" for text in wanted if text not in found]
        _forget_everything_said()

    with capsys.disabled():
        print("\n" + _table(became))  # noqa: T201
    assert {status for one in became.values() for status in one.statuses} == {200}
    assert [line for one in became.values() for line in one.missing] == []
    assert {state for one in became.values() for state in one.states} == {RawEventState.APPLIED}
    assert all(became[platform].texts >= floor for platform, floor in FLOOR.items())


# --- pages of posts, as X answers a poll --------------------------------------------------------------

POSTS_FLOOR = 70


def _pages_of_posts(shared: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """X's answers that list posts, bare or inside a recorded exchange."""
    for file in sorted((shared / "payloads" / "x").glob("*.json")):
        recorded = json.loads(file.read_bytes())
        if isinstance(recorded, dict) and {"request", "status", "body"} <= set(recorded):
            recorded = recorded["body"]
        listed = recorded.get("data") if isinstance(recorded, dict) else None
        if isinstance(listed, list) and all({"id", "text"} <= set(one) for one in listed):
            yield file.name, recorded


def _is_a_repost(post: dict[str, Any]) -> bool:
    """Somebody else's words, passed on: nothing was said to us."""
    return any(one["type"] == "retweeted" for one in post.get("referenced_tweets", []))


def test_every_recorded_page_of_posts_is_read_and_every_text_in_it_is_found(
    client: Client, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    became, missing = Became(), []

    for name, page in _pages_of_posts(shared):
        asked_at = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
        polled = Polled("x", CHANNELS["x"][0], "mentions", asked_at, json.dumps(page))
        with db.transaction() as session:
            queue.store_raw_event(session, "poll:x-1500000001:mentions", polled.to_bytes())
        while ingest.run():
            pass
        state, counts = _outcome()
        became.bodies += 1
        became.states[state] += 1
        became.counts.update(counts)
        wanted = {_kept(html.unescape(post["text"])) for post in page["data"] if not _is_a_repost(post)}
        became.texts += len(wanted)
        missing += [f"{name}: {text!r}" for text in wanted - _found()]
        _forget_everything_said()

    with capsys.disabled():
        print("\n" + _table({"x (polled)": became}))  # noqa: T201
    assert missing == []
    assert set(became.states) == {RawEventState.APPLIED}
    assert became.texts >= POSTS_FLOOR
