"""Finding whatever a lost wake-up left behind. Run every minute; every part is safe to run twice."""

from __future__ import annotations

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from connectors import CONNECTORS
from inbox import parking, ratings, tracking
from inbox.db import transaction
from inbox.errors import CoreError
from inbox.models import Channel
from worker import dispatch, ingest
from worker.pace import side_by_side, until_done

log = structlog.get_logger()

BATCH = 100


def run() -> None:
    """What is due of our own: bodies, sends, questions, requests that come back.

    Polls, looks and the heartbeat are woken apart: a platform that hangs there must hold up nothing here. And
    no part holds up another: what fails in one is logged, and the next goes on.
    """
    for part in (_apply, ask_for_ratings, _bring_back, _apply_overlooked, _send):
        try:
            part()
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            log.error("sweep_part_failed", part=part.__name__, error=type(error).__name__)


def _apply() -> None:
    until_done(ingest.run, seconds=10)


def _send() -> None:
    side_by_side(dispatch.run, seconds=10)


def _bring_back() -> None:
    with transaction() as session:
        if back := tracking.planned_come_back(session, limit=BATCH):
            log.info("planned_came_back", requests=back)


def _apply_overlooked() -> None:
    with transaction() as session:
        if overlooked := parking.overlooked(session, limit=BATCH):
            log.info("parked_facts_applied", subjects=overlooked)


def ask_for_ratings() -> int:
    """Ask the citizens of freshly sent answers whether it helped. Answers how many were asked."""
    asked = 0
    with transaction() as session:
        for answer in ratings.due_to_ask(session, limit=BATCH):
            channel = session.get_one(Channel, answer.channel_id)
            connector = CONNECTORS.get(channel.platform)
            if connector is None:
                continue
            try:
                with session.begin_nested():
                    question = ratings.ask(
                        session,
                        answer,
                        in_private=connector.rating_in_private,
                        has_choices=connector.has_choices,
                    )
            except CoreError as error:  # a text that may not go out, as the city has written it
                log.error("rating_not_asked", reply_id=answer.id, error=type(error).__name__)
                continue
            asked += question is not None
    return asked
