"""What the API answers with: one pydantic model a noun, and how a row becomes one.

Rows come with everything a shape reads already loaded; what stands in a row as an id and is shown as a key or
a number is looked up in `Names`, which is read once a call.
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
    """What every answer shares: nothing beyond what is documented."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)


class Page(Shape):
    """A list's answer. `next` is what to send as `after` for what follows; null at the end."""

    next: str | None


# --- closed lists ----------------------------------------------------------------------------------


class TranslatedName(Shape):
    """A name in the city's languages."""

    tr: str
    en: str
    ar: str


class ListedUnit(Shape):
    """A directorate, or a body outside that matters are passed on to."""

    key: str
    names: TranslatedName
    outside: bool
    hotline: str | None


class ListedCategory(Shape):
    """What a request may be about. `unit` is only a proposal."""

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
    """One account or line of ours and how it fares.

    `health` rests on real calls alone: `last_call_at` is the last of them, `last_call_ok_at` the last that
    succeeded.
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
    """A citizen as the platform shows them. Null where it hides them."""

    id: int
    name: str | None
    handle: str | None


class AttachedFile(Shape):
    """A file, place or card of a message."""

    kind: str
    state: states.AttachmentState
    mime: str | None
    name: str | None
    url: str | None
    latitude: float | None
    longitude: float | None


class Suggestion(Shape):
    """What the program would choose. A person decides."""

    unit: str | None
    category: str | None
    neighbourhood: str | None
    confidence: float | None


class CitizenMessage(Shape):
    """One thing a citizen said.

    `group` is the first message of what one person wrote in one thread within ten minutes: triage acts on all
    of it. `channels` are the doors it reached us by, `channel` the first of them.
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
    request: int | None = Field(description="the number of the request it stands on")


class Messages(Page):
    items: list[CitizenMessage]


# --- replies ----------------------------------------------------------------------------------------


class OurReply(Shape):
    """One thing we say to one message's author, and how far it came. `version` is what an approval names."""

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
    """The replies one approval released."""

    items: list[OurReply]


# --- requests ---------------------------------------------------------------------------------------


class UnitAnswer(Shape):
    """What a unit said to a request."""

    id: int
    outcome: states.Outcome
    text: str
    until: date | None
    unit: str
    answered_at: Moment


class CitizenRating(Shape):
    """A citizen's verdict on one reply."""

    reply: int
    stars: int
    text: str | None
    rated_at: Moment


class Event(Shape):
    """One thing that happened: who, when, what kind and ids; never a citizen's words.

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
    """A stretch of the history, oldest first. `next` is always given: send it as `after` to go on."""

    items: list[Event]
    next: str


class CitizenRequest(Shape):
    """A promise with a number, a unit and a deadline, and everything that stands on it."""

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
    """One field that cannot be taken."""

    field: str
    problem: str


class Problem(BaseModel):
    """What went wrong (RFC 9457). `detail` names the thing; some kinds carry members of their own."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(None, description="the fields that cannot be taken")
    field: str | None = Field(None, description="the first of them")
    existing: list[str] | None = Field(None, description="what there is, when something unknown was named")
    state: str | None = Field(None, description="the state it is in, when that allows no such step")
    length: int | None = Field(None, description="how long the text is, as the platform counts")
    max_length: int | None = Field(None, description="how long it may be there")
