"""What the desk does with a request."""

from __future__ import annotations

from typing import Any

from inbox import db, queries, tracking
from inbox.states import RequestState
from tests.support.at_the_desk import convert


def test_a_request_the_unit_returned_goes_to_another(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Ağaç dalları"))
    with db.transaction() as session:
        tracking.return_to_desk(session, queries.request(session, number), reason="Bizde değil", by="test")

    moderator.post(f"/requests/{number}/reroute", unit="parks", number=number)

    with db.transaction() as session:
        tracked = queries.request(session, number)
    assert tracked.state is RequestState.WITH_UNIT
    assert tracked.unit.key == "parks"


def test_a_moderator_answers_for_a_body_outside_but_not_for_a_unit(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Su yok"))
    answered = {"outcome": "positive", "text": "Yapıldı.", "number": number}

    refused = moderator.post(f"/requests/{number}/respond", **answered)
    with db.transaction() as session:
        tracking.reroute(session, queries.request(session, number), unit="iski", by="test")
    taken = moderator.post(f"/requests/{number}/respond", **answered)

    assert refused.status_code == 403
    assert taken.status_code == 303
