"""Polls for comments under our posts whose hooks were lost. Each poll makes one call.

Every account has two edges. The head edge reads the newest posts with their newest comments, and continues
where a list ends before the last round's start. The survey edge goes through older posts, one page per poll,
and starts again at the end. It only asks whether a post has new comments and reads those: so a comment of
today under a post of last year is found within one pass.

The envelope says what a page contains: the head edge's name, "survey", or "comments/<post id>". A cursor is
stored only together with its page. The first round reads only the newest page: a new account does not import
its past.
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

# Two rounds overlap by this time, because clocks differ and indexes lag. Comments in the overlap are read
# twice, so the survey, which stores every page, gets less.
_OVERLAP = timedelta(minutes=10)
_SURVEY_OVERLAP = timedelta(minutes=2)
_MOST_CALLS = 20  # without a pause; the next poll continues
_MOST_COMMENT_PAGES = 40  # of one post in one pass
_MOST_AGAIN = 3  # restarts of one post: one that is always refused must not block the others
_MOST_WAITING = 200  # posts whose comments are still to be read


@dataclass(frozen=True, slots=True)
class Plan:
    """How one platform is polled: the edges, their parameters and limits."""

    platform: str
    head: str  # the edge with the account's posts, newest first
    time_field: str
    head_args: dict[str, str | int]
    head_posts: int  # number of posts that the head edge reads
    head_comments: int | None  # comments of each post in the head; None: continued as needed
    survey_args: dict[str, str | int]
    survey_most: int  # posts in one pass of the survey
    comments_args: dict[str, str | int]
    comment_count: Callable[[Any], int | None]  # of a surveyed post, if known
    newest_comment: Callable[[Any], datetime | None]  # of a surveyed post, if known


class _Open(BaseModel):
    """A post whose comments are still to be read, with the cursor."""

    post: str
    after: str | None = None
    pages: int = 0
    whole: bool = False  # read to the end, not only to what was known
    again: int = 0  # number of restarts


class _Cursor(BaseModel):
    since: AwareDatetime | None = None  # everything before was read
    started: AwareDatetime | None = None  # start of the current round or pass
    after: str | None = None  # cursor in the list of posts
    seen: int = 0  # posts in this pass
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
            # The platform no longer knows the cursor (then the post is read again from the top), or the
            # post was deleted or closed. If the token is the cause, the next call fails as well, and our
            # own cursor stays unchanged.
            if isinstance(error, Rejected) and opened.after and opened.again < _MOST_AGAIN:
                state.open.insert(0, _Open(post=opened.post, whole=opened.whole, again=opened.again + 1))
    return _posts(plan, graph, access, state, edge)


def _read(cursor: str | None) -> _Cursor:
    """Parse a cursor. An unreadable one (of an older version) starts from the top: no page is lost."""
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
        state.after = None  # Meta's cursors expire
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
    """Queue the head's posts whose first page of comments does not reach back to the last round."""
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
    """Whether a list reaches back to `since`. False if its times are unreadable."""
    times = [moment(one.get(time_field)) for one in newest_first if isinstance(one, dict)]
    return since is not None and any(at is not None and at < since for at in times[-1:])


def _page(
    plan: Plan, access: Access, state: _Cursor, answer: GraphAnswer, shape: str, edge: str
) -> PolledPage:
    """The answer in its envelope, with the next cursor. A round ends when nothing is left to read."""
    ended = not state.open and state.after is None
    if ended and state.started is not None:
        overlap = _SURVEY_OVERLAP if edge == SURVEY else _OVERLAP
        state.since, state.started = state.started - overlap, None
    # The survey reads one page of posts per poll, but new comments are read at once.
    goes_on = bool(state.open) or (edge != SURVEY and state.after is not None)
    more = goes_on and state.calls < _MOST_CALLS
    if not more:
        state.calls = 0
    polled = Polled(
        platform=plan.platform, account=access.account, edge=shape, asked_at=answer.at, body=answer.text
    )
    return polled.page(cursor=state.model_dump_json(exclude_defaults=True), more=more)
