"""Our channels: secrets, rate limits, health, alarms, and runs that compare them with their platform."""

from inbox.channels.accounts import (
    ACCESS_LOST,
    STALE_AFTER,
    access,
    credentials,
    edit,
    health,
    lose_access,
    of_account,
    pause,
    record_call,
    regain_access,
    renew_credentials,
    rotate,
    set_credentials,
    set_token_life,
)

__all__ = [
    "ACCESS_LOST",
    "STALE_AFTER",
    "access",
    "record_call",
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
    "set_token_life",
]
