"""`cozum status`: the running processes, the queues and the health of each channel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from inbox import channels
from inbox.channels import report
from inbox.db import transaction
from inbox.queries import figures
from inbox.queries.figures import Figures
from inbox.states import ChannelHealth
from stack import environment, processes
from stack.errors import StackError

LATE_SECONDS = {"ingest": 120.0, "send": 3600.0, "uncertain": 1800.0}
"""For queues that the program works off itself: if the oldest entry is older, a person must look."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(folder: Path, as_json: bool) -> None:
    """Show processes, queues by age and channels by health. Exit code 1 if something needs a person."""
    folder = folder.absolute()
    running = processes.running(folder)
    answer: dict[str, Any] = {"processes": running, "queues": {}, "channels": []}
    needs: list[str] = [] if running else ["no process is running"]
    try:
        environment.enter(folder)
        with transaction() as session:
            seen = figures.current(session)
            answer["queues"] = queues(seen)
            answer["channels"] = [
                report.as_values(report.report(session, channel)) for channel in seen.channels
            ]
        needs += needs_a_person(seen)
    except StackError as error:
        needs.append(str(error))
    except SQLAlchemyError as error:
        needs.append(f"the database does not answer ({type(error).__name__})")
    answer["needs_a_person"] = needs
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else table(answer))
    if needs:
        raise SystemExit(1)


def queues(seen: Figures) -> dict[str, dict[str, float]]:
    """For each queue the number of waiting entries and the age of the oldest in seconds."""
    waiting = {
        "ingest": seen.raw_events.get("PENDING", 0),
        "triage": seen.messages.get("NEW", 0),
        "approve": seen.replies.get("DRAFT", 0),
        "send": seen.replies.get("READY", 0),
        "uncertain": seen.replies.get("UNCERTAIN", 0),
    }
    return {
        name: {"waiting": count, "oldest_seconds": round(seen.oldest.get(name, 0.0), 1)}
        for name, count in waiting.items()
    }


def needs_a_person(seen: Figures) -> list[str]:
    """Everything that does not recover by itself, one sentence each."""
    needs = [
        f"channel {channel.key}: {channels.health(channel)}"
        for channel in seen.channels
        if channels.health(channel) is ChannelHealth.ACCESS_LOST
    ]
    if failed := seen.set_aside.get("failed", 0):
        needs.append(f"{failed} parts of what arrived could not be applied")
    if unknown := seen.set_aside.get("unknown_account", 0):
        needs.append(f"{unknown} parts of what arrived belong to accounts that are not channels here")
    needs += [
        f"alarm {alarm.kind}: {alarm.subject}, since {alarm.raised_at:%Y-%m-%d %H:%M} UTC"
        for alarm in seen.alarms
    ]
    needs += [
        f"{name}: the oldest has waited for {seen.oldest[name]:.0f} s"
        for name, most in LATE_SECONDS.items()
        if seen.oldest.get(name, 0.0) > most
    ]
    return needs


def table(answer: dict[str, Any]) -> str:
    """The JSON answer as text for people."""
    lines = [f"{process['role']:12}{process['pid']}" for process in answer["processes"]]
    lines += [""] if lines else []
    lines += [
        f"{name:12}{queue['waiting']:>6} waiting, the oldest for {queue['oldest_seconds']:.0f} s"
        for name, queue in answer["queues"].items()
    ]
    lines += [f"{channel['key']:22}{report.as_line(channel)}" for channel in answer["channels"]]
    lines += ["", *(f"! {need}" for need in answer["needs_a_person"])] if answer["needs_a_person"] else []
    return "\n".join(lines)
