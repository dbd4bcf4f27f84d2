"""Who speaks, and in which conversation: contacts by their keys, threads by channel and key.

Unique keys decide races: of two first messages of one person at one moment, one makes the contact and the
thread, the other finds them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from inbox.bulk import given, insert_many, next_ids
from inbox.clock import now
from inbox.language.turkish import clean
from inbox.models import Contact, ContactKey
from inbox.values import Author, AuthorKey


def contact(session: Session, platform: str, author: Author, observed_at: datetime) -> Contact:
    """The contact that goes by any of the author's keys, the surest first; made if there is none.

    Names are those of the youngest sighting: an older one, arriving late, fills gaps alone.
    """
    holders = _holders(session, author.keys)
    known = _surest(holders, author)
    if known is None:
        known = _made(session, platform, author)
    elif len(holders) < _how_many(author):
        _add_keys(session, known, author)
    _take_names(known, author, observed_at)
    return known


def _take_names(contact: Contact, author: Author, observed_at: datetime) -> None:
    is_younger = contact.named_at is None or contact.named_at < observed_at
    is_same_moment = contact.named_at == observed_at
    for field, value in _shown(author).items():
        shown_before = getattr(contact, field)
        if value and (is_younger or shown_before is None or (is_same_moment and shown_before < value)):
            setattr(contact, field, value)
    if is_younger and author.name:
        contact.named_at = observed_at


def _shown(author: Author) -> dict[str, str | None]:
    return {
        "name": clean(author.name) if author.name else None,
        "handle": clean(author.handle) if author.handle else None,
        "phone": author.phone,
    }


def find(session: Session, author: Author) -> Contact | None:
    """The contact that goes by any of the author's keys, the surest first; None when there is none."""
    return _surest(_holders(session, author.keys), author)


Holders = dict[tuple[str, str], Contact]
"""Who goes by which key."""


def _surest(holders: Holders, author: Author) -> Contact | None:
    found = (holders.get((key.scope, clean(key.value))) for key in author.keys)
    return next((one for one in found if one is not None), None)


def _made(session: Session, platform: str, author: Author) -> Contact:
    fresh = Contact(platform=platform, first_seen_at=now())
    session.add(fresh)
    session.flush()
    if _add_keys(session, fresh, author) == _how_many(author):
        return fresh
    # Another worker made this citizen between our look and our insert; theirs counts.
    _unmake(session, [fresh.id])
    known = find(session, author)
    if known is None:
        raise ValueError("a contact's keys vanished while it was made")
    _add_keys(session, known, author)
    return known


def _add_keys(session: Session, contact: Contact, author: Author) -> int:
    """Give the contact the keys nobody has yet. How many that were."""
    if not author.keys:
        return 0
    added = session.execute(
        insert_many(ContactKey, _key_rows(contact.id, author))
        .on_conflict_do_nothing(index_elements=[ContactKey.scope, ContactKey.value])
        .returning(ContactKey.id)
    ).all()
    return len(added)


def _how_many(author: Author) -> int:
    return len({(key.scope, clean(key.value)) for key in author.keys})


def _unmake(session: Session, contact_ids: Sequence[int]) -> None:
    """Take back contacts that were just made, of whose keys somebody else has some."""
    session.execute(delete(ContactKey).where(ContactKey.contact_id.in_(contact_ids)))
    session.execute(delete(Contact).where(Contact.id.in_(contact_ids)))


Shown = tuple[str, Author, datetime]
"""An author as some platform showed them, and when."""


def many(session: Session, shown: Sequence[Shown]) -> list[int | None]:
    """The ids of the contacts of authors who have no key in common, made where there are none.

    None, and nothing done, where it takes more than to look and to make: a key that is new to somebody
    known, or keys of two; and where somebody else makes the same contact at this moment.
    """
    holders = _holders(session, [key for _, author, _ in shown for key in author.keys])
    ids: list[int | None] = []
    new: list[int] = []
    for place, (_, author, observed_at) in enumerate(shown):
        first, *others = (holders.get((key.scope, clean(key.value))) for key in author.keys)
        is_one = all(other is first for other in others)
        if is_one and first is not None:
            _take_names(first, author, observed_at)
        elif is_one:
            new.append(place)
        ids.append(first.id if is_one and first is not None else None)
    if new:
        for place, made in zip(new, _make_many(session, [shown[place] for place in new]), strict=True):
            ids[place] = made
    return ids


def _holders(session: Session, keys: Iterable[AuthorKey]) -> Holders:
    """Who goes by which of `keys`; those nobody goes by are left out."""
    rows = [{"scope": key.scope, "value": clean(key.value)} for key in keys]
    if not rows:
        return {}
    asked = given(ContactKey, rows)
    found = session.execute(
        select(ContactKey.scope, ContactKey.value, Contact)
        .join(ContactKey.contact)
        .join(asked, (ContactKey.scope == asked.c.scope) & (ContactKey.value == asked.c.value))
    )
    return {(scope, value): contact for scope, value, contact in found}


def _make_many(session: Session, shown: Sequence[Shown]) -> list[int | None]:
    """New contacts with their keys. None for one who is not ours to make: another worker just did."""
    ids = next_ids(session, Contact, len(shown))
    moment = now()
    contacts = [
        {
            "id": id,
            "platform": platform,
            **_shown(author),
            "named_at": observed_at if author.name else None,
            "first_seen_at": moment,
        }
        for id, (platform, author, observed_at) in zip(ids, shown, strict=True)
    ]
    session.execute(insert_many(Contact, contacts))
    keys = [row for id, (_, author, _) in zip(ids, shown, strict=True) for row in _key_rows(id, author)]
    keys.sort(key=lambda row: (row["scope"], row["value"]))  # two of us never wait for each other
    added = Counter(
        session.scalars(
            insert_many(ContactKey, keys)
            .on_conflict_do_nothing(index_elements=[ContactKey.scope, ContactKey.value])
            .returning(ContactKey.contact_id)
        )
    )
    raced = {id for id, (_, author, _) in zip(ids, shown, strict=True) if added[id] < _how_many(author)}
    if raced:
        _unmake(session, sorted(raced))
    return [None if id in raced else id for id in ids]


def _key_rows(contact_id: int, author: Author) -> list[dict[str, Any]]:
    return [
        {"contact_id": contact_id, "scope": key.scope, "value": clean(key.value), "rank": rank}
        for rank, key in enumerate(author.keys)
    ]
