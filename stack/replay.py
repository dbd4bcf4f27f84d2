"""`cozum replay`: puts recorded platform bodies through the hook's path and prints what each became."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from connectors import CONNECTORS
from connectors.contract import Connector
from inbox.db import transaction
from inbox.ingest import store_raw_event
from inbox.models import RawEvent
from inbox.states import RawEventState
from inbox.values import UnreadablePayload
from worker import ingest

COLUMNS = ("messages", "changes", "receipts", "unsupported", "set_aside", "parked")
"""The counters of RawEvent.counts that have a column; the table sums up the rest as `other`."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One body and its result: "applied", "set aside", "waiting" or "here already"."""

    name: str
    result: str
    counts: Mapping[str, int]


def source_of(body: bytes) -> str:
    """The source of a body: the hook it would have come by, or `replay` if no platform can read it."""
    reader = next((connector for connector in CONNECTORS.values() if _reads(connector, body)), None)
    return f"hook:{reader.hook.name}" if reader is not None else "replay"


def _reads(connector: Connector, body: bytes) -> bool:
    """Whether the body is this platform's. Not only by `claims`: a platform alone on its hook claims all."""
    if not connector.claims(body):
        return False
    try:
        connector.normalise(body)
    except UnreadablePayload:
        return False
    return True


def replay_body(name: str, body: bytes) -> Replayed:
    """Store `body` as its hook would, apply it at once, and return the result.

    A body that is stored already is "here already" and changes nothing.
    """
    with transaction() as session:
        event_id = store_raw_event(session, source_of(body), body)
    if event_id is None:
        return Replayed(name, "here already", {})
    ingest.apply(event_id)
    with transaction() as session:
        event = session.get_one(RawEvent, event_id)
        return Replayed(name, _result(event), event.counts or {})


def _result(event: RawEvent) -> str:
    if event.state is RawEventState.SET_ASIDE:
        return "set aside"
    # "waiting": a running worker took the event first and is about to apply it.
    return "applied" if event.state is RawEventState.APPLIED else "waiting"


def table(rows: list[Replayed]) -> str:
    """One line of text for each body, and a line with the sums."""
    width = max(len("file"), *(len(row.name) for row in rows))
    heads = (*COLUMNS, "other")
    lines = [f"{'file':<{width}}  {'':<12}" + "".join(f"{head:>13}" for head in heads)]
    sums = dict.fromkeys(heads, 0)
    for row in rows:
        counted = {head: row.counts.get(head, 0) for head in COLUMNS}
        counted["other"] = sum(row.counts.values()) - sum(counted.values())
        for head, count in counted.items():
            sums[head] += count
        lines.append(
            f"{row.name:<{width}}  {row.result:<12}" + "".join(f"{counted[head]:>13}" for head in heads)
        )
    lines.append(f"{'in all':<{width}}  {len(rows):<12}" + "".join(f"{sums[head]:>13}" for head in heads))
    return "\n".join(lines)


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def replay(files: tuple[Path, ...]) -> None:
    """Put recorded platform bodies through the same path as a hook.

    Each FILE holds one body, byte for byte. Prints what each became: messages, changes, receipts,
    unsupported, set aside. Signatures are not checked. Exit code 1 if anything was set aside.
    """
    rows = [replay_body(file.name, file.read_bytes()) for file in files]
    click.echo(table(rows))
    if any(row.result == "set aside" or row.counts.get("set_aside") for row in rows):
        raise SystemExit(1)
