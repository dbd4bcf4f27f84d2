"""Tokens of the API stand for a person, and end with them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import people
from inbox.models import ApiToken
from tests.support.people import add


def test_an_api_token_stands_for_its_user_until_revoked(session: Session) -> None:
    added = add(session)
    token = people.issue_token(session, added, "Panel", may_approve_alone=True)
    found = people.user_for_token(session, token)
    assert found is not None
    assert found[0] is added
    assert found[1].may_approve_alone
    people.revoke_token(session, found[1].id, by=added)
    session.flush()
    assert people.user_for_token(session, token) is None


def test_an_api_token_ends_with_its_user(session: Session) -> None:
    added = add(session)
    token = people.issue_token(session, added, "Panel", may_approve_alone=False)
    added.is_active = False
    session.flush()
    assert people.user_for_token(session, token) is None


def test_only_the_digest_of_an_api_token_is_kept(session: Session) -> None:
    token = people.issue_token(session, add(session), "Panel", may_approve_alone=False)
    session.flush()
    row = session.scalars(select(ApiToken)).one()
    kept = " ".join(str(getattr(row, column.name)) for column in ApiToken.__table__.columns)
    assert token not in kept
    assert token.removeprefix("cozum_") not in kept
