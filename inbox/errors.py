"""The errors that the core raises.

CoreError
├── NotFound          there is no such row
├── UnknownKey        a key that is not in a closed list; names the existing keys
├── InvalidInput      a value that is not accepted, and why
├── IllegalMove       the row's state does not allow this
├── MovedMeanwhile    somebody changed the row after the caller read it
├── NotAllowed        the user's role does not permit this
├── KeyReused         an Idempotency-Key was used before with another body
└── CursorExpired     the history was restored after the cursor was made

Each carries members of `inbox.refusals` and plain values. `str()` gives the English sentence; the web builds
the sentence in the language of the user.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inbox.refusals import Step, Thing, Why
from inbox.states import State
from inbox.wording import Value


class CoreError(Exception):
    """The base of all errors of the core. Its text may be shown to the user."""


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
    """A value that is not accepted. The sentence of `why` is filled with `values`."""

    def __init__(self, field: str, why: Why, **values: Value) -> None:
        self.field, self.why, self.values, self.sentence = field, why, values, why.say(values)
        super().__init__(f"{field}: {self.sentence}")


@dataclass(frozen=True, slots=True)
class LastChange:
    """The latest history entry of a row, with the name of the user who made it."""

    kind: str  # e.g. "message.moved"
    to_state: str | None
    by: str  # "user:7", or the name of the part of the program, e.g. "ingest"
    name: str | None  # of the user; None: the program made the change
    at: datetime

    def __str__(self) -> str:
        return f"Last changed by {self.name or self.by} at {self.at.isoformat(timespec='seconds')}."


class IllegalMove(CoreError):
    """The row's state does not allow this. `last`: the change that led to this state, if known."""

    def __init__(
        self, what: Thing, key: object, from_: str, to: State | Step, last: LastChange | None = None
    ) -> None:
        refused = to.sentence if isinstance(to, Step) else f"It cannot become {to}."
        super().__init__(" ".join(filter(None, (f"The {what} {key} is {from_}.", refused, str(last or "")))))
        self.what, self.key, self.from_, self.to, self.last = what, key, from_, to, last


class MovedMeanwhile(CoreError):
    """The row changed after the caller read it. `last`: that change, if known."""

    def __init__(self, what: Thing, key: object, now: str, last: LastChange | None = None) -> None:
        super().__init__(
            " ".join(
                filter(None, (f"The {what} {key} was changed meanwhile; it is {now} now.", str(last or "")))
            )
        )
        self.what, self.key, self.now, self.last = what, key, now, last


class NotAllowed(CoreError):
    """The user's role does not permit `action`."""

    def __init__(self, who: str, action: str) -> None:
        super().__init__(f"{who} may not {action}.")
        self.who, self.action = who, action


class KeyReused(CoreError):
    """An Idempotency-Key that was used before with another body."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Idempotency-Key {key!r} was used before with another request.")
        self.key = key


class CursorExpired(CoreError):
    """The history was restored into another cluster: the reader must start again from now."""

    def __init__(self) -> None:
        super().__init__("The feed was restored meanwhile; start again from now.")
