"""`cozum doctor`: checks the set-up and says how to repair each fault."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import click
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from connectors import CONNECTORS
from connectors.contract import Connector
from connectors.http import PlatformError
from inbox import channels, db, people, queries
from inbox.channels import report
from inbox.clock import now
from inbox.errors import InvalidInput
from inbox.models import Channel
from inbox.queries import figures
from inbox.settings import settings
from inbox.values import Access, ProbeFailed
from stack import status

LEAST_DISK = 1 << 30
REMEDIES = {
    "wrong_signatures": "compare COZUM_HOOK_SECRETS with the platform's own",
    "too_large": "check that no proxy merges hooks; run `cozum reconcile` to fetch what they contained",
    "unread": "check that a worker runs and that its log shows no errors",
    "not_compared": "run `cozum reconcile`, and check that beat runs",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: `remedy` says what to do, None if nothing is wrong."""

    what: str
    remedy: str | None = None


@click.command()
def doctor() -> None:
    """Check database, broker, credentials, clock and disk. Exit code 1 if something is wrong."""
    wrong = 0
    for check in (_disk, _broker, _database, _channels, _needs):
        for finding in check():
            wrong += finding.remedy is not None
            mark = "ok " if finding.remedy is None else "!! "
            click.echo(mark + finding.what + (f"\n   → {finding.remedy}" if finding.remedy else ""))
    if wrong:
        raise SystemExit(1)


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings().dir).free
    what = f"disk: {free / (1 << 30):.1f} GiB free for the data folder"
    yield Finding(what, None if free > LEAST_DISK else "make room: with a full disk nothing is received")


def _broker() -> Iterator[Finding]:
    from_url = settings().broker_url
    began = time.monotonic()
    try:
        answered = _connect(from_url)
    except (OSError, ValueError) as error:
        yield Finding(
            f"broker: does not answer ({type(error).__name__})",
            "start it or correct BROKER_URL; until then work waits for the sweep that runs each minute",
        )
        return
    yield Finding(f"broker: {answered} after {1000 * (time.monotonic() - began):.0f} ms")


def _connect(url: str) -> str:
    """Connect to the broker's address and say where it answered. Raises OSError if nothing listens there."""
    scheme, _, rest = url.partition("://")
    where = rest.rpartition("@")[2]
    if "socket" in scheme:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect("/" + where.lstrip("/").partition("?")[0])
        return "answers on its socket"
    host, _, port = where.partition("/")[0].partition(":")
    with socket.create_connection((host, int(port or 6379)), timeout=2):
        return f"answers at {host}"


def _database() -> Iterator[Finding]:
    try:
        with db.transaction() as session:
            for check in (_letters, _clock, _transactions, _people):
                yield check(session)
        db.check_no_drift(settings().database_url)
        yield Finding("database: the schema is up to date")
    except CommandError:
        yield Finding("database: the schema is out of date", "start the system once: it migrates the schema")
    except SQLAlchemyError as error:
        yield Finding(
            f"database: does not answer ({type(error).__name__})", "start PostgreSQL or correct DATABASE_URL"
        )


def _letters(session: Session) -> Finding:
    kind = session.scalar(text("SELECT datctype FROM pg_database WHERE datname = current_database()"))
    remedy = "create the database again with LC_CTYPE C.UTF-8: with C, search ignores letters beyond ASCII"
    return Finding(f"database: LC_CTYPE is {kind}", remedy if kind in ("C", "POSIX") else None)


def _clock(session: Session) -> Finding:
    theirs = session.scalar(text("SELECT clock_timestamp()"))
    ours = datetime.now(UTC)  # the machine's own clock: `inbox.clock` may be shifted in a demo
    apart = abs((theirs - ours).total_seconds()) if theirs else 0.0
    remedy = "synchronise both machines by NTP: reply windows and leases are measured in seconds"
    return Finding(f"clock: differs by {apart:.1f} s from the database's", remedy if apart > 5 else None)


def _transactions(session: Session) -> Finding:
    limits = session.scalars(
        text(
            "SELECT setting FROM pg_settings"
            " WHERE name IN ('transaction_timeout', 'idle_in_transaction_session_timeout')"
        )
    )
    limited = any(int(limit) > 0 for limit in limits)
    remedy = "ALTER ROLE … SET transaction_timeout = '10s': one open transaction stops the live feed"
    what = (
        "database: transactions have a time limit" if limited else "database: transactions have no time limit"
    )
    return Finding(what, None if limited else remedy)


def _people(session: Session) -> Finding:
    remedy = "`cozum user add`, or open the one-use link that `cozum up` prints"
    has_users = people.has_users(session)
    what = "people: somebody can sign in" if has_users else "people: nobody can sign in"
    return Finding(what, None if has_users else remedy)


def _channels() -> Iterator[Finding]:
    try:
        with db.transaction() as session:
            reports = [
                report.report(session, channel) for channel in queries.channels(session) if channel.is_active
            ]
    except SQLAlchemyError:
        return  # _database has reported it
    for channel_report in reports:
        connector = CONNECTORS.get(channel_report.channel.platform)
        if connector is None:
            yield Finding(f"channel {channel_report.channel.key}: handled by hand, no API")
            continue
        yield Finding(
            f"channel {channel_report.channel.key}: {report.as_line(report.as_values(channel_report))}"
        )
        yield _probe(connector, channel_report.channel)


def _needs() -> Iterator[Finding]:
    """Everything that `cozum status` lists as needing a person, each with a remedy."""
    try:
        with db.transaction() as session:
            needs = status.needs_a_person(figures.current(session))
    except SQLAlchemyError:
        return  # _database has reported it
    for need in needs:
        known = (remedy for kind, remedy in REMEDIES.items() if need.startswith(f"alarm {kind}:"))
        yield Finding(need, next(known, "open the inbox: the bar at the top links to the list"))


def _probe(connector: Connector, channel: Channel) -> Finding:
    key = channel.key
    try:
        access = channels.access(channel, channels.credentials(channel))
    except InvalidInput as error:
        return Finding(f"channel {key}: {error}", "enter its credentials again, or restore the old key")
    outcome = connector.probe(access)
    if isinstance(outcome, ProbeFailed):
        remedy = "enter new credentials" if outcome.access_lost else "try again in a few minutes"
        return Finding(f"channel {key}: {outcome.reason}", remedy)
    return _examine(connector, channel, access)


def _examine(connector: Connector, channel: Channel, access: Access) -> Finding:
    """The validity, permissions and expiry of the token, if the platform reports them."""
    what = f"channel {channel.key}: a real call succeeded"
    if connector.examine is None:
        return Finding(what)
    try:
        known = connector.examine(access)
    except PlatformError as error:
        return Finding(f"{what}; its token could not be examined ({error.reason})")
    if known.missing or not known.is_valid:
        lacks = f"the token lacks {', '.join(known.missing)}" if known.missing else "the token is not valid"
        return Finding(f"channel {channel.key}: {lacks}", "enter a token with all permissions")
    if known.is_subscribed is False:
        return Finding(f"{what}, but no events come", "subscribe the app to the account (subscribed_apps)")
    if known.expires_at is not None:
        days = (known.expires_at - now()).days
        remedy = "renew its token" if days <= 7 else None
        return Finding(f"{what}; its token ends in {days} days", remedy)
    return Finding(what)
