"""Finds work whose task was lost. Runs every minute; every part is idempotent.

A pass is limited in time. It returns whether work is left; then the next pass starts at once.
"""

from __future__ import annotations

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from inbox import tracking
from inbox.db import transaction
from inbox.errors import CoreError
from inbox.ingest import parked
from inbox.tracking import surveys
from worker import dispatch, ingest
from worker.pace import side_by_side, until_done

log = structlog.get_logger()

BATCH = 100  # rows in one transaction
TURN = 10.0  # seconds for each part; all of them together below the task's soft time limit
SHORT_TURN = 2.5  # for parts that seldom have much to do


def run() -> bool:
    """Apply bodies, send replies, ask for ratings, resume planned requests. False: work is left.

    Polls, searches and the heartbeat are separate tasks: a platform that hangs there must not delay these. A
    part that fails is logged and the next one runs; it is tried again at the next minute, not at once, so
    that it does not repeat forever.
    """
    finished = True
    for part in (_apply, _ask_for_ratings, _resume_planned, _apply_overlooked, _send):
        try:
            finished = part() and finished
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            log.error("sweep_part_failed", part=part.__name__, error=type(error).__name__)
    return finished


def _apply() -> bool:
    return until_done(ingest.run, seconds=TURN)


def _ask_for_ratings() -> bool:
    return until_done(ask_for_ratings, seconds=SHORT_TURN)


def _resume_planned() -> bool:
    return until_done(_resume_some_planned, seconds=SHORT_TURN)


def _apply_overlooked() -> bool:
    return until_done(_apply_some_overlooked, seconds=SHORT_TURN)


def _send() -> bool:
    return side_by_side(dispatch.run, seconds=TURN)


def _resume_some_planned() -> int:
    with transaction() as session:
        back = tracking.resume_planned(session, limit=BATCH)
    if back:
        log.info("planned_came_back", requests=back)
    return back


def _apply_some_overlooked() -> int:
    with transaction() as session:
        overlooked = parked.apply_overlooked(session, limit=BATCH)
    if overlooked:
        log.info("parked_facts_applied", subjects=overlooked)
    return overlooked


def ask_for_ratings() -> int:
    """Send the questions for ratings of recently sent answers. Returns how many were asked."""
    asked = 0
    with transaction() as session:
        for answer in surveys.due_to_ask(session, limit=BATCH):
            try:
                with session.begin_nested():
                    question = surveys.ask(session, answer)
            except CoreError as error:  # the city's text may not be sent
                log.error("rating_not_asked", reply_id=answer.id, error=type(error).__name__)
                continue
            asked += question is not None
    return asked
