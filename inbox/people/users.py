"""Users and their passwords."""

from __future__ import annotations

import hmac
import re
import secrets

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, joinedload

from inbox import history
from inbox.clock import now
from inbox.errors import InvalidInput, NotFound, UnknownKey
from inbox.models import Unit, User
from inbox.people import passwords
from inbox.refusals import Thing, Why
from inbox.states import Role


def authenticate(session: Session, email: str, password: str) -> User | None:
    """The active user with this address and password, or None. Takes the same time in both cases."""
    user = by_email(session, email)
    matches = passwords.matches(user.password_hash if user else passwords.NOBODY, password)
    if user is None or not matches or not user.is_active:
        return None
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    return user


def knows_password(user: User, password: str) -> bool:
    """Whether `password` is the current password of `user`."""
    return passwords.matches(user.password_hash, password)


def set_password(session: Session, user: User, password: str, *, by: history.Actor) -> None:
    """Set the password of `user` and end their sessions and reset links. Raises InvalidInput."""
    passwords.check(password, email=user.email)
    user.password_hash = passwords.hashed(password)
    user.session_key = secrets.token_urlsafe(16)
    record_change(session, user, "password", by=by)


_EMAIL = re.compile(r"[^@\s\x00-\x1f,;<>\"]{1,64}@[^@\s\x00-\x1f,;<>\"]+\.[^@\s\x00-\x1f,;<>\".]{2,}")
_WITH_UNIT = joinedload(User.unit)


def normal_email(email: str) -> str:
    """The address as it is stored: trimmed, lower case. Raises InvalidInput."""
    trimmed = email.strip().casefold()
    if not _EMAIL.fullmatch(trimmed) or len(trimmed) > 254:
        raise InvalidInput("email", Why.NOT_AN_EMAIL)
    return trimmed


def by_email(session: Session, email: str) -> User | None:
    """The user with this address, active or not, with unit."""
    return session.scalar(
        select(User).options(_WITH_UNIT).where(User.email == email.strip().casefold().replace("\0", ""))
    )


def user(session: Session, user_id: int) -> User:
    """One user with unit. Raises NotFound."""
    found = session.get(User, user_id, options=[_WITH_UNIT])
    if found is None:
        raise NotFound(Thing.USER, user_id)
    return found


def all_users(session: Session) -> list[User]:
    """All users with unit, active ones first; not in alphabetical order."""
    return list(session.scalars(select(User).options(_WITH_UNIT).order_by(User.is_active.desc(), User.id)))


def user_for_session(session: Session, user_id: int, session_key: str) -> User | None:
    """The active user of a session, with unit; None when the session was ended."""
    found = session.get(User, user_id, options=[_WITH_UNIT])
    if found is None or not found.is_active or not hmac.compare_digest(found.session_key, session_key):
        return None
    return found


def add_user(
    session: Session,
    *,
    email: str,
    name: str,
    role: str,
    unit: str | None = None,
    password: str | None,
    language: str = "tr",
    by: history.Actor,
) -> User:
    """Add a user. Without a password they need a reset link to sign in.

    Raises InvalidInput (a taken address, a bad password, a unit that does not fit the role) and UnknownKey.
    """
    address = normal_email(email)
    if by_email(session, address) is not None:
        raise InvalidInput("email", Why.TAKEN_EMAIL)
    if password is not None:
        passwords.check(password, email=address)
    added = User(
        email=address,
        password_hash=passwords.hashed(password or secrets.token_urlsafe(32)),
        session_key=secrets.token_urlsafe(16),
        created_at=now(),
        is_active=True,
    )
    _set(session, added, name=name, role=role, unit=unit, language=language)
    session.add(added)
    session.flush()
    record_change(session, added, "added", by=by)
    return added


def edit_user(
    session: Session,
    user: User,
    *,
    name: str,
    role: str,
    unit: str | None,
    language: str,
    is_active: bool,
    by: history.Actor,
) -> None:
    """Change `user`; deactivating ends their sessions. Raises InvalidInput for the last administrator."""
    before = (user.name, user.role, user.unit_id, user.language, user.is_active)
    stays_administrator = role == Role.ADMINISTRATOR and is_active
    if user.role is Role.ADMINISTRATOR and user.is_active and not stays_administrator:
        lock_users(session)
        others = select(func.count(User.id)).where(
            User.role == Role.ADMINISTRATOR, User.is_active, User.id != user.id
        )
        if not session.scalar(others):
            raise InvalidInput("role", Why.ONLY_ADMINISTRATOR)
    _set(session, user, name=name, role=role, unit=unit, language=language)
    user.is_active = is_active
    after = (user.name, user.role, user.unit_id, user.language, user.is_active)
    if after == before:
        return
    if not is_active:
        user.session_key = secrets.token_urlsafe(16)
    changed = [
        name
        for name, old, new in zip(
            ("name", "role", "unit", "language", "is_active"), before, after, strict=True
        )
        if old != new
    ]
    record_change(session, user, "edited", by=by, fields=changed)


def set_language(session: Session, user_id: int, language: str) -> None:
    """Set the language of this user's screens."""
    user(session, user_id).language = language


def _set(session: Session, user: User, *, name: str, role: str, unit: str | None, language: str) -> None:
    stripped = " ".join(name.replace("\0", "").split())
    if not stripped or len(stripped) > 100:
        raise InvalidInput("name", Why.NAME_LENGTH, least=1, most=100)
    if role not in set(Role):
        raise UnknownKey(Thing.ROLE, role, Role)
    found = session.scalar(select(Unit).where(Unit.key == unit)) if unit else None
    if unit and found is None:
        raise UnknownKey(Thing.UNIT, unit, session.scalars(select(Unit.key)))
    if role == Role.UNIT_OFFICER and found is None:
        raise InvalidInput("unit", Why.UNIT_NEEDED)
    if role != Role.UNIT_OFFICER and found is not None:
        raise InvalidInput("unit", Why.UNIT_FOR_OFFICERS)
    user.name, user.role, user.unit, user.language = stripped, Role(role), found, language
    user.unit_id = found.id if found else None


def lock_users(session: Session) -> None:
    """Lock until commit, so that no two transactions decide about the first or last administrator at once."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('cozum.administrators'))"))


def record_change(session: Session, user: User, what: str, *, by: history.Actor, **details: object) -> None:
    history.record(session, "user.changed", by=by, details={"user": user.id, "what": what, **details})
