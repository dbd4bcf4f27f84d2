"""How an action of the desk is answered: with the thing it was done to, as it stands afterwards.

htmx gets the fragment, a plain form a redirect to the page. A refusal answers with the same thing, the
reason, and what had been typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, render_template, request, url_for
from sqlalchemy.orm import Session

from web.desk import shown
from web.kit import acting
from web.kit.acting import Made, Refusal, see_other
from web.kit.page import is_fragment
from web.kit.place import here
from worker.tasks import Kind


@dataclass(frozen=True, slots=True)
class Done:
    """What an action says when it is done, and by which address it can be undone."""

    words: str
    undo_url: str = ""


def act(
    work: Callable[[Session], Made], done: Done | Callable[[Made], Done], *, wakes: Kind | None = None
) -> Response:
    """One action of the desk: `work` in a transaction, then the thing the form came from as it stands."""
    return acting.act(
        work, lambda made: _again(done if isinstance(done, Done) else done(made)), _refused, wakes=wakes
    )


def _came_from() -> tuple[int | None, int | None]:
    """The group and the request's number that the form names: one of them, or neither."""
    return request.form.get("group", type=int), request.form.get("number", type=int)


def _again(done: Done) -> Response:
    """The thing the form came from as it stands now, or the next conversation where the form asks for it."""
    group, number = _came_from()
    if not is_fragment():
        flash(done.words, "success")
        return _redirect(group, number)
    if number is not None:
        answer = shown.request_page(number)
    else:
        opened = request.form.get("next", type=int) or group or 0
        answer = shown.conversation_fragment(here(), opened)
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


def _refused(refusal: Refusal) -> Response:
    """The thing the form came from with the reason of the refusal, and everything that had been typed."""
    more: dict[str, Any] = {"refusal": refusal.words, "kept": request.form, "status": refusal.status}
    group, number = _came_from()
    if number is not None:
        return shown.request_page(number, **more)
    if group is None:
        raise refusal.error
    if is_fragment():
        return shown.conversation_fragment(here(), group, **more)
    return shown.inbox_page(here(), group_id=group, **more)
