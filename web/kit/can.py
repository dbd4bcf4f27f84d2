"""What whoever looks may do with a row as it stands now. Templates ask this and compare no state.

Each answer puts together the permission table, the table of moves and the few rules beyond them. It is for
showing buttons: the core asks again when one is pressed. The names are those of `web.kit.actions`.
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
"""Action → whether it may be done now."""


def with_messages(state: MessageState, user: User) -> Can:
    """What may be done with a citizen's words in that state."""
    triages = people.may(user, "message.triage")
    is_request = state is MessageState.CONVERTED
    converts = triages and may_move(state, MessageState.CONVERTED)
    return {
        "convert": converts,
        "join": converts,
        "answer": triages and may_move(state, MessageState.ANSWERED),
        "inform": triages and is_request,  # a word in between; the request stays as it is
        "dismiss": triages and may_move(state, MessageState.DISMISSED),
        # A request is what goes on, not the message that it came from.
        "reopen": triages and may_move(state, MessageState.NEW) and not is_request,
    }


def with_request(request: TrackedRequest, user: User) -> Can:
    """What may be done with a request."""
    state = request.state
    is_with_unit, is_unanswered = state in WITH_THE_UNIT, state in UNANSWERED_REQUEST
    return {
        "respond": may_move(state, RequestState.RESPONDED) and people.may(user, "request.respond", request),
        "respond_as_unit": is_with_unit and people.may(user, "request.respond", request),
        "return_to_desk": is_with_unit and people.may(user, "request.return", request),
        "reroute": is_unanswered and people.may(user, "request.reroute", request),
        "close": may_move(state, RequestState.CLOSED) and people.may(user, "request.close", request),
        # What a unit returned goes on by being given to another one.
        "reopen_request": not is_unanswered
        and may_move(state, RequestState.WITH_UNIT)
        and people.may(user, "request.reopen", request),
    }


def with_reply(reply: Reply, user: User) -> Can:
    """What may be done with a reply. With an `external_id` it stands on the platform, whatever we call it."""
    state, approves = reply.state, people.may(user, "reply.approve")
    is_draft, takes_back = state is ReplyState.DRAFT, may_move(state, ReplyState.DRAFT)
    is_failed = state is ReplyState.FAILED
    return {
        "approve": approves and is_draft and reply.external_id is None,
        "edit": approves and is_draft,
        "undo": approves and takes_back and not is_failed,
        "redraft": approves and takes_back and is_failed and reply.external_id is None,
        # What is released is taken back first: then nobody can be sending it.
        "withdraw": approves and (is_draft or is_failed),
        "settle": state is ReplyState.UNCERTAIN and people.may(user, "reply.settle"),
        "rate": reply.kind is ReplyKind.ANSWER
        and state is ReplyState.SENT
        and reply.rating is None
        and people.may(user, "reply.rate"),
    }


def can(row: GroupRow | TrackedRequest | Reply) -> Can:
    """What whoever looks at the page may do with `row`. Nothing where nobody is signed in."""
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
