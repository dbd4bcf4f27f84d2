"""How a platform stands towards one account of ours: its tokens and their life, permissions, limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LONG_LIFE = timedelta(days=60)
SHORT_LIFE = timedelta(hours=2)  # of X's OAuth 2.0 tokens


@dataclass(slots=True)
class AccountAccess:
    """What may change of an account while the sandbox runs. None: as the configuration says."""

    scopes: tuple[str, ...] | None = None
    expires_at: datetime | None = None  # of the tokens; None: never
    used_percent: int = 0  # of the platform's limits, told in the headers
    tokens: list[str] = field(default_factory=list)  # given out since the start, the newest last
    refresh_token: str = ""  # X: the one that works now, once; "": the first, `<token>-refresh`
    renewed: int = 0

    def renew(self, token: str, moment: datetime) -> str:
        """A new token, which lives long; the ones before go on while they live."""
        self.renewed += 1
        self.tokens.append(f"{token}-{self.renewed}")
        self.expires_at = moment + LONG_LIFE
        return self.tokens[-1]

    def permits(self, scope: str, configured: tuple[str, ...] | None) -> bool:
        """Whether the tokens carry a permission; `configured` holds while no control call changed it."""
        scopes = self.scopes if self.scopes is not None else configured
        return scopes is None or scope in scopes

    def is_expired(self, moment: datetime) -> bool:
        """Whether the tokens have outlived themselves."""
        return self.expires_at is not None and self.expires_at <= moment
