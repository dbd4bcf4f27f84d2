"""Which of our accounts answers a message that may have reached us through several."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.errors import UnknownKey
from inbox.models import Channel, Message, MessageDoor
from inbox.refusals import Thing


def door_for(session: Session, message: Message, key: str | None) -> Channel:
    """The channel that answers: the one named, else the first the message came through. Raises UnknownKey."""
    doors = session.scalars(
        select(Channel)
        .join(MessageDoor, MessageDoor.channel_id == Channel.id)
        .where(MessageDoor.message_id == message.id)
        .order_by(MessageDoor.id)
    ).all()
    if key is None:
        return next((door for door in doors if door.id == message.channel_id), doors[0])
    for door in doors:
        if door.key == key:
            return door
    raise UnknownKey(Thing.DOOR, key, [door.key for door in doors])
