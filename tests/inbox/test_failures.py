"""What went wrong at a platform is a key of a closed list, kept as text and read back."""

from __future__ import annotations

import pytest

from inbox.failures import Failure, Trouble, Unusable


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("words", ["", "190: Error validating access token"])
def test_trouble_comes_back_from_its_column_as_it_was(failure: Failure, words: str) -> None:
    trouble = Trouble(failure, words)
    assert Trouble.parse(trouble.reason) == trouble


@pytest.mark.parametrize("text", ["", "the comment is locked", "too_longer: x", "TOO_LONG"])
def test_free_text_of_before_is_no_trouble_of_the_list(text: str) -> None:
    assert Trouble.parse(text) is None


@pytest.mark.parametrize("enum", [Failure, Unusable])
def test_no_key_holds_what_parts_it_from_its_details(enum: type[Failure] | type[Unusable]) -> None:
    assert not [member for member in enum if ":" in member.value or " " in member.value]
