"""What the desk does with a request: note, answer for a body outside, give to another unit, close, reopen."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext

from inbox import errors, people, queries, tracking
from inbox.db import transaction
from web.desk import shown
from web.desk.blueprint import blueprint
from web.kit.access import needs, person
from web.kit.request_file import day_of_form


@blueprint.post("/requests/<int:number>/note")
@needs("message.triage")
def note(number: int) -> Response:
    """Words of staff for staff."""
    try:
        with transaction() as session:
            text = request.form.get("text", "")
            tracking.note(session, queries.request(session, number), text=text, by=person())
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("The note is kept.")))


@blueprint.post("/requests/<int:number>/respond")
@needs("request.respond")
def respond(number: int) -> Response:
    """Enter the answer of a body outside, or of a unit that told us by other ways."""
    try:
        with transaction() as session:
            tracked = queries.request(session, number)
            people.require(person(), "request.respond", tracked)
            tracking.respond(
                session,
                tracked,
                outcome=request.form.get("outcome", ""),
                text=request.form.get("text", ""),
                until=day_of_form(),
                by=person(),
            )
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("The answer is kept; its replies wait for approval.")))


@blueprint.post("/requests/<int:number>/reroute")
@needs("request.reroute")
def reroute(number: int) -> Response:
    """Give it to another unit."""
    try:
        with transaction() as session:
            unit = request.form.get("unit", "")
            tracking.reroute(session, queries.request(session, number), unit=unit, by=person())
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("Given to another unit.")))


@blueprint.post("/requests/<int:number>/close")
@needs("request.close")
def close(number: int) -> Response:
    """End it by hand."""
    try:
        with transaction() as session:
            tracking.close(session, queries.request(session, number), by=person())
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("Closed.")))


@blueprint.post("/requests/<int:number>/reopen")
@needs("request.reopen")
def reopen_request(number: int) -> Response:
    """Not concluded after all."""
    try:
        with transaction() as session:
            reason = request.form.get("reason", "")
            tracking.reopen(session, queries.request(session, number), reason=reason, by=person())
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("The request is open again.")))
