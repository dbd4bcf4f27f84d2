"""One citizen's conversation under one post, or their private chat."""

from __future__ import annotations

from collections.abc import Callable

from inbox.values import MessageSeen
from tests.support.steps import messages

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_a_comment_without_author_is_kept_and_stands_alone(seen: Seen, arrive: Arrive) -> None:
    arrive(seen("kim olduğum gizli", who=None, platform="facebook"))
    arrive(seen("benimki de", who=None, platform="facebook"))
    assert len({message.thread_id for message in messages()}) == 2
