"""`cozum reconcile`: what it says, and by which exit code."""

from __future__ import annotations

from click.testing import CliRunner

from inbox.channels import mismatches
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Channel, ReconcileDifference
from inbox.states import DifferenceKind
from stack.errors import StackError
from stack.reconcile import reconcile


def channel(platform: str, **columns: object) -> int:
    with transaction() as session:
        row = Channel(key=f"{platform}-1", platform=platform, external_id="1", name="Belediye", **columns)
        session.add(row)
        session.flush()
        return row.id


def test_where_nothing_differs_it_says_so_and_ends_well(database: None) -> None:
    channel("whatsapp")

    answer = CliRunner().invoke(reconcile, [])

    assert (answer.exit_code, answer.output) == (0, "Nothing differs on 0 channels.\n")


def test_a_channel_that_could_not_be_compared_is_named_by_the_exit_code(database: None) -> None:
    channel("x", access_lost_at=now())

    answer = CliRunner().invoke(reconcile, [])

    assert answer.exit_code == 1
    assert answer.output.startswith("x-1: not compared")


def test_what_differs_is_listed(database: None) -> None:
    channel_id = channel("x", access_lost_at=now())
    with transaction() as session:
        session.add(
            ReconcileDifference(
                channel_id=channel_id,
                kind=DifferenceKind.REPLY_GONE,
                external_id="123",
                found_at=now(),
                last_seen_at=now(),
            )
        )
        session.flush()
        mismatches.update_alarm(session, channel_id, by="test")

    answer = CliRunner().invoke(reconcile, ["--channel", "x-1"])

    assert answer.exit_code == 1
    assert answer.output.splitlines()[0].split() == ["x-1", "reply_gone", "123"]


def test_a_channel_that_cannot_be_compared_is_refused(database: None) -> None:
    channel("whatsapp")

    answer = CliRunner().invoke(reconcile, ["--channel", "whatsapp-1"])

    assert isinstance(answer.exception, StackError)
