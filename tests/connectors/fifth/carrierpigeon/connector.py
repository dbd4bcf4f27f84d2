"""A platform nobody has: notes on pigeons' rings. It shows what one more platform costs.

A loft's notes lie in a folder (`base_url`), one file a ring; a hook tells of those that came in.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from connectors.contract import Connector, Hook, Polled
from connectors.payload import Id, PayloadShape, items, moment, outermost, part, read_object
from inbox.failures import Failure
from inbox.platforms import Traits
from inbox.values import (
    Access,
    AccessLost,
    Author,
    AuthorKey,
    CannotTell,
    Fact,
    Found,
    LookOutcome,
    MessageKind,
    MessageSeen,
    NotSent,
    NotThere,
    NotUnderstood,
    Outgoing,
    PolledPage,
    ProbeFailed,
    ProbeOk,
    ProbeOutcome,
    SendOutcome,
    Sent,
    UnreadablePayload,
)

PLATFORM = "carrierpigeon"


class Note(PayloadShape):
    ring: Id
    sender: str = Field(alias="from")
    said: str
    at: Any
    answers: Id | None = None


def _claims(raw: bytes) -> bool:
    return "loft" in outermost(raw)


def normalise(raw: bytes) -> tuple[Fact, ...]:
    if Polled.from_bytes(raw):
        raise UnreadablePayload("pigeons are not polled")
    body = read_object(raw)
    loft = body.get("loft")
    if not isinstance(loft, str) or not loft:
        raise UnreadablePayload("no loft")
    return tuple(_note(loft, each) for each in items(body.get("notes")))


def _note(loft: str, given: Any) -> Fact:
    note = part(Note, given)
    at = moment(note.at) if note else None
    if note is None or at is None:
        return NotUnderstood(PLATFORM, loft, "note")
    ours = note.sender == loft
    return MessageSeen(
        platform=PLATFORM,
        account=loft,
        external_id=note.ring,
        kind=MessageKind.CHAT,
        text=note.said,
        sent_at=at,
        observed_at=at,
        author=None if ours else Author((AuthorKey(PLATFORM, note.sender),), name=note.sender),
        from_us=ours,
        parent_external_id=note.answers,
    )


def _folder(access: Access) -> Path:
    return Path(access.base_url)


def _ring(outgoing: Outgoing) -> str:
    return hashlib.sha256(outgoing.reference.encode(errors="replace")).hexdigest()[:12]


def _send(access: Access, outgoing: Outgoing) -> SendOutcome:
    if not access.credentials:
        return AccessLost(Failure.NO_CREDENTIALS)
    if not _folder(access).is_dir():
        return NotSent(Failure.NO_CONNECTION)
    note = {"ring": _ring(outgoing), "said": outgoing.text, "answers": outgoing.to_external_id}
    (_folder(access) / _ring(outgoing)).write_text(json.dumps(note), encoding="utf-8")
    return Sent(_ring(outgoing))


def _look(access: Access, outgoing: Outgoing) -> LookOutcome:
    if not _folder(access).is_dir():
        return CannotTell("no loft there")
    there = (_folder(access) / _ring(outgoing)).exists()
    return Found(_ring(outgoing)) if there else NotThere()


def _probe(access: Access) -> ProbeOutcome:
    if not access.credentials:
        return ProbeFailed(Failure.NO_CREDENTIALS, access_lost=True)
    return ProbeOk() if _folder(access).is_dir() else ProbeFailed(Failure.NO_CONNECTION, access_lost=False)


def _poll(access: Access, edge: str, cursor: str | None) -> PolledPage:
    raise ValueError(f"a pigeon has no edge {edge!r}")


def _is_genuine(secrets: Sequence[str], headers: dict[str, str], body: bytes) -> bool:
    given = headers.get("x-seal", "").encode(errors="replace")
    return any(
        hmac.compare_digest(hmac.new(secret.encode(), body, "sha256").hexdigest().encode(), given)
        for secret in secrets
        if secret
    )


def _answer_challenge(
    secrets: Sequence[str], verify_token: str, query: dict[str, str]
) -> tuple[str, str] | None:
    return None


CONNECTOR = Connector(
    traits=Traits(
        key=PLATFORM,
        label="Güvercin",
        max_length=40,
        max_private_length=40,
        rating_in_private=True,
        hook="carrierpigeon",
        credential_names=("seed",),
    ),
    hook=Hook("carrierpigeon", _is_genuine, _answer_challenge),
    claims=_claims,
    normalise=normalise,
    edges=(),
    poll=_poll,
    send=_send,
    look=_look,
    probe=_probe,
    can_prove_absence=lambda outgoing: True,
)
