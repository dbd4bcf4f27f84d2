"""Views for unit officers: the unit's requests, the file of one, and the actions on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox import errors, feed, people, queries, tracking
from inbox.db import transaction
from inbox.models import TrackedRequest
from inbox.states import ReplyState
from web.kit import filters, progress, request_file
from web.kit.access import needs, person
from web.kit.acting import Refusal, act, see_other
from web.kit.page import is_fragment
from web.kit.request_file import day_of_form

blueprint = Blueprint("units", __name__, url_prefix="/unit")
NOT_THE_UNITS = frozenset(ReplyState) - {ReplyState.SENT}
"""States of replies that units do not see: they see sent replies only."""

blueprint.record_once(lambda state: filters.install(state.app))


def _own_unit() -> int:
    """The id of the user's unit. Raises NotAllowed for users without one."""
    user = person()
    if user.unit_id is None:
        raise errors.NotAllowed(user.name, "request.respond")
    return user.unit_id


def _own(session: Session, number: int, action: str) -> TrackedRequest:
    """The request `number`, if the user may do `action` on it. Raises NotFound, NotAllowed."""
    tracked = queries.request(session, number)
    people.require(person(), action, tracked)
    return tracked


@blueprint.get("/")
@needs("request.respond")
def requests() -> Response:
    """The unit's requests in one of the views."""
    unit_id = _own_unit()
    view = request.args.get("view", "open")
    q = " ".join(request.args.get("q", "").split())[:200] or None
    with transaction() as session:
        context = {
            "cursor": str(feed.now_cursor(session)),
            "view": view,
            "q": q,
            "counts": queries.unit_counts(session, unit_id),
            "listing": request_file.with_messages(
                session,
                queries.unit_requests(session, unit_id, view=view, q=q, after=request.args.get("after")),
            ),
        }
    template = "units/_requests.html" if is_fragment() else "units/requests.html"
    return make_response(render_template(template, **context))


def _file(number: int, *, status: int = 200, **more: Any) -> Response:
    with transaction() as session:
        _own(session, number, "request.read")
        cursor = str(feed.now_cursor(session))
        context = request_file.context(session, number, without=NOT_THE_UNITS)
        context["progress"] = progress.at_the_unit(context["tracked"].state)
        context["return_reasons"] = queries.reasons(session, use="return")
    if is_fragment():
        return make_response(render_template("units/_file.html", **(context | more)), status)
    return make_response(render_template("units/file.html", cursor=cursor, **(context | more)), status)


@blueprint.get("/requests/<int:number>")
@needs("request.read")
def file(number: int) -> Response:
    """The file of one request: messages, the unit's answers, and the possible actions."""
    return _file(number)


def _act(number: int, work: Callable[[Session], object], words: str) -> Response:
    """Run an action of a unit and show the request's file afterwards, with the notice `words`."""

    def refused(refusal: Refusal) -> Response:
        if isinstance(refusal.error, errors.NotFound | errors.NotAllowed):
            raise refusal.error  # the unit may not see this file
        return _file(number, status=refusal.status, refusal=refusal.words, kept=request.form)

    return act(work, lambda _: _done(number, words), refused)


def _done(number: int, words: str) -> Response:
    if not is_fragment():
        return see_other(url_for("units.file", number=number), words)
    answer = _file(number)
    toast = render_template("_done.html", words=words)
    answer.set_data(answer.get_data(as_text=True) + toast)
    return answer


@blueprint.post("/requests/<int:number>/respond")
@needs("request.respond")
def respond(number: int) -> Response:
    """Enter the unit's answer."""
    form = request.form

    def work(session: Session) -> None:
        tracking.respond(
            session,
            _own(session, number, "request.respond"),
            outcome=form.get("outcome", ""),
            text=form.get("text", ""),
            until=day_of_form(),
            by=person(),
        )

    return _act(number, work, gettext("Your answer is with the desk."))


@blueprint.post("/requests/<int:number>/return")
@needs("request.return")
def return_to_desk(number: int) -> Response:
    """Return a request that is not this unit's to the desk, with a reason."""
    reason_and_text = (request.form.get("reason", ""), request.form.get("text", ""))

    def work(session: Session) -> None:
        tracked = _own(session, number, "request.return")
        reason = ": ".join(words.strip() for words in reason_and_text if words.strip())
        tracking.return_to_desk(session, tracked, reason=reason, by=person())

    return _act(number, work, gettext("Returned to the desk."))


@blueprint.post("/requests/<int:number>/note")
@needs("request.note")
def note(number: int) -> Response:
    """Add a note that only staff can read."""

    def work(session: Session) -> None:
        tracked = _own(session, number, "request.note")
        tracking.note(session, tracked, text=request.form.get("text", ""), by=person())

    return _act(number, work, gettext("The note is kept."))
