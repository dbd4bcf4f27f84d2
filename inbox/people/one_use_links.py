"""Links that work once: to set a new password, and to create the first administrator."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.models import User
from inbox.people import passwords
from inbox.people.users import lock_users

RESET_LASTS, FIRST_RUN_LASTS = timedelta(days=2), timedelta(days=1)


_FIRST_RUN = "first-run"


def reset_token(user: User) -> str:
    """The token of a reset link. It ends after two days, when it is used, and when the password changes."""
    return passwords.signed_link(str(user.id), user.session_key + user.password_hash, now() + RESET_LASTS)


def user_for_reset_token(session: Session, token: str) -> User | None:
    """The active user of a valid reset token, with the row locked; else None."""
    subject = token.partition(".")[0]
    if not (subject.isascii() and subject.isdigit() and len(subject) < 19):
        return None
    found = session.get(User, int(subject), with_for_update={"of": User})
    if found is None or not found.is_active:
        return None
    return (
        found if passwords.is_signed_link(token, subject, found.session_key + found.password_hash) else None
    )


def has_users(session: Session) -> bool:
    """Whether there is any user."""
    return session.scalar(select(func.count()).select_from(select(User.id).limit(1).subquery())) == 1


def first_run_token() -> str:
    """The token of the link that creates the first administrator. Valid for a day while there is no user."""
    return passwords.signed_link(_FIRST_RUN, "", now() + FIRST_RUN_LASTS)


def is_first_run_token(session: Session, token: str) -> bool:
    """Whether this token may still create the first administrator. Others wait until commit."""
    lock_users(session)
    return passwords.is_signed_link(token, _FIRST_RUN, "") and not has_users(session)
