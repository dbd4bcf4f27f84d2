"""Views that read requests: the desk's list, and the file of one request."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from inbox import feed, queries
from inbox.db import transaction
from inbox.states import RequestState
from web.desk import screens
from web.desk.blueprint import blueprint
from web.kit.access import needs
from web.kit.labels import label
from web.kit.page import is_fragment
from web.kit.request_file import with_messages


@blueprint.get("/requests")
@needs("message.read")
def requests() -> Response:
    """Requests filtered by state, unit and overdue. A request number redirects to its file."""
    asked = request.args
    number = "".join(asked.get("number", "").split()).lstrip("#")
    if number.isascii() and number.isdigit() and len(number) < 19:
        return make_response(redirect(url_for("desk.request_file", number=int(number))))
    state = asked.get("state") if asked.get("state") in set(RequestState) else None
    overdue = True if asked.get("overdue") else None
    unit = asked.get("unit") or None
    with transaction() as session:
        context = {
            "cursor": str(feed.now_cursor(session)),
            "listing": with_messages(
                session,
                queries.requests(session, state=state, unit=unit, overdue=overdue, after=asked.get("after")),
            ),
            "units": queries.units(session),
            "state": state,
            "unit": unit,
            "overdue": overdue,
            "tabs": _tabs(state, unit, overdue=bool(overdue)),
        }
    template = "desk/_requests.html" if is_fragment() else "desk/requests.html"
    return make_response(render_template(template, **context))


class Tab(NamedTuple):
    """One filter tab above the list of requests."""

    words: str
    url: str
    is_current: bool


def _tabs(state: str | None, unit: str | None, *, overdue: bool) -> list[Tab]:
    """One tab each for all requests, every state, and the overdue ones. Each keeps the chosen unit."""

    def to(**filters: Any) -> str:
        return url_for("desk.requests", unit=unit, **filters)

    return [
        Tab(gettext("All"), to(), state is None and not overdue),
        *(Tab(str(label(each)), to(state=each.value), state == each.value) for each in RequestState),
        Tab(gettext("Overdue"), to(overdue=1), overdue),
    ]


@blueprint.get("/requests/<int:number>")
@needs("message.read")
def request_file(number: int) -> Response:
    """The file of one request: all its messages, answers and replies, and the possible actions."""
    return screens.request_page(number)
