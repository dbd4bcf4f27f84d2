"""Receipts: delivered, read, failed later; ranked, and never going back."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from inbox import clock, replies
from inbox.channels import mismatches
from inbox.db import transaction
from inbox.desk import triage
from inbox.errors import IllegalMove, InvalidInput
from inbox.models import Message, Reply
from inbox.replies import receipts
from inbox.states import DifferenceKind, ReplyState
from inbox.values import MessageSeen, Receipt, ReplyReceipt, Sent
from tests.support.steps import claim, end, look_and_find_nothing, only

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def receipt(reply: Reply, status: Receipt) -> None:
    fact = ReplyReceipt("x", "1", "w-1", status, clock.now(), None, replies.reference(reply))
    with transaction() as session:
        assert receipts.receipt(session, fact)


def open_differences() -> list[tuple[DifferenceKind, int | None]]:
    with transaction() as session:
        return [
            (one.difference.kind, one.difference.reply_id) for one in mismatches.open_differences(session)
        ]


def test_receipts_never_go_back_in_whatever_order_they_come(uncertain: Reply) -> None:
    moment = clock.now()
    reference = replies.reference(uncertain)
    for status in (Receipt.READ, Receipt.DELIVERED, Receipt.SENT):
        with transaction() as session:
            assert receipts.receipt(session, ReplyReceipt("x", "1", "w-1", status, moment, None, reference))
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        assert (reply.state, reply.receipt, reply.external_id) == (ReplyState.SENT, Receipt.READ, "w-1")


@pytest.mark.parametrize("ended", [ReplyState.FAILED, ReplyState.WITHDRAWN, ReplyState.DRAFT])
def test_a_reply_found_public_after_it_was_called_not_sent_is_told_and_never_goes_out_again(
    uncertain: Reply, ended: ReplyState
) -> None:
    if ended is ReplyState.DRAFT:
        clock.shift_by(601)
        look_and_find_nothing(uncertain)
        look_and_find_nothing(uncertain)
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        if ended is ReplyState.DRAFT:
            replies.undo(session, reply, by="test")
        else:
            replies.settle(session, reply, sent=False, by="test")
        if ended is ReplyState.WITHDRAWN:
            replies.withdraw(session, reply, by="test")

    receipt(uncertain, Receipt.DELIVERED)

    assert open_differences() == [(DifferenceKind.REPLY_THERE, uncertain.id)]
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        assert (reply.state, reply.external_id) == (ended, "w-1")
        with pytest.raises((InvalidInput, IllegalMove)):
            replies.approve(session, reply, by="test")
    assert claim() == []


def test_what_the_platform_took_and_could_not_deliver_failed_whatever_our_call_says_afterwards(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    (claimed,) = claim()
    receipt(claimed, Receipt.FAILED)
    receipt(claimed, Receipt.SENT)
    end(claimed, Sent("w-1"))
    assert open_differences() == []

    receipt(claimed, Receipt.DELIVERED)

    assert open_differences() == [(DifferenceKind.REPLY_THERE, claimed.id)]
    with transaction() as session:
        reply = session.get_one(Reply, claimed.id)
        assert (reply.state, reply.receipt) == (ReplyState.FAILED, Receipt.DELIVERED)
