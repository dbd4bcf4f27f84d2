"""Refusals that the API adds to those of the core. They name each invalid field and, if known, valid values.

`web.kit.errors` answers all other errors, in the same form: `application/problem+json` (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from flask import Response
from pydantic import ValidationError

from web.kit import errors


class RefusedCall(Exception):
    """An invalid call. `members` are extra members of the problem document."""

    def __init__(self, detail: str, *, status: int = 422, **members: Any) -> None:
        super().__init__(detail)
        self.detail, self.status, self.members = detail, status, members


def refused_fields(
    problems: Sequence[tuple[str, str]], *, existing: Sequence[str] | None = None
) -> RefusedCall:
    """A refusal for (field, problem) pairs of a body, query or header; `existing` lists valid values."""
    members: dict[str, Any] = {
        "errors": [{"field": field, "problem": problem} for field, problem in problems],
        "field": problems[0][0],
    }
    if existing is not None:
        members["existing"] = list(existing)
    return RefusedCall("; ".join(f"{field}: {problem}" for field, problem in problems), **members)


def refuse(error: ValidationError) -> NoReturn:
    """Turn pydantic's errors into a refusal, without the input: it may hold a citizen's words."""
    problems: list[tuple[str, str]] = []
    existing: list[str] | None = None
    for found in error.errors(include_url=False, include_input=False):
        field = printable(".".join(str(part) for part in found["loc"]) or "body")
        problems.append((field, "is not known here" if found["type"] == "extra_forbidden" else found["msg"]))
        if found["type"] == "enum":
            existing = [
                word.strip("'") for word in found["ctx"]["expected"].replace(" or ", ", ").split(", ")
            ]
    raise refused_fields(problems, existing=existing)


def printable(name: str) -> str:
    """A name from the call, escaped where it cannot be encoded as UTF-8, at most 200 characters."""
    return name.encode(errors="backslashreplace").decode()[:200]


def answer(refused: RefusedCall) -> Response:
    """The refusal as a problem document."""
    return errors.problem(refused.status, refused.detail, **refused.members)
