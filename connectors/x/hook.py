"""Verifies X's hook signatures and answers X's challenge.

Source: docs.x.com, "Webhooks: securing" (challenge-response check and signature header).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence

from connectors.contract import Hook


def _signed(secret: str, what: bytes) -> bytes:
    return b"sha256=" + base64.b64encode(hmac.new(secret.encode(), what, hashlib.sha256).digest())


def _is_genuine(secrets: Sequence[str], headers: dict[str, str], body: bytes) -> bool:
    """Whether a consumer secret signs exactly these bytes.

    Compared as bytes, because `compare_digest` raises for non-ASCII text, which a forged header may contain.
    """
    given = headers.get("x-twitter-webhooks-signature", "").encode(errors="replace")
    genuine = False
    for secret in filter(None, secrets):
        genuine |= hmac.compare_digest(_signed(secret, body), given)
    return genuine


def _answer_challenge(
    secrets: Sequence[str], _verify_token: str, query: dict[str, str]
) -> tuple[str, str] | None:
    """The CRC token signed with the newest consumer secret; None if the query has no token."""
    token, secret = query.get("crc_token"), next(filter(None, secrets), None)
    if not token or secret is None:
        return None
    proof = _signed(secret, token.encode(errors="replace")).decode()
    return json.dumps({"response_token": proof}), "application/json"


HOOK = Hook(
    name="x",
    is_genuine=_is_genuine,
    answer_challenge=_answer_challenge,
    earlier_settings={"secrets": "COZUM_X_CONSUMER_SECRETS"},
)
