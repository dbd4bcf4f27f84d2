"""Models for the parts of X's bodies that we read.

Sources: docs.x.com, "Post object", "X Activity API event payload examples"; developer.x.com, Account Activity
API and data dictionary v1.1 (deprecated, still delivered to old subscriptions).
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from connectors.payload import Id, PayloadShape

# --- API v2 and the X Activity API -------------------------------------------------------------------


class NoteTweet(PayloadShape):
    """The full text of a post with more than 280 characters; its `text` is truncated."""

    text: str


class Reference(PayloadShape):
    type: str  # replied_to, quoted, retweeted
    id: Id


class PostAttachments(PayloadShape):
    media_keys: tuple[str, ...] = Field(default=(), strict=False)


class Post(PayloadShape):
    """A post. Every edit has a new id; `edit_history_tweet_ids` lists all of them, the first one first."""

    id: Id
    text: str
    author_id: Id | None = None
    created_at: Any = None
    conversation_id: Id | None = None
    lang: str | None = None
    edit_history_tweet_ids: tuple[Id, ...] = Field(default=(), strict=False)
    note_tweet: NoteTweet | None = None
    referenced_tweets: tuple[Reference, ...] = Field(default=(), strict=False)
    attachments: PostAttachments | None = None

    @property
    def first_id(self) -> str:
        """The id of the first version, by which we store the post."""
        return self.edit_history_tweet_ids[0] if self.edit_history_tweet_ids else self.id

    @property
    def version(self) -> int:
        """The number of earlier edits; 0 for the first version."""
        history = self.edit_history_tweet_ids
        return history.index(self.id) if self.id in history else len(history)

    def referenced(self, kind: str) -> str | None:
        """The id of the post that this one replies to, quotes or retweets (`kind`)."""
        return next((each.id for each in self.referenced_tweets if each.type == kind), None)


class XUser(PayloadShape):
    id: Id
    name: str | None = None
    username: str | None = None


class Variant(PayloadShape):
    url: str | None = None
    content_type: str | None = None
    bit_rate: int | None = None
    bitrate: int | None = None  # v1.1

    @property
    def rate(self) -> int:
        return self.bit_rate or self.bitrate or 0


class Medium(PayloadShape):
    media_key: str
    type: str
    url: str | None = None
    preview_image_url: str | None = None
    variants: tuple[Variant, ...] = Field(default=(), strict=False)


class Missing(PayloadShape):
    """A partial error: something requested that X does not show."""

    type: str
    resource_type: str | None = None
    resource_id: Id | None = None
    parameter: str | None = None


class Filter(PayloadShape):
    """Our account that an event is for."""

    user_id: Id


class DeletedPost(PayloadShape):
    id: Id


# --- Account Activity, v1.1 --------------------------------------------------------------------------


class V1User(PayloadShape):
    id: Id = Field(alias="id_str")
    name: str | None = None
    screen_name: str | None = None


class V1VideoInfo(PayloadShape):
    variants: tuple[Variant, ...] = Field(default=(), strict=False)


class V1Medium(PayloadShape):
    type: str
    media_url_https: str | None = None
    video_info: V1VideoInfo | None = None


class V1Entities(PayloadShape):
    media: tuple[V1Medium, ...] = Field(default=(), strict=False)


class V1Extended(PayloadShape):
    """The text beyond the first 140 characters of the old format."""

    full_text: str
    extended_entities: V1Entities | None = None


class V1History(PayloadShape):
    edit_tweet_ids: tuple[Id, ...] = Field(default=(), strict=False)


class V1Tweet(PayloadShape):
    id: Id = Field(alias="id_str")
    created_at: Any = None
    text: str | None = None
    full_text: str | None = None
    extended_tweet: V1Extended | None = None
    in_reply_to_status_id: Id | None = Field(default=None, alias="in_reply_to_status_id_str")
    user: V1User | None = None
    lang: str | None = None
    retweeted_status: Any = None
    extended_entities: V1Entities | None = None
    edit_history: V1History | None = None


class V1Delete(PayloadShape):
    status: DeletedPost
    timestamp_ms: Any = None


# --- direct messages, the same in both families --------------------------------------------------------


class Target(PayloadShape):
    recipient_id: Id


class DirectAttachment(PayloadShape):
    media: V1Medium | None = None


class DirectText(PayloadShape):
    text: str = ""
    attachment: DirectAttachment | None = None


class MessageCreate(PayloadShape):
    target: Target
    sender_id: Id
    message_data: DirectText


class DirectEvent(PayloadShape):
    id: Id
    created_timestamp: Any = None  # milliseconds since 1970, as text
    message_create: MessageCreate


class DirectUser(PayloadShape):
    """A participant of a direct message. v1.1 has `screen_name`, the Activity API `username`."""

    name: str | None = None
    username: str | None = None
    screen_name: str | None = None


class ConversationEvent(PayloadShape):
    """A direct message in a list of API v2. Fields that were not requested are missing."""

    id: Id
    event_type: str  # MessageCreate, ParticipantsJoin, ParticipantsLeave
    text: str | None = None
    sender_id: Id | None = None
    created_at: Any = None
    participant_ids: tuple[Id, ...] = Field(default=(), strict=False)
