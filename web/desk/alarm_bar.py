"""The alarm bar above the inbox: one sentence an alarm, linked to the screen where it can be fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import LazyString, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from inbox import people, queries
from inbox.channels import alarms
from inbox.db import transaction
from inbox.models import Alarm, Channel, User
from inbox.queries import set_aside
from web.kit.access import needs, person
from web.kit.filters import platform_label

blueprint = Blueprint("alarm_bar", __name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """The sentence for one kind of alarm, and the screen where it can be fixed.

    The sentence may use `%(subject)s`, `%(kind)s` and the name of any detail of the alarm.
    """

    words: LazyString
    endpoint: str
    action: str  # the permission to open that screen


KINDS: Mapping[str, Kind] = {
    "reconcile": Kind(
        _l("%(subject)s: the platform differs from what is stored here (%(differences)s)"),
        "comparisons.index",
        "channel.read",
    ),
    "access_lost": Kind(
        _l("%(subject)s has lost its access; replies wait until new credentials are stored"),
        "settings_channels.index",
        "settings.read",
    ),
    "silent": Kind(
        _l("%(subject)s is more silent than usual, and a check found that something is wrong"),
        "settings_channels.index",
        "settings.read",
    ),
    "unsubscribed": Kind(
        _l("%(subject)s sends us no events: it is not subscribed to our hook"),
        "settings_channels.index",
        "settings.read",
    ),
    "token_expires": Kind(
        _l("The access of %(subject)s ends soon (days left: %(days)s)"),
        "settings_channels.index",
        "settings.read",
    ),
    "wrong_signatures": Kind(
        _l("Bodies with a wrong signature come to the hook %(subject)s (%(count)s in the last hours)"),
        "settings_channels.set_aside",
        "set_aside.read",
    ),
    "too_large": Kind(
        _l("Bodies too large to be taken come to the hook %(subject)s (%(count)s in the last hours)"),
        "comparisons.index",  # a comparison finds the messages that such a body held
        "channel.read",
    ),
    "unread": Kind(
        _l("What arrived is not being read (waiting: %(count)s, the oldest for %(minutes)s minutes)"),
        "settings_channels.set_aside",
        "set_aside.read",
    ),
    "not_compared": Kind(
        _l("%(subject)s was not compared with its platform last night"),
        "comparisons.index",
        "channel.read",
    ),
}
OTHER = Kind(_l("%(subject)s needs a person: %(kind)s"), "settings_channels.index", "settings.read")


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """One line of the bar. `url` is empty for a user who may not open the screen."""

    words: str
    url: str
    since: datetime


def lines(session: Session, user: User) -> list[AlarmLine]:
    """The open alarms, oldest first, then the count of set-aside parts for those who may see them."""
    channels = {channel.key: channel for channel in queries.channels(session)}
    found = [_line(alarm, channels, user) for alarm in alarms.open_alarms(session)]
    count, since = set_aside.failed(session)
    if since is not None and people.may(user, "set_aside.read"):
        words = ngettext(
            "%(num)d part of what arrived could not be used",
            "%(num)d parts of what arrived could not be used",
            count,
        )
        found.append(AlarmLine(words, url_for("settings_channels.set_aside"), since))
    return found


def _line(alarm: Alarm, channels: Mapping[str, Channel], user: User) -> AlarmLine:
    kind = KINDS.get(alarm.kind, OTHER)
    details = _Details(alarm.details | {"kind": alarm.kind, "subject": _subject(alarm.subject, channels)})
    url = url_for(kind.endpoint) if people.may(user, kind.action) else ""
    return AlarmLine(str(kind.words) % details, url, alarm.raised_at)


def _subject(subject: str, channels: Mapping[str, Channel]) -> str:
    """A channel's platform and name where `subject` is a channel's key; else `subject` itself."""
    channel = channels.get(subject)
    if channel is None:
        return subject
    platform = platform_label(channel.platform)
    return channel.name if channel.name.startswith(platform) else f"{platform} {channel.name}"


class _Details(dict[str, Any]):
    """An alarm's details by name. An alarm of an older version may lack one: "?" instead of a KeyError."""

    def __missing__(self, _key: str) -> str:
        return "?"


@blueprint.get("/inbox/alarms")
@needs("message.read")
def bar() -> str:
    """The bar alone, fetched again after each live change."""
    with transaction() as session:
        found = lines(session, person())
    return render_template("desk/_alarms.html", alarm_lines=found)
