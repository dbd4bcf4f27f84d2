"""`cozum replay`: put recorded platform bodies through the path a hook takes, and tell what each became."""

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
"""What a body may become, in the words its row counts them by; the rest stands under `other`."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One body and what became of it. `how`: applied, set aside, waiting, or here already."""

    name: str
    how: str
    counts: Mapping[str, int]


def source_of(body: bytes) -> str:
    """The hook this body would have come by; `replay` for what no platform can read."""
    reader = next((one for one in CONNECTORS.values() if _reads(one, body)), None)
    return f"hook:{reader.hook.name}" if reader is not None else "replay"


def _reads(connector: Connector, body: bytes) -> bool:
    """Whether the body is this platform's: one that shares its hook with nobody claims whatever comes."""
    if not connector.claims(body):
        return False
    try:
        connector.normalise(body)
    except UnreadablePayload:
        return False
    return True


def replay_body(name: str, body: bytes) -> Replayed:
    """Keep `body` as its hook would, understand it at once, and say what it became.

    The same body a second time is found here already and changes nothing.
    """
    with transaction() as session:
        event_id = store_raw_event(session, source_of(body), body)
    if event_id is None:
        return Replayed(name, "here already", {})
    ingest.apply(event_id)
    with transaction() as session:
        event = session.get_one(RawEvent, event_id)
        return Replayed(name, _how(event), event.counts or {})


def _how(event: RawEvent) -> str:
    if event.state is RawEventState.SET_ASIDE:
        return "set aside"
    # A running worker may have been faster: then it is applied by that one in a moment.
    return "applied" if event.state is RawEventState.APPLIED else "waiting"


def table(rows: list[Replayed]) -> str:
    """The bodies one a line, with a sum, as text."""
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
            f"{row.name:<{width}}  {row.how:<12}" + "".join(f"{counted[head]:>13}" for head in heads)
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
    unsupported, set aside. Signatures are not asked for. Exit code 1 when any of it was set aside.
    """
    rows = [replay_body(file.name, file.read_bytes()) for file in files]
    click.echo(table(rows))
    if any(row.how == "set aside" or row.counts.get("set_aside") for row in rows):
        raise SystemExit(1)
