"""Probes of a channel: a real call, and the recording of its result."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from connectors import CONNECTORS
from connectors.http import PlatformError
from inbox import channels
from inbox.channels import alarms
from inbox.clock import now
from inbox.failures import Failure
from inbox.history import Actor
from inbox.models import Channel
from inbox.values import Examination, ProbeFailed, ProbeOk, ProbeOutcome
from worker.calling import ChannelSession

log = structlog.get_logger()

UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """How a channel answered: a real call, and what the platform knows of the token, where it says."""

    outcome: ProbeOutcome
    examined: Examination | None = None


def probe(channel_session: ChannelSession) -> ProbeReport:
    """Make one real call as this channel; if it succeeds, examine the token.

    A token that lacks required permissions counts as lost access, even if the call succeeded.
    """
    connector = CONNECTORS[channel_session.access.platform]
    outcome = connector.probe(channel_session.access)
    if isinstance(outcome, ProbeFailed) or connector.examine is None:
        return ProbeReport(outcome)
    try:
        examined = connector.examine(channel_session.access)
    except PlatformError as error:
        log.info("token_not_examined", channel_id=channel_session.channel_id, error=error.reason)
        return ProbeReport(outcome)
    if not examined.is_valid:
        return ProbeReport(ProbeFailed(Failure.TOKEN_INVALID, access_lost=True), examined)
    if examined.missing:
        missing = ", ".join(examined.missing)
        return ProbeReport(ProbeFailed(Failure.PERMISSIONS, missing, access_lost=True), examined)
    return ProbeReport(outcome, examined)


def record(
    session: Session, channel: Channel, channel_session: ChannelSession, report: ProbeReport, *, by: Actor
) -> None:
    """Write down how a channel answered: its access lost or regained, its token's life, its subscription.

    Does nothing when the secrets were replaced meanwhile.
    """
    if not channel_session.is_current(channel):
        return
    match report.outcome:
        case ProbeFailed() as failed:
            channels.record_call(channel, error=failed.reason)
            if failed.access_lost:
                channels.lose_access(session, channel, failed.reason, by=by)
        case ProbeOk():
            channels.record_call(channel, error=None)
            channels.regain_access(session, channel, by=by)
            channel.probed_at = now()
    if report.examined is None:
        return
    if report.examined.reports_lifetime:
        channels.set_token_life(
            channel, issued_at=report.examined.issued_at, expires_at=report.examined.expires_at
        )
    channel.is_subscribed = report.examined.is_subscribed
    if channel.is_subscribed is False:
        alarms.raise_alarm(session, UNSUBSCRIBED, channel.key, by=by, channel=channel)
    else:
        alarms.clear(session, UNSUBSCRIBED, channel.key, by=by, channel=channel)
