"""The desk's actions on a request: note, respond, reroute, close, reopen."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox import people, queries, tracking
from web.desk.acting import Done, act
from web.desk.blueprint import blueprint
from web.kit.access import needs, person
from web.kit.request_file import day_of_form


@blueprint.post("/requests/<int:number>/note")
@needs("message.triage")
def note(number: int) -> Response:
    """Add a note that only staff can read."""

    def work(session: Session) -> None:
        text = request.form.get("text", "")
        tracking.note(session, queries.request(session, number), text=text, by=person())

    return act(work, Done(gettext("The note is kept.")))


@blueprint.post("/requests/<int:number>/respond")
@needs("request.respond")
def respond(number: int) -> Response:
    """Enter the answer of an outside body, or of a unit that answered by phone or letter."""
    form = request.form

    def work(session: Session) -> None:
        tracked = queries.request(session, number)
        people.require(person(), "request.respond", tracked)
        tracking.respond(
            session,
            tracked,
            outcome=form.get("outcome", ""),
            text=form.get("text", ""),
            until=day_of_form(),
            by=person(),
        )

    return act(work, Done(gettext("The answer is kept; its replies wait for approval.")))


@blueprint.post("/requests/<int:number>/reroute")
@needs("request.reroute")
def reroute(number: int) -> Response:
    """Give the request to another unit."""

    def work(session: Session) -> None:
        unit = request.form.get("unit", "")
        tracking.reroute(session, queries.request(session, number), unit=unit, by=person())

    return act(work, Done(gettext("Given to another unit.")))


@blueprint.post("/requests/<int:number>/close")
@needs("request.close")
def close(number: int) -> Response:
    """Close a request by hand."""

    def work(session: Session) -> None:
        tracking.close(session, queries.request(session, number), by=person())

    return act(work, Done(gettext("Closed.")))


@blueprint.post("/requests/<int:number>/reopen")
@needs("request.reopen")
def reopen_request(number: int) -> Response:
    """Open an answered or closed request again, with a reason."""

    def work(session: Session) -> None:
        reason = request.form.get("reason", "")
        tracking.reopen(session, queries.request(session, number), reason=reason, by=person())

    return act(work, Done(gettext("The request is open again.")))
