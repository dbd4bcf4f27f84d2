"""Runs an action of the desk and answers with the conversation or request it changed.

htmx gets the fragment, a plain form a redirect to the page. A refusal shows the same conversation or request
with the reason, and keeps what was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, render_template, request, url_for
from sqlalchemy.orm import Session

from web.desk import screens
from web.kit import acting
from web.kit.acting import Made, Refusal, see_other
from web.kit.page import is_fragment
from web.kit.place import here
from worker.tasks import Kind


@dataclass(frozen=True, slots=True)
class Done:
    """The notice after a successful action. `undo_url` is empty where there is no undo."""

    words: str
    undo_url: str = ""


def act(
    work: Callable[[Session], Made], done: Done | Callable[[Made], Done], *, wakes: Kind | None = None
) -> Response:
    """Run `work` in a transaction, then show the conversation or request that the form was sent from."""
    return acting.act(
        work,
        lambda made: _after_success(done if isinstance(done, Done) else done(made)),
        _after_refusal,
        wakes=wakes,
    )


def _came_from() -> tuple[int | None, int | None]:
    """The group id and the request number in the form. At most one of them is set."""
    return request.form.get("group", type=int), request.form.get("number", type=int)


def _after_success(done: Done) -> Response:
    """The updated conversation or request, or the next conversation where the form asks for it."""
    group, number = _came_from()
    if not is_fragment():
        flash(done.words, "success")
        return _redirect(group, number)
    if number is not None:
        answer = screens.request_page(number)
    else:
        opened = request.form.get("next", type=int) or group or 0
        answer = screens.conversation_fragment(here(), opened)
        if opened != group:
            answer.headers["HX-Push-Url"] = url_for("desk.conversation", group_id=opened, **here().address)
    toast = render_template("desk/_toast.html", done=done, group=group)
    answer.set_data(answer.get_data(as_text=True) + toast)
    answer.headers["HX-Trigger"] = "cozum:changed"
    return answer


def _redirect(group: int | None, number: int | None) -> Response:
    if number is not None:
        return see_other(url_for("desk.request_file", number=number))
    if group is not None:
        return see_other(url_for("desk.conversation", group_id=group, **here().address))
    return see_other(url_for("desk.inbox"))


def _after_refusal(refusal: Refusal) -> Response:
    """The same conversation or request, with the reason of the refusal and everything that was typed."""
    more: dict[str, Any] = {"refusal": refusal.words, "kept": request.form, "status": refusal.status}
    group, number = _came_from()
    if number is not None:
        return screens.request_page(number, **more)
    if group is None:
        raise refusal.error
    if is_fragment():
        return screens.conversation_fragment(here(), group, **more)
    return screens.inbox_page(here(), group_id=group, **more)
