"""Which actions the current user may do on a row now, so that templates compare no states.

Each answer combines the permission table, the table of moves and a few further rules. It only decides which
buttons are shown: the core checks again when one is pressed. The names are those of `web.kit.actions`.
"""

from __future__ import annotations

from collections.abc import Mapping

from inbox import people
from inbox.models import Reply, TrackedRequest, User
from inbox.queries import GroupRow
from inbox.states import (
    UNANSWERED_REQUEST,
    WITH_THE_UNIT,
    MessageState,
    ReplyState,
    RequestState,
    may_move,
)
from inbox.values import ReplyKind
from web.kit.access import person_or_none

Can = Mapping[str, bool]
"""Action name → whether it is allowed now."""


def with_messages(state: MessageState, user: User) -> Can:
    """The actions on a group of messages in `state`."""
    triages = people.may(user, "message.triage")
    is_request = state is MessageState.CONVERTED
    converts = triages and may_move(state, MessageState.CONVERTED)
    return {
        "convert": converts,
        "join": converts,
        "answer": triages and may_move(state, MessageState.ANSWERED),
        "inform": triages and is_request,  # an interim reply; the request keeps its state
        "dismiss": triages and may_move(state, MessageState.DISMISSED),
        # Once there is a request, the request is reopened and not its message.
        "reopen": triages and may_move(state, MessageState.NEW) and not is_request,
    }


def with_request(request: TrackedRequest, user: User) -> Can:
    """The actions on a request."""
    state = request.state
    is_with_unit, is_unanswered = state in WITH_THE_UNIT, state in UNANSWERED_REQUEST
    return {
        "respond": may_move(state, RequestState.RESPONDED) and people.may(user, "request.respond", request),
        "respond_as_unit": is_with_unit and people.may(user, "request.respond", request),
        "return_to_desk": is_with_unit and people.may(user, "request.return", request),
        "reroute": is_unanswered and people.may(user, "request.reroute", request),
        "close": may_move(state, RequestState.CLOSED) and people.may(user, "request.close", request),
        # A returned request is rerouted to another unit, not reopened.
        "reopen_request": not is_unanswered
        and may_move(state, RequestState.WITH_UNIT)
        and people.may(user, "request.reopen", request),
    }


def with_reply(reply: Reply, user: User) -> Can:
    """The actions on a reply. One with an `external_id` is on the platform, whatever its state says."""
    state, approves = reply.state, people.may(user, "reply.approve")
    is_draft, takes_back = state is ReplyState.DRAFT, may_move(state, ReplyState.DRAFT)
    is_failed = state is ReplyState.FAILED
    return {
        "approve": approves and is_draft and reply.external_id is None,
        "edit": approves and is_draft,
        "undo": approves and takes_back and not is_failed,
        "redraft": approves and takes_back and is_failed and reply.external_id is None,
        # An approved reply must be made a draft first, so that no worker can be sending it.
        "withdraw": approves and (is_draft or is_failed),
        "settle": state is ReplyState.UNCERTAIN and people.may(user, "reply.settle"),
        "rate": reply.kind is ReplyKind.ANSWER
        and state is ReplyState.SENT
        and reply.rating is None
        and people.may(user, "reply.rate"),
    }


def can(row: GroupRow | TrackedRequest | Reply) -> Can:
    """The actions of the current user on `row`; empty if anonymous."""
    user = person_or_none()
    if user is None:
        return {}
    match row:
        case GroupRow():
            return with_messages(row.state, user)
        case TrackedRequest():
            return with_request(row, user)
        case Reply():
            return with_reply(row, user)
