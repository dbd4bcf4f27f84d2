"""The one-use links that a command prints: for the very first person, and for a lost password."""

from __future__ import annotations

from inbox import people
from inbox.db import transaction
from inbox.models import User
from inbox.settings import settings


def first_run_link() -> str | None:
    """Where the first administrator is made, or None when there is somebody already.

    Good for a day and until used; whoever starts the system prints it and nobody else learns it.
    """
    with transaction() as session:
        if people.has_users(session):
            return None
    return _address(f"/setup/{people.first_run_token()}")


def reset_link(user: User) -> str:
    """Where `user` chooses a new password, once."""
    return _address(f"/reset/{people.reset_token(user)}")


def _address(path: str) -> str:
    return str(settings().public_url).rstrip("/") + path
