"""Bodies that platforms and libraries recorded or documented: every word of a citizen in them is found.

They lie beside the checkout, not in it: real people wrote them.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors import CONNECTORS
from connectors.contract import Polled
from inbox.values import MessageSeen, UnreadablePayload

SHARED = Path(__file__).parents[3] / "shared" / "payloads"
ASKED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def _recorded(platform: str) -> list[Path]:
    files = sorted((SHARED / platform).glob("*.json"))
    if not files:
        pytest.skip("the collection of recorded bodies is not beside this checkout")
    return files


def _shown(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text.replace("\x00", ""))


def test_every_text_in_whatsapps_recorded_bodies_is_found_with_its_exact_words() -> None:
    bodies, expected, missing = 0, 0, []
    for file in _recorded("whatsapp"):
        read = json.loads(file.read_bytes())
        if not isinstance(read, dict) or read.get("object") != "whatsapp_business_account":
            continue
        bodies += 1
        facts = CONNECTORS["whatsapp"].normalise(file.read_bytes())
        told = [
            (fact.account, fact.external_id, fact.text) for fact in facts if isinstance(fact, MessageSeen)
        ]
        for change in (change for entry in read["entry"] for change in entry.get("changes", ())):
            value = change.get("value", {})
            account = value.get("metadata", {}).get("phone_number_id")
            for said in [*value.get("messages", ()), *value.get("message_echoes", ())]:
                id = said.get("id")
                if said.get("type") == "edit":
                    id, said = said["edit"]["original_message_id"], said["edit"]["message"]
                if said.get("type") != "text" or account is None:
                    continue
                expected += 1
                one = (account, id, _shown(said["text"]["body"]))
                if one in told:
                    told.remove(one)
                else:
                    missing.append((file.name, id))

    assert missing == []
    assert bodies > 80
    assert expected >= 40


def test_every_post_in_xs_recorded_bodies_is_found_with_its_exact_words() -> None:
    bodies, expected, missing = 0, 0, []
    for file in _recorded("x"):
        read = json.loads(file.read_bytes())
        if isinstance(read, dict) and "status" in read and "body" in read:
            read = read["body"] if read["request"]["method"] == "GET" else None
        if not isinstance(read, dict):
            continue
        facts = CONNECTORS["x"].normalise(
            Polled("x", "1500000001", "mentions", ASKED, json.dumps(read)).to_bytes()
        )
        with suppress(UnreadablePayload):
            CONNECTORS["x"].normalise(json.dumps(read).encode())
        bodies += 1
        told = {(fact.external_id, fact.text) for fact in facts if isinstance(fact, MessageSeen)}
        given = read.get("data")
        for post in given if isinstance(given, list) else [given]:
            if not isinstance(post, dict) or not {"id", "text"} <= post.keys():
                continue
            if any(each["type"] == "retweeted" for each in post.get("referenced_tweets", ())):
                continue
            expected += 1
            text = post.get("note_tweet", {}).get("text", post["text"])
            for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
                text = text.replace(entity, letter)
            one = (post.get("edit_history_tweet_ids", [post["id"]])[0], _shown(text))
            if one not in told:
                missing.append((file.name, post["id"]))

    assert missing == []
    assert bodies > 80
    assert expected >= 40
