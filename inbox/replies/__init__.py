"""What we say to citizens: drafted, approved, sent at most once, looked for, settled."""

from inbox.replies.gate import (
    Length,
    check_length,
    check_may_go_out,
    check_text,
    is_too_long,
    length,
)
from inbox.replies.lifecycle import (
    approve,
    approve_all,
    back_to_draft,
    close_if_ended,
    draft,
    edit,
    found,
    give_back,
    redraft,
    refused,
    settle,
    undo,
    withdraw,
)
from inbox.replies.matching import id_of_reference, match, reference, same_words

__all__ = [
    "Length",
    "approve",
    "approve_all",
    "back_to_draft",
    "check_length",
    "check_may_go_out",
    "check_text",
    "close_if_ended",
    "draft",
    "edit",
    "found",
    "give_back",
    "id_of_reference",
    "is_too_long",
    "length",
    "match",
    "redraft",
    "reference",
    "refused",
    "same_words",
    "settle",
    "undo",
    "withdraw",
]
