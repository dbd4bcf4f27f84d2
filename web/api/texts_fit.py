"""Whether a reply's text is short enough for where it goes, as that platform counts."""

from __future__ import annotations

from connectors import CONNECTORS
from inbox.models import Message, Reply
from inbox.values import MessageKind
from web.api.problems import text_too_long


def check(reply: Reply, *, to: Message) -> None:
    """Refuse the text of `reply`, an answer to `to`, when the platform would; by-hand channels take any."""
    connector = CONNECTORS.get(reply.platform)
    if connector is None:
        return
    is_private = reply.in_private or to.kind is MessageKind.CHAT
    most = connector.max_private_length if is_private else connector.max_length
    length = connector.length(reply.text)
    if length > most:
        raise text_too_long("text", length=length, max_length=most, where=connector.label)
