"""The API's input, as pydantic models: bodies, queries, path parts and the idempotency header.

An unknown field is refused by name, so that a typo is never ignored. A text with a NUL or half of a surrogate
pair is refused, because PostgreSQL cannot store it.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from inbox import states

MAX_TEXT = 10_000
"""Characters of any text. The limits of a platform are lower and are checked by the core."""
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
    """The base of all bodies: no type coercion, unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OptionalBody(Body):
    """A body without required fields. The call may send no body at all."""

    model_config = ConfigDict(json_schema_extra={}, openapi_extra={"required": False})  # type: ignore[typeddict-unknown-key]

    @model_validator(mode="before")
    @classmethod
    def _missing_is_empty(cls, sent: Any) -> Any:
        return {} if sent is None else sent


# --- messages ---------------------------------------------------------------------------------------


class Conversion(Body):
    """The request to open for a message. `acknowledge` also sends the citizen its number."""

    unit: Key
    category: Key
    neighbourhood: Key | None = None
    priority: Key = Field("normal", description="normal or high")
    note: Text | None = None
    acknowledge: bool = False
    channel: Key | None = Field(None, description="the account that replies, when it came by several")


class DirectAnswer(Body):
    """A reply to the citizen that opens no request. After a question the message waits for the citizen."""

    text: Text
    question: bool = Field(False, description="a question: the message then waits for the citizen")
    channel: Key | None = Field(None, description="the account that replies, when it came by several")


class Dismissal(Body):
    """Why the message needs no action: a key of `/reasons?use=dismiss`."""

    reason: Key


class Nothing(OptionalBody):
    """No body, or an empty object."""


# --- requests ---------------------------------------------------------------------------------------


class JoinedMessage(Body):
    """One more citizen's message about the same thing."""

    message: Id


class UnitResponse(Body):
    """A unit's answer. `planned` needs `until`, the day promised to the citizen."""

    outcome: states.Outcome = Field(strict=False)
    text: Text
    until: Day | None = None


class Return(Body):
    """Why the request is not this unit's: a key of `/reasons?use=return`, or free text."""

    reason: Text


class Rerouting(Body):
    """The unit that receives the request instead."""

    unit: Key


class Reopening(Body):
    """Why the request is reopened: a key of `/reasons?use=reopen`, or free text."""

    reason: Text


class ApprovalOfAll(OptionalBody):
    """Approves all drafts of a request but those in `except`. `text`, if given, replaces each text."""

    text: Text | None = None
    except_: list[Id] = Field(default=[], alias="except", max_length=MAX_LIST)


# --- replies ----------------------------------------------------------------------------------------


class Approval(OptionalBody):
    """`text` replaces the draft's. `version` is the one you read: 409 when the draft has changed since."""

    text: Text | None = None
    version: Id | None = None


class Settlement(Body):
    """Whether an uncertain reply is public, as a person found out."""

    sent: bool


# --- queries and path parts -------------------------------------------------------------------------


class Query(BaseModel):
    """The base of all queries: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ListQuery(Query):
    """The page of a long list."""

    limit: int = Field(50, ge=1, le=MAX_LIST)
    after: Cursor | None = Field(None, description="`next` of the page before")


class WholeListQuery(Query):
    """The page of a short list: by default all of it."""

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
        description="`next` of the previous answer; `now` to start at this moment; without it, all history",
    )


class MessagePath(BaseModel):
    message_id: int


class RequestPath(BaseModel):
    number: int = Field(description="with its check digit")


class ReplyPath(BaseModel):
    reply_id: int


class IdempotencyHeader(BaseModel):
    """A key chosen by the caller: calls with the same key have one effect and the same answer."""

    key: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")] | None = Field(
        None, alias="Idempotency-Key", description="1 to 255 visible ASCII characters, chosen by the caller"
    )
