"""`cozum status`: who runs, what waits and how each channel fares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from connectors import CONNECTORS
from inbox import channels
from inbox.channels import report
from inbox.db import transaction
from inbox.queries import figures
from inbox.queries.figures import Figures
from inbox.states import ChannelHealth
from stack import environment, processes
from stack.errors import StackError

LATE_SECONDS = {"ingest": 120.0, "send": 3600.0, "uncertain": 1800.0}
"""Older than this, what waits in a queue of the program's own needs a person."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status(folder: Path, as_json: bool) -> None:
    """Show processes, queues by age and channels by health. Exit code 1 when something needs a person."""
    folder = folder.absolute()
    running = processes.running(folder)
    answer: dict[str, Any] = {"processes": running, "queues": {}, "channels": []}
    needs: list[str] = [] if running else ["nothing runs here"]
    try:
        environment.enter(folder)
        with transaction() as session:
            seen = figures.look(session)
            answer["queues"] = queues(seen)
            answer["channels"] = [
                report.as_values(report.report(session, channel, CONNECTORS.get(channel.platform)))
                for channel in seen.channels
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
    """How many wait in each queue, and for how many seconds the oldest."""
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
    """What will not mend itself, a sentence each."""
    needs = [
        f"channel {channel.key}: {channels.health(channel)}"
        for channel in seen.channels
        if channels.health(channel) is ChannelHealth.ACCESS_LOST
    ]
    if failed := seen.set_aside.get("failed", 0):
        needs.append(f"{failed} parts of what arrived could not be applied")
    if unknown := seen.set_aside.get("unknown_account", 0):
        needs.append(f"{unknown} parts of what arrived name accounts that are no channel here")
    needs += [
        f"alarm {one.kind}: {one.subject}, since {one.raised_at:%Y-%m-%d %H:%M} UTC" for one in seen.alarms
    ]
    needs += [
        f"{name}: the oldest waits for {seen.oldest[name]:.0f} s"
        for name, most in LATE_SECONDS.items()
        if seen.oldest.get(name, 0.0) > most
    ]
    return needs


def table(answer: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"{one['role']:12}{one['pid']}" for one in answer["processes"]]
    lines += [""] if lines else []
    lines += [
        f"{name:12}{queue['waiting']:>6} waiting, the oldest for {queue['oldest_seconds']:.0f} s"
        for name, queue in answer["queues"].items()
    ]
    lines += [f"{one['key']:22}{report.words(one)}" for one in answer["channels"]]
    lines += ["", *(f"! {need}" for need in answer["needs_a_person"])] if answer["needs_a_person"] else []
    return "\n".join(lines)
