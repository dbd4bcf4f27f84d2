"""What happens to a reply at the desk: approved, edited, taken back, withdrawn, settled, rated."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext

from inbox import errors, queries, replies
from inbox.db import transaction
from inbox.tracking import surveys
from web.desk import shown
from web.desk.blueprint import blueprint
from web.kit.access import needs, person
from worker.tasks import nudge


@blueprint.post("/replies/<int:reply_id>/approve")
@needs("reply.approve")
def approve(reply_id: int) -> Response:
    """Release a draft as it was seen, with the words of the form."""
    try:
        with transaction() as session:
            replies.approve(
                session,
                queries.reply(session, reply_id),
                text=request.form.get("text"),
                version=request.form.get("version", type=int),
                by=person(),
            )
    except errors.CoreError as error:
        return shown.refused(error)
    nudge("send")
    return shown.again(shown.Done(gettext("Approved; it is on its way.")))


@blueprint.post("/replies/<int:reply_id>/edit")
@needs("reply.approve")
def edit(reply_id: int) -> Response:
    """Keep other words for a draft."""
    try:
        with transaction() as session:
            replies.edit(
                session,
                queries.reply(session, reply_id),
                text=request.form.get("text", ""),
                version=request.form.get("version", type=int),
                by=person(),
            )
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("Kept as a draft.")))


@blueprint.post("/replies/<int:reply_id>/undo")
@needs("reply.approve")
def undo(reply_id: int) -> Response:
    """Take a released reply back, as long as nobody has begun to send it."""
    try:
        with transaction() as session:
            replies.undo(session, queries.reply(session, reply_id), by=person())
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("Taken back; it is a draft again.")))


@blueprint.post("/replies/<int:reply_id>/redraft")
@needs("reply.approve")
def redraft(reply_id: int) -> Response:
    """Take up again what could not be sent: a draft like any other."""
    try:
        with transaction() as session:
            replies.redraft(session, queries.reply(session, reply_id), by=person())
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("It is a draft again.")))


@blueprint.post("/replies/<int:reply_id>/withdraw")
@needs("reply.approve")
def withdraw(reply_id: int) -> Response:
    """Not said after all."""
    try:
        with transaction() as session:
            replies.withdraw(session, queries.reply(session, reply_id), by=person())
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("Withdrawn.")))


@blueprint.post("/replies/<int:reply_id>/settle")
@needs("reply.settle")
def settle(reply_id: int) -> Response:
    """A person has looked: it is out, or it is not."""
    try:
        with transaction() as session:
            sent = request.form.get("sent") == "yes"
            replies.settle(session, queries.reply(session, reply_id), sent=sent, by=person())
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("Settled.")))


@blueprint.post("/replies/<int:reply_id>/rate")
@needs("reply.rate")
def rate(reply_id: int) -> Response:
    """Keep what the citizen said of an answer in their own words as its rating."""
    try:
        with transaction() as session:
            surveys.rate(
                session,
                queries.reply(session, reply_id),
                stars=request.form.get("stars", type=int) or 0,
                by=person(),
            )
    except errors.CoreError as error:
        return shown.refused(error)
    return shown.again(shown.Done(gettext("The rating is kept.")))
