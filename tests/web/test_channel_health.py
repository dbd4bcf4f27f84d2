"""The screen of channels says in words how each one fares."""

from __future__ import annotations

from datetime import timedelta

from inbox import channels, db, queries
from inbox.clock import now

from .conftest import Browser, Citizens


def test_the_screen_tells_budget_subscription_and_the_end_of_a_token(
    supervisor: Browser, citizens: Citizens
) -> None:
    with db.transaction() as session:
        channel = queries.channel(session, "x-baskan")
        channel.is_subscribed = False
        channels.token_lives(channel, issued_at=now(), expires_at=now() + timedelta(days=5))
        channels.lose_access(session, channel, "the token is not valid", by="test")
    page = supervisor.get("/settings/channels").text
    assert "abone değil" in page or "not subscribed" in page
    assert "the token is not valid" in page
    assert "300" in page


def test_a_channel_without_a_call_for_twenty_minutes_is_not_shown_as_working(
    supervisor: Browser, citizens: Citizens
) -> None:
    with db.transaction() as session:
        channel = queries.channel(session, "x-baskan")
        channels.called(channel, error=None, at=now() - timedelta(minutes=21))
        assert channels.health(channel) == "stale"
    page = supervisor.get("/settings/channels").text
    assert "No call succeeded lately" in page or "Yakında başarılı bir çağrı yapılmadı" in page
