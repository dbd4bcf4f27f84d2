"""The screen that approves all drafts of a request at once, with one shared text.

The page carries a digest of each draft. Approval is refused when a draft has changed since it was shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

from flask import Response, make_response, render_template, request, url_for
from flask_babel import ngettext
from sqlalchemy.orm import Session

from inbox import errors, feed, history, queries, replies
from inbox.db import transaction
from inbox.models import Reply, TrackedRequest
from inbox.refusals import Why
from inbox.replies import texts
from inbox.states import ReplyState
from web.desk.blueprint import blueprint
from web.kit import request_file
from web.kit.access import needs, person
from web.kit.acting import Refusal, act, see_other


def digest(reply: Reply) -> str:
    """20 hex digits that change with the draft's text or version."""
    return hashlib.sha256(f"{reply.version}:{reply.text}".encode()).hexdigest()[:20]


def _drafts(rows: Sequence[Reply]) -> list[Reply]:
    return [reply for reply in rows if reply.state is ReplyState.DRAFT]


def _page(number: int, *, status: int = 200, refusal: str = "", too_long: Collection[int] = ()) -> Response:
    """`too_long`: ids of replies refused for their length; drafts that are too long as stored are added."""
    with transaction() as session:
        cursor = str(feed.now_cursor(session))
        context = request_file.context(session, number)
        shared = texts.shared_words(session, context["tracked"]) or ""
        drafts = _drafts(context["file"].replies)
        stored_too_long = {reply.id for reply in drafts if replies.is_too_long(session, reply)}
    context |= {
        "too_long": stored_too_long.union(too_long),
        "cursor": cursor,
        "drafts": drafts,
        "digests": {reply.id: digest(reply) for reply in drafts},
        "shared": shared,
        "kept": request.form or None,
        "refusal": refusal,
    }
    return make_response(render_template("desk/approval.html", **context), status)


@blueprint.get("/requests/<int:number>/approve")
@needs("reply.approve")
def approval(number: int) -> Response:
    """The form with all drafts of a request and one shared text."""
    return _page(number)


@blueprint.post("/requests/<int:number>/approve")
@needs("reply.approve")
def approve_all(number: int) -> Response:
    """Approve the ticked drafts. An edit of the shared text replaces the text of each."""

    def work(session: Session) -> int:
        tracked = queries.request(session, number)
        left_out = _left_out(session, tracked)
        return len(replies.approve_all(session, tracked, text=_edited(), except_=left_out, by=person()))

    def done(count: int) -> Response:
        words = ngettext("%(num)d reply is on its way.", "%(num)d replies are on their way.", count)
        return see_other(url_for("desk.request_file", number=number), words)

    def refused(refusal: Refusal) -> Response:
        too_long = _too_long(refusal.error)
        return _page(number, status=refusal.status, refusal=refusal.words, too_long=too_long)

    return act(work, done, refused, wakes="send")


def _too_long(error: errors.CoreError) -> Collection[int]:
    """The ids of the replies refused for their length."""
    match error:
        case errors.InvalidInput(why=Why.TOO_LONG, values={"replies": tuple(ids)}):
            return [id for id in ids if isinstance(id, int)]
    return ()


def _edited() -> str | None:
    """The shared text if it was changed; None keeps the text of each draft."""
    text, offered = (" ".join(request.form.get(name, "").split()) for name in ("text", "shared"))
    return request.form["text"].strip() if text and text != offered else None


def _left_out(session: Session, tracked: TrackedRequest) -> list[int]:
    """The ids of drafts that were not ticked. Raises MovedMeanwhile when a ticked one has changed."""
    chosen = set(request.form.getlist("reply", type=int))
    waiting = _drafts(queries.request_file(session, tracked.number).replies)
    for reply in waiting:
        if reply.id in chosen and request.form.get(f"seen-{reply.id}") != digest(reply):
            raise history.moved_meanwhile(session, reply)
    if gone := chosen - {reply.id for reply in waiting}:
        moved = queries.reply(session, min(gone))
        raise history.moved_meanwhile(session, moved)
    return [reply.id for reply in waiting if reply.id not in chosen]
