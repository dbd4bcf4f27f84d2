"""What no reply may be."""

from __future__ import annotations

import pytest

from inbox.errors import InvalidInput
from tests.support.steps import approve, respond


def test_a_public_reply_with_a_phone_number_is_never_approved(request_number: int) -> None:
    respond(request_number)
    with pytest.raises(InvalidInput, match="phone"):
        approve(request_number, text="Ahmet Bey'i 0532 123 45 67 numarasından arayın.")
