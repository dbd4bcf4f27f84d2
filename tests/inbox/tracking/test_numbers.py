"""The numbers that citizens read out on the telephone."""

from __future__ import annotations

from inbox import tracking


def test_request_numbers_refuse_a_slip_of_the_finger(request_number: int) -> None:
    assert tracking.valid_number(request_number)
    wrong = [n for n in range(request_number - 9, request_number + 10) if n != request_number]
    swapped = int(str(request_number)[:-2] + str(request_number)[:-3:-1])
    assert not tracking.valid_number(swapped) or swapped == request_number
    assert sum(tracking.valid_number(n) for n in wrong if n // 10 == request_number // 10) == 0
