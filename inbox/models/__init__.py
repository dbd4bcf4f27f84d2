"""The tables. Every relationship is `lazy="raise"`: a query must load what its caller reads."""

from inbox.models._base import Table
from inbox.models.channels import (
    Alarm,
    Channel,
    ChannelCursor,
    RateBudget,
    ReconcileDifference,
    ReconcileRun,
)
from inbox.models.city import Category, CitySetting, Neighbourhood, Reason, Unit
from inbox.models.conversations import Contact, ContactKey, FormerText, Message, MessageDoor, Person, Thread
from inbox.models.history import FeedEpoch, HistoryEntry
from inbox.models.ingest import HookCount, HookRefusal, ParkedFact, RawEvent, SetAside
from inbox.models.media import Attachment
from inbox.models.people import ApiToken, IdempotencyKey, User
from inbox.models.replies import Deed, Reply, ReplyText
from inbox.models.tracking import REQUEST_NUMBERS, Answer, Note, Rating, TrackedRequest

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
    "ReconcileRun",
    "Reply",
    "ReplyText",
    "SetAside",
    "Table",
    "Thread",
    "TrackedRequest",
    "Unit",
    "User",
]
