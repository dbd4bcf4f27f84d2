"""What the core raises when a caller cannot go on.

CoreError
├── NotFound          the thing named does not exist
├── UnknownKey        a key outside a closed list: names it and what exists
├── InvalidInput      a value that cannot be taken, and why
├── IllegalMove       its state does not allow this
├── MovedMeanwhile    somebody else changed the row since it was seen
├── NotAllowed        the permission table says no
├── KeyReused         an Idempotency-Key came again with another body
└── CursorExpired     the feed was restored since the cursor was made

Each carries members of `inbox.refusals` and plain values; `str()` says them in English, the web in the
language of the screen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inbox.refusals import Step, Thing, Why
from inbox.states import State
from inbox.wording import Value


class CoreError(Exception):
    """Any refusal of the core. Its text names the thing and may be shown to the user."""


class NotFound(CoreError):
    """No such row."""

    def __init__(self, what: Thing, key: object) -> None:
        super().__init__(f"There is no {what.sentence} {key}.")
        self.what, self.key = what, key


class UnknownKey(CoreError):
    """A key that is not in a closed, editable list."""

    def __init__(self, what: Thing, key: object, existing: Iterable[str]) -> None:
        self.what, self.key, self.existing = what, key, sorted(existing)
        super().__init__(
            f"There is no {what.sentence} {key!r}. There are: {', '.join(self.existing) or 'none'}."
        )


class InvalidInput(CoreError):
    """A value that cannot be taken: `why`, whose sentence names `values`."""

    def __init__(self, field: str, why: Why, **values: Value) -> None:
        self.field, self.why, self.values, self.sentence = field, why, values, why.say(values)
        super().__init__(f"{field}: {self.sentence}")


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last thing that was done to a row: an entry of its history, and the name of whoever did it."""

    kind: str  # e.g. "message.moved"
    to_state: str | None
    by: str  # "user:7", or the part of the program that did it
    name: str | None  # of the user; None: the program did it
    at: datetime

    def __str__(self) -> str:
        return f"Last changed by {self.name or self.by} at {self.at.isoformat(timespec='seconds')}."


class IllegalMove(CoreError):
    """The state it is in does not allow this. `last` says who brought it there, where that is known."""

    def __init__(
        self, what: Thing, key: object, from_: str, to: State | Step, last: LastChange | None = None
    ) -> None:
        refused = to.sentence if isinstance(to, Step) else f"It cannot become {to}."
        super().__init__(" ".join(filter(None, (f"The {what} {key} is {from_}.", refused, str(last or "")))))
        self.what, self.key, self.from_, self.to, self.last = what, key, from_, to, last


class MovedMeanwhile(CoreError):
    """The row is no longer as it was seen: somebody was faster. `last` says who, where that is known."""

    def __init__(self, what: Thing, key: object, now: str, last: LastChange | None = None) -> None:
        super().__init__(
            " ".join(
                filter(None, (f"The {what} {key} was changed meanwhile; it is {now} now.", str(last or "")))
            )
        )
        self.what, self.key, self.now, self.last = what, key, now, last


class NotAllowed(CoreError):
    """The permission table says no to `action`."""

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

    def __init__(self) -> None:
        super().__init__("The feed was restored meanwhile; start again from now.")
