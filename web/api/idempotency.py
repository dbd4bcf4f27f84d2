"""Calls with the same Idempotency-Key have one effect and get the same answer.

The key is stored in the transaction of the effect, before the work, so that a second call waits for the first
on the unique index. If the first commits, the second returns its answer. If the first is refused, its row is
rolled back and the second does the work. Refusals are never stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.errors import KeyReused
from inbox.models import IdempotencyKey, User

_UNDER_WAY = 0


def digest(method: str, path: str, body: Any) -> bytes:
    """The SHA-256 of method, path and body. The order and spacing of the JSON do not matter."""
    canonical = json.dumps([method, path, body or {}], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()


def once(
    session: Session,
    user: User,
    key: str,
    request_digest: bytes,
    work: Callable[[], tuple[int, bytes]],
) -> tuple[int, bytes]:
    """The status and body of `work`, or those of the first call of `user` with `key`.

    Raises KeyReused when the first call had another digest.
    """
    claimed = session.execute(
        insert(IdempotencyKey)
        .values(
            user_id=user.id,
            key=key,
            request_digest=request_digest,
            status=_UNDER_WAY,
            answer=b"",
            created_at=now(),
        )
        .on_conflict_do_nothing(index_elements=[IdempotencyKey.user_id, IdempotencyKey.key])
        .returning(IdempotencyKey.id)
    ).scalar()
    if claimed is None:
        return _remembered(session, user, key, request_digest)
    status, answer = work()
    session.execute(
        update(IdempotencyKey).where(IdempotencyKey.id == claimed).values(status=status, answer=answer)
    )
    return status, answer


def _remembered(session: Session, user: User, key: str, request_digest: bytes) -> tuple[int, bytes]:
    row = session.execute(
        select(IdempotencyKey.request_digest, IdempotencyKey.status, IdempotencyKey.answer).where(
            IdempotencyKey.user_id == user.id, IdempotencyKey.key == key
        )
    ).one()
    if row.request_digest != request_digest:
        raise KeyReused(key)
    return row.status, row.answer
