"""The calls on tracked requests. A unit officer can read and answer only those of their own unit."""

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
    """Requests, newest first, each in full. A unit officer gets only those of their own unit."""
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
    """One request in full. The 404 says so when the number's check digit is wrong."""
    with transaction() as session:
        request = _request(session, path)
        people.require(person(), "request.read", request)
        answer = render.requests(session, [request])[0]
    return show(answer)


@api.post("/requests/<int:number>/messages", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("message.triage")
def join(path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.JoinedMessage) -> Response:
    """Add a citizen's message to the request."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.join(session, request, queries.message(session, body.message), by=by)

    return _act("message.triage", path, header, work)


@api.post("/requests/<int:number>/respond", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("request.respond")
def respond(
    path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.UnitResponse
) -> Response:
    """Enter the unit's answer and draft one reply a thread. `planned` drafts an interim reply with a day."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.respond(session, request, outcome=body.outcome, text=body.text, until=body.until, by=by)

    return _act("request.respond", path, header, work)


@api.post("/requests/<int:number>/return", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("request.return")
def return_to_desk(
    path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.Return
) -> Response:
    """Return the request to the desk because it is not this unit's."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.return_to_desk(session, request, reason=_in_words(session, body.reason, use="return"), by=by)

    return _act("request.return", path, header, work)


@api.post("/requests/<int:number>/reroute", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("request.reroute")
def reroute(path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.Rerouting) -> Response:
    """Give the request to another unit."""

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
    """Close the request by hand. It closes by itself once no answer on it is pending."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.close(session, request, by=by)

    return _act("request.close", path, header, work)


@api.post("/requests/<int:number>/reopen", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("request.reopen")
def reopen_request(
    path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.Reopening
) -> Response:
    """Open an answered or closed request again, with a reason."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        tracking.reopen(session, request, reason=_in_words(session, body.reason, use="reopen"), by=by)

    return _act("request.reopen", path, header, work)


@api.post("/requests/<int:number>/approve", tags=[REQUESTS], responses=writes(shapes.CitizenRequest))
@needs("reply.approve")
def approve_all(
    path: bodies.RequestPath, header: bodies.IdempotencyHeader, body: bodies.ApprovalOfAll
) -> Response:
    """Approve the request's drafts but those in `except`. `text`, if given, replaces the text of each."""

    def work(session: Session, request: TrackedRequest, by: User) -> None:
        existing = for_api.load_requests(session, [request])[0].row.replies
        approvals.check_named(existing, body.except_)
        approvals.check_not_own([reply for reply in existing if reply.id not in body.except_], by)
        replies.approve_all(session, request, by=by, text=body.text, except_=body.except_)

    return _act("reply.approve", path, header, work)


def _act(
    action: str,
    path: bodies.RequestPath,
    header: bodies.IdempotencyHeader,
    work: Callable[[Session, TrackedRequest, User], None],
) -> Response:
    """Run `work` on the request after checking `action` on it, and return it as it is afterwards."""

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
    """The Turkish name of a reason of the city's list; other words as they are."""
    named = {listed.key: listed.name_tr for listed in queries.reasons(session, use=use)}
    return named.get(reason, reason)


def _readable_unit(session: Session, user: User, asked: str | None) -> str | None:
    """The key of the unit to list: `asked`, else the user's own unit, else None for all.

    Raises NotAllowed when the user may not read the requests of `asked`.
    """
    if asked is None:
        return user.unit.key if user.unit is not None else None
    unit = queries.unit(session, asked)
    people.require(user, "request.read", TrackedRequest(unit_id=unit.id))
    return unit.key
