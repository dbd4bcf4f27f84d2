"""Runs an action of a screen: a transaction, one call of the core, a nudge to the workers, a response."""

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
    """A refusal of the core, with its words in the screen's language and the HTTP status."""

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
    """Run `work` in its own transaction, nudge the worker `wakes`, and return the response of `done`.

    A refusal of the core rolls back and is answered by `refused`, which may raise `error` again where the
    screen cannot show it. Without `refused`, the refusal is raised and becomes an error page.
    """
    try:
        with transaction() as session:
            made = work(session)
    except errors.CoreError as error:
        if refused is None:
            raise
        answer = refused(Refusal(error, status_of(error), refusals.explain(error)))
        if isinstance(error, errors.IllegalMove):
            # Screens offer only steps that the table of moves allows: the page was stale, or it has a bug.
            log.error("illegal_move", what=error.what, key=error.key, state=error.from_, to=error.to)
        return answer
    if wakes is not None:
        nudge(wakes)
    return done(made)


def see_other(url: str, words: str = "", *, category: str = "success") -> Response:
    """Redirect with 303 to `url`, where `words` appear as a notice."""
    if words:
        flash(words, category)
    return make_response(redirect(url, code=303))
