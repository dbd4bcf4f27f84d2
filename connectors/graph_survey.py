"""Reads all comments under an account's posts on Facebook and Instagram, to compare them with our rows.

Unlike polling it keeps no cursor: it reads the posts from the newest backwards, each with all its comments.
If there is more than its limit it raises an error, so a gap is never silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import Polled
from connectors.graph import Graph, GraphAnswer, next_cursor
from connectors.graph_poll import Plan
from connectors.http import AccessExpired, Rejected
from connectors.meta import COMMENTS, listed
from connectors.payload import moment
from inbox.failures import Failure
from inbox.values import Access, PolledPage

_POSTS_BACK = timedelta(days=30)  # posts this much older than `since` can have new comments
_MOST_CALLS = 300
Args = dict[str, str | int]


@dataclass(slots=True)
class _Walk:
    plan: Plan
    access: Access
    since: datetime
    graph: Graph = field(init=False)
    calls: int = 0

    def __post_init__(self) -> None:
        self.graph = Graph(self.access)

    def ask(self, node: str, edge: str, args: Args, after: str | None) -> GraphAnswer:
        self.calls += 1
        if self.calls > _MOST_CALLS:
            raise Rejected("more than we read at once", reason=Failure.TOO_MANY)
        return self.graph.get(node, edge, **args, **({"after": after} if after else {}))

    def page(self, answer: GraphAnswer, shape: str) -> PolledPage:
        polled = Polled(self.plan.platform, self.access.account, shape, answer.at, answer.text)
        return polled.page(cursor=None)

    def is_old(self, given: Any, before: datetime) -> bool:
        at = moment(given.get(self.plan.time_field)) if isinstance(given, dict) else None
        return at is not None and at < before


def survey(
    plan: Plan, access: Access, since: datetime, *, replies_args: Args | None = None
) -> Iterator[PolledPage]:
    """The posts of the last weeks with all comments since `since`. Raises PlatformError.

    `replies_args`: the parameters that list a comment's replies, on a platform that nests them.
    """
    walk, after = _Walk(plan, access, since), None
    while True:
        answer = walk.ask(access.account, plan.head, dict(plan.head_args), after)
        yield walk.page(answer, plan.head)
        posts = [post for post in listed(answer.body) if isinstance(post, dict) and post.get("id")]
        for post in posts:
            yield from _below(walk, str(post["id"]), post.get("comments"), replies_args)
        after = next_cursor(answer.body)
        if after is None or any(walk.is_old(post, since - _POSTS_BACK) for post in posts[-1:]):
            return


def _below(walk: _Walk, post_id: str, comments: Any, replies_args: Args | None) -> Iterator[PolledPage]:
    """The further pages of a post's comments, and of the replies to each comment."""
    shape = f"{COMMENTS}{post_id}"
    while True:
        found = [one for one in listed(comments) if isinstance(one, dict)]
        if replies_args is not None:
            for comment in found:
                after = next_cursor(comment.get("replies"))
                while after is not None:
                    answer = walk.ask(str(comment.get("id")), "replies", replies_args, after)
                    yield walk.page(answer, shape)
                    after = next_cursor(answer.body)
        after = next_cursor(comments)
        # Where replies are listed among the comments, the newest come first and reading can stop early.
        # Where they are nested, an old comment may have a new reply, so every comment is read.
        enough = replies_args is None and any(walk.is_old(one, walk.since) for one in found[-1:])
        if after is None or enough:
            return
        answer = walk.ask(post_id, "comments", dict(walk.plan.comments_args), after)
        yield walk.page(answer, shape)
        comments = answer.body


def gone(access: Access, ids: Sequence[str]) -> frozenset[str]:
    """The ids that do not exist; not those that we may not see. Raises PlatformError."""
    graph, found = Graph(access), set()
    for id in ids:
        try:
            graph.get(id, fields="id")
        except (Rejected, AccessExpired) as error:
            if error.reason is Failure.GONE:
                found.add(id)
    return frozenset(found)
