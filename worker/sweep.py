"""Finding whatever a lost wake-up left behind. Run every minute; every part is safe to run twice.

A pass does a part of what waits, so that it ends in time; it answers whether it left work over, and the next
pass then begins at once and not in a minute.
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
SHORT_TURN = 2.5  # for what is seldom much


def run() -> bool:
    """What is due of our own: bodies, sends, questions, requests that come back. False: work is left over.

    Polls, looks and the heartbeat are woken apart: a platform that hangs there must hold up nothing here. And
    no part holds up another: what fails in one is logged, and the next goes on. What failed waits for the
    next minute: to try it again at once would be to try it for ever.
    """
    finished = True
    for part in (_apply, _ask_for_ratings, _bring_back, _apply_overlooked, _send):
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


def _bring_back() -> bool:
    return until_done(_bring_some_back, seconds=SHORT_TURN)


def _apply_overlooked() -> bool:
    return until_done(_apply_some_overlooked, seconds=SHORT_TURN)


def _send() -> bool:
    return side_by_side(dispatch.run, seconds=TURN)


def _bring_some_back() -> int:
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
    """Ask the citizens of freshly sent answers whether it helped. Answers how many were asked."""
    asked = 0
    with transaction() as session:
        for answer in surveys.due_to_ask(session, limit=BATCH):
            try:
                with session.begin_nested():
                    question = surveys.ask(session, answer)
            except CoreError as error:  # a text that may not go out, as the city has written it
                log.error("rating_not_asked", reply_id=answer.id, error=type(error).__name__)
                continue
            asked += question is not None
    return asked
