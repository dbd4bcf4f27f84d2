"""When a channel is compared with its platform: asked for by a row, claimed by a lease, ended by a count."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.models import Channel, ChannelCursor

EDGE = "reconcile"


class Run(BaseModel):
    """How the comparing of one channel stands; kept as the cursor of an edge of its own."""

    due: AwareDatetime | None = None
    leased_until: AwareDatetime | None = None
    tries: int = 0
    ended: AwareDatetime | None = None  # the last run that read everything
    differences: int = 0  # open after it
    failure: str | None = None  # why the last run broke off


def ask(session: Session, channel: Channel) -> None:
    """Have `channel` compared as soon as a worker looks."""
    run = read(session, channel.id)
    write(session, channel.id, run.model_copy(update={"due": now(), "tries": 0}))


def runs(session: Session) -> dict[str, Run]:
    """How it stands, by channel key; one that was never asked for is left out."""
    found = session.execute(
        select(Channel.key, ChannelCursor.cursor)
        .join(Channel, ChannelCursor.channel_id == Channel.id)
        .where(ChannelCursor.edge == EDGE)
    )
    return {key: parse(cursor) for key, cursor in found}


def parse(cursor: str | None) -> Run:
    """The run a cursor tells of; one of another version counts as none."""
    try:
        return Run.model_validate_json(cursor) if cursor else Run()
    except ValidationError:
        return Run()


def read(session: Session, channel_id: int) -> Run:
    """How it stands with this channel; the row is locked."""
    return parse(_row(session, channel_id).cursor)


def write(session: Session, channel_id: int, run: Run) -> None:
    """Keep how it stands."""
    row = _row(session, channel_id)
    row.cursor, row.updated_at = run.model_dump_json(exclude_defaults=True), now()


def _row(session: Session, channel_id: int) -> ChannelCursor:
    row = session.scalar(
        select(ChannelCursor)
        .where(ChannelCursor.channel_id == channel_id, ChannelCursor.edge == EDGE)
        .with_for_update()
    )
    if row is None:
        row = ChannelCursor(channel_id=channel_id, edge=EDGE, updated_at=now())
        session.add(row)
        session.flush()
    return row
