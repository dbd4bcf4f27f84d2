"""Finding whatever a lost wake-up left behind. Run every minute; every part is safe to run twice."""

from __future__ import annotations

import structlog

from connectors import CONNECTORS
from inbox import parking, ratings, tracking
from inbox.db import transaction
from inbox.models import Channel
from worker import dispatch, ingest
from worker.pace import side_by_side, until_done

log = structlog.get_logger()

BATCH = 100


def run() -> None:
    """What is due of our own: bodies, sends, questions, requests that come back.

    Polls, looks and the heartbeat are woken apart: a platform that hangs there must hold up nothing here.
    """
    until_done(ingest.run, seconds=10)
    ask_for_ratings()
    with transaction() as session:
        back = tracking.planned_come_back(session, limit=BATCH)
        overlooked = parking.overlooked(session, limit=BATCH)
    if back:
        log.info("planned_came_back", requests=back)
    if overlooked:
        log.info("parked_facts_applied", subjects=overlooked)
    side_by_side(dispatch.run, seconds=10)


def ask_for_ratings() -> int:
    """Ask the citizens of freshly sent answers whether it helped. Answers how many were asked."""
    asked = 0
    with transaction() as session:
        for answer in ratings.due_to_ask(session, limit=BATCH):
            channel = session.get_one(Channel, answer.channel_id)
            connector = CONNECTORS.get(channel.platform)
            if connector is None:
                continue
            question = ratings.ask(
                session,
                answer,
                in_private=connector.rating_in_private,
                has_choices=connector.has_choices,
            )
            asked += question is not None
    return asked
