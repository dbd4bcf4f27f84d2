"""Our accounts and lines: their secrets, budgets and health, and what needs a person about them."""

from inbox.channels.accounts import (
    ACCESS_LOST,
    STALE_AFTER,
    access,
    called,
    credentials,
    edit,
    health,
    lose_access,
    of_account,
    pause,
    regain_access,
    renew_credentials,
    rotate,
    set_credentials,
    token_lives,
)

__all__ = [
    "ACCESS_LOST",
    "STALE_AFTER",
    "access",
    "called",
    "credentials",
    "edit",
    "health",
    "lose_access",
    "of_account",
    "pause",
    "regain_access",
    "renew_credentials",
    "rotate",
    "set_credentials",
    "token_lives",
]
