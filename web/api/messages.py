"""The calls that read and triage citizens' messages. Every action applies to the message's whole group."""

from __future__ import annotations

from flask import Response
from sqlalchemy.orm import Session

from inbox import queries, tracking
from inbox.db import transaction
from inbox.desk import triage
from inbox.models import Message, User
from inbox.queries import for_api
from inbox.values import ReplyKind
from web.api import bodies, render, shapes
from web.api.blueprint import MESSAGES, api, effect, reads, show, writes
from web.kit.access import api_token, needs


@api.get("/messages", tags=[MESSAGES], responses=reads(shapes.Messages))
@needs("message.read")
def list_messages(query: bodies.MessageQuery) -> Response:
    """Citizens' messages, newest first."""
    with transaction() as session:
        found = queries.messages(
            session,
            state=query.state,
            channel=query.channel,
            q=query.q,
            urgency=query.urgency,
            limit=query.limit,
            after=query.after,
        )
        names = for_api.names(session, requests=[row.request_id for row in found.items])
        items = [render.message(row, names) for row in found.items]
    return show(shapes.Messages(items=items, next=found.next))


@api.get("/messages/<int:message_id>", tags=[MESSAGES], responses=reads(shapes.CitizenMessage, 404))
@needs("message.read")
def one_message(path: bodies.MessagePath) -> Response:
    """One message."""
    with transaction() as session:
        answer = _rendered(session, _message(session, path))
    return show(answer)


@api.post("/messages/<int:message_id>/convert", tags=[MESSAGES], responses=writes(shapes.CitizenRequest))
@needs("message.triage")
def convert(path: bodies.MessagePath, header: bodies.IdempotencyHeader, body: bodies.Conversion) -> Response:
    """Open a request for the message and return it. `acknowledge` sends the citizen its number."""

    def work(session: Session, by: User) -> shapes.CitizenRequest:
        request = tracking.convert(
            session,
            _message(session, path),
            unit=body.unit,
            category=body.category,
            neighbourhood=body.neighbourhood,
            priority=body.priority,
            note=body.note,
            acknowledge=body.acknowledge,
            channel=body.channel,
            by=by,
        )
        return render.requests(session, [request])[0]

    return effect(header, work)


@api.post("/messages/<int:message_id>/answer", tags=[MESSAGES], responses=writes(shapes.OurReply))
@needs("message.triage")
def answer(path: bodies.MessagePath, header: bodies.IdempotencyHeader, body: bodies.DirectAnswer) -> Response:
    """Write a reply to the citizen and return it.

    It is READY with a token that may approve alone, else a DRAFT for somebody to approve.
    """
    token = api_token()

    def work(session: Session, by: User) -> shapes.OurReply:
        message = _message(session, path)
        reply = triage.answer(
            session,
            message,
            text=body.text,
            kind=ReplyKind.QUESTION if body.question else ReplyKind.ANSWER,
            channel=body.channel,
            alone=token is not None and token.may_approve_alone,
            by=by,
        )
        return render.reply(reply, for_api.names(session))

    return effect(header, work)


@api.post("/messages/<int:message_id>/dismiss", tags=[MESSAGES], responses=writes(shapes.CitizenMessage))
@needs("message.triage")
def dismiss(path: bodies.MessagePath, header: bodies.IdempotencyHeader, body: bodies.Dismissal) -> Response:
    """Mark the message as needing no action, with a reason."""

    def work(session: Session, by: User) -> shapes.CitizenMessage:
        message = _message(session, path)
        triage.dismiss(session, message, reason=body.reason, by=by)
        return _rendered(session, message)

    return effect(header, work)


@api.post("/messages/<int:message_id>/reopen", tags=[MESSAGES], responses=writes(shapes.CitizenMessage))
@needs("message.triage")
def reopen_message(
    path: bodies.MessagePath,
    header: bodies.IdempotencyHeader,
    body: bodies.Nothing,  # noqa: ARG001  its type is read
) -> Response:
    """Move the message back to the state NEW."""

    def work(session: Session, by: User) -> shapes.CitizenMessage:
        message = _message(session, path)
        triage.reopen(session, message, by=by)
        return _rendered(session, message)

    return effect(header, work)


def _message(session: Session, path: bodies.MessagePath) -> Message:
    return queries.message(session, path.message_id)


def _rendered(session: Session, row: Message) -> shapes.CitizenMessage:
    return render.message(row, for_api.names(session, requests=[row.request_id]))
