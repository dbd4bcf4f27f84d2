"""What one person writes in one breath is triaged together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from inbox.values import MessageSeen
from tests.support.steps import messages

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_what_one_person_writes_in_one_breath_is_one_group(seen: Seen, arrive: Arrive) -> None:
    words = [seen(word, platform="whatsapp") for word in ("sa", "abi", "bizim sokak")]
    arrive(*words)
    later = seen("hâlâ duruyor", platform="whatsapp", sent_at=words[-1].sent_at + timedelta(minutes=11))
    arrive(later)
    groups = [message.group_id for message in messages()]
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_groups_do_not_depend_on_the_order_of_arrival(seen: Seen, arrive: Arrive) -> None:
    first = seen("bir", platform="whatsapp")
    chain = [first] + [
        replace(first, external_id=f"c{n}", text=str(n), sent_at=first.sent_at + timedelta(minutes=8 * n))
        for n in (1, 2, 3)
    ]
    for fact in (chain[3], chain[0], chain[2], chain[1]):
        arrive(fact)
    assert {message.group_id for message in messages()} == {messages()[0].id}
