"""Users, API tokens and idempotency keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.models.city import Unit
from inbox.states import Role


class User(Table):
    """A member of staff who may sign in."""

    __tablename__ = "user"

    id: Mapped[BigId]
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    unit_id: Mapped[Link | None] = mapped_column(ForeignKey("unit.id"))
    language: Mapped[str] = mapped_column(default="tr")
    is_active: Mapped[bool] = mapped_column(default=True)
    session_key: Mapped[str]  # part of every session and reset link; a new value ends them all
    created_at: Mapped[datetime]

    unit: Mapped[Unit | None] = relationship(lazy="raise")


class ApiToken(Table):
    """A token for the JSON API. Only its digest is stored."""

    __tablename__ = "api_token"

    id: Mapped[BigId]
    user_id: Mapped[Link] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    may_approve_alone: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")


class IdempotencyKey(Table):
    """The response to an API call with this key, stored in the same transaction as the call's effect."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[BigId]
    user_id: Mapped[Link] = mapped_column(ForeignKey("user.id"))
    key: Mapped[str]
    request_digest: Mapped[bytes]  # over method, path and body
    status: Mapped[int]
    answer: Mapped[bytes]
    created_at: Mapped[datetime]
