"""A repeated call is one call: the same Idempotency-Key gives the same answer and one effect.

The key is a row in the same transaction as the effect. It is written before the work, so that a second call
with it waits for the first on the unique index. When the first commits, the second finds its answer there;
when the first is refused, its row goes with it and the second does the work. Refusals are never kept.
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
    """What makes two calls the same: method, path, and the body's content however it was spelt."""
    canonical = json.dumps([method, path, body or {}], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()


def once(
    session: Session,
    user: User,
    key: str,
    request_digest: bytes,
    work: Callable[[], tuple[int, bytes]],
) -> tuple[int, bytes]:
    """The status and answer of `work`, or those it had when `user` first called with `key`.

    Raises KeyReused when the first call was another one.
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
