"""People of the town hall, for tests."""

from __future__ import annotations

from sqlalchemy.orm import Session

from inbox import people
from inbox.models import User
from inbox.states import Role

PASSWORD = "correct horse battery"


def add(session: Session, email: str = "ayse@city.test", role: Role = Role.MODERATOR) -> User:
    """A user whose password is `PASSWORD`."""
    return people.add_user(session, email=email, name="Ayşe", role=role, password=PASSWORD, by="test")
