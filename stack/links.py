"""One-use links that commands print: to create the first administrator, and to reset a password."""

from __future__ import annotations

from inbox import people
from inbox.db import transaction
from inbox.models import User
from inbox.settings import settings


def first_run_link() -> str | None:
    """The link that creates the first administrator; None if there is a user already.

    Valid for one day and one use. Only the person who starts the system sees it.
    """
    with transaction() as session:
        if people.has_users(session):
            return None
    return _address(f"/setup/{people.first_run_token()}")


def reset_link(user: User) -> str:
    """The link with which `user` chooses a new password, once."""
    return _address(f"/reset/{people.reset_token(user)}")


def _address(path: str) -> str:
    return str(settings().public_url).rstrip("/") + path
