"""The API's answers, as pydantic models. `web.api.render` fills them from rows.

Units, categories, channels and requests are named by their key or number, never by a row's id.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from inbox import states, values

Moment = Annotated[
    AwareDatetime,
    PlainSerializer(datetime.isoformat, return_type=str, when_used="json-unless-none"),
    Field(json_schema_extra={"format": "date-time"}),
]
"""RFC 3339 with a numeric offset."""


class Shape(BaseModel):
    """The base of all answers: documented members only."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)


class Page(Shape):
    """One page of a list. Send `next` as `after` to get the following page; null on the last page."""

    next: str | None


# --- closed lists ----------------------------------------------------------------------------------


class TranslatedName(Shape):
    """A name in the city's languages."""

    tr: str
    en: str
    ar: str


class ListedUnit(Shape):
    """A directorate, or an outside body to which requests are passed on."""

    key: str
    names: TranslatedName
    outside: bool
    hotline: str | None


class ListedCategory(Shape):
    """The subject of a request. `unit` is only a suggestion."""

    key: str
    names: TranslatedName
    unit: str | None


class ListedNeighbourhood(Shape):
    """A neighbourhood of the district."""

    key: str
    names: TranslatedName
    postcode: str | None
    latitude: float | None
    longitude: float | None


class ListedReason(Shape):
    """Why something is dismissed, returned or reopened. Keys are unique within their `use`."""

    key: str
    use: str
    names: TranslatedName


class ListedChannel(Shape):
    """One of our accounts or lines.

    `health` follows from real calls to the platform: `last_call_at` is the last call, `last_call_ok_at` the
    last that succeeded.
    """

    key: str
    platform: str
    name: str
    handle: str | None
    external_id: str
    voice: str
    health: states.ChannelHealth
    paused_until: Moment | None
    access_lost_at: Moment | None
    last_event_at: Moment | None
    last_call_at: Moment | None
    last_call_ok_at: Moment | None


class Units(Page):
    items: list[ListedUnit]


class Categories(Page):
    items: list[ListedCategory]


class Neighbourhoods(Page):
    items: list[ListedNeighbourhood]


class Reasons(Page):
    items: list[ListedReason]


class Channels(Page):
    items: list[ListedChannel]


# --- messages ---------------------------------------------------------------------------------------


class MessageAuthor(Shape):
    """A citizen as the platform shows them. Name and handle are null where it hides them."""

    id: int
    name: str | None
    handle: str | None


class AttachedFile(Shape):
    """A file, location or contact card in a message."""

    kind: str
    state: states.AttachmentState
    mime: str | None
    name: str | None
    url: str | None
    latitude: float | None
    longitude: float | None


class Suggestion(Shape):
    """The program's suggestion for triage. A person decides."""

    unit: str | None
    category: str | None
    neighbourhood: str | None
    confidence: float | None


class CitizenMessage(Shape):
    """One message of a citizen.

    `group` is the id of the first of the messages that one person wrote in one thread within ten minutes:
    triage applies to all of them. `channels` are the accounts that received it, `channel` the first of them.
    """

    id: int
    channel: str
    channels: list[str]
    platform: str
    external_id: str
    parent_external_id: str | None
    thread: int | None
    group: int | None
    author: MessageAuthor | None
    text: str
    kind: values.MessageKind
    attachments: list[AttachedFile]
    permalink: str | None
    sent_at: Moment
    received_at: Moment
    edited_at: Moment | None
    deleted_at: Moment | None
    state: states.MessageState | None
    urgency: states.Urgency
    intent: states.Intent
    suggestion: Suggestion
    request: int | None = Field(description="the number of its request")


class Messages(Page):
    items: list[CitizenMessage]


# --- replies ----------------------------------------------------------------------------------------


class OurReply(Shape):
    """One reply to the author of one message, and its delivery. An approval may name its `version`."""

    id: int
    kind: values.ReplyKind
    state: states.ReplyState
    version: int
    channel: str
    message: int
    request: int | None
    text: str
    draft_reason: str | None
    external_id: str | None
    attempts: int
    created_at: Moment
    approved_at: Moment | None
    sent_at: Moment | None
    delivered_at: Moment | None
    read_at: Moment | None
    failure: str | None


class Replies(Page):
    items: list[OurReply]


class ApprovedReplies(Shape):
    """The replies that one call approved."""

    items: list[OurReply]


# --- requests ---------------------------------------------------------------------------------------


class UnitAnswer(Shape):
    """A unit's answer to a request."""

    id: int
    outcome: states.Outcome
    text: str
    until: date | None
    unit: str
    answered_at: Moment


class CitizenRating(Shape):
    """A citizen's rating of one reply."""

    reply: int
    stars: int
    text: str | None
    rated_at: Moment


class Event(Shape):
    """One event of the history: who, when, what kind and ids; never a citizen's words.

    `by` is `user:<id>` or the part of the program that did it. `request` is the request's number.
    """

    id: int
    at: Moment
    kind: str
    by: str
    message: int | None
    request: int | None
    reply: int | None
    channel: str | None
    from_state: str | None
    to_state: str | None
    details: dict[str, Any]


class Events(Shape):
    """Part of the history, oldest first. `next` is always set: send it as `after` to continue."""

    items: list[Event]
    next: str


class CitizenRequest(Shape):
    """A tracked request with its messages, answers, replies, ratings and history."""

    number: int
    state: states.RequestState
    version: int
    unit: str
    category: str
    neighbourhood: str | None
    priority: str
    opened_at: Moment
    due_at: Moment
    overdue: bool
    planned_until: date | None
    part_of: int | None
    messages: list[CitizenMessage]
    answers: list[UnitAnswer]
    replies: list[OurReply]
    ratings: list[CitizenRating]
    history: list[Event]


class Requests(Page):
    items: list[CitizenRequest]


# --- errors -----------------------------------------------------------------------------------------


class FieldProblem(Shape):
    """One field that is not valid."""

    field: str
    problem: str


class Problem(BaseModel):
    """A problem document (RFC 9457). Some kinds of problem have further members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(None, description="the fields that are not valid")
    field: str | None = Field(None, description="the first of them")
    existing: list[str] | None = Field(None, description="the known keys, when an unknown one was given")
    state: str | None = Field(None, description="the present state, when it does not allow the step")
    length: int | None = Field(None, description="the length of the text as the platform counts it")
    max_length: int | None = Field(None, description="the longest text that the platform allows")
