"""Reading the inbox: the page, its three panes one by one, and how long a text is for a channel."""

from __future__ import annotations

from flask import Response, jsonify, make_response, render_template, request

from inbox import queries, replies
from inbox.db import transaction
from web.desk import shown
from web.desk.blueprint import blueprint
from web.kit.access import needs
from web.kit.page import is_fragment
from web.kit.place import here


@blueprint.get("/inbox")
@needs("message.read")
def inbox() -> Response:
    """The inbox: views, conversations, nothing opened yet."""
    return shown.inbox_page(here(), after=request.args.get("after"))


@blueprint.get("/inbox/views")
@needs("message.read")
def views() -> str:
    """The left pane."""
    with transaction() as session:
        context = shown.views_context(session, here())
    return render_template("desk/_views.html", **context)


@blueprint.get("/inbox/rows")
@needs("message.read")
def rows() -> str:
    """The middle pane."""
    with transaction() as session:
        context = shown.list_context(
            session, here(), after=request.args.get("after"), open_group=request.args.get("open", type=int)
        )
    return render_template("desk/_list.html", **context)


@blueprint.get("/conversations/<int:group_id>")
@needs("message.read")
def conversation(group_id: int) -> Response:
    """One conversation: the right pane for htmx, the whole inbox with it open for a person."""
    if is_fragment():
        return shown.conversation_fragment(here(), group_id)
    return shown.inbox_page(here(), group_id=group_id)


@blueprint.post("/compose/length")
@needs("message.triage")
def length() -> Response:
    """How long a text is as a channel counts it, and how long it may be. Raises UnknownKey."""
    with transaction() as session:
        channel = queries.channel(session, request.form.get("channel", ""))
    measured = replies.length(
        channel.platform, request.form.get("text", ""), private=bool(request.form.get("private"))
    )
    return make_response(jsonify(length=measured.counted, max=measured.longest))
