"""Who works here, how they prove it, and what each role may do.

`may(user, action, row)` is the one permission table. A view declares its action; where the answer depends on
a row (a unit's own requests), the row is given too. With no row the answer is "at least sometimes".
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, joinedload

from inbox import history, passwords
from inbox.clock import now
from inbox.errors import InvalidInput, NotAllowed, NotFound, UnknownKey
from inbox.models import ApiToken, TrackedRequest, Unit, User
from inbox.states import Role

# --- the permission table ---------------------------------------------------------------------------

Rule = Callable[[User, object], bool]


def _always(_user: User, _row: object) -> bool:
    return True


def _own_unit(user: User, row: object) -> bool:
    """The request is with the user's own unit."""
    return isinstance(row, TrackedRequest) and user.unit_id is not None and row.unit_id == user.unit_id


def _outside_unit(_user: User, row: object) -> bool:
    """The request went to a body outside, which has no account here: the desk enters its answer."""
    return isinstance(row, TrackedRequest) and row.unit.is_outside


_MODERATOR, _OFFICER = Role.MODERATOR, Role.UNIT_OFFICER
_SUPERVISOR, _ADMINISTRATOR = Role.SUPERVISOR, Role.ADMINISTRATOR

_DESK: Mapping[Role, Rule] = {_MODERATOR: _always, _SUPERVISOR: _always, _ADMINISTRATOR: _always}
_DESK_AND_UNIT: Mapping[Role, Rule] = {**_DESK, _OFFICER: _own_unit}
_CHIEFS: Mapping[Role, Rule] = {_SUPERVISOR: _always, _ADMINISTRATOR: _always}
_ADMINISTRATORS: Mapping[Role, Rule] = {_ADMINISTRATOR: _always}
_EVERYBODY: Mapping[Role, Rule] = dict.fromkeys(Role, _always)

ACTIONS: Mapping[str, Mapping[Role, Rule]] = {
    "own.edit": _EVERYBODY,  # own password, own language
    "lists.read": _EVERYBODY,  # the names of units, categories, neighbourhoods, reasons
    "message.read": _DESK,
    "message.triage": _DESK,  # convert, join, answer, dismiss, reopen
    "request.read": _DESK_AND_UNIT,
    "request.note": _DESK_AND_UNIT,
    "request.respond": {**_CHIEFS, _MODERATOR: _outside_unit, _OFFICER: _own_unit},
    "request.return": {**_CHIEFS, _OFFICER: _own_unit},
    "request.reroute": _DESK,
    "request.close": _DESK,
    "request.reopen": _DESK,
    "reply.read": _DESK,
    "reply.approve": _DESK,  # edit, approve, withdraw, undo
    "reply.settle": _DESK,
    "reply.rate": _DESK,
    "channel.read": _DESK,
    "feed.read": {**_DESK, _OFFICER: _always},
    "events.read": _DESK,
    "settings.read": _CHIEFS,
    "settings.edit": _ADMINISTRATORS,
    "set_aside.read": _CHIEFS,
    "users.read": _CHIEFS,
    "users.edit": _ADMINISTRATORS,
}
"""Action → role → rule. A role that is not there may never."""


def may(user: User, action: str, row: object = None) -> bool:
    """Whether `user` may do `action` to `row`; with no row: to any row at all.

    An unknown action is a mistake of ours: KeyError.
    """
    rule = ACTIONS[action].get(user.role)
    if rule is None or not user.is_active:
        return False
    return row is None or rule(user, row)


def require(user: User, action: str, row: object = None) -> None:
    """Raise NotAllowed unless `user` may do `action` to `row`."""
    if not may(user, action, row):
        raise NotAllowed(user.name, action)


# --- logging in ------------------------------------------------------------------------------------


def authenticate(session: Session, email: str, password: str) -> User | None:
    """The active user with this address and password, or None; both take the same time."""
    user = by_email(session, email)
    matches = passwords.matches(user.password_hash if user else passwords.NOBODY, password)
    if user is None or not matches or not user.is_active:
        return None
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    return user


def knows_password(user: User, password: str) -> bool:
    """Whether this is the password `user` has now."""
    return passwords.matches(user.password_hash, password)


def set_password(session: Session, user: User, password: str, *, by: history.Actor) -> None:
    """Give `user` a new password; every session and reset link they had ends."""
    passwords.check(password, email=user.email)
    user.password_hash = passwords.hashed(password)
    user.session_key = secrets.token_urlsafe(16)
    _record(session, user, "password", by=by)


# --- users ------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"[^@\s\x00-\x1f,;<>\"]{1,64}@[^@\s\x00-\x1f,;<>\"]+\.[^@\s\x00-\x1f,;<>\".]{2,}")
_WITH_UNIT = joinedload(User.unit)


def normal_email(email: str) -> str:
    """The address as it is stored: trimmed, lower case. Raises InvalidInput."""
    trimmed = email.strip().casefold()
    if not _EMAIL.fullmatch(trimmed) or len(trimmed) > 254:
        raise InvalidInput("email", "is not an e-mail address")
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
        raise NotFound("user", user_id)
    return found


def users(session: Session) -> list[User]:
    """All users with unit, active ones first; not yet in alphabetical order."""
    return list(session.scalars(select(User).options(_WITH_UNIT).order_by(User.is_active.desc(), User.id)))


def user_for_session(session: Session, user_id: int, session_key: str) -> User | None:
    """The active user a session belongs to, with unit, or None when it was ended meanwhile."""
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
    """A new user; with no password they come in by a reset link only.

    Raises InvalidInput (a taken address, a bad password, a unit that does not fit the role) and UnknownKey.
    """
    address = normal_email(email)
    if by_email(session, address) is not None:
        raise InvalidInput("email", "belongs to another user")
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
    _record(session, added, "added", by=by)
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
    """Change what `user` is and may; who is deactivated is out at once. The last administrator stays one."""
    before = (user.name, user.role, user.unit_id, user.language, user.is_active)
    stays_administrator = role == Role.ADMINISTRATOR and is_active
    if user.role is Role.ADMINISTRATOR and user.is_active and not stays_administrator:
        _lock_users(session)
        others = select(func.count(User.id)).where(
            User.role == Role.ADMINISTRATOR, User.is_active, User.id != user.id
        )
        if not session.scalar(others):
            raise InvalidInput("role", "is needed: this is the only administrator")
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
    _record(session, user, "edited", by=by, fields=changed)


def set_language(session: Session, user_id: int, language: str) -> None:
    """The language of this user's screens from now on."""
    user(session, user_id).language = language


def _set(session: Session, user: User, *, name: str, role: str, unit: str | None, language: str) -> None:
    stripped = " ".join(name.replace("\0", "").split())
    if not stripped or len(stripped) > 100:
        raise InvalidInput("name", "must have 1 to 100 characters")
    if role not in set(Role):
        raise UnknownKey("role", role, Role)
    found = session.scalar(select(Unit).where(Unit.key == unit)) if unit else None
    if unit and found is None:
        raise UnknownKey("unit", unit, session.scalars(select(Unit.key)))
    if role == Role.UNIT_OFFICER and found is None:
        raise InvalidInput("unit", "is needed for a unit officer")
    if role != Role.UNIT_OFFICER and found is not None:
        raise InvalidInput("unit", "is for unit officers alone")
    user.name, user.role, user.unit, user.language = stripped, Role(role), found, language
    user.unit_id = found.id if found else None


def _lock_users(session: Session) -> None:
    """Let one transaction at a time decide about the first or the last administrator."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('cozum.administrators'))"))


def _record(session: Session, user: User, what: str, *, by: history.Actor, **details: object) -> None:
    history.record(session, "user.changed", by=by, details={"user": user.id, "what": what, **details})


# --- one-use links ---------------------------------------------------------------------------------

RESET_LASTS, FIRST_RUN_LASTS = timedelta(days=2), timedelta(days=1)
_FIRST_RUN = "first-run"


def reset_token(user: User) -> str:
    """What a reset link carries: good for two days, until used, and until any other change of password."""
    return passwords.signed_link(str(user.id), user.session_key + user.password_hash, now() + RESET_LASTS)


def user_for_reset_token(session: Session, token: str) -> User | None:
    """The active user whose unused, unexpired reset token this is; locked until the transaction ends."""
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
    """Whether anybody can log in at all."""
    return session.scalar(select(func.count()).select_from(select(User.id).limit(1).subquery())) == 1


def first_run_token() -> str:
    """What the link carries that makes the first administrator; good for a day and for an empty city."""
    return passwords.signed_link(_FIRST_RUN, "", now() + FIRST_RUN_LASTS)


def is_first_run_token(session: Session, token: str) -> bool:
    """Whether this link may still make the first administrator. Holds others back until commit."""
    _lock_users(session)
    return passwords.is_signed_link(token, _FIRST_RUN, "") and not has_users(session)


# --- keys to the API --------------------------------------------------------------------------------


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def issue_token(
    session: Session, user: User, name: str, *, may_approve_alone: bool, by: history.Actor | None = None
) -> str:
    """A new key to the API for a program that acts as `user`. Told this once; only its digest is kept."""
    token = f"cozum_{secrets.token_urlsafe(32)}"
    label = " ".join(name.replace("\0", "").split())
    if not label or len(label) > 100:
        raise InvalidInput("name", "must have 1 to 100 characters")
    session.add(
        ApiToken(
            user_id=user.id,
            name=label,
            digest=_digest(token),
            may_approve_alone=may_approve_alone,
            created_at=now(),
        )
    )
    _record(session, user, "token_issued", by=by or user, name=label)
    return token


def revoke_token(session: Session, token_id: int, *, by: history.Actor) -> None:
    """End a key to the API. Raises NotFound."""
    found = session.get(ApiToken, token_id, options=[joinedload(ApiToken.user)])
    if found is None:
        raise NotFound("token", token_id)
    if found.revoked_at is None:
        found.revoked_at = now()
        _record(session, found.user, "token_revoked", by=by, name=found.name)


def tokens(session: Session) -> list[ApiToken]:
    """All keys to the API with their users, the newest first."""
    return list(
        session.scalars(select(ApiToken).options(joinedload(ApiToken.user)).order_by(ApiToken.id.desc()))
    )


def user_for_token(session: Session, token: str) -> tuple[User, ApiToken] | None:
    """Whom a key to the API stands for, with unit, or None when it is unknown, revoked or its user is out."""
    found = session.scalar(
        select(ApiToken)
        .options(joinedload(ApiToken.user).joinedload(User.unit))
        .where(ApiToken.digest == _digest(token), ApiToken.revoked_at.is_(None))
    )
    if found is None or not found.user.is_active:
        return None
    return found.user, found
