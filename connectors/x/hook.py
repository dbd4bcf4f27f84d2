"""How X's hooks prove themselves, and how we prove to X that the hook is ours.

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

    Compared as bytes: `compare_digest` raises on text that is not ASCII, and a forged header may hold any.
    """
    given = headers.get("x-twitter-webhooks-signature", "").encode(errors="replace")
    genuine = False
    for secret in filter(None, secrets):
        genuine |= hmac.compare_digest(_signed(secret, body), given)
    return genuine


def _answer_challenge(
    secrets: Sequence[str], _verify_token: str, query: dict[str, str]
) -> tuple[str, str] | None:
    """The token signed with the newest consumer secret; None when X asked nothing."""
    token, secret = query.get("crc_token"), next(filter(None, secrets), None)
    if not token or secret is None:
        return None
    proof = _signed(secret, token.encode(errors="replace")).decode()
    return json.dumps({"response_token": proof}), "application/json"


HOOK = Hook(name="x", is_genuine=_is_genuine, answer_challenge=_answer_challenge)
