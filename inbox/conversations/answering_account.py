"""Chooses the account that answers a message which reached us through several."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.errors import UnknownKey
from inbox.models import Channel, Message, MessageDoor
from inbox.refusals import Thing


def door_for(session: Session, message: Message, key: str | None) -> Channel:
    """The channel with this key, else the one through which the message first arrived.

    Raises UnknownKey if the message did not arrive through that channel.
    """
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
