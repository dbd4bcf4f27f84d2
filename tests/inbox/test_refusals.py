"""A refusal is an enum member with values: no sentence stands where it is raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox.refusals import Step, Thing, Why

TREE = Path(__file__).parents[2]
ROOMS = ("inbox", "connectors", "worker", "web", "stack", "cities")
# By the refusal the places of its arguments that say why, or what about: members, never text.
MEMBERS = {
    "InvalidInput": (1,),
    "BadTemplate": (0,),
    "NotFound": (0,),
    "UnknownKey": (0,),
    "IllegalMove": (0, 3),
    "MovedMeanwhile": (0,),
    "NotSent": (0,),
    "Refused": (0,),
    "AccessLost": (0,),
    "MaybeSent": (0,),
    "ProbeFailed": (0,),
}


def sentences(source: str) -> Iterator[int]:
    """The lines where a refusal is made with text instead of a member."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = [node.args[place] for place in MEMBERS.get(name, ()) if place < len(node.args)]
        if any(isinstance(part, ast.JoinedStr | ast.BinOp | ast.Constant) for part in given):
            yield node.lineno


def test_no_refusal_is_made_with_a_sentence() -> None:
    found = [
        f"{file.relative_to(TREE)}:{line}"
        for room in ROOMS
        for file in (TREE / room).rglob("*.py")
        for line in sentences(file.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        'raise InvalidInput("text", "is empty")',
        'raise errors.InvalidInput("text", f"{name} is empty")',
        'raise errors.NotFound("message", 7)',
        'raise IllegalMove(Thing.REQUEST, 1, "CLOSED", "joined: reopen it first")',
        'return Refused("too_long: " + words)',
    ],
)
def test_a_planted_sentence_is_found(planted: str) -> None:
    assert list(sentences(f"def refuse():\n    {planted}\n")) == [2]


@pytest.mark.parametrize("enum", [Why, Step, Thing])
def test_every_sentence_says_its_values(enum: type[Why] | type[Step] | type[Thing]) -> None:
    """A placeholder written wrong would break the refusal itself."""
    for member in enum:
        names = dict.fromkeys(("existing", "least", "most", "channel", "found", "wanted"), "x")
        names |= dict.fromkeys(("conversion", "placeholder", "ending"), "x")
        assert "%" not in member.sentence % names
