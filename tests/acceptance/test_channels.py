"""Every account of ours is watched: what takes our access away is told at once, a bad minute is none of that,
and what is said under an old post is heard.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from inbox.db import transaction
from inbox.models import Channel, Message
from inbox.states import ReplyState
from tests.support.town import Town, found_town, town
from worker import dispatch, heartbeat, ingest, polling
from worker.pace import side_by_side

__all__ = ["found_town", "town"]

ONE_OF_EACH = ("x-belediye", "facebook-belediye", "instagram-belediye", "whatsapp-cozum")
MAY_ONLY_READ = {
    "facebook-belediye": ["pages_show_list", "pages_read_engagement", "pages_read_user_content"],
    "instagram-belediye": ["instagram_basic"],
    "whatsapp-cozum": ["whatsapp_business_management"],
}
DAY = 86_400


@pytest.fixture
def four(town: Town) -> Town:
    """One channel of each platform, all of them well."""
    town.only(*ONE_OF_EACH)
    heartbeat.run()
    assert town.alarms() == set()
    due(town)
    return town


def due(town: Town) -> None:
    """The time of the next check has come for all of them."""
    for key in ONE_OF_EACH:
        town.change(key, next_probe_at=None, next_poll_at=None, last_call_ok_at=None)


def test_a_revoked_token_alarms_within_one_check(four: Town) -> None:
    """On each platform, and nothing is sent as that account until a person has renewed it."""
    for key in ONE_OF_EACH:
        four.fault(key, "expired_token", 99)

    heartbeat.run()

    assert four.alarms() == {("access_lost", key) for key in ONE_OF_EACH}


def test_revoked_scopes_alarm_within_one_check(four: Town) -> None:
    """The token still lives and may read; what we need it for is gone. X has no list of scopes to ask for:
    there the call itself is refused.
    """
    for key, scopes in MAY_ONLY_READ.items():
        four.control("access", channel=key, scopes=scopes)
    four.fault("x-belediye", "revoked_scope", 99)

    heartbeat.run()

    assert four.alarms() == {("access_lost", key) for key in ONE_OF_EACH}


def test_a_burst_of_server_errors_disconnects_nothing(four: Town) -> None:
    """Polls, checks and a send meet it; afterwards the reply goes out and all is as before."""
    waiting = four.approved("facebook-belediye")
    for key in ONE_OF_EACH:
        four.fault(key, "server_error", 99)

    for _ in range(3):
        polling.run()
        heartbeat.run()
        due(four)

    assert four.alarms() == set()
    with transaction() as session:
        lost = session.scalars(select(Channel.key).where(Channel.access_lost_at.is_not(None))).all()
    assert lost == []
    for key in ONE_OF_EACH:
        four.fault(key, "server_error", 0)
    side_by_side(dispatch.run)
    assert four.state(waiting) is ReplyState.SENT


@pytest.mark.parametrize("key", ["facebook-belediye", "instagram-belediye"])
def test_a_poll_finds_a_new_comment_under_a_post_of_ninety_days_ago(town: Town, key: str) -> None:
    """No hook tells of it, and thirty newer posts stand above it, none of them of today."""
    town.only(key)

    def post(days_ago: int, text: str) -> str:
        town.control("clock", shift_seconds=-days_ago * DAY)
        return str(town.control("say", channel=key, author="Biz", text=text, by_us=True)["external_id"])

    old = post(90, "Yol çalışması başladı")
    for number in range(30):
        post(2, f"Duyuru {number}")
    town.control("clock", shift_seconds=0)
    for _ in range(3):
        town.poll(key)
    said = town.control("say", channel=key, author="Can Demir", text="Hâlâ bitmedi", parent=old)

    for _ in range(3):  # one turn of the survey
        town.poll(key)
    while ingest.run():
        pass

    with transaction() as session:
        found = session.scalars(select(Message).where(Message.external_id == said["external_id"])).one()
    assert (found.text, found.conversation) == ("Hâlâ bitmedi", old)
    assert found.state is not None, "it is work for the desk"
