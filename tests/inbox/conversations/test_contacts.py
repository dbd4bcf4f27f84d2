"""One citizen as one platform knows them, by their keys."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from inbox.db import transaction
from inbox.models import Contact
from inbox.values import Author, AuthorKey, MessageSeen

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_two_keys_of_one_citizen_are_one_contact(seen: Seen, arrive: Arrive) -> None:
    both = Author(keys=(AuthorKey("bsuid", "TR.1"), AuthorKey("phone", "905000000001")), name="Ali Kaya")
    arrive(seen(platform="whatsapp", author=both))
    arrive(seen(platform="whatsapp", author=Author(keys=(AuthorKey("phone", "905000000001"),))))
    arrive(seen(platform="whatsapp", author=Author(keys=(AuthorKey("bsuid", "TR.1"),))))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Contact)) == 1
