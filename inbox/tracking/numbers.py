"""Request numbers and their check digit."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum import damm

from inbox.models import REQUEST_NUMBERS


def next_number(session: Session) -> int:
    """The next request number: one sequence for all years, its last digit a check digit (Damm)."""
    serial = str(session.scalar(select(REQUEST_NUMBERS.next_value())))
    return int(serial + damm.calc_check_digit(serial))


def valid_number(number: int) -> bool:
    """Whether the check digit is right, so that a typing error does not find another request."""
    return number > 0 and bool(damm.is_valid(str(number)))
