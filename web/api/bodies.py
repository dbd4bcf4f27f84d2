"""What the API takes: bodies, queries and path parts, parsed strictly at the border.

An unknown field is refused by name: a typo must not silently do half of what was meant. A text with a NUL or
half a character is refused too, because the database could not keep it as it was sent.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from inbox import states

MAX_TEXT = 10_000
"""Characters of any text a caller may send. What a platform takes is less, and is checked on its own."""
MAX_KEY = 100
MAX_SEARCH = 200
MAX_LIST = 200
MAX_ID = 2**63 - 1

_SURROGATE = re.compile("[\ud800-\udfff]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _whole_text(value: object) -> object:
    if isinstance(value, str):
        if "\0" in value:
            raise PydanticCustomError("nul", "must not contain the character U+0000")
        if _SURROGATE.search(value):
            raise PydanticCustomError("surrogate", "must not contain half of a surrogate pair")
    return value


def _something(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return value


def _day(value: object) -> object:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise PydanticCustomError("day", "must be a day as YYYY-MM-DD")
    return value


Text = Annotated[
    str, BeforeValidator(_whole_text), AfterValidator(_something), Field(min_length=1, max_length=MAX_TEXT)
]
Key = Annotated[
    str, BeforeValidator(_whole_text), AfterValidator(_something), Field(min_length=1, max_length=MAX_KEY)
]
Search = Annotated[str, BeforeValidator(_whole_text), Field(max_length=MAX_SEARCH)]
Cursor = Annotated[str, BeforeValidator(_whole_text), Field(max_length=300)]
Day = Annotated[date, BeforeValidator(_day), Field(strict=False)]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]


class Body(BaseModel):
    """What every body shares: types are not guessed at, unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OptionalBody(Body):
    """A body nothing of which must be given: it may be missing altogether."""

    model_config = ConfigDict(json_schema_extra={}, openapi_extra={"required": False})  # type: ignore[typeddict-unknown-key]

    @model_validator(mode="before")
    @classmethod
    def _missing_is_empty(cls, sent: Any) -> Any:
        return {} if sent is None else sent


# --- messages ---------------------------------------------------------------------------------------


class Conversion(Body):
    """What a message is turned into. `acknowledge` also tells the citizen the number in their thread."""

    unit: Key
    category: Key
    neighbourhood: Key | None = None
    priority: Key = Field("normal", description="normal or high")
    note: Text | None = None
    acknowledge: bool = False
    channel: Key | None = Field(None, description="which door speaks, when it came by several")


class DirectAnswer(Body):
    """What the citizen is told without a request being opened. A question makes the message wait."""

    text: Text
    question: bool = Field(False, description="we ask, the citizen owes an answer")
    channel: Key | None = Field(None, description="which door speaks, when it came by several")


class Dismissal(Body):
    """Why there is nothing to do: a key of `/reasons?use=dismiss`."""

    reason: Key


class Nothing(OptionalBody):
    """No body, or an empty object."""


# --- requests ---------------------------------------------------------------------------------------


class JoinedMessage(Body):
    """One more citizen's message about the same thing."""

    message: Id


class UnitResponse(Body):
    """What a unit answers. `planned` needs `until`, the day by which the citizen is told it is done."""

    outcome: states.Outcome = Field(strict=False)
    text: Text
    until: Day | None = None


class Return(Body):
    """Why it is not ours: a key of `/reasons?use=return`, or words."""

    reason: Text


class Rerouting(Body):
    """The unit it goes to instead."""

    unit: Key


class Reopening(Body):
    """Why it is taken up again: a key of `/reasons?use=reopen`, or words."""

    reason: Text


class ApprovalOfAll(OptionalBody):
    """One approval, and one edit if `text` is given, for all waiting replies but those in `except`."""

    text: Text | None = None
    except_: list[Id] = Field(default=[], alias="except", max_length=MAX_LIST)


# --- replies ----------------------------------------------------------------------------------------


class Approval(OptionalBody):
    """`text` replaces the draft's. `version`: the one that was seen; 409 when it is another by now."""

    text: Text | None = None
    version: Id | None = None


class Settlement(Body):
    """What a person found out about a reply nobody is sure of: whether it is public."""

    sent: bool


# --- queries and path parts -------------------------------------------------------------------------


class Query(BaseModel):
    """What every query shares: a name we do not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ListQuery(Query):
    """Where a list goes on, and how much of it."""

    limit: int = Field(50, ge=1, le=MAX_LIST)
    after: Cursor | None = Field(None, description="`next` of the page before")


class WholeListQuery(Query):
    """Of a list that is short: all of it, unless asked otherwise."""

    limit: int = Field(MAX_LIST, ge=1, le=MAX_LIST)
    after: Cursor | None = Field(None, description="`next` of the page before")


class ReasonQuery(WholeListQuery):
    use: Key | None = Field(None, description="dismiss, return, negative, outside or reopen")


class MessageQuery(ListQuery):
    state: states.MessageState | None = None
    channel: Key | None = Field(None, description="a key of `/channels`")
    q: Search | None = Field(None, description="words, each of which must occur; Turkish letters fold")
    urgency: states.Urgency | None = None


class RequestQuery(ListQuery):
    state: states.RequestState | None = None
    unit: Key | None = Field(None, description="a key of `/units`")
    overdue: bool | None = None


class ReplyQuery(ListQuery):
    state: states.ReplyState | None = None


class EventQuery(Query):
    limit: int = Field(MAX_LIST, ge=1, le=MAX_LIST)
    after: Cursor | None = Field(
        None,
        description="`next` of the answer before; `now` to start at this moment; without it, all history",
    )


class MessagePath(BaseModel):
    message_id: int


class RequestPath(BaseModel):
    number: int = Field(description="with its check digit")


class ReplyPath(BaseModel):
    reply_id: int


class IdempotencyHeader(BaseModel):
    """A key made by the caller: the same key gives the same answer and one effect."""

    key: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")] | None = Field(
        None, alias="Idempotency-Key", description="1 to 255 visible ASCII characters, of the caller's making"
    )
