"""Where a platform shows something else than we hold: the list, and asking for a comparison now."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from inbox import feed, history, platforms, queries
from inbox.channels import comparison_runs, mismatches
from inbox.db import transaction
from inbox.errors import InvalidInput
from inbox.refusals import Why
from web.kit.access import needs, person
from worker.tasks import nudge

blueprint = Blueprint("comparisons", __name__)


@blueprint.get("/differences")
@needs("channel.read")
def index() -> str:
    """What differs and nobody has settled, with the way to the conversation and to the platform."""
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
            shown=mismatches.shown(session),
            runs=[(channel, runs.get(channel.key)) for channel in channels],
        )


@blueprint.post("/differences/<int:difference_id>/leave")
@needs("reply.settle")
def leave(difference_id: int) -> Response:
    """A person has looked at it: it stays as it is."""
    with transaction() as session:
        mismatches.leave_so(session, difference_id, by=person())
    flash(_("Kept as looked at."))
    return cast(Response, redirect(url_for("comparisons.index"), code=303))


@blueprint.post("/channels/<key>/reconcile")
@needs("settings.read")
def ask(key: str) -> Response:
    """Compare one channel with its platform as soon as a worker looks."""
    with transaction() as session:
        channel = queries.channel(session, key)
        if not platforms.traits(channel.platform).can_be_compared:
            raise InvalidInput("channel", Why.NOT_COMPARABLE)
        comparison_runs.ask(session, channel)
        history.record(session, "reconcile.asked", by=person(), channel=channel)
    nudge("reconcile")
    flash(_("%(channel)s is being compared with its platform.", channel=channel.name))
    return cast(Response, redirect(url_for("comparisons.index"), code=303))
