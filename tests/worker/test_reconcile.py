"""Reconciliation against the sandbox over HTTP: what was lost is found, stored and alarmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from sqlalchemy import select

import sandbox
from inbox import channels, queries, replies
from inbox.channels import alarms, comparison_runs, mismatches
from inbox.db import transaction
from inbox.desk import triage
from inbox.ingest import comparison
from inbox.models import Channel, Message, ReconcileDifference, ReconcileRun, Reply, User
from inbox.settings import settings
from inbox.states import DifferenceKind, ReplyState, Role
from inbox.values import MessageKind
from worker import calling, dispatch, ingest, polling
from worker import reconcile as reconciling

ACCOUNTS = {"x": "1500000001", "facebook": "100200300401", "instagram": "17841400000000001"}
ANSWER = "Ekibimiz yarın sabah sokağınızda olacak."


@dataclass
class Stage:
    """One channel of ours on a sandbox that sends no hooks."""

    url: str
    platform: str

    @property
    def key(self) -> str:
        return f"{self.platform}-belediye"

    def control(self, call: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_control/{call}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def say(self, text: str, **more: Any) -> str:
        """A citizen writes (or we do, in the platform's app) and nobody tells us."""
        author = more.pop("author", "Ayşe Yılmaz")
        named = f"@esenyurtbelediye {text}" if self.platform == "x" and "parent" not in more else text
        said = self.control("say", channel=self.key, author=author, text=named, **more)
        return str(said["external_id"])

    def heard(self, text: str, **more: Any) -> str:
        """A citizen writes and a poll brings it."""
        external_id = self.say(text, **more)
        with transaction() as session:
            session.scalars(select(Channel)).one().next_poll_at = None
        polling.run()
        ingest.run()
        assert self.message(external_id) is not None
        return external_id

    def delete_ours(self, external_id: str | None) -> None:
        """Somebody deletes words of ours, as the platform's own app does."""
        path = f"x/2/tweets/{external_id}" if self.platform == "x" else f"graph/v26.0/{external_id}"
        bearer = {"Authorization": f"Bearer sandbox-token-{self.key}"}
        answer = requests.delete(f"{self.url}/{path}", headers=bearer, timeout=10)
        assert answer.status_code == 200, answer.text

    def message(self, external_id: str) -> Message | None:
        with transaction() as session:
            return session.scalar(select(Message).where(Message.external_id == external_id))

    def answered(self, external_id: str) -> Reply:
        """Our public answer to that message, approved and sent."""
        reply = self.approved(external_id)
        assert dispatch.run() == 1
        sent = self.reply(reply)
        assert sent.state is ReplyState.SENT
        return sent

    def approved(self, external_id: str) -> int:
        with transaction() as session:
            message = session.scalars(select(Message).where(Message.external_id == external_id)).one()
            return triage.answer(session, message, text=ANSWER, by="test").id

    def reply(self, reply_id: int | Reply) -> Reply:
        with transaction() as session:
            return queries.reply(session, reply_id if isinstance(reply_id, int) else reply_id.id)

    def reconcile(self) -> list[ReconcileDifference]:
        """A run; what is open after it."""
        assert reconciling.schedule(self.key) == [self.key]
        assert reconciling.run() == 1
        assert self.run_of().failure is None
        ingest.run()
        with transaction() as session:
            return [shown.difference for shown in mismatches.open_differences(session)]

    def run_of(self) -> ReconcileRun:
        with transaction() as session:
            return comparison_runs.runs(session)[self.key]

    def alarms(self) -> list[tuple[str, str, dict[str, Any]]]:
        with transaction() as session:
            return [(one.kind, one.subject, one.details) for one in alarms.open_alarms(session)]


@pytest.fixture(params=list(ACCOUNTS))
def stage(request: pytest.FixtureRequest, database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Each platform in turn, with one channel of ours."""
    platform = request.param
    with sandbox.running({"hook_base_url": ""}) as url:
        base = f"{url}/x" if platform == "x" else f"{url}/graph"
        monkeypatch.setenv("COZUM_API_URLS", f'{{"{platform}": "{base}"}}')
        settings.cache_clear()
        with transaction() as session:
            channel = Channel(
                key=f"{platform}-belediye", platform=platform, external_id=ACCOUNTS[platform], name="Belediye"
            )
            session.add(channel)
            session.flush()
            token = f"sandbox-token-{platform}-belediye"
            channels.set_credentials(session, channel, {"access_token": token}, by="test")
        yield Stage(url, platform)
    monkeypatch.undo()
    settings.cache_clear()


def ahead(seconds: int) -> None:
    (settings().dir / "clock").write_text(str(seconds))


def test_a_message_whose_hook_and_poll_were_lost_is_found_stored_and_alarmed_until_the_next_run(
    stage: Stage,
) -> None:
    lost = stage.say("Çöpler üç gündür alınmadı")
    ahead(600)

    (found,) = stage.reconcile()

    assert (found.kind, found.external_id) == (DifferenceKind.MISSING, lost)
    stored = stage.message(lost)
    assert stored is not None
    assert "Çöpler üç gündür alınmadı" in stored.text
    assert stage.alarms() == [("reconcile", stage.key, {"differences": 1})]

    assert stage.reconcile() == []
    assert stage.alarms() == []


def test_where_nothing_differs_there_is_no_alarm_and_nothing_is_stored(stage: Stage) -> None:
    external_id = stage.heard("Yolda çukur var")
    stage.answered(external_id)
    ahead(600)
    with transaction() as session:
        before = len(session.scalars(select(Message.id)).all())

    assert stage.reconcile() == []

    assert stage.alarms() == []
    with transaction() as session:
        assert len(session.scalars(select(Message.id)).all()) == before


def test_a_reply_deleted_on_the_platform_is_found_until_a_person_leaves_it_so(stage: Stage) -> None:
    reply = stage.answered(stage.heard("Yolda çukur var"))
    stage.delete_ours(reply.external_id)
    ahead(600)

    (found,) = stage.reconcile()

    assert (found.kind, found.reply_id, found.external_id) == (
        DifferenceKind.REPLY_GONE,
        reply.id,
        reply.external_id,
    )
    assert len(stage.reconcile()) == 1, "it is still gone, and still one difference"
    with transaction() as session:
        person = User(
            email="a@b.c",
            name="A",
            password_hash="-",
            role=Role.SUPERVISOR,
            session_key="-",
            created_at=found.found_at,
        )
        session.add(person)
        session.flush()
        mismatches.accept(session, found.id, by=person)
    assert stage.alarms() == []
    assert stage.reconcile() == []
    assert stage.alarms() == []


def test_a_message_whose_deletion_no_hook_told_is_marked_and_its_words_are_kept(stage: Stage) -> None:
    deleted, stands = stage.heard("Yolda çukur var"), stage.heard("Lamba yanmıyor", author="Can Demir")
    waiting = stage.approved(deleted)
    stage.control("delete", external_id=deleted, channel=stage.key)
    ahead(600)

    assert stage.reconcile() == []

    message, other = stage.message(deleted), stage.message(stands)
    assert message is not None
    assert other is not None
    assert message.deleted_at is not None
    assert "Yolda çukur var" in message.text
    assert other.deleted_at is None
    assert (stage.reply(waiting).state, stage.reply(waiting).draft_reason) == (ReplyState.DRAFT, "deleted")
    assert stage.alarms() == []


def test_a_message_that_the_lists_do_not_show_but_that_stands_there_is_not_called_deleted(
    stage: Stage,
) -> None:
    external_id, seen = stage.heard("Yolda çukur var"), stage.heard("Lamba yanmıyor", author="Can Demir")
    ahead(600)
    with transaction() as session:
        channel = session.scalars(select(Channel)).one()
        since, until = comparison.comparable_window(session, channel)
        gap = comparison.Comparison(channel.id, since, until, whole_account=True)
        gap.seen.add(seen)
        assert gap.unseen_messages(session, [MessageKind.MENTION, MessageKind.COMMENT]) == [external_id]
        line = calling.open_session(channel)

    reconciling._recheck(line, gap)

    message = stage.message(external_id)
    assert message is not None
    assert message.deleted_at is None


def test_where_no_citizens_words_are_shown_at_all_none_are_called_deleted(stage: Stage) -> None:
    said = [stage.heard("Yolda çukur var"), stage.heard("Lamba yanmıyor", author="Can Demir")]
    for external_id in said:  # the platform says of each that it is not there, as without a permission
        stage.control("delete", external_id=external_id, channel=stage.key)
    ahead(600)

    stage.reconcile()

    for external_id in said:
        message = stage.message(external_id)
        assert message is not None
        assert message.deleted_at is None


def test_words_of_ours_that_nobody_here_wrote_are_found_and_kept(stage: Stage) -> None:
    citizen = stage.heard("Yolda çukur var")
    ours = stage.say("Uygulamadan yazdık", parent=citizen, by_us=True)
    ahead(600)

    (found,) = stage.reconcile()

    assert (found.kind, found.external_id) == (DifferenceKind.OURS_UNKNOWN, ours)
    kept = stage.message(ours)
    assert kept is not None
    assert kept.is_ours
    assert stage.reconcile() == []


def test_a_reply_that_waits_to_be_sent_but_stands_there_already_is_held_back_for_a_person(
    stage: Stage,
) -> None:
    citizen = stage.heard("Yolda çukur var")
    waiting = stage.approved(citizen)
    stage.say(ANSWER, parent=citizen, by_us=True)
    ahead(600)

    (found,) = stage.reconcile()

    assert (found.kind, found.reply_id) == (DifferenceKind.REPLY_THERE, waiting)
    assert stage.reply(waiting).state is ReplyState.DRAFT
    assert dispatch.run() == 0


def test_a_reply_we_call_failed_that_stands_there_is_found(stage: Stage) -> None:
    citizen = stage.heard("Yolda çukur var")
    failed = stage.approved(citizen)
    stage.control("faults", channel=stage.key, fault="accept_then_hang_up", times=1)
    dispatch.run()
    assert stage.reply(failed).state is ReplyState.UNCERTAIN
    with transaction() as session:
        replies.settle(session, queries.reply(session, failed), sent=False, by="test")
    ahead(600)

    (found,) = stage.reconcile()

    assert (found.kind, found.reply_id) == (DifferenceKind.REPLY_THERE, failed)


def test_a_text_that_reads_otherwise_there_is_found_and_taken_over(stage: Stage) -> None:
    if stage.platform == "instagram":
        pytest.skip("comments cannot be edited on Instagram")
    external_id = stage.heard("Yolda çukur var")
    changed = "@esenyurtbelediye Yolda iki çukur var" if stage.platform == "x" else "Yolda iki çukur var"
    stage.control("clock", shift_seconds=60)
    stage.control("edit", external_id=external_id, text=changed, channel=stage.key)
    ahead(600)

    (found,) = stage.reconcile()

    assert (found.kind, found.external_id) == (DifferenceKind.TEXT_DIFFERS, external_id)
    message = stage.message(external_id)
    assert message is not None
    assert "iki çukur" in message.text
    assert stage.reconcile() == []


def test_what_was_said_a_moment_ago_is_stored_but_is_no_difference_yet(stage: Stage) -> None:
    fresh = stage.say("Az önce yazdım")

    assert stage.reconcile() == []

    assert stage.message(fresh) is not None


def test_a_run_that_breaks_off_resolves_nothing_and_comes_again_when_the_platform_allows(
    stage: Stage,
) -> None:
    reply = stage.answered(stage.heard("Yolda çukur var"))
    stage.delete_ours(reply.external_id)
    ahead(600)
    assert len(stage.reconcile()) == 1

    stage.control("faults", channel=stage.key, fault="rate_limit", times=1)
    reconciling.schedule(stage.key)
    assert reconciling.run() == 1
    state = stage.run_of()
    assert state.failure is not None
    assert reconciling.run() == 0, "not before the platform allows"
    assert stage.alarms() == [("reconcile", stage.key, {"differences": 1})]

    ahead(1200)
    assert reconciling.run() == 1
    assert stage.run_of().failure is None


def test_one_channel_is_compared_by_one_worker_at_a_time(stage: Stage) -> None:
    reconciling.schedule(stage.key)
    claimed = reconciling._claim()

    assert claimed is not None
    assert reconciling.run() == 0
    ahead(3600)
    assert reconciling.run() == 1, "the first one died: its lease ran out"
