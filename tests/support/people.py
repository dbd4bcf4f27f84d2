"""People of the town hall, for tests."""

from __future__ import annotations

import secrets
from functools import cache

from sqlalchemy.orm import Session

from inbox import people
from inbox.clock import now
from inbox.models import User
from inbox.people import passwords
from inbox.states import Role

PASSWORD = "correct horse battery"


@cache
def password_hash() -> str:
    """The hash of `PASSWORD`, made once a process: it is meant to be slow."""
    return passwords.hashed(PASSWORD)


def add(session: Session, email: str = "ayse@city.test", role: Role = Role.MODERATOR) -> User:
    """Add a user as the administrator does, with `PASSWORD`: for tests of users."""
    return people.add_user(session, email=email, name="Ayşe", role=role, password=PASSWORD, by="test")


def someone(session: Session, email: str, role: Role, *, name: str, unit_id: int | None = None) -> User:
    """A user whose password is `PASSWORD`, for tests of something else."""
    user = User(
        email=email,
        name=name,
        role=role,
        unit_id=unit_id,
        language="tr",
        password_hash=password_hash(),
        session_key=secrets.token_urlsafe(16),
        created_at=now(),
        is_active=True,
    )
    session.add(user)
    session.flush()
    return user
