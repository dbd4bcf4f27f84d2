"""Compares every channel with its platform: each night, and on request.

A run is scheduled by a row and claimed with a lease, so that a lost task or a killed worker only delays it.
Content that we do not have is stored and applied like any polled body.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from sqlalchemy import select

from connectors import CONNECTORS
from connectors.contract import Survey
from connectors.http import PlatformError, RateLimited
from inbox import channels, platforms
from inbox.channels import budgets, comparison_runs, mismatches
from inbox.db import transaction
from inbox.failures import Failure
from inbox.ingest import store_raw_event
from inbox.ingest.comparison import BY, Comparison, comparable_window
from inbox.models import Channel
from inbox.values import CallKind, UnreadablePayload
from worker import calling, ingest
from worker.calling import ChannelSession
from worker.pace import until_done

log = structlog.get_logger()

_AGAIN = timedelta(minutes=5)
_MOST_RECHECKED = 200
_PATIENCE = 60.0  # seconds to wait for a call in the channel's budget


def schedule(key: str | None = None) -> list[str]:
    """Schedule a comparison of one channel, or of all that can be compared. Returns their keys."""
    scheduled = []
    with transaction() as session:
        query = select(Channel).where(Channel.is_active).order_by(Channel.key)
        for channel in session.scalars(query if key is None else query.where(Channel.key == key)).all():
            if _survey(channel.platform) is not None:
                comparison_runs.schedule(session, channel)
                scheduled.append(channel.key)
    return scheduled


def run() -> int:
    """Compare one channel that is due. Returns 1, or 0 when none is due."""
    claimed = _claim()
    if claimed is None:
        return 0
    channel_session, comparison = claimed
    channel_id = channel_session.channel_id
    failure = None
    try:
        _walk(channel_session, comparison)
        _recheck(channel_session, comparison)
    except PlatformError as error:
        failure = error
        log.warning("reconcile_broke_off", channel_id=channel_id, error=type(error).__name__)
    until_done(ingest.run, seconds=20)
    with transaction() as session:
        if failure is None:
            comparison.record_missing_replies(session)
            count = comparison.finish(session)
            comparison_runs.finish(session, channel_id, differences=count)
            log.info("reconciled", channel_id=channel_id, differences=count)
        else:
            # Differences found so far are kept; nothing is resolved or called missing after a partial read.
            mismatches.update_alarm(session, channel_id, by=BY)
            comparison_runs.record_failure(session, channel_id, failure.reason.value, wait=_wait(failure))
        channel = session.get_one(Channel, channel_id)
        if failure is None or failure.reason is not Failure.BUDGET:
            channels.record_call(channel, error=failure.trouble.reason if failure else None)
        channel_session.record_usage(session, channel, by=BY)
    return 1


def _claim() -> tuple[ChannelSession, Comparison] | None:
    platforms = [platform for platform in CONNECTORS if _survey(platform) is not None]
    with transaction() as session:
        channel = comparison_runs.claim(session, platforms)
        survey = _survey(channel.platform) if channel is not None else None
        if channel is None or survey is None:
            return None
        since, until = comparable_window(session, channel)
        comparison = Comparison(channel.id, since, until, whole_account=survey.whole_account)
        return calling.open_session(channel), comparison


def _walk(channel_session: ChannelSession, comparison: Comparison) -> None:
    """Read the platform page by page, and store the pages with anything new. Raises PlatformError."""
    survey = _survey(channel_session.access.platform)
    if survey is None:
        return
    until_done(ingest.run, seconds=20)  # apply waiting bodies first: their messages are not missing
    connector = CONNECTORS[channel_session.access.platform]
    pages = survey.walk(channel_session.access, comparison.since)
    while _may_read(channel_session) and (page := next(pages, None)) is not None:
        try:
            facts = connector.normalise(page.body)
        except UnreadablePayload:
            raise PlatformError("an unreadable answer", reason=Failure.UNREADABLE) from None
        with transaction() as session:
            if comparison.compare_page(session, facts):
                key = session.get_one(Channel, channel_session.channel_id).key
                store_raw_event(session, f"poll:{key}:{BY}", page.body, digest=page.digest)


def _recheck(channel_session: ChannelSession, comparison: Comparison) -> None:
    """Check messages that were on no page, and mark those that are gone. Raises PlatformError."""
    survey = _survey(channel_session.access.platform)
    if survey is None:
        return
    with transaction() as session:
        unseen = comparison.unseen_messages(session, survey.kinds)[:_MOST_RECHECKED]
    for start in range(0, len(unseen), survey.at_once):
        _may_read(channel_session)
        gone = survey.gone(channel_session.access, unseen[start : start + survey.at_once])
        with transaction() as session:
            comparison.mark_deleted(session, gone)
        log.info("deletions_found", channel_id=channel_session.channel_id, count=len(gone))


def _may_read(channel_session: ChannelSession) -> bool:
    """Take one call from the channel's budget; waits up to _PATIENCE for it. Raises RateLimited."""
    limit = platforms.traits(channel_session.access.platform).limits[CallKind.READ]
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with transaction() as session:
            if budgets.take(session, channel_session.channel_id, CallKind.READ, limit):
                return True
        time.sleep(1.0)
    raise RateLimited("the channel's own budget of calls is used up", reason=Failure.BUDGET)


def _survey(platform: str) -> Survey | None:
    connector = CONNECTORS.get(platform)
    return connector.survey if connector is not None else None


def _wait(failure: PlatformError) -> timedelta:
    """The wait until the next try: at least as long as the platform asks for."""
    if isinstance(failure, RateLimited) and failure.retry_after is not None:
        return max(_AGAIN, timedelta(seconds=failure.retry_after))
    return _AGAIN
