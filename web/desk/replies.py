"""The desk's actions on a reply: approve, edit, undo, redraft, withdraw, settle, rate."""

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
    """Approve a draft with the text of the form. Refused when the draft changed since it was shown."""
    form = request.form

    def work(session: Session) -> None:
        reply = queries.reply(session, reply_id)
        version = form.get("version", type=int)
        replies.approve(session, reply, text=form.get("text"), version=version, by=person())

    return act(work, Done(gettext("Approved; it is on its way.")), wakes="send")


@blueprint.post("/replies/<int:reply_id>/edit")
@needs("reply.approve")
def edit(reply_id: int) -> Response:
    """Save another text for a draft without approving it."""
    form = request.form

    def work(session: Session) -> None:
        reply, version = queries.reply(session, reply_id), form.get("version", type=int)
        replies.edit(session, reply, text=form.get("text", ""), version=version, by=person())

    return act(work, Done(gettext("Kept as a draft.")))


@blueprint.post("/replies/<int:reply_id>/undo")
@needs("reply.approve")
def undo(reply_id: int) -> Response:
    """Make an approved reply a draft again. Refused once sending has begun."""

    def work(session: Session) -> None:
        replies.undo(session, queries.reply(session, reply_id), by=person())

    return act(work, Done(gettext("Taken back; it is a draft again.")))


@blueprint.post("/replies/<int:reply_id>/redraft")
@needs("reply.approve")
def redraft(reply_id: int) -> Response:
    """Make a failed reply a draft again."""

    def work(session: Session) -> None:
        replies.redraft(session, queries.reply(session, reply_id), by=person())

    return act(work, Done(gettext("It is a draft again.")))


@blueprint.post("/replies/<int:reply_id>/withdraw")
@needs("reply.approve")
def withdraw(reply_id: int) -> Response:
    """Withdraw a draft or a failed reply: it is never sent."""

    def work(session: Session) -> None:
        replies.withdraw(session, queries.reply(session, reply_id), by=person())

    return act(work, Done(gettext("Withdrawn.")))


@blueprint.post("/replies/<int:reply_id>/settle")
@needs("reply.settle")
def settle(reply_id: int) -> Response:
    """Record what a person found on the platform: the reply is public, or it is not."""

    def work(session: Session) -> None:
        sent = request.form.get("sent") == "yes"
        replies.settle(session, queries.reply(session, reply_id), sent=sent, by=person())

    return act(work, Done(gettext("Settled.")))


@blueprint.post("/replies/<int:reply_id>/rate")
@needs("reply.rate")
def rate(reply_id: int) -> Response:
    """Enter the stars for a citizen who rated an answer in words rather than with a number."""

    def work(session: Session) -> None:
        stars = request.form.get("stars", type=int) or 0
        surveys.rate(session, queries.reply(session, reply_id), stars=stars, by=person())

    return act(work, Done(gettext("The rating is kept.")))
