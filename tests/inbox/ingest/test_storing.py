"""What is stored of a message that is told for the first time, and what of it is work."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from inbox import channels, queries
from inbox.db import transaction
from inbox.ingest import storing
from inbox.language.turkish import fold
from inbox.models import Attachment, Message, MessageDoor
from inbox.states import AttachmentState, MessageState
from inbox.values import AttachmentSeen, Author, AuthorKey, MessageKind, MessageSeen
from tests.support.steps import only

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


@pytest.mark.parametrize(
    ("kind", "from_us", "is_work"),
    [
        (MessageKind.COMMENT, False, True),
        (MessageKind.MENTION, False, True),
        (MessageKind.POST, False, False),
        (MessageKind.COMMENT, True, False),
    ],
)
def test_words_of_others_are_work_but_posts_and_our_own_words_are_not(
    seen: Seen, arrive: Arrive, kind: MessageKind, from_us: bool, is_work: bool
) -> None:
    fact = seen("Çukur var", kind=kind, from_us=from_us)
    assert storing.is_work(fact) is is_work
    arrive(fact)
    with transaction() as session:
        assert (only(session, Message).state is MessageState.NEW) is is_work


def test_a_message_is_stored_with_its_words_as_search_finds_them_and_its_door(
    seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("Işıklar\0 YANMIYOR"))
    with transaction() as session:
        message = only(session, Message)
        assert message.text == "Işıklar YANMIYOR"
        assert message.search_text == fold("Işıklar YANMIYOR")
        door = only(session, MessageDoor)
        assert (door.message_id, door.channel_id) == (message.id, message.channel_id)


def test_a_door_is_new_once(seen: Seen, arrive: Arrive) -> None:
    arrive(seen())
    with transaction() as session:
        message, channel = only(session, Message), queries.channel(session, "x-baskan")
        assert storing.add_door(session, message, channel)
        assert not storing.add_door(session, message, channel)


def test_attachments_keep_their_order_and_wait_to_be_fetched(seen: Seen, arrive: Arrive) -> None:
    arrive(seen(attachments=(AttachmentSeen("image", url="https://cdn.test/1"), AttachmentSeen("audio"))))
    with transaction() as session:
        rows = session.scalars(select(Attachment).order_by(Attachment.position)).all()
        assert [(row.position, row.kind) for row in rows] == [(0, "image"), (1, "audio")]
        assert {row.state for row in rows} == {AttachmentState.PENDING}


def test_an_account_of_ours_is_known_by_its_id_but_not_in_a_chat(seen: Seen, arrive: Arrive) -> None:
    arrive(seen())
    with transaction() as session:
        mayor = queries.channel(session, "x-baskan")
        assert channels.of_account(session, "x", mayor.external_id) is not None
        author = Author(keys=(AuthorKey("x", mayor.external_id),))
        assert storing.is_an_account_of_ours(session, seen(author=author))
        assert not storing.is_an_account_of_ours(session, seen(author=author, kind=MessageKind.CHAT))
        assert not storing.is_an_account_of_ours(session, seen(who="ayse"))
        assert not storing.is_an_account_of_ours(session, seen(who=None))
