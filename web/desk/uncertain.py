"""The screens for uncertain replies: our text beside what the platform shows, for a person to decide.

Nothing here sends. A person settles a reply as SENT or FAILED; sending a failed one again is a new decision.
"""

from __future__ import annotations

from flask import Response, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox import feed, platforms, queries
from inbox.db import transaction
from inbox.models import Channel
from inbox.replies import reply_check
from web.desk.blueprint import blueprint
from web.kit.access import needs
from web.kit.acting import act, see_other
from web.kit.page import is_fragment


@blueprint.get("/uncertain")
@needs("reply.read")
def uncertain_list() -> str:
    """All uncertain replies, oldest first."""
    with transaction() as session:
        return render_template(
            "desk/uncertain_list.html",
            cursor=str(feed.now_cursor(session)),
            replies=reply_check.waiting(session),
        )


@blueprint.get("/uncertain/<int:reply_id>")
@needs("reply.read")
def uncertain_case(reply_id: int) -> str:
    """One uncertain reply beside what the platform shows in its thread."""
    with transaction() as session:
        cursor = str(feed.now_cursor(session))
        case = reply_check.case(session, queries.reply(session, reply_id))
    can_be_read = platforms.traits(case.channel.platform).can_be_compared
    template = "desk/_uncertain.html" if is_fragment() else "desk/uncertain.html"
    return render_template(template, cursor=cursor, case=case, can_be_read=can_be_read)


@blueprint.post("/uncertain/<int:reply_id>/look")
@needs("reply.settle")
def uncertain_look(reply_id: int) -> Response:
    """Ask for the platform to be read again. A worker calls the platform; this request does not wait."""

    def work(session: Session) -> None:
        reply = queries.reply(session, reply_id)
        channel = session.get_one(Channel, reply.channel_id)
        reply_check.check_again(session, reply, channel)

    def done(_: None) -> Response:
        words = gettext("The platform is being read; this page follows by itself.")
        return see_other(url_for("desk.uncertain_case", reply_id=reply_id), words)

    return act(work, done, wakes="reconcile")
