"""API tokens: shown once, stored as a digest, revoked by an administrator."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from inbox import history
from inbox.clock import now
from inbox.errors import InvalidInput, NotFound
from inbox.models import ApiToken, User
from inbox.people.users import record_change
from inbox.refusals import Thing, Why


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def issue_token(
    session: Session, user: User, name: str, *, may_approve_alone: bool, by: history.Actor | None = None
) -> str:
    """A new API token for a program that acts as `user`. Only its digest is stored. Raises InvalidInput."""
    token = f"cozum_{secrets.token_urlsafe(32)}"
    label = " ".join(name.replace("\0", "").split())
    if not label or len(label) > 100:
        raise InvalidInput("name", Why.NAME_LENGTH, least=1, most=100)
    session.add(
        ApiToken(
            user_id=user.id,
            name=label,
            digest=_digest(token),
            may_approve_alone=may_approve_alone,
            created_at=now(),
        )
    )
    record_change(session, user, "token_issued", by=by or user, name=label)
    return token


def revoke_token(session: Session, token_id: int, *, by: history.Actor) -> None:
    """Revoke an API token. Raises NotFound."""
    found = session.get(ApiToken, token_id, options=[joinedload(ApiToken.user)])
    if found is None:
        raise NotFound(Thing.TOKEN, token_id)
    if found.revoked_at is None:
        found.revoked_at = now()
        record_change(session, found.user, "token_revoked", by=by, name=found.name)


def all_tokens(session: Session) -> list[ApiToken]:
    """All API tokens with their users, the newest first."""
    return list(
        session.scalars(select(ApiToken).options(joinedload(ApiToken.user)).order_by(ApiToken.id.desc()))
    )


def user_for_token(session: Session, token: str) -> tuple[User, ApiToken] | None:
    """The user (with unit) and the row of an API token; None when unknown, revoked or the user inactive."""
    found = session.scalar(
        select(ApiToken)
        .options(joinedload(ApiToken.user).joinedload(User.unit))
        .where(ApiToken.digest == _digest(token), ApiToken.revoked_at.is_(None))
    )
    if found is None or not found.user.is_active:
        return None
    return found.user, found
