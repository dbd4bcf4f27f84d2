"""The screen of channels says in words how each one fares."""

from __future__ import annotations

import re
from datetime import timedelta

from click.testing import CliRunner
from sqlalchemy import select

from inbox import channels, db, ingest, platforms, queries
from inbox.channels import report
from inbox.clock import now
from inbox.models import RawEvent, SetAside
from inbox.values import CallKind
from stack import status
from stack.doctor import doctor
from tests.web.conftest import Browser, Citizens
from web.kit import formats


def test_the_screen_tells_budget_subscription_and_the_end_of_a_token(
    supervisor: Browser, citizens: Citizens
) -> None:
    with db.transaction() as session:
        channel = queries.channel(session, "x-baskan")
        channel.is_subscribed = False
        channels.set_token_life(channel, issued_at=now(), expires_at=now() + timedelta(days=5))
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
        channels.record_call(channel, error=None, at=now() - timedelta(minutes=21))
        assert channels.health(channel) == "stale"
    page = supervisor.get("/settings/channels").text
    assert "No call succeeded lately" in page or "Yakında başarılı bir çağrı yapılmadı" in page


def test_the_screen_the_status_and_the_doctor_tell_the_same_figures(
    supervisor: Browser, citizens: Citizens
) -> None:
    """Each once: event, call, lag, budget, window, signatures, set-aside parts, subscription."""
    event, call, worked = (now() - timedelta(minutes=minutes) for minutes in (61, 62, 63))
    citizens.say("Yarım saat önce yazdım", platform="whatsapp", minutes_ago=23 * 60)
    with db.transaction() as session:
        channel = queries.channel(session, "whatsapp-cozum")
        channels.record_call(channel, error=None, at=worked)
        channels.record_call(channel, error="the platform was down", at=call)
        channel.last_event_at, channel.is_subscribed = event, False
        for _ in range(7):
            ingest.count_rejected(session, "meta")
        raw = session.scalars(select(RawEvent.id)).first()
        session.add_all(
            SetAside(
                raw_event_id=raw,
                position=position,
                channel_id=channel.id,
                kind="failed",
                what="KeyError",
                first_at=now(),
            )
            for position in range(10, 15)
        )
    with db.transaction() as session:
        told = report.report(session, queries.channel(session, "whatsapp-cozum"))
    lag, most = round(told.lag or 0), platforms.traits("whatsapp").limits[CallKind.SEND].most
    assert (told.closing, told.rejected, told.set_aside) == (1, 7, 5)

    page = supervisor.get("/settings/channels", **{"Accept-Language": "en"}).text
    row = page[page.index('id="channel-whatsapp-cozum"') :].partition("</tr>")[0]
    values = report.as_values(told)
    lines = {
        "status": status.table({"processes": [], "queues": {}, "channels": [values], "needs_a_person": []}),
        "doctor": CliRunner().invoke(doctor, []).output,
    }

    for moment in (event, call, worked):
        assert formats.iso(moment) in row
    for number in (int(told.lag or 0), 1, 7, 5, most):
        assert re.search(rf"\b{number}\b", re.sub("<[^>]*>", " ", row)), (number, row)
    assert "abone değil" in row or "not subscribed" in row
    for name, output in lines.items():
        for words in (
            f"last event {event:%Y-%m-%d %H:%M} UTC",
            f"last call {call:%Y-%m-%d %H:%M} UTC",
            f"last that worked {worked:%Y-%m-%d %H:%M} UTC",
            f"lag {lag} s",
            f"send {most}/{most}",
            "1 chats close within 2 h",
            "7 wrong signatures",
            "5 set aside",
            "not subscribed",
        ):
            assert words in output, (name, words, output)
