"""The block around every action of a screen: a transaction, one call of the core, a wake-up, an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from flask import Response, flash, make_response, redirect
from sqlalchemy.orm import Session

from inbox import errors
from inbox.db import transaction
from web.kit import refusals
from web.kit.errors import status_of
from worker.tasks import Kind, nudge

log = structlog.get_logger()

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the core did not do it, in the language of the screen, and the status of the answer."""

    error: errors.CoreError
    status: int
    words: str


def act(
    work: Callable[[Session], Made],
    done: Callable[[Made], Response],
    refused: Callable[[Refusal], Response] | None = None,
    *,
    wakes: Kind | None = None,
) -> Response:
    """Do `work` in a transaction of its own, wake the worker that goes on with it, and answer with `done`.

    What the core refuses leaves nothing behind and is answered by `refused`, which may raise `error` again
    where the screen has no place for it; without `refused` it is answered by an error page.
    """
    try:
        with transaction() as session:
            made = work(session)
    except errors.CoreError as error:
        if refused is None:
            raise
        answer = refused(Refusal(error, status_of(error), refusals.explain(error)))
        if isinstance(error, errors.IllegalMove):
            # A screen offers no step that the table lacks: either it was stale, or it is wrong.
            log.error("illegal_move", what=error.what, key=error.key, state=error.from_, to=error.to)
        return answer
    if wakes is not None:
        nudge(wakes)
    return done(made)


def see_other(url: str, words: str = "", *, category: str = "success") -> Response:
    """Send the browser to `url`, where it says `words`."""
    if words:
        flash(words, category)
    return make_response(redirect(url, code=303))
