"""The bar on the inbox: whoever works at the desk sees what needs a person, and the way to it."""

from __future__ import annotations

from inbox import db, ingest
from inbox.channels import alarms, stalled
from inbox.clock import now
from inbox.models import RawEvent, SetAside
from tests.web.conftest import Browser, Citizens


def raised(kind: str, subject: str, **details: object) -> None:
    with db.transaction() as session:
        alarms.raise_alarm(session, kind, subject, details, by="test")


def set_aside(kind: str) -> None:
    with db.transaction() as session:
        event = RawEvent(source="hook:meta", body=b"{}", digest=kind.encode(), received_at=now(), attempts=5)
        session.add(event)
        session.flush()
        session.add(SetAside(raw_event_id=event.id, position=0, kind=kind, what="KeyError", first_at=now()))


def test_the_desk_sees_an_open_alarm_by_the_channels_name_until_it_is_cleared(
    moderator: Browser, citizens: Citizens
) -> None:
    raised("silent", "x-baskan")

    assert "X Başkan" in moderator.get("/inbox").text
    assert "X Başkan" in moderator.get("/inbox/alarms").text

    with db.transaction() as session:
        alarms.clear(session, "silent", "x-baskan", by="test")
    assert "X Başkan" not in moderator.get("/inbox/alarms").text


def test_only_those_who_may_open_the_list_get_a_link_to_it(
    moderator: Browser, supervisor: Browser, citizens: Citizens
) -> None:
    raised("silent", "x-baskan")

    assert '<a href="/settings/channels"' in supervisor.get("/inbox/alarms").text
    assert "<a href" not in moderator.get("/inbox/alarms").text


def test_bodies_that_could_not_be_used_are_counted_on_the_front_page_and_the_unsupported_are_not(
    supervisor: Browser,
) -> None:
    set_aside("unsupported")
    assert 'href="/settings/set-aside"' not in supervisor.get("/inbox/alarms").text

    set_aside("failed")
    assert 'href="/settings/set-aside"' in supervisor.get("/inbox/alarms").text


def test_wrong_signatures_show_on_the_front_page_with_the_way_to_the_hooks(supervisor: Browser) -> None:
    with db.transaction() as session:
        for _ in range(stalled.MOST_REFUSED["signature"] + 1):
            ingest.count_rejected(session, "meta")

    bar = supervisor.get("/inbox/alarms").text

    assert "meta bildirim adresine" in bar
    assert "21" in bar
    assert 'href="/settings/set-aside"' in bar


def test_an_alarm_whose_kind_no_screen_knows_is_shown_all_the_same(supervisor: Browser) -> None:
    raised("made_up_kind", "100 % of it")

    assert "100 % of it" in supervisor.get("/inbox").text


def test_the_officers_of_units_are_not_shown_the_desks_alarms(officer: Browser) -> None:
    assert officer.get("/inbox/alarms").status_code == 403
