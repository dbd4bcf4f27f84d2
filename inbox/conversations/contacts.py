"""Finds and creates contacts by their keys: the ids by which a platform knows a person.

The unique index on keys decides races: if two workers insert the same person, the second one finds the
contact of the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from inbox.bulk import as_table, insert_many, next_ids
from inbox.clock import now
from inbox.language.turkish import clean
from inbox.models import Contact, ContactKey
from inbox.values import Author, AuthorKey


def contact(session: Session, platform: str, author: Author, observed_at: datetime) -> Contact:
    """Find the contact by any of the author's keys, best first, or create it. Adds the missing keys.

    Names come from the newest sighting; an older one that arrives late only fills empty fields.
    """
    holders = _holders(session, author.keys)
    known = _best(holders, author)
    if known is None:
        known = _create(session, platform, author)
    elif len(holders) < _key_count(author):
        _add_keys(session, known, author)
    _take_names(known, author, observed_at)
    return known


def _take_names(contact: Contact, author: Author, observed_at: datetime) -> None:
    is_newer = contact.named_at is None or contact.named_at < observed_at
    is_same_moment = contact.named_at == observed_at
    for field, value in _names(author).items():
        known = getattr(contact, field)
        if value and (is_newer or known is None or (is_same_moment and known < value)):
            setattr(contact, field, value)
    if is_newer and author.name:
        contact.named_at = observed_at


def _names(author: Author) -> dict[str, str | None]:
    return {
        "name": clean(author.name) if author.name else None,
        "handle": clean(author.handle) if author.handle else None,
        "phone": author.phone,
    }


def find(session: Session, author: Author) -> Contact | None:
    """The contact with any of the author's keys, best first; None if there is none."""
    return _best(_holders(session, author.keys), author)


Holders = dict[tuple[str, str], Contact]
"""The contact of each known key, by (scope, value)."""


def _best(holders: Holders, author: Author) -> Contact | None:
    found = (holders.get((key.scope, clean(key.value))) for key in author.keys)
    return next((holder for holder in found if holder is not None), None)


def _create(session: Session, platform: str, author: Author) -> Contact:
    fresh = Contact(platform=platform, first_seen_at=now())
    session.add(fresh)
    session.flush()
    if _add_keys(session, fresh, author) == _key_count(author):
        return fresh
    # Another worker created this contact between our query and our insert: use theirs.
    _delete(session, [fresh.id])
    known = find(session, author)
    if known is None:
        raise ValueError("a contact's keys disappeared while it was created")
    _add_keys(session, known, author)
    return known


def _add_keys(session: Session, contact: Contact, author: Author) -> int:
    """Add the keys that no contact has yet. Returns how many were added."""
    if not author.keys:
        return 0
    added = session.execute(
        insert_many(ContactKey, _key_rows(contact.id, author))
        .on_conflict_do_nothing(index_elements=[ContactKey.scope, ContactKey.value])
        .returning(ContactKey.id)
    ).all()
    return len(added)


def _key_count(author: Author) -> int:
    return len({(key.scope, clean(key.value)) for key in author.keys})


def _delete(session: Session, contact_ids: Sequence[int]) -> None:
    """Delete contacts that were just created but lost some of their keys to another worker."""
    session.execute(delete(ContactKey).where(ContactKey.contact_id.in_(contact_ids)))
    session.execute(delete(Contact).where(Contact.id.in_(contact_ids)))


Sighting = tuple[str, Author, datetime]
"""(platform, author, observed_at)."""


def find_or_create_many(session: Session, sightings: Sequence[Sighting]) -> list[int | None]:
    """The contact ids of authors who have no key in common, found or created in bulk.

    None where keys conflict (a new key for a known contact, or keys of two contacts) or another worker was
    first; the caller falls back to `contact`, one author at a time.
    """
    holders = _holders(session, [key for _, author, _ in sightings for key in author.keys])
    ids: list[int | None] = []
    new: list[int] = []
    for place, (_, author, observed_at) in enumerate(sightings):
        first, *others = (holders.get((key.scope, clean(key.value))) for key in author.keys)
        is_one = all(other is first for other in others)
        if is_one and first is not None:
            _take_names(first, author, observed_at)
        elif is_one:
            new.append(place)
        ids.append(first.id if is_one and first is not None else None)
    if new:
        for place, made in zip(new, _create_many(session, [sightings[place] for place in new]), strict=True):
            ids[place] = made
    return ids


def _holders(session: Session, keys: Iterable[AuthorKey]) -> Holders:
    """The contacts that have any of `keys`."""
    rows = [{"scope": key.scope, "value": clean(key.value)} for key in keys]
    if not rows:
        return {}
    asked = as_table(ContactKey, rows)
    found = session.execute(
        select(ContactKey.scope, ContactKey.value, Contact)
        .join(ContactKey.contact)
        .join(asked, (ContactKey.scope == asked.c.scope) & (ContactKey.value == asked.c.value))
    )
    return {(scope, value): contact for scope, value, contact in found}


def _create_many(session: Session, sightings: Sequence[Sighting]) -> list[int | None]:
    """Create contacts with their keys. None for one that another worker created first."""
    ids = next_ids(session, Contact, len(sightings))
    moment = now()
    contacts = [
        {
            "id": id,
            "platform": platform,
            **_names(author),
            "named_at": observed_at if author.name else None,
            "first_seen_at": moment,
        }
        for id, (platform, author, observed_at) in zip(ids, sightings, strict=True)
    ]
    session.execute(insert_many(Contact, contacts))
    keys = [row for id, (_, author, _) in zip(ids, sightings, strict=True) for row in _key_rows(id, author)]
    keys.sort(key=lambda row: (row["scope"], row["value"]))  # the same order in all workers avoids deadlocks
    added = Counter(
        session.scalars(
            insert_many(ContactKey, keys)
            .on_conflict_do_nothing(index_elements=[ContactKey.scope, ContactKey.value])
            .returning(ContactKey.contact_id)
        )
    )
    raced = {id for id, (_, author, _) in zip(ids, sightings, strict=True) if added[id] < _key_count(author)}
    if raced:
        _delete(session, sorted(raced))
    return [None if id in raced else id for id in ids]


def _key_rows(contact_id: int, author: Author) -> list[dict[str, Any]]:
    return [
        {"contact_id": contact_id, "scope": key.scope, "value": clean(key.value), "rank": rank}
        for rank, key in enumerate(author.keys)
    ]
