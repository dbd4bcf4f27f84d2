"""Links that work once, and not for long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from inbox import clock, db, people
from tests.support.people import add


def test_a_reset_link_works_once_and_ends_every_session(session: Session) -> None:
    added = add(session)
    token, key_before = people.reset_token(added), added.session_key
    found = people.user_for_reset_token(session, token)
    assert found is added
    people.set_password(session, added, "another good password", by=added)
    session.flush()
    assert people.user_for_reset_token(session, token) is None
    assert people.user_for_session(session, added.id, key_before) is None
    assert people.user_for_session(session, added.id, added.session_key) is added


def test_a_reset_link_ends_after_two_days(session: Session) -> None:
    token = people.reset_token(add(session))
    clock.shift_by(timedelta(days=1, hours=23).total_seconds())
    assert people.user_for_reset_token(session, token) is not None
    clock.shift_by(timedelta(days=2, minutes=1).total_seconds())
    assert people.user_for_reset_token(session, token) is None


@pytest.mark.parametrize(
    "token", ["", ".", "1", "1.2.3", "1.99999999999999999.x", "²." * 2, "1.\ud800.x", "9" * 99]
)
def test_what_is_no_reset_link_resets_nobody(session: Session, token: str) -> None:
    add(session)
    assert people.user_for_reset_token(session, token) is None


def test_a_reset_link_with_another_expiry_or_user_is_not_genuine(session: Session) -> None:
    token = people.reset_token(add(session))
    other = add(session, "other@city.test")
    user_id, expires, signature = token.split(".")
    assert people.user_for_reset_token(session, f"{other.id}.{expires}.{signature}") is None
    assert people.user_for_reset_token(session, f"{user_id}.{int(expires) + 1}.{signature}") is None


def test_the_first_administrator_is_made_while_there_is_nobody(database: None) -> None:
    token = people.first_run_token()
    with db.transaction() as session:
        assert people.is_first_run_token(session, token)
        add(session)
    with db.transaction() as session:
        assert not people.is_first_run_token(session, token)
        assert people.has_users(session)
