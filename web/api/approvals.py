"""What an approval through the API must hold to, beyond what the core asks of every approval."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from inbox.models import Reply, User
from inbox.states import ReplyState
from web.api.problems import RefusedCall, refused_fields
from web.kit.access import api_token


def check_not_own(replies: Iterable[Reply], by: User) -> None:
    """Two pairs of eyes: who wrote a draft does not approve it, unless the token may approve alone."""
    token = api_token()
    if token is not None and token.may_approve_alone:
        return
    if any(reply.state is ReplyState.DRAFT and reply.written_by_id == by.id for reply in replies):
        raise RefusedCall(f"{by.name} may not approve their own reply with this token.", status=403)


def check_named(standing: Collection[Reply], named: Collection[int]) -> None:
    """Refuse a name that is none of these replies: a slip must not publish what was to be held back."""
    existing = {reply.id for reply in standing}
    unknown = sorted(set(named) - existing)
    if unknown:
        listed = ", ".join(map(str, unknown))
        raise refused_fields(
            [("except", f"no reply of this request: {listed}")],
            existing=[str(one) for one in sorted(existing)],
        )
