"""What a platform told us about a message becomes rows: in whatever order, and however often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select, text

from inbox.db import engine, transaction
from inbox.models import Message, MessageDoor, Thread
from inbox.states import MessageState
from inbox.values import Author, AuthorKey, Gone, MessageGone, MessageKind, MessageSeen
from tests.support.steps import messages

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_a_post_that_names_two_of_our_accounts_is_one_message_with_two_doors(
    seen: Seen, arrive: Arrive
) -> None:
    mention = seen("@belediye @baskan yol bozuk", kind=MessageKind.MENTION)
    arrive(mention)
    arrive(replace(mention, account="2"))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1
        assert session.scalar(select(func.count()).select_from(MessageDoor)) == 2


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """What the facts left, told without ids and moments of arrival."""
    with engine().connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in {
                "message": """SELECT m.external_id, m.text, m.state, m.sent_at, m.edited_at, m.deleted_at,
                    m.hidden_at IS NULL,
                    g.external_id, c.name FROM message m LEFT JOIN message g ON g.id = m.group_id
                    LEFT JOIN contact c ON c.id = m.author_id ORDER BY 1""",
                "former": """SELECT m.external_id, f.text FROM former_text f
                    JOIN message m ON m.id = f.message_id
                    ORDER BY 1, 2""",
                "parked": "SELECT external_id FROM parked_fact ORDER BY 1",
            }.items()
        }


def test_facts_shuffled_or_twice_leave_the_same_rows(
    database: None, city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    original = seen("cukur var", platform="facebook")
    edited = replace(
        original,
        text="çukur var, acele edin",
        sent_at=original.sent_at + timedelta(minutes=1),
        observed_at=original.observed_at + timedelta(minutes=1),
        edited_at=original.observed_at + timedelta(minutes=1),
    )
    gone = MessageGone(
        "facebook", "3", original.external_id, Gone.DELETED, edited.observed_at + timedelta(minutes=2)
    )
    hidden = MessageGone("facebook", "3", original.external_id, Gone.HIDDEN, edited.observed_at)
    shown = MessageGone(
        "facebook", "3", original.external_id, Gone.UNHIDDEN, edited.observed_at + timedelta(seconds=30)
    )
    outcomes = []
    for order in list(permutations((original, edited, gone, hidden, shown)))[::7]:
        for fact in (*order, order[0]):
            arrive(fact)
        outcomes.append(rows())
        with engine().begin() as connection:
            connection.execute(
                text("TRUNCATE message, former_text, parked_fact, contact, thread, raw_event, reply CASCADE")
            )
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert outcomes[0]["former"] == [(original.external_id, "cukur var")]
    assert outcomes[0]["parked"] == []


def test_a_message_first_told_by_its_edit_stands_where_it_was_said(seen: Seen, arrive: Arrive) -> None:
    said = seen("bizim sokakta", platform="whatsapp")
    after = seen("lamba yanmıyor", platform="whatsapp")
    corrected = said.sent_at + timedelta(minutes=3)
    edit = replace(said, text="bizim caddede", sent_at=corrected, observed_at=corrected, edited_at=corrected)
    arrive(edit, after)
    assert [message.text for message in messages()] == ["lamba yanmıyor", "bizim caddede"]

    arrive(said)

    assert [message.text for message in messages()] == ["bizim caddede", "lamba yanmıyor"]
    assert messages()[0].edited_at == corrected
    with transaction() as session:
        heard = session.scalars(select(Thread)).one().last_citizen_at
    assert heard == after.sent_at, "a correction opens no window"


def test_an_older_observation_never_overwrites_a_younger(seen: Seen, arrive: Arrive) -> None:
    young = seen("yeni hâli", observed_at=seen().sent_at + timedelta(hours=1))
    arrive(young)
    arrive(replace(young, text="eski hâli", observed_at=young.observed_at - timedelta(minutes=5)))
    assert messages()[0].text == "yeni hâli"


def test_nul_and_lone_surrogates_do_not_stop_a_message(seen: Seen, arrive: Arrive) -> None:
    arrive(seen("yol\0 bozuk \ud83d"))
    assert messages()[0].text == "yol bozuk \ufffd"


def test_words_of_ours_open_no_work(seen: Seen, arrive: Arrive) -> None:
    arrive(
        seen("Yeni parkımız açıldı", kind=MessageKind.POST, from_us=True, author=None, external_id="post-1")
    )
    arrive(seen("ne güzel"))
    arrive(seen("Teşekkür ederiz", from_us=True, author=None, parent_external_id="m2"))
    states = {message.text: message.state for message in messages()}
    assert states == {"Yeni parkımız açıldı": None, "ne güzel": MessageState.NEW, "Teşekkür ederiz": None}


def test_one_account_of_ours_naming_another_opens_no_work(seen: Seen, arrive: Arrive) -> None:
    ours = Author(keys=(AuthorKey("x", "2"),), name="Başkan")
    arrive(seen("@belediye ekibimize teşekkürler", kind=MessageKind.MENTION, author=ours))
    assert [(message.is_ours, message.state) for message in messages()] == [(True, None)]


def test_unsupported_without_words_never_wipes_words_we_know(seen: Seen, arrive: Arrive) -> None:
    said = seen("yol bozuk", platform="whatsapp")
    arrive(said)
    arrive(
        replace(
            said, kind=MessageKind.UNSUPPORTED, text="", observed_at=said.observed_at + timedelta(minutes=1)
        )
    )
    assert [message.text for message in messages()] == ["yol bozuk"]
