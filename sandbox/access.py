"""The access a platform grants to one account: valid tokens, their expiry, permissions, used limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LONG_LIFE = timedelta(days=60)
SHORT_LIFE = timedelta(hours=2)  # of X's OAuth 2.0 tokens


@dataclass(slots=True)
class AccountAccess:
    """The access of one account, which control calls can change. None: as the configuration says."""

    scopes: tuple[str, ...] | None = None
    expires_at: datetime | None = None  # of the tokens; None: never
    used_percent: int = 0  # of the platform's rate limit, reported in the headers
    tokens: list[str] = field(default_factory=list)  # issued since the start, the newest last
    refresh_token: str = ""  # X: the valid one, for one use; "": the first, `<token>-refresh`
    renewed: int = 0

    def renew(self, token: str, moment: datetime) -> str:
        """Issue a new long-lived token. The earlier ones stay valid until they expire."""
        self.renewed += 1
        self.tokens.append(f"{token}-{self.renewed}")
        self.expires_at = moment + LONG_LIFE
        return self.tokens[-1]

    def permits(self, scope: str, configured: tuple[str, ...] | None) -> bool:
        """Whether the tokens have a permission. `configured` counts until a control call changes it."""
        scopes = self.scopes if self.scopes is not None else configured
        return scopes is None or scope in scopes

    def is_expired(self, moment: datetime) -> bool:
        """Whether the tokens have expired."""
        return self.expires_at is not None and self.expires_at <= moment
