"""Promises with a number, a unit and a deadline. A unit officer sees and answers the own unit's alone."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from sqlalchemy.orm import Session

from inbox import people, queries, replies, tracking
from inbox.db import transaction
from inbox.models import TrackedRequest, User
from inbox.queries import for_api
from web.api import approvals, bodies, render, shapes
from web.api.blueprint import REQUESTS, api, effect, reads, show, writes
from web.api.problems import RefusedCall
from web.kit.access import needs, person


@api.get("/requests", tags=[REQUESTS], responses=reads(shapes.Requests))
@needs("request.read")
def list_requests(query: bodies.RequestQuery) -> Response:
    """Requests, newest first, with all that stands on each. A unit officer is shown the own unit's."""
    with transaction() as session:
        found = queries.requests(
            session,
            state=query.state,
            unit=_readable_unit(session, person(), query.unit),
            overdue=query.overdue,
            limit=query.limit,
            after=query.after,
        )
        items = render.requests(session, found.items)
    return show(shapes.Requests(items=items, next=found.next))


@api.get("/requests/<int:number>", tags=[REQUESTS], responses=reads(shapes.CitizenRequest, 404))
@needs("request.read")
def one_request(path: bodies.RequestPath) -> Response:
    """One request with all that stands on it. A number whose check digit is wrong is told so."""
    with transaction() as session:
        request = _request(session, path)
        people.require(person(), "request.read", request)
        answer = render.requests(session, [request])[0]
    return show(answer)


@api.post("/requests/<int:number>/messages", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("message.triage")
def join(path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.JoinedMessage) -> Response:
    """Put one more citizen's message on it."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.join(session, request, queries.message(session, body.message), by=by)

    return _act("message.triage", path, header, work)


@api.post("/requests/<int:number>/respond", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("request.respond")
def respond(
    path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.UnitResponse
) -> Response:
    """Give the unit's answer. One reply a thread is drafted; `planned` drafts an interim one, until a day."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.respond(session, request, outcome=body.outcome, text=body.text, until=body.until, by=by)

    return _act("request.respond", path, header, work)


@api.post("/requests/<int:number>/return", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("request.return")
def return_to_desk(
    path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.Return
) -> Response:
    """Give it back to the desk: not this unit's."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.return_to_desk(session, request, reason=_in_words(session, body.reason, use="return"), by=by)

    return _act("request.return", path, header, work)


@api.post("/requests/<int:number>/reroute", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("request.reroute")
def reroute(path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.Rerouting) -> Response:
    """Give it to another unit."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.reroute(session, request, unit=body.unit, by=by)

    return _act("request.reroute", path, header, work)


@api.post("/requests/<int:number>/close", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("request.close")
def close(
    path: bodies.RequestPath,
    header: bodies.IdempotencyHeader,
    body: bodies.Nothing,  # noqa: ARG001  its type is read
) -> Response:
    """End it by hand. By itself it ends when every answer on it has."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.close(session, request, by=by)

    return _act("request.close", path, header, work)


@api.post("/requests/<int:number>/reopen", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("request.reopen")
def reopen_request(
    path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.Reopening
) -> Response:
    """Take it up again."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.reopen(session, request, reason=_in_words(session, body.reason, use="reopen"), by=by)

    return _act("request.reopen", path, header, work)


@api.post("/requests/<int:number>/approve", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("reply.approve")
def approve_all(
    path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.ApprovalOfAll
) -> Response:
    """Approve its waiting replies at once, edited by one `text` if given, but not those in `except`."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        standing = for_api.load_requests(session, [request])[0].row.replies
        approvals.check_named(standing, body.except_)
        approvals.check_not_own([one for one in standing if one.id not in body.except_], by)
        replies.approve_all(session, request, by=by, text=body.text, except_=body.except_)

    return _act("reply.approve", path, header, work)


def _act(
    action: str,
    path: bodies.RequestPath,
    header: bodies.IdempotencyHeader,
    work: Callable[[Session, TrackedRequest, User], None],
) -> Response:
    """Do `work` to the request, if whoever asks may do `action` to it, and answer with it as it is then."""

    def once(session: Session, by: User) -> shapes.CitizenRequest:
        request = _request(session, path)
        people.require(by, action, request)
        work(session, request, by)
        return render.requests(session, [request])[0]

    return effect(header, once)


def _request(session: Session, path: bodies.RequestPath) -> TrackedRequest:
    if not tracking.valid_number(path.number):
        raise RefusedCall(f"There is no request {path.number}: its check digit is wrong.", status=404)
    return queries.request(session, path.number)


def _in_words(session: Session, reason: str, *, use: str) -> str:
    """A reason of the city's list by its name, which is what people read; other words as they are."""
    named = {one.key: one.name_tr for one in queries.reasons(session, use=use)}
    return named.get(reason, reason)


def _readable_unit(session: Session, user: User, asked: str | None) -> str | None:
    """The unit whose requests are listed: the one asked for if it may be read, else the own one, else all."""
    if asked is None:
        return user.unit.key if user.unit is not None else None
    unit = queries.unit(session, asked)
    people.require(user, "request.read", TrackedRequest(unit_id=unit.id))
    return unit.key
