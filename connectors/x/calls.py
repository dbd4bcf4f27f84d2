"""Calls to X: polling mentions, replying in the thread, finding a reply with an uncertain outcome."""

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
_MOST_PAGES = 10  # of our own posts, when searching for a reply
_MOST_SURVEYED = 32  # pages: X shows only the newest 3,200 of our own posts and 800 mentions
_FEW_PAGES = 2  # of our own posts within a send, whose lease is short
# X lists posts seconds to minutes late and out of order, so the newest minutes are read again at every poll.
# X bills a post once a day, so repeated reading costs only calls, and their number is limited.
_OVERLAP = timedelta(minutes=15)
_MOST_REREAD = 3


# --- reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walk:
    """The position in a list; stored between polls as the cursor.

    X lists the newest posts first. A walk starts at the newest post and reads backwards, page by page, until
    some minutes before `since`, the newest post of the previous walk. Only at its end does `newest`, its own
    start, become the next `since`. An interrupted walk continues at `token`, so no page is skipped. `reread`
    counts the pages that reached below `since`.
    """

    since: str | None = None
    newest: str | None = None
    token: str | None = None
    reread: int = 0

    @staticmethod
    def read(cursor: str | None) -> Walk:
        """Parse a cursor. An unreadable one gives a new walk."""
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
        """This walk as a cursor."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})

    @property
    def down_to(self) -> str | None:
        """The lowest id to read. X's ids contain the time, above the last 22 bits."""
        if self.since is None:
            return None
        overlap = int(_OVERLAP / timedelta(milliseconds=1)) << 22
        return str(max(int(self.since) - overlap, 1))

    def after(self, page: dict[str, Any]) -> Walk:
        """The walk after reading one more page."""
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
    """The next page of posts that mention us. Raises PlatformError."""
    if edge not in EDGES:
        raise ValueError(f"X has no edge {edge!r}; there are {EDGES}")
    walk = Walk.read(cursor)
    with XAccount(access) as account:
        try:
            response = account.mentions(since_id=walk.down_to, page_token=walk.token)
        except Rejected as error:
            if walk.token is None or error.reason is not Failure.INVALID:
                raise
            # Page tokens expire: start again from the top, down to the same `since`.
            walk = replace(walk, token=None, reread=0)
            response = account.mentions(since_id=walk.down_to, page_token=None)
    further = walk.after(json_object(response))
    polled = Polled(
        PLATFORM, access.account, edge, answered_at(response), response.content.decode("utf-8", "replace")
    )
    return polled.page(cursor=further.written(), more=further.token is not None)


def survey(access: Access, since: datetime) -> Iterator[PolledPage]:
    """All posts that mention us since `since`, then all our own. Raises PlatformError."""
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
    """The ids, of at most a hundred, that X says do not exist. Raises PlatformError."""
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
    """Whether the reply is a direct message."""
    return outgoing.in_private or outgoing.to_kind is MessageKind.CHAT


def send(access: Access, outgoing: Outgoing) -> SendOutcome:
    """Reply to a post in its thread, or to a direct message."""
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
    person = next((key.value for key in outgoing.recipient if key.scope == PLATFORM), None)
    if person is None:
        return Refused(Failure.NO_RECIPIENT)
    if len(outgoing.text) > MAX_PRIVATE_LENGTH:
        return Refused(Failure.TOO_LONG)
    with XAccount(access) as account:
        return Sent(account.direct_message(person, outgoing.text))


def _after_duplicate(access: Access, outgoing: Outgoing) -> SendOutcome:
    """The outcome after X refused a "duplicate": we posted the same text within the last day.

    If it is under this citizen's post, it is this reply from an earlier attempt; elsewhere it is the answer
    to another citizen. If it is nowhere, X may list it later.
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
    """Find our own post that answers the same post, with the same words and at the right time."""
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
    """Our own posts and replies in pages, newest first. Raises Rejected if there are too many."""
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
    """Our posts in the form that `judge` compares; with `under`, only the replies to that post."""
    return [
        StandingMessage(fact.external_id, _bare(fact.text), fact.sent_at)
        for fact in page
        if under is None or fact.parent_external_id == under
    ]


def _bare(text: str) -> str:
    """The comparable text, without links, which X rewrites, and the mentions in front."""
    return re.sub(r"\A(?:@[A-Za-z0-9_]{1,15}\s+)+", "", re.sub(r"https?://\S+", "", text))


def probe(access: Access) -> ProbeOutcome:
    """Whether the credentials give access to the right account."""
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
