"""What may be a password, and that only its owner knows it."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from inbox import people
from inbox.errors import InvalidInput
from inbox.people import passwords
from tests.support.people import PASSWORD


def test_nobody_has_the_password_of_nobody(session: Session) -> None:
    assert not passwords.matches(passwords.NOBODY, PASSWORD)
    assert not passwords.is_outdated(passwords.NOBODY)


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaa", "ayse@city.test"])
def test_a_password_that_is_no_password_is_refused(session: Session, password: str) -> None:
    with pytest.raises(InvalidInput, match="password"):
        people.add_user(
            session, email="ayse@city.test", name="Ayşe", role="moderator", password=password, by="test"
        )
