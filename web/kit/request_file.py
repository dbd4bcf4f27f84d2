"""The template context of a request's file, shared by the desk and the units."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy.orm import Session

from inbox import people, queries
from inbox.clock import ISTANBUL, now
from inbox.errors import InvalidInput
from inbox.models import Reply, TrackedRequest
from inbox.queries import Listing, RequestFile, for_api
from inbox.refusals import Why
from inbox.states import Outcome, ReplyState, RequestState
from web.kit import labels, timeline, trail
from web.kit.can import can
from web.kit.place import InboxPlace


def context(
    session: Session, number: int, *, without: Collection[ReplyState] = (ReplyState.WITHDRAWN,)
) -> dict[str, Any]:
    """The context of a request's file. Replies in the states `without` are left out. Raises NotFound."""

    file = queries.request_file(session, number)
    names = {user.id: user.name for user in people.all_users(session)}
    replies_to: dict[int, list[Reply]] = {}
    for reply in file.replies:
        if reply.state in without:
            continue
        replies_to.setdefault(reply.message_id, []).append(reply)
    return {
        "at": InboxPlace(),
        "file": file,
        "tracked": file.request,
        "can": can(file.request),
        "must_reroute": file.request.state is RequestState.RETURNED,
        "names": names,
        "replies_to": replies_to,
        "siblings": timeline.siblings(file.replies),
        "history": trail.lines(file.history, names),
        "units": queries.units(session),
        "outcome_words": labels.ENUMS[Outcome],
        "today": now().astimezone(ZoneInfo(ISTANBUL)).date().isoformat(),
        "live_ids": _live_ids(file),
        "kept": None,
        "refusal": "",
    }


def with_messages(session: Session, listing: Listing[TrackedRequest]) -> Listing[TrackedRequest]:
    """The same page of requests with their messages loaded."""
    rows = [whole.row for whole in for_api.load_requests(session, listing.items)]
    return Listing(rows, listing.next)


def _live_ids(file: RequestFile) -> str:
    ids = [f"m{message.id}" for message in file.messages] + [f"p{reply.id}" for reply in file.replies]
    return " ".join([f"r{file.request.id}", *ids])


def day_of_form() -> date | None:
    """The form's `until`, the day of a planned answer; None if empty. Raises InvalidInput."""
    typed = request.form.get("until", "")
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidInput("until", Why.NOT_A_DAY) from None
