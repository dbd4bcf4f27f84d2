"""What the core raises when a caller cannot go on.

CoreError
├── NotFound          the thing named does not exist
├── UnknownKey        a key outside a closed list: names it and what exists
├── InvalidInput      a value that cannot be taken, and why
├── IllegalMove       the table of moves has no such step
├── MovedMeanwhile    somebody else changed the row since it was seen
├── NotAllowed        the permission table says no
├── KeyReused         an Idempotency-Key came again with another body
└── CursorExpired     the feed was restored since the cursor was made
"""

from __future__ import annotations

from collections.abc import Iterable


class CoreError(Exception):
    """Any refusal of the core. Its text names the thing and may be shown to the user."""


class NotFound(CoreError):
    """No such row."""

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"There is no {what} {key}.")
        self.what, self.key = what, key


class UnknownKey(CoreError):
    """A key that is not in a closed, editable list."""

    def __init__(self, what: str, key: object, existing: Iterable[str]) -> None:
        self.what, self.key, self.existing = what, key, sorted(existing)
        super().__init__(f"There is no {what} {key!r}. There are: {', '.join(self.existing) or 'none'}.")


class InvalidInput(CoreError):
    """A value that cannot be taken."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field, self.why = field, why


class IllegalMove(CoreError):
    """The state it is in does not allow this."""

    def __init__(self, what: str, key: object, from_: str, to: str) -> None:
        super().__init__(f"{what} {key} is {from_}; it cannot become {to}.")
        self.what, self.key, self.from_, self.to = what, key, from_, to


class MovedMeanwhile(CoreError):
    """The row is no longer as it was seen: somebody was faster."""

    def __init__(self, what: str, key: object, now: str) -> None:
        super().__init__(f"{what} {key} was changed meanwhile; it is {now} now.")
        self.what, self.key, self.now = what, key, now


class NotAllowed(CoreError):
    """The permission table says no."""

    def __init__(self, who: str, action: str) -> None:
        super().__init__(f"{who} may not {action}.")
        self.who, self.action = who, action


class KeyReused(CoreError):
    """The same Idempotency-Key with another body."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Idempotency-Key {key!r} was used before with another request.")
        self.key = key


class CursorExpired(CoreError):
    """The feed's history moved to another place: start again from now."""
