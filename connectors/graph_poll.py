"""Catching up by polls on what citizens wrote under our posts, where hooks were lost. One call a poll.

Two edges an account. The head edge reads the newest posts with their newest comments, and reads on where a
list ends before what was known by the last round. The survey goes through older posts, one page a poll and
from the start again at the end, asks only whether there is anything new under each, and reads the comments
of those: a comment of today under a post of last year is found, by small calls, within one turn.

Pages alternate in shape, so each says in its envelope what it is: the head edge's name, "survey", or
"comments/<post id>". A cursor is moved only together with the page it came with. The first round of an edge
reads what is newest and does not dig: a new account does not import its past.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ValidationError

from connectors.contract import Polled
from connectors.graph import Graph, GraphAnswer, next_cursor
from connectors.http import AccessExpired, Rejected
from connectors.meta import COMMENTS, SURVEY, listed
from connectors.payload import moment
from inbox.values import Access, PolledPage

# Of two rounds, for clocks that differ and indexes that lag. What lies in it is read twice, so the survey,
# which keeps each page, is given less.
_OVERLAP = timedelta(minutes=10)
_SURVEY_OVERLAP = timedelta(minutes=2)
_MOST_CALLS = 20  # at once; what is left is read at the next poll
_MOST_COMMENT_PAGES = 40  # of one post in one turn
_MOST_AGAIN = 3  # one whose pages are refused for ever must not hold up the others
_MOST_WAITING = 200  # posts whose comments are still to be read


@dataclass(frozen=True, slots=True)
class Plan:
    """How one platform is asked. `news(post, since, known)`: is anything new under a surveyed post."""

    platform: str
    head: str  # the edge with the account's posts, newest first
    time_field: str
    head_args: dict[str, str | int]
    head_posts: int  # how many of the newest posts the head shows, with how many comments each
    head_comments: int | None  # None: it reads on as far as is needed
    survey_args: dict[str, str | int]
    survey_most: int  # posts one turn of the survey goes back
    comments_args: dict[str, str | int]
    comment_count: Callable[[Any], int | None]  # of a surveyed post, where the platform tells it
    newest_comment: Callable[[Any], datetime | None]  # of a surveyed post, where the platform tells it


class _Open(BaseModel):
    """A post whose comments are still to be read, and from where."""

    post: str
    after: str | None = None
    pages: int = 0
    whole: bool = False  # read to the end, not only to what was known
    again: int = 0  # how often it was begun anew


class _Cursor(BaseModel):
    since: AwareDatetime | None = None  # all up to then was read
    started: AwareDatetime | None = None  # of the round or turn that goes on
    after: str | None = None  # in the list of posts
    seen: int = 0  # posts in this turn
    calls: int = 0  # since the last pause
    open: list[_Open] = []
    counts: dict[str, int] = {}  # comments under each surveyed post


def poll(plan: Plan, access: Access, edge: str, cursor: str | None) -> PolledPage:
    """The next page of `edge`. Raises PlatformError."""
    graph, state = Graph(access), _read(cursor)
    state.calls += 1
    while state.open:
        opened = state.open.pop(0)
        try:
            return _comments(plan, graph, access, state, opened, edge)
        except (Rejected, AccessExpired) as error:
            # Its cursor is forgotten, then it is read from its top again; or the post is gone or closed
            # meanwhile. If it is the token, the next call says so too, and the cursor stays where it was.
            if isinstance(error, Rejected) and opened.after and opened.again < _MOST_AGAIN:
                state.open.insert(0, _Open(post=opened.post, whole=opened.whole, again=opened.again + 1))
    return _posts(plan, graph, access, state, edge)


def _read(cursor: str | None) -> _Cursor:
    """A cursor we cannot read (of an older version) starts anew: pages repeat, nothing is lost."""
    try:
        return _Cursor.model_validate_json(cursor) if cursor else _Cursor()
    except ValidationError:
        return _Cursor()


def _comments(
    plan: Plan, graph: Graph, access: Access, state: _Cursor, opened: _Open, edge: str
) -> PolledPage:
    args = dict(plan.comments_args) | ({"after": opened.after} if opened.after else {})
    answer = graph.get(opened.post, "comments", **args)
    after, pages = next_cursor(answer.body), opened.pages + 1
    enough = not opened.whole and _reaches(state.since, listed(answer.body), plan.time_field)
    if after is not None and not enough and pages < _MOST_COMMENT_PAGES:
        state.open.insert(0, opened.model_copy(update={"after": after, "pages": pages}))
    return _page(plan, access, state, answer, f"{COMMENTS}{opened.post}", edge)


def _posts(plan: Plan, graph: Graph, access: Access, state: _Cursor, edge: str) -> PolledPage:
    is_survey = edge == SURVEY
    args = plan.survey_args if is_survey else plan.head_args
    try:
        answer = graph.get(
            access.account, plan.head, **args, **({"after": state.after} if state.after else {})
        )
    except Rejected:
        if state.after is None:
            raise
        state.after = None  # a cursor of Meta's lives for a while only
        answer = graph.get(access.account, plan.head, **args)
    if state.after is None:
        state.started, state.seen = answer.at, 0
    posts = [post for post in listed(answer.body) if isinstance(post, dict) and post.get("id")]
    state.after = next_cursor(answer.body)
    if is_survey:
        _open_news(plan, state, posts)
        state.seen += len(posts)
        if state.seen >= plan.survey_most:
            state.after = None
    else:
        _open_unfinished(plan, state, posts)
        if state.since is None or _reaches(state.since, posts, plan.time_field):
            state.after = None
    return _page(plan, access, state, answer, edge, edge)


def _open_unfinished(plan: Plan, state: _Cursor, posts: list[dict[str, Any]]) -> None:
    """Comments of the head are read on where their first page ends before what was known."""
    for post in posts:
        comments = post.get("comments")
        after = next_cursor(comments)
        if after and state.since and not _reaches(state.since, listed(comments), plan.time_field):
            _open(state, _Open(post=str(post["id"]), after=after, pages=1))


def _open_news(plan: Plan, state: _Cursor, posts: list[dict[str, Any]]) -> None:
    for position, post in enumerate(posts, start=state.seen):
        post_id, count, newest = str(post["id"]), plan.comment_count(post), plan.newest_comment(post)
        few = plan.head_comments is None or (count is not None and count <= plan.head_comments)
        left_to_head = position < plan.head_posts and few
        counted_anew = count is not None and count != state.counts.get(post_id, 0)
        written_since = newest is not None and state.since is not None and newest >= state.since
        if count is not None:
            state.counts.pop(post_id, None)
            state.counts[post_id] = count
        if state.since is not None and not left_to_head and (counted_anew or written_since):
            _open(state, _Open(post=post_id, whole=counted_anew))
    for forgotten in list(state.counts)[: -plan.survey_most]:
        del state.counts[forgotten]


def _open(state: _Cursor, fresh: _Open) -> None:
    if len(state.open) < _MOST_WAITING and all(one.post != fresh.post for one in state.open):
        state.open.append(fresh)


def _reaches(since: datetime | None, newest_first: list[Any], time_field: str) -> bool:
    """Whether a list goes back to `since`; one without readable times does not."""
    times = [moment(one.get(time_field)) for one in newest_first if isinstance(one, dict)]
    return since is not None and any(at is not None and at < since for at in times[-1:])


def _page(
    plan: Plan, access: Access, state: _Cursor, answer: GraphAnswer, shape: str, edge: str
) -> PolledPage:
    """The answer in its envelope, with the cursor that follows. A round ends when nothing is left to read."""
    ended = not state.open and state.after is None
    if ended and state.started is not None:
        overlap = _SURVEY_OVERLAP if edge == SURVEY else _OVERLAP
        state.since, state.started = state.started - overlap, None
    # The survey takes one page of posts a poll; what it found new is read at once.
    goes_on = bool(state.open) or (edge != SURVEY and state.after is not None)
    more = goes_on and state.calls < _MOST_CALLS
    if not more:
        state.calls = 0
    polled = Polled(
        platform=plan.platform, account=access.account, edge=shape, asked_at=answer.at, body=answer.text
    )
    return polled.page(cursor=state.model_dump_json(exclude_defaults=True), more=more)
