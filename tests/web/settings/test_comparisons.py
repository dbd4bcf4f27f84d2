"""The list of differences: shown to the desk, asked for by those in charge, ended by whoever has looked."""

from __future__ import annotations

from sqlalchemy import select

from inbox import db
from inbox.channels import alarms, comparison_runs, mismatches
from inbox.clock import now
from inbox.models import Channel, HistoryEntry, ReconcileDifference
from inbox.states import DifferenceKind
from tests.web.conftest import Browser, Citizens


def differs(external_id: str, kind: DifferenceKind = DifferenceKind.MISSING) -> int:
    with db.transaction() as session:
        channel = session.scalars(select(Channel).where(Channel.key == "facebook-belediye")).one()
        row = ReconcileDifference(
            channel_id=channel.id, kind=kind, external_id=external_id, found_at=now(), last_seen_at=now()
        )
        session.add(row)
        session.flush()
        mismatches.update_alarm(session, channel.id, by="test")
        return row.id


def test_the_list_leads_to_the_conversation_and_ends_when_somebody_has_looked(
    moderator: Browser, citizens: Citizens
) -> None:
    message = citizens.say("Çöpler alınmadı", external_id="lost-1")
    difference = differs("lost-1")

    assert '<a href="/differences"' in moderator.get("/inbox").text
    page = moderator.get("/differences").text
    assert f'id="difference-{difference}"' in page
    assert f"/conversations/{message}" in page

    assert moderator.post(f"/differences/{difference}/leave").status_code == 303
    assert f'id="difference-{difference}"' not in moderator.get("/differences").text
    with db.transaction() as session:
        assert alarms.open_alarms(session) == []
        assert session.scalars(select(HistoryEntry.kind).where(HistoryEntry.kind == "reconcile.left")).one()
    assert moderator.post(f"/differences/{difference}/leave").status_code == 404


def test_a_supervisor_has_one_channel_compared_and_a_moderator_may_not(
    supervisor: Browser, moderator: Browser, citizens: Citizens
) -> None:
    assert moderator.post("/channels/facebook-belediye/reconcile").status_code == 403
    assert supervisor.post("/channels/facebook-belediye/reconcile").status_code == 303

    with db.transaction() as session:
        runs = comparison_runs.runs(session)
    assert set(runs) == {"facebook-belediye"}
    assert runs["facebook-belediye"].due_at is not None


def test_whatsapp_cannot_be_compared_and_says_so(supervisor: Browser, citizens: Citizens) -> None:
    assert supervisor.post("/channels/whatsapp-cozum/reconcile").status_code == 422
