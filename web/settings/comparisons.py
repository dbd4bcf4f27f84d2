"""The screen of differences between a platform and what is stored here; starts comparisons on demand."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox import feed, history, platforms, queries
from inbox.channels import comparison_runs, mismatches
from inbox.db import transaction
from inbox.errors import InvalidInput
from inbox.refusals import Why
from web.kit.access import needs, person
from web.kit.acting import act, see_other

blueprint = Blueprint("comparisons", __name__)


@blueprint.get("/differences")
@needs("channel.read")
def index() -> str:
    """Unsettled differences, with links to the conversation and the platform, and each channel's last run."""
    with transaction() as session:
        runs = comparison_runs.runs(session)
        channels = [
            channel
            for channel in queries.channels(session)
            if platforms.traits(channel.platform).can_be_compared
        ]
        return render_template(
            "desk/differences.html",
            cursor=str(feed.now_cursor(session)),
            mismatches=mismatches.open_differences(session),
            runs=[(channel, runs.get(channel.key)) for channel in channels],
        )


@blueprint.post("/differences/<int:difference_id>/leave")
@needs("reply.settle")
def leave(difference_id: int) -> Response:
    """Settle a difference by leaving both sides as they are."""
    return act(
        lambda session: mismatches.accept(session, difference_id, by=person()),
        lambda _: see_other(url_for("comparisons.index"), gettext("Marked as checked.")),
    )


@blueprint.post("/channels/<key>/reconcile")
@needs("settings.read")
def ask(key: str) -> Response:
    """Ask a worker to compare one channel with its platform. Raises InvalidInput where that is impossible."""

    def work(session: Session) -> str:
        channel = queries.channel(session, key)
        if not platforms.traits(channel.platform).can_be_compared:
            raise InvalidInput("channel", Why.NOT_COMPARABLE)
        comparison_runs.schedule(session, channel)
        history.record(session, "reconcile.asked", by=person(), channel=channel)
        return channel.name

    def done(channel: str) -> Response:
        words = gettext("%(channel)s is being compared with its platform.", channel=channel)
        return see_other(url_for("comparisons.index"), words)

    return act(work, done, wakes="reconcile")
