"""Tracked requests: number, responsible unit, deadline, answers and ratings."""

from inbox.tracking.deadlines import due_at
from inbox.tracking.lifecycle import (
    PRIORITIES,
    cancel,
    close,
    convert,
    join,
    note,
    reopen,
    reroute,
    respond,
    resume_planned,
    return_to_desk,
)
from inbox.tracking.numbers import next_number, valid_number

__all__ = [
    "PRIORITIES",
    "cancel",
    "close",
    "convert",
    "due_at",
    "join",
    "next_number",
    "note",
    "resume_planned",
    "reopen",
    "reroute",
    "respond",
    "return_to_desk",
    "valid_number",
]
