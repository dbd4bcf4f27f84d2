"""Password hashes and signed links. No row is read or written here."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from inbox.clock import now
from inbox.errors import InvalidInput
from inbox.refusals import Why
from inbox.settings import settings

MIN_LENGTH, MAX_LENGTH = 10, 200

# 19 MiB, 2 iterations, 1 lane: the minimum that OWASP gives for argon2id; many sign-ins must fit in memory.
_hasher = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
_at_once = BoundedSemaphore(4)

NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$AmxiBMVUVzy3P8Ko3LSTLA$uRJdTy7c3Shjh+Obg2ktE7GtaCuU+qAXVazSiDJh3ws"
"""A hash of an unknown password: verified when there is no such user, so that it takes as long."""


def check(password: str, *, email: str = "", field: str = "password") -> None:
    """Raise InvalidInput when `password` is too short, too long or easy to guess."""
    if len(password) < MIN_LENGTH:
        raise InvalidInput(field, Why.PASSWORD_SHORT, least=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise InvalidInput(field, Why.PASSWORD_LONG, most=MAX_LENGTH)
    if len(set(password)) < 4 or (email and password.casefold() in (email, email.partition("@")[0])):
        raise InvalidInput(field, Why.PASSWORD_EASY)


def hashed(password: str) -> str:
    """The argon2id hash of `password`."""
    with _at_once:
        return _hasher.hash(password.encode(errors="surrogatepass"))


def matches(password_hash: str, password: str) -> bool:
    """Whether `password` has this hash."""
    if len(password) > MAX_LENGTH:
        password = ""  # no password is that long; verify anyway, so that it takes as long
    try:
        with _at_once:
            return _hasher.verify(password_hash, password.encode(errors="surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than the current ones."""
    return _hasher.check_needs_rehash(password_hash)


def signed_link(subject: str, secret: str, expires: datetime) -> str:
    """The token `subject.expires.signature`, safe in a URL. It becomes invalid when `secret` changes."""
    payload = f"{subject}.{int(expires.timestamp())}"
    key = settings().secret_key.get_secret_value().encode()
    mac = hmac.new(key, f"link.{payload}.{secret}".encode(), hashlib.sha256).digest()
    return f"{payload}.{urlsafe_b64encode(mac[:24]).decode()}"


def is_signed_link(token: str, subject: str, secret: str) -> bool:
    """Whether `token` was made by `signed_link` with this subject and secret, and has not expired."""
    try:
        expires = datetime.fromtimestamp(int(token.split(".")[1]), UTC)
    except (ValueError, IndexError, OverflowError, OSError):
        return False
    expected = signed_link(subject, secret, expires).encode()
    return hmac.compare_digest(token.encode(errors="surrogatepass"), expected) and now() < expires
