"""Whether a reply whose fate is unknown stands on the platform."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.looking import StandingMessage, judge
from inbox.values import CannotTell, Found, LookOutcome, MessageKind, NotThere, Outgoing, ReplyKind

TRIED = datetime(2026, 1, 1, 12, 0, 0, 700_000, tzinfo=UTC)


def outgoing(*, others: tuple[str, ...] = (), text: str = "Ekibimiz yarın geliyor.") -> Outgoing:
    return Outgoing(
        reference="reply-1",
        kind=ReplyKind.ANSWER,
        text=text,
        to_external_id="c1",
        to_kind=MessageKind.COMMENT,
        conversation="p1",
        first_tried_at=TRIED,
        others=others,
    )


def standing(
    text: str = "Ekibimiz yarın geliyor.",
    *,
    id: str = "r1",
    after: float = 1,
    under_target: bool = True,
) -> StandingMessage:
    return StandingMessage(id, text, TRIED + timedelta(seconds=after), under_target=under_target)


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        ([], NotThere()),
        ([standing()], Found("r1")),
        ([standing(after=-0.7)], Found("r1")),
        ([standing(" Ekibimiz  yarın\ngeliyor. ")], Found("r1")),
        ([standing(id="late", after=9), standing(id="early", after=2)], Found("early")),
        ([standing(after=-3600)], NotThere()),
        ([standing("Teşekkürler", id="ack", after=-5)], NotThere()),
        ([standing("Teşekkürler", id="ack", after=-5), standing()], Found("r1")),
        ([standing("Başka bir söz", after=5)], CannotTell("something else of ours stands there")),
        ([standing("Başka bir söz", after=5, under_target=False)], NotThere()),
    ],
)
def test_place_author_time_and_words_together_tell(
    ours: list[StandingMessage], expected: LookOutcome
) -> None:
    assert judge(outgoing(), ours) == expected


def test_another_reply_with_the_same_words_is_not_taken_for_it() -> None:
    ours = [standing(id="to-another-citizen", after=-2), standing(id="r2", after=3)]

    assert judge(outgoing(others=("to-another-citizen",)), ours) == Found("r2")
    assert judge(outgoing(others=("to-another-citizen",)), ours[:1]) == NotThere()


def test_what_was_really_posted_is_looked_for() -> None:
    ours = [standing("Ekibimiz yarın geliyor.", id="to-another"), standing("@can Ekibimiz yarın geliyor.")]

    assert judge(outgoing(), ours, text="@can Ekibimiz yarın geliyor.") == Found("r1")


def test_words_without_a_letter_are_compared_as_they_are() -> None:
    assert judge(outgoing(text="👍"), [standing("👍 ")]) == Found("r1")
    assert judge(outgoing(text="👍"), [standing("👎", under_target=False)]) == NotThere()
