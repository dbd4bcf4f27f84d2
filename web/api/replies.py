"""The calls that read, approve, withdraw and settle replies."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from sqlalchemy.orm import Session

from inbox import queries
from inbox import replies as core
from inbox.db import transaction
from inbox.models import Reply, User
from inbox.queries import for_api
from web.api import approvals, bodies, render, shapes
from web.api.blueprint import REPLIES, api, effect, reads, show, writes
from web.kit.access import needs


@api.get("/replies", tags=[REPLIES], responses=reads(shapes.Replies))
@needs("reply.read")
def list_replies(query: bodies.ReplyQuery) -> Response:
    """Replies, newest first."""
    with transaction() as session:
        found = queries.replies(session, state=query.state, limit=query.limit, after=query.after)
        names = for_api.names(session, requests=[row.request_id for row in found.items])
        items = [render.reply(row, names) for row in found.items]
    return show(shapes.Replies(items=items, next=found.next))


@api.get("/replies/<int:reply_id>", tags=[REPLIES], responses=reads(shapes.OurReply, 404))
@needs("reply.read")
def one_reply(path: bodies.ReplyPath) -> Response:
    """One reply."""
    with transaction() as session:
        answer = _rendered(session, _reply(session, path))
    return show(answer)


@api.post("/replies/<int:reply_id>/approve", tags=[REPLIES], responses=writes(shapes.OurReply))
@needs("reply.approve")
def approve(path: bodies.ReplyPath, header: bodies.IdempotencyHeader, body: bodies.Approval) -> Response:
    """Approve a draft, replacing its text by `text` if given.

    The user who wrote it may approve it only with a token that may approve alone.
    """

    def work(session: Session, reply: Reply, by: User) -> None:
        approvals.check_not_own([reply], by)
        core.approve(session, reply, text=body.text, version=body.version, by=by)

    return _act(path, header, work)


@api.post("/replies/<int:reply_id>/withdraw", tags=[REPLIES], responses=writes(shapes.OurReply))
@needs("reply.approve")
def withdraw(
    path: bodies.ReplyPath,
    header: bodies.IdempotencyHeader,
    body: bodies.Nothing,  # noqa: ARG001  its type is read
) -> Response:
    """Withdraw a draft or a failed reply: it is never sent."""

    def work(session: Session, reply: Reply, by: User) -> None:
        core.withdraw(session, reply, by=by)

    return _act(path, header, work)


@api.post("/replies/<int:reply_id>/settle", tags=[REPLIES], responses=writes(shapes.OurReply))
@needs("reply.settle")
def settle(path: bodies.ReplyPath, header: bodies.IdempotencyHeader, body: bodies.Settlement) -> Response:
    """Record whether an uncertain reply, or one sent by hand, is public."""

    def work(session: Session, reply: Reply, by: User) -> None:
        core.settle(session, reply, sent=body.sent, by=by)

    return _act(path, header, work)


def _act(
    path: bodies.ReplyPath, header: bodies.IdempotencyHeader, work: Callable[[Session, Reply, User], None]
) -> Response:
    """Run `work` on the reply and return the reply as it is afterwards."""

    def once(session: Session, by: User) -> shapes.OurReply:
        reply = _reply(session, path)
        work(session, reply, by)
        return _rendered(session, reply)

    return effect(header, once)


def _reply(session: Session, path: bodies.ReplyPath) -> Reply:
    return queries.reply(session, path.reply_id)


def _rendered(session: Session, row: Reply) -> shapes.OurReply:
    return render.reply(row, for_api.names(session, requests=[row.request_id]))
