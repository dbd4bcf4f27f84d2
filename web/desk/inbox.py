"""Views that read the inbox: the page, each of its three panes, and the length of a text for a channel."""

from __future__ import annotations

from flask import Response, jsonify, make_response, render_template, request

from inbox import queries, replies
from inbox.db import transaction
from web.desk import screens
from web.desk.blueprint import blueprint
from web.kit.access import needs
from web.kit.page import is_fragment
from web.kit.place import here


@blueprint.get("/inbox")
@needs("message.read")
def inbox() -> Response:
    """The whole inbox with no conversation open."""
    return screens.inbox_page(here(), after=request.args.get("after"))


@blueprint.get("/inbox/views")
@needs("message.read")
def views() -> str:
    """The left pane."""
    with transaction() as session:
        context = screens.views_context(session, here())
    return render_template("desk/_views.html", **context)


@blueprint.get("/inbox/rows")
@needs("message.read")
def rows() -> str:
    """The middle pane."""
    with transaction() as session:
        context = screens.list_context(
            session, here(), after=request.args.get("after"), open_group=request.args.get("open", type=int)
        )
    return render_template("desk/_list.html", **context)


@blueprint.get("/conversations/<int:group_id>")
@needs("message.read")
def conversation(group_id: int) -> Response:
    """One conversation: the right pane for htmx, else the whole inbox with the conversation open."""
    if is_fragment():
        return screens.conversation_fragment(here(), group_id)
    return screens.inbox_page(here(), group_id=group_id)


@blueprint.post("/compose/length")
@needs("message.triage")
def length() -> Response:
    """A text's length as the channel's platform counts it, and the longest allowed. Raises UnknownKey."""
    with transaction() as session:
        channel = queries.channel(session, request.form.get("channel", ""))
    measured = replies.length(
        channel.platform, request.form.get("text", ""), private=bool(request.form.get("private"))
    )
    return make_response(jsonify(length=measured.counted, max=measured.longest))
