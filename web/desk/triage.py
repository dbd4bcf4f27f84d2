"""What a moderator does with a citizen's words: convert, join, answer, dismiss, open again."""

from __future__ import annotations

from flask import Response, request, url_for
from flask_babel import gettext

from inbox import errors, queries, tracking
from inbox.db import transaction
from inbox.desk import triage
from inbox.values import ReplyKind
from web.desk import shown
from web.desk.blueprint import blueprint
from web.kit.access import needs, person
from worker.tasks import nudge


@blueprint.post("/messages/<int:message_id>/convert")
@needs("message.triage")
def convert(message_id: int) -> Response:
    """Turn the group into a request, and tell the citizen its number where the box is ticked."""
    form = request.form
    try:
        with transaction() as session:
            tracked = tracking.convert(
                session,
                queries.message(session, message_id),
                unit=form.get("unit", ""),
                category=form.get("category", ""),
                neighbourhood=form.get("neighbourhood") or None,
                priority=form.get("priority", "normal"),
                note=form.get("note") or None,
                acknowledge=bool(form.get("acknowledge")),
                channel=form.get("channel") or None,
                by=person(),
            )
            number = tracked.number
    except errors.CoreError as error:
        return shown.refused(error)
    nudge("send")
    return shown.again(shown.Done(gettext("Request %(number)s was opened.", number=number)))


@blueprint.post("/messages/<int:message_id>/join")
@needs("message.triage")
def join(message_id: int) -> Response:
    """Put the group on a request that stands already."""
    try:
        with transaction() as session:
            tracked = queries.request(session, request.form.get("request", type=int) or 0)
            tracking.join(session, tracked, queries.message(session, message_id), by=person())
            number = tracked.number
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("Added to request %(number)s.", number=number)))


@blueprint.post("/messages/<int:message_id>/answer")
@needs("message.triage")
def answer(message_id: int) -> Response:
    """Send a reply: an answer, a question to wait for, or an interim word on what is a request already."""
    form = request.form
    try:
        with transaction() as session:
            message = queries.message(session, message_id)
            kind = shown.kind_of_reply(message, is_question=bool(form.get("as_question")))
            triage.answer(
                session,
                message,
                text=form.get("text", ""),
                kind=kind,
                channel=form.get("channel") or None,
                compose_key=form.get("compose_key") or None,
                by=person(),
            )
    except errors.CoreError as error:
        return shown.refused(error)
    nudge("send")
    asked = kind is ReplyKind.QUESTION
    return shown.again(
        shown.Done(
            gettext("Asked; it waits for the citizen now.") if asked else gettext("Your reply is on its way.")
        )
    )


@blueprint.post("/messages/<int:message_id>/dismiss")
@needs("message.triage")
def dismiss(message_id: int) -> Response:
    """This needs nothing from us, for one of the city's reasons."""
    try:
        with transaction() as session:
            triage.dismiss(
                session,
                queries.message(session, message_id),
                reason=request.form.get("reason", ""),
                by=person(),
            )
    except errors.CoreError as error:
        return shown.refused(error)
    undo = url_for("desk.reopen", message_id=message_id)
    return shown.again(shown.Done(gettext("Dismissed."), undo_url=undo))


@blueprint.post("/messages/<int:message_id>/reopen")
@needs("message.triage")
def reopen(message_id: int) -> Response:
    """Look at it again."""
    try:
        with transaction() as session:
            triage.reopen(session, queries.message(session, message_id), by=person())
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("Open again.")))
