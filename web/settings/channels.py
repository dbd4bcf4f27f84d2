"""The screens of channels, their credentials, and parts of bodies that were set aside."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext, ngettext
from pydantic import SecretStr
from sqlalchemy.orm import Session

from inbox import channels, ingest, platforms, queries
from inbox.channels import report
from inbox.db import transaction
from inbox.errors import InvalidInput
from inbox.models import Channel
from inbox.queries import figures
from inbox.queries import set_aside as set_aside_queries
from inbox.states import ChannelHealth
from web.kit.access import needs, person
from web.kit.acting import act, see_other
from web.settings.forms import ChannelForm, credentials_form
from web.settings.saving import save

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
    """All channels with the health and figures of each."""
    with transaction() as session:
        reports = [report.report(session, channel) for channel in queries.channels(session)]
    return render_template("settings/channels.html", reports=reports, colours=COLOURS)


@blueprint.get("/channels/<key>")
@needs("settings.edit")
def channel(key: str) -> str:
    """The forms of one channel."""
    with transaction() as session:
        found = queries.channel(session, key)
    return _page(found, ChannelForm(obj=found))


@blueprint.post("/channels/<key>")
@needs("settings.edit")
def edit(key: str) -> Response:
    """Change a channel's name and voice, and whether it is in use."""
    form = ChannelForm()
    with transaction() as session:
        found = queries.channel(session, key)

    def work(session: Session) -> None:
        channels.edit(
            session,
            queries.channel(session, key),
            name=form.name.data or "",
            voice=form.voice.data,
            is_active=bool(form.is_active.data),
            by=person(),
        )

    return save(
        form,
        work,
        lambda _: see_other(url_for("settings_channels.index"), gettext("Saved.")),
        lambda: _page(found, form),
    )


@blueprint.post("/channels/<key>/credentials")
@needs("settings.edit")
def set_credentials(key: str) -> Response:
    """Replace the secrets that were typed in; empty fields keep the stored ones."""
    page = url_for("settings_channels.channel", key=key)
    typed = {name: value.strip() for name, value in request.form.items() if value.strip()}

    def work(session: Session) -> bool:
        found = queries.channel(session, key)
        names = platforms.traits(found.platform).credential_names
        fresh = {name: typed[f"secret_{name}"] for name in names if f"secret_{name}" in typed}
        kept = {name: secret.get_secret_value() for name, secret in _stored(found).items()}
        if fresh:
            channels.set_credentials(session, found, {**kept, **fresh}, by=person())
        return bool(fresh)

    def done(is_renewed: bool) -> Response:
        if is_renewed:
            return see_other(
                page, gettext("The credentials are stored. Whether they work shows with the next call.")
            )
        words = gettext("Nothing was typed in; the credentials stay as they were.")
        return see_other(page, words, category="warning")

    return act(work, done, wakes="send")


@blueprint.get("/set-aside")
@needs("set_aside.read")
def set_aside() -> str:
    """The parts that were set aside, newest first, and the rejected calls of each hook."""
    with transaction() as session:
        page = set_aside_queries.page(session, before=request.args.get("before", type=int))
        hooks = figures.hook_figures(session)
    return render_template("settings/set_aside.html", page=page, hooks=hooks)


@blueprint.post("/set-aside/<int:event_id>/replay")
@needs("settings.edit")
def replay(event_id: int) -> Response:
    """Read one body again."""
    page = url_for("settings_channels.set_aside")

    def done(count: int) -> Response:
        if count:
            return see_other(page, gettext("It is being read again."))
        words = gettext("Its body is no longer kept; it cannot be read again.")
        return see_other(page, words, category="warning")

    return act(lambda session: ingest.replay(session, [event_id]), done, wakes="ingest")


@blueprint.post("/set-aside/replay")
@needs("settings.edit")
def replay_all() -> Response:
    """Read every body with set-aside parts again."""

    def done(count: int) -> Response:
        words = ngettext("%(num)d body is being read again.", "%(num)d bodies are being read again.", count)
        return see_other(url_for("settings_channels.set_aside"), words)

    return act(ingest.replay_all, done, wakes="ingest")


def _stored(found: Channel) -> dict[str, SecretStr]:
    """The stored secrets; empty if no configured key can decrypt them any more."""
    try:
        return channels.credentials(found)
    except InvalidInput:
        return {}


def _page(found: Channel, form: ChannelForm) -> str:
    names = platforms.traits(found.platform).credential_names
    return render_template(
        "settings/channel.html",
        channel=found,
        form=form,
        credentials=credentials_form(names, kept=_stored(found)),
        health=channels.health(found),
        colours=COLOURS,
    )
