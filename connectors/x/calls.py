"""What we do on X: read who names us, answer in the thread, look for an answer whose fate is unknown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import Polled
from connectors.http import (
    AccessExpired,
    PlatformError,
    Rejected,
    Transient,
    answered_at,
    cannot_tell,
    json_object,
    outcome_of,
)
from connectors.looking import CLOCK_TOLERANCE, StandingMessage, judge
from connectors.x.client import XAccount
from connectors.x.length import MAX_LENGTH, weighted_length
from connectors.x.normalise import normalise
from connectors.x.words import PLATFORM
from inbox.failures import Failure
from inbox.values import (
    Access,
    CannotTell,
    Found,
    KeyScope,
    LookOutcome,
    MaybeSent,
    MessageGone,
    MessageKind,
    MessageSeen,
    Outgoing,
    PolledPage,
    ProbeFailed,
    ProbeOk,
    ProbeOutcome,
    Refused,
    SendOutcome,
    Sent,
    UnreadablePayload,
)

EDGES = ("mentions",)
MAX_PRIVATE_LENGTH = 10_000
_MOST_PAGES = 10  # of our own posts, when one is looked for
_MOST_SURVEYED = 32  # pages: X itself shows the newest 3,200 of our own posts, and 800 that name us
_FEW_PAGES = 2  # while a send is not yet ended: its lease runs
# X lists a post seconds to minutes late, and not in order: what is so young is read again at every poll. X
# counts a post once a day, so that only the calls cost, and of those no more than so many.
_OVERLAP = timedelta(minutes=15)
_MOST_REREAD = 3


# --- reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a list has been read; kept between polls as the cursor.

    X lists newest first. A walk starts at the newest and goes down, page by page, past `since`, the newest
    post of the walk before, to what was written some minutes before that. Only when it has arrived does
    `newest`, where it started, become the next `since`: a walk broken off goes on at `token`, and no page
    between is ever skipped. `reread` counts the pages that reached below `since`.
    """

    since: str | None = None
    newest: str | None = None
    token: str | None = None
    reread: int = 0

    @staticmethod
    def read(cursor: str | None) -> Walk:
        """The walk a cursor tells of; a cursor that cannot be read starts anew."""
        try:
            told = json.loads(cursor or "{}")
            since, newest, token, reread = (told.get(key) for key in ("since", "newest", "token", "reread"))
        except (ValueError, AttributeError):
            return Walk()
        return Walk(
            _digits(since),
            _digits(newest),
            token if isinstance(token, str) and token else None,
            reread if isinstance(reread, int) else 0,
        )

    def written(self) -> str:
        """The cursor that tells of this walk."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})

    @property
    def down_to(self) -> str | None:
        """The id above which is read: an id of X holds the moment it was given, above its last 22 bits."""
        if self.since is None:
            return None
        overlap = int(_OVERLAP / timedelta(milliseconds=1)) << 22
        return str(max(int(self.since) - overlap, 1))

    def after(self, page: dict[str, Any]) -> Walk:
        """The walk after one more page of it."""
        listed = page.get("data")
        ids = (
            [each.get("id") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        )
        seen = [id for id in (_digits(each) for each in ids) if id]
        newest = max([*seen, *filter(None, (self.newest, self.since))], key=int, default=None)
        meta = page.get("meta")
        token = meta.get("next_token") if isinstance(meta, dict) else None
        below = self.since is not None and any(int(id) <= int(self.since) for id in seen)
        reread = self.reread + below
        if isinstance(token, str) and token and token != self.token and reread < _MOST_REREAD:
            return Walk(since=self.since, newest=newest, token=token, reread=reread)
        return Walk(since=newest)


def _digits(id: Any) -> str | None:
    return id if isinstance(id, str) and re.fullmatch("[0-9]{1,19}", id) else None


def poll(access: Access, edge: str, cursor: str | None) -> PolledPage:
    """One page of the posts that name us. Raises PlatformError."""
    if edge not in EDGES:
        raise ValueError(f"X has no edge {edge!r}; there are {EDGES}")
    walk = Walk.read(cursor)
    with XAccount(access) as account:
        try:
            response = account.mentions(since_id=walk.down_to, page_token=walk.token)
        except Rejected as error:
            if walk.token is None or error.reason is not Failure.INVALID:
                raise
            # Page tokens do not live for ever: the walk begins again from the top, down to the same `since`.
            walk = replace(walk, token=None, reread=0)
            response = account.mentions(since_id=walk.down_to, page_token=None)
    further = walk.after(json_object(response))
    polled = Polled(
        PLATFORM, access.account, edge, answered_at(response), response.content.decode("utf-8", "replace")
    )
    return polled.page(cursor=further.written(), more=further.token is not None)


def survey(access: Access, since: datetime) -> Iterator[PolledPage]:
    """All posts that name us since `since`, then all of our own. Raises PlatformError."""
    with XAccount(access) as account:
        for edge, read in (("mentions", account.mentions), ("own_posts", account.own_posts)):
            token = None
            for _ in range(_MOST_SURVEYED):
                response = read(since=since, page_token=token)
                body = response.content.decode("utf-8", "replace")
                yield Polled(PLATFORM, access.account, edge, answered_at(response), body).page(cursor=None)
                token = Walk().after(json_object(response)).token
                if token is None:
                    break
            else:
                raise Rejected(f"more {edge} than we read at once", reason=Failure.TOO_MANY)


def gone(access: Access, ids: Sequence[str]) -> frozenset[str]:
    """Those of a hundred posts at most of which X says that they are not there. Raises PlatformError."""
    with XAccount(access) as account:
        response = account.posts(ids)
    body = response.content.decode("utf-8", "replace")
    page = Polled(PLATFORM, access.account, "ids", answered_at(response), body)
    try:
        facts = normalise(page.to_bytes())
    except UnreadablePayload:
        raise Transient("an unreadable answer", reason=Failure.UNREADABLE) from None
    return frozenset(fact.external_id for fact in facts if isinstance(fact, MessageGone)) & frozenset(ids)


# --- writing ------------------------------------------------------------------------------------------


def is_private(outgoing: Outgoing) -> bool:
    """Whether it goes to one person alone."""
    return outgoing.in_private or outgoing.to_kind is MessageKind.CHAT


def send(access: Access, outgoing: Outgoing) -> SendOutcome:
    """Answers a post in its thread, or a direct message with one."""
    try:
        if is_private(outgoing):
            return _send_in_private(access, outgoing)
        if weighted_length(outgoing.text) > MAX_LENGTH:
            return Refused(Failure.TOO_LONG)
        with XAccount(access) as account:
            return Sent(account.reply(outgoing.to_external_id, outgoing.text))
    except Rejected as error:
        return _after_duplicate(access, outgoing) if error.reason is Failure.DUPLICATE else outcome_of(error)
    except PlatformError as error:
        return outcome_of(error)


def _send_in_private(access: Access, outgoing: Outgoing) -> SendOutcome:
    person = next((key.value for key in outgoing.recipient if key.scope == KeyScope.X), None)
    if person is None:
        return Refused(Failure.NO_RECIPIENT)
    if len(outgoing.text) > MAX_PRIVATE_LENGTH:
        return Refused(Failure.TOO_LONG)
    with XAccount(access) as account:
        return Sent(account.direct_message(person, outgoing.text))


def _after_duplicate(access: Access, outgoing: Outgoing) -> SendOutcome:
    """What "duplicate" means: the same words of ours stand somewhere on X since yesterday.

    Under the post in question they are this reply, from a try we know nothing of. Elsewhere they are another
    citizen's answer. Nowhere: X may show them later.
    """
    if is_private(outgoing):
        return MaybeSent(Failure.DUPLICATE_SOMEWHERE)
    anytime = replace(outgoing, first_tried_at=None)
    anywhere = replace(anytime, others=())
    words = _bare(outgoing.text)
    try:
        for page in _own_posts(access, since=None, most=_FEW_PAGES):
            match judge(anytime, _standing(page, under=outgoing.to_external_id), text=words):
                case Found(external_id):
                    return Sent(external_id)
            if isinstance(judge(anywhere, _standing(page), text=words), Found):
                return Refused(Failure.DUPLICATE)
    except PlatformError as error:
        return MaybeSent(Failure.DUPLICATE_SOMEWHERE, error.trouble.words)
    return MaybeSent(Failure.DUPLICATE_SOMEWHERE)


# --- looking ------------------------------------------------------------------------------------------


def look(access: Access, outgoing: Outgoing) -> LookOutcome:
    """Looks through our own posts for one that answers the same post, in time and in words."""
    if is_private(outgoing):
        return CannotTell("direct messages are not read back")
    tried = outgoing.first_tried_at
    standing: list[StandingMessage] = []
    try:
        since = tried - CLOCK_TOLERANCE if tried else None
        for page in _own_posts(access, since=since):
            standing += _standing(page, under=outgoing.to_external_id)
    except PlatformError as error:
        return cannot_tell(error)
    return judge(outgoing, standing, text=_bare(outgoing.text))


def _own_posts(
    access: Access, *, since: datetime | None, most: int = _MOST_PAGES
) -> Iterator[list[MessageSeen]]:
    """Our own posts and replies, a page at a time, newest first. Raises Rejected rather than stop early."""
    token = None
    for _ in range(most):
        with XAccount(access) as account:
            response = account.own_posts(since=since, page_token=token)
        body = response.content.decode("utf-8", "replace")
        page = Polled(PLATFORM, access.account, "own_posts", answered_at(response), body)
        try:
            facts = normalise(page.to_bytes())
        except UnreadablePayload:
            raise Transient("an unreadable answer", reason=Failure.UNREADABLE) from None
        yield [fact for fact in facts if isinstance(fact, MessageSeen) and fact.from_us]
        token = Walk().after(json_object(response)).token
        if token is None:
            return
    raise Rejected("more posts of ours than we read", reason=Failure.TOO_MANY)


def _standing(page: list[MessageSeen], *, under: str | None = None) -> list[StandingMessage]:
    """Posts of ours as they are compared; only those that answer the post `under`, when given."""
    return [
        StandingMessage(fact.external_id, _bare(fact.text), fact.sent_at)
        for fact in page
        if under is None or fact.parent_external_id == under
    ]


def _bare(text: str) -> str:
    """What can be compared: X rewrites every link, and puts the names of those answered in front."""
    return re.sub(r"\A(?:@[A-Za-z0-9_]{1,15}\s+)+", "", re.sub(r"https?://\S+", "", text))


def probe(access: Access) -> ProbeOutcome:
    """Whom do these credentials belong to?"""
    try:
        with XAccount(access) as account:
            me = account.me()
    except PlatformError as error:
        return ProbeFailed(
            error.trouble.failure, error.trouble.words, access_lost=isinstance(error, AccessExpired)
        )
    if me.get("id") != access.account:
        return ProbeFailed(Failure.OTHER_ACCOUNT, access_lost=True)
    return ProbeOk({"username": me.get("username"), "name": me.get("name")})
