"""Saves a form of the settings screens, or shows it again with its errors."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, make_response
from sqlalchemy.orm import Session
from wtforms import Form

from inbox.errors import InvalidInput, UnknownKey
from web.kit.acting import Made, Refusal, act
from web.kit.refusals import show_in


def save(
    form: Form,
    work: Callable[[Session], Made],
    done: Callable[[Made], Response],
    again: Callable[[], str],
) -> Response:
    """Run `work` if the form is valid. Otherwise, or if the core refuses, show the page `again` with 422."""

    def refused(refusal: Refusal) -> Response:
        if not isinstance(refusal.error, InvalidInput | UnknownKey):
            raise refusal.error
        show_in(form, refusal.error)
        return make_response(again(), 422)

    return act(work, done, refused) if form.validate() else make_response(again(), 422)
