"""The tables, typed. Every relationship is `lazy="raise"`: a query says what it reads."""

from inbox.models._base import Table
from inbox.models.alarms import Alarm, ReconcileDifference
from inbox.models.channels import (
    Channel,
    ChannelCursor,
    HookCount,
    HookRefusal,
    ParkedFact,
    RateBudget,
    RawEvent,
    SetAside,
)
from inbox.models.city import Category, CitySetting, Neighbourhood, Reason, ReplyText, Unit
from inbox.models.messages import (
    Attachment,
    Contact,
    ContactKey,
    FormerText,
    Message,
    MessageDoor,
    Person,
    Thread,
)
from inbox.models.people import ApiToken, IdempotencyKey, User
from inbox.models.requests import REQUEST_NUMBERS, Answer, Note, Rating, Reply, TrackedRequest
from inbox.models.trail import Deed, FeedEpoch, HistoryEntry

__all__ = [
    "REQUEST_NUMBERS",
    "Alarm",
    "Answer",
    "ApiToken",
    "Attachment",
    "Category",
    "Channel",
    "ChannelCursor",
    "CitySetting",
    "Contact",
    "ContactKey",
    "Deed",
    "FeedEpoch",
    "FormerText",
    "HistoryEntry",
    "HookCount",
    "HookRefusal",
    "IdempotencyKey",
    "Message",
    "MessageDoor",
    "Neighbourhood",
    "Note",
    "ParkedFact",
    "Person",
    "RateBudget",
    "Rating",
    "RawEvent",
    "Reason",
    "ReconcileDifference",
    "Reply",
    "ReplyText",
    "SetAside",
    "Table",
    "Thread",
    "TrackedRequest",
    "Unit",
    "User",
]
