"""The screens for our accounts and for what arrived and could not be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from pydantic import SecretStr

from inbox import channels, ingest, platforms, queries
from inbox.channels import report
from inbox.db import transaction
from inbox.errors import InvalidInput, UnknownKey
from inbox.models import Channel
from inbox.queries import figures
from inbox.queries import set_aside as set_aside_queries
from inbox.states import ChannelHealth
from web.kit.access import needs, person
from web.kit.refusals import show_in
from web.settings.forms import ChannelForm, credentials_form
from worker.tasks import nudge

blueprint = Blueprint("settings_channels", __name__, url_prefix="/settings")

COLOURS: Mapping[ChannelHealth, str] = {
    ChannelHealth.OK: "green",
    ChannelHealth.UNKNOWN: "secondary",
    ChannelHealth.STALE: "orange",
    ChannelHealth.PAUSED: "yellow",
    ChannelHealth.FAILING: "orange",
    ChannelHealth.ACCESS_LOST: "red",
    ChannelHealth.OFF: "secondary",
}


@blueprint.get("/channels")
@needs("settings.read")
def index() -> str:
    """Every account and line of ours, and how it fares."""
    with transaction() as session:
        reports = [report.report(session, channel) for channel in queries.channels(session)]
    return render_template("settings/channels.html", reports=reports, colours=COLOURS)


@blueprint.get("/channels/<key>")
@needs("settings.edit")
def channel(key: str) -> str:
    """The forms of one channel."""
    with transaction() as session:
        found = queries.channel(session, key)
    return _shown(found, ChannelForm(obj=found))


@blueprint.post("/channels/<key>")
@needs("settings.edit")
def edit(key: str) -> Response:
    """Change how a channel is called and whether it is used."""
    form = ChannelForm()
    with transaction() as session:
        found = queries.channel(session, key)
        if form.validate():
            try:
                channels.edit(
                    session,
                    found,
                    name=form.name.data or "",
                    voice=form.voice.data,
                    is_active=bool(form.is_active.data),
                    by=person(),
                )
                flash(_("Saved."))
                return cast(Response, redirect(url_for("settings_channels.index"), code=303))
            except (InvalidInput, UnknownKey) as error:
                show_in(form, error)
    return make_response(_shown(found, form), 422)


@blueprint.post("/channels/<key>/credentials")
@needs("settings.edit")
def set_credentials(key: str) -> Response:
    """Replace those secrets of a channel that were typed in; the others stay."""
    with transaction() as session:
        found = queries.channel(session, key)
        names = platforms.traits(found.platform).credential_names
        typed = {name: request.form.get(f"secret_{name}", "").strip() for name in names}
        kept = {name: secret.get_secret_value() for name, secret in _stored(found).items()}
        wanted = {**kept, **{name: value for name, value in typed.items() if value}}
        renewed = False
        if any(typed.values()):
            channels.set_credentials(session, found, wanted, by=person())
            renewed = True
            flash(_("The credentials are stored. Whether they work shows with the next call."))
        else:
            flash(_("Nothing was typed in; the credentials stay as they were."), "warning")
    if renewed:
        nudge("send")
    return cast(Response, redirect(url_for("settings_channels.channel", key=key), code=303))


@blueprint.get("/set-aside")
@needs("set_aside.read")
def set_aside() -> str:
    """What arrived and could not be used, the newest first, and how often the hooks refused somebody."""
    with transaction() as session:
        page = set_aside_queries.page(session, before=request.args.get("before", type=int))
        hooks = figures.look_at_hooks(session)
    return render_template("settings/set_aside.html", page=page, hooks=hooks)


@blueprint.post("/set-aside/<int:event_id>/replay")
@needs("settings.edit")
def replay(event_id: int) -> Response:
    """Let one body be read afresh."""
    with transaction() as session:
        again = ingest.replay(session, [event_id])
    nudge("ingest")
    if again:
        flash(_("It is being read again."))
    else:
        flash(_("Its body is no longer kept; it cannot be read again."), "warning")
    return cast(Response, redirect(url_for("settings_channels.set_aside"), code=303))


@blueprint.post("/set-aside/replay")
@needs("settings.edit")
def replay_all() -> Response:
    """Let everything that was set aside be read afresh."""
    with transaction() as session:
        again = ingest.replay_all(session)
    nudge("ingest")
    flash(ngettext("%(num)d body is being read again.", "%(num)d bodies are being read again.", again))
    return cast(Response, redirect(url_for("settings_channels.set_aside"), code=303))


def _stored(found: Channel) -> dict[str, SecretStr]:
    """The secrets there are; none when no configured key opens them any more."""
    try:
        return channels.credentials(found)
    except InvalidInput:
        return {}


def _shown(found: Channel, form: ChannelForm) -> str:
    names = platforms.traits(found.platform).credential_names
    return render_template(
        "settings/channel.html",
        channel=found,
        form=form,
        credentials=credentials_form(names, kept=_stored(found)),
        health=channels.health(found),
        colours=COLOURS,
    )
