"""How X's hooks prove themselves, and how we prove ours to X."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from connectors.x.hook import HOOK

BODY = '{"text": "Çöp ğüşıöç"}'.encode()


def signature(secret: str, body: bytes = BODY) -> str:
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize("secret", ["old", "new"])
def test_a_body_is_genuine_if_any_of_the_secrets_signs_it(secret: str) -> None:
    headers = {"x-twitter-webhooks-signature": signature(secret)}

    assert HOOK.is_genuine(["new", "old"], headers, BODY)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "sha256=",
        signature("stranger"),
        signature("new", BODY + b" "),
        signature("new").removeprefix("sha256="),
        "sha256=" + hmac.new(b"new", BODY, hashlib.sha256).hexdigest(),
        "sha256=ğüş",
        "\udcff",
    ],
)
def test_anything_else_is_not_genuine(given: str) -> None:
    assert not HOOK.is_genuine(["new", "old"], {"x-twitter-webhooks-signature": given}, BODY)


def test_nothing_is_genuine_without_a_header_or_without_a_secret() -> None:
    assert not HOOK.is_genuine(["new"], {}, BODY)
    assert not HOOK.is_genuine([], {"x-twitter-webhooks-signature": signature("")}, BODY)
    assert not HOOK.is_genuine([""], {"x-twitter-webhooks-signature": signature("")}, BODY)


def test_the_challenge_is_answered_with_the_token_signed() -> None:
    answer = HOOK.answer_challenge(["new", "old"], "", {"crc_token": "çağrı"})

    assert answer is not None
    text, content_type = answer
    assert content_type == "application/json"
    assert json.loads(text) == {"response_token": signature("new", "çağrı".encode())}


@pytest.mark.parametrize(
    ("secrets", "query"), [([], {"crc_token": "a"}), (["new"], {}), ([""], {"crc_token": "a"})]
)
def test_what_is_no_challenge_or_cannot_be_met_is_not_answered(
    secrets: list[str], query: dict[str, str]
) -> None:
    assert HOOK.answer_challenge(secrets, "", query) is None
