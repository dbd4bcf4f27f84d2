"""Checks on approvals through the API, beyond those of the core."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from inbox.models import Reply, User
from inbox.states import ReplyState
from web.api.problems import RefusedCall, refused_fields
from web.kit.access import api_token


def check_not_own(replies: Iterable[Reply], by: User) -> None:
    """Refuse with 403 when users approve their own draft, unless the token may approve alone."""
    token = api_token()
    if token is not None and token.may_approve_alone:
        return
    if any(reply.state is ReplyState.DRAFT and reply.written_by_id == by.id for reply in replies):
        raise RefusedCall(f"{by.name} may not approve their own reply with this token.", status=403)


def check_named(replies: Collection[Reply], named: Collection[int]) -> None:
    """Refuse ids that are none of `replies`: a typo must not publish a reply that was to be held back."""
    existing = {reply.id for reply in replies}

    unknown = sorted(set(named) - existing)
    if unknown:
        listed = ", ".join(map(str, unknown))
        raise refused_fields(
            [("except", f"no reply of this request: {listed}")],
            existing=[str(reply_id) for reply_id in sorted(existing)],
        )
