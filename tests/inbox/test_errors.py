"""What the core raises when a caller cannot go on is one small tree, and each refusal names its thing."""

from __future__ import annotations

import inspect

import pytest

from inbox import errors
from inbox.refusals import Thing

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_refusal_is_a_core_error_and_stands_in_the_tree_at_the_top(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.CoreError)
    assert kind.__name__ in (errors.__doc__ or "").split()


def test_a_key_that_does_not_exist_is_told_with_those_that_do_in_order() -> None:
    refusal = errors.UnknownKey(Thing.UNIT, "moon", ["roads", "parks"])
    assert refusal.existing == ["parks", "roads"]
    assert str(refusal) == "There is no unit 'moon'. There are: parks, roads."
