"""The desk's actions on a group of a citizen's messages: convert, join, answer, dismiss, reopen."""

from __future__ import annotations

from flask import Response, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox import queries, tracking
from inbox.desk import triage
from inbox.models import Message
from inbox.states import MessageState
from inbox.values import ReplyKind
from web.desk.acting import Done, act
from web.desk.blueprint import blueprint
from web.kit.access import needs, person


@blueprint.post("/messages/<int:message_id>/convert")
@needs("message.triage")
def convert(message_id: int) -> Response:
    """Turn the group into a request; send the citizen its number where the box is ticked."""
    form = request.form

    def work(session: Session) -> int:
        return tracking.convert(
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
        ).number

    def done(number: int) -> Done:
        return Done(gettext("Request %(number)s was opened.", number=number))

    return act(work, done, wakes="send")


@blueprint.post("/messages/<int:message_id>/join")
@needs("message.triage")
def join(message_id: int) -> Response:
    """Add the group to an existing request."""

    def work(session: Session) -> int:
        tracked = queries.request(session, request.form.get("request", type=int) or 0)
        tracking.join(session, tracked, queries.message(session, message_id), by=person())
        return tracked.number

    return act(work, lambda number: Done(gettext("Added to request %(number)s.", number=number)))


def _reply_kind(message: Message, *, is_question: bool) -> ReplyKind:
    """The kind of a reply typed at the desk. On a request every such reply is an interim one."""
    if message.state is MessageState.CONVERTED:
        return ReplyKind.INTERIM
    return ReplyKind.QUESTION if is_question else ReplyKind.ANSWER


@blueprint.post("/messages/<int:message_id>/answer")
@needs("message.triage")
def answer(message_id: int) -> Response:
    """Send a reply: an answer, a question that waits for the citizen, or an interim reply on a request."""
    form = request.form

    def work(session: Session) -> ReplyKind:
        message = queries.message(session, message_id)
        kind = _reply_kind(message, is_question=bool(form.get("as_question")))
        triage.answer(
            session,
            message,
            text=form.get("text", ""),
            kind=kind,
            channel=form.get("channel") or None,
            compose_key=form.get("compose_key") or None,
            by=person(),
        )
        return kind

    def done(kind: ReplyKind) -> Done:
        if kind is ReplyKind.QUESTION:
            return Done(gettext("Asked; it waits for the citizen now."))
        return Done(gettext("Your reply is on its way."))

    return act(work, done, wakes="send")


@blueprint.post("/messages/<int:message_id>/dismiss")
@needs("message.triage")
def dismiss(message_id: int) -> Response:
    """Mark the group as needing no action, with one of the city's reasons."""

    def work(session: Session) -> None:
        message = queries.message(session, message_id)
        triage.dismiss(session, message, reason=request.form.get("reason", ""), by=person())

    return act(work, Done(gettext("Dismissed."), undo_url=url_for("desk.reopen", message_id=message_id)))


@blueprint.post("/messages/<int:message_id>/reopen")
@needs("message.triage")
def reopen(message_id: int) -> Response:
    """Move the group back to the state NEW."""

    def work(session: Session) -> None:
        triage.reopen(session, queries.message(session, message_id), by=person())

    return act(work, Done(gettext("Open again.")))
