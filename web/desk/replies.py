"""What happens to a reply at the desk: approved, edited, taken back, withdrawn, settled, rated."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox import queries, replies
from inbox.tracking import surveys
from web.desk.acting import Done, act
from web.desk.blueprint import blueprint
from web.kit.access import needs, person


@blueprint.post("/replies/<int:reply_id>/approve")
@needs("reply.approve")
def approve(reply_id: int) -> Response:
    """Release a draft as it was seen, with the words of the form."""
    form = request.form

    def work(session: Session) -> None:
        reply = queries.reply(session, reply_id)
        version = form.get("version", type=int)
        replies.approve(session, reply, text=form.get("text"), version=version, by=person())

    return act(work, Done(gettext("Approved; it is on its way.")), wakes="send")


@blueprint.post("/replies/<int:reply_id>/edit")
@needs("reply.approve")
def edit(reply_id: int) -> Response:
    """Keep other words for a draft."""
    form = request.form

    def work(session: Session) -> None:
        reply, version = queries.reply(session, reply_id), form.get("version", type=int)
        replies.edit(session, reply, text=form.get("text", ""), version=version, by=person())

    return act(work, Done(gettext("Kept as a draft.")))


@blueprint.post("/replies/<int:reply_id>/undo")
@needs("reply.approve")
def undo(reply_id: int) -> Response:
    """Take a released reply back, as long as nobody has begun to send it."""

    def work(session: Session) -> None:
        replies.undo(session, queries.reply(session, reply_id), by=person())

    return act(work, Done(gettext("Taken back; it is a draft again.")))


@blueprint.post("/replies/<int:reply_id>/redraft")
@needs("reply.approve")
def redraft(reply_id: int) -> Response:
    """Take up again what could not be sent: a draft like any other."""

    def work(session: Session) -> None:
        replies.redraft(session, queries.reply(session, reply_id), by=person())

    return act(work, Done(gettext("It is a draft again.")))


@blueprint.post("/replies/<int:reply_id>/withdraw")
@needs("reply.approve")
def withdraw(reply_id: int) -> Response:
    """Not said after all."""

    def work(session: Session) -> None:
        replies.withdraw(session, queries.reply(session, reply_id), by=person())

    return act(work, Done(gettext("Withdrawn.")))


@blueprint.post("/replies/<int:reply_id>/settle")
@needs("reply.settle")
def settle(reply_id: int) -> Response:
    """A person has looked: it is out, or it is not."""

    def work(session: Session) -> None:
        sent = request.form.get("sent") == "yes"
        replies.settle(session, queries.reply(session, reply_id), sent=sent, by=person())

    return act(work, Done(gettext("Settled.")))


@blueprint.post("/replies/<int:reply_id>/rate")
@needs("reply.rate")
def rate(reply_id: int) -> Response:
    """Keep what the citizen said of an answer in their own words as its rating."""

    def work(session: Session) -> None:
        stars = request.form.get("stars", type=int) or 0
        surveys.rate(session, queries.reply(session, reply_id), stars=stars, by=person())

    return act(work, Done(gettext("The rating is kept.")))
