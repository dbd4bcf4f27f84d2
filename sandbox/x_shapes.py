"""Posts and users as JSON of X's API v2 and its hooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox import x_text
from sandbox.clock import x_time
from sandbox.config import SandboxChannel
from sandbox.world import Entry, World

EXPANSIONS = {
    "author_id": "author_id",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_tweets.id.author_id": "referenced_tweets",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "attachments.media_keys": "attachments",
    "entities.mentions.username": "entities",
    "edit_history_tweet_ids": "edit_history_tweet_ids",
}
_TWEET_FIELDS = """
    article attachments author_id card_uri community_id context_annotations conversation_id created_at
    display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang
    media_metadata non_public_metrics note_tweet organic_metrics possibly_sensitive promoted_metrics
    public_metrics referenced_tweets reply_settings scopes source suggested_source_links text withheld
"""
TWEET_FIELDS = frozenset(_TWEET_FIELDS.split())
_USER_FIELDS = """
    affiliation connection_status created_at description entities id is_identity_verified location
    most_recent_tweet_id name parody pinned_tweet_id profile_banner_url profile_image_url protected
    public_metrics receives_your_dm subscription subscription_type url username verified
    verified_followers_count verified_type withheld
"""
USER_FIELDS = frozenset(_USER_FIELDS.split())


def user_of_channel(channel: SandboxChannel, fields: frozenset[str] = frozenset()) -> dict[str, Any]:
    """One of our accounts as a v2 user."""
    return _user(channel.external_id, channel.name, channel.handle, fields)


def author_of(world: World, entry: Entry, fields: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The author of a post as a v2 user."""
    return _user(entry.author, world.author_name(entry), world.author_handle(entry), fields)


def _user(id: str, name: str, username: str, fields: frozenset[str]) -> dict[str, Any]:
    everything = {
        "created_at": "2015-03-01T09:00:00.000Z",
        "description": "",
        "protected": False,
        "verified": False,
        "profile_image_url": "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png",
        "public_metrics": {"followers_count": 0, "following_count": 0, "tweet_count": 0, "listed_count": 0},
        "location": "İstanbul",
    }
    chosen = {name: value for name, value in everything.items() if name in fields}
    return {"id": id, "name": name, "username": username, **chosen}


def tweet(
    world: World, entry: Entry, fields: frozenset[str], *, version: str | None = None
) -> dict[str, Any]:
    """A post with the default and the requested fields. `version`: an id of its edit history."""
    current = next((revision for revision in entry.versions if revision.id == version), entry.versions[-1])
    text, long = current.text, x_text.weighted_length(current.text) > x_text.LONGEST
    ids = {
        channel.handle.lower(): channel.external_id for channel in world.channels if channel.platform == "x"
    }
    answer: dict[str, Any] = {
        "id": current.id,
        "text": x_text.escaped(x_text.shortened(text, current.id) if long else text),
        "edit_history_tweet_ids": [revision.id for revision in entry.versions],
    }
    parent = world.find("x", entry.parent) if entry.parent else None
    everything: dict[str, Any] = {
        "author_id": entry.author,
        "created_at": x_time(current.at),
        "conversation_id": entry.root or entry.id,
        "lang": "tr",
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "public_metrics": {
            "retweet_count": 0,
            "reply_count": sum(1 for child in world.children(entry) if child.is_public),
            "like_count": len(entry.reactions),
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": 0,
        },
        "edit_controls": {
            "edits_remaining": 6 - len(entry.versions),
            "is_edit_eligible": entry.parent is None,
            "editable_until": x_time(entry.sent_at + timedelta(hours=1)),
        },
    }
    if entry.parent:
        everything["referenced_tweets"] = [{"type": "replied_to", "id": entry.parent}]
        if parent is not None:
            everything["in_reply_to_user_id"] = parent.author
    found = x_text.entities(text, ids)
    if found:
        everything["entities"] = found
    if entry.media:
        everything["attachments"] = {"media_keys": [_media_key(media) for media in entry.media]}
    if long:
        everything["note_tweet"] = {"text": text, **({"entities": found} if found else {})}
    return {**answer, **{name: value for name, value in everything.items() if name in fields}}


def includes(
    world: World,
    entries: list[Entry],
    expansions: frozenset[str],
    fields: frozenset[str],
    users: frozenset[str],
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The `includes` for the requested expansions, and partial errors for posts that were deleted."""
    people: dict[str, dict[str, Any]] = {}
    posts: dict[str, dict[str, Any]] = {}
    media: dict[str, dict[str, Any]] = {}
    errors: list[dict[str, Any]] = []
    for entry in entries:
        if "author_id" in expansions:
            people[entry.author] = author_of(world, entry, users)
        if "entities.mentions.username" in expansions:
            for channel in world.channels:
                if channel.key in entry.mentions:
                    people[channel.external_id] = user_of_channel(channel, users)
        if "attachments.media_keys" in expansions:
            media |= {_media_key(item): _media(item) for item in entry.media}
        if not entry.parent:
            continue
        parent = world.find("x", entry.parent)
        if "in_reply_to_user_id" in expansions and parent is not None:
            people[parent.author] = author_of(world, parent, users)
        if expansions & {"referenced_tweets.id", "referenced_tweets.id.author_id"}:
            if parent is None or not parent.is_public:
                errors.append(not_found(entry.parent, "referenced_tweets.id"))
                continue
            posts[entry.parent] = tweet(world, parent, fields, version=entry.parent)
            if "referenced_tweets.id.author_id" in expansions:
                people[parent.author] = author_of(world, parent, users)
    answer: dict[str, Any] = {}
    if people:
        answer["users"] = list(people.values())
    if posts:
        answer["tweets"] = list(posts.values())
    if media:
        answer["media"] = list(media.values())
    return answer, errors


def not_found(id: str, parameter: str) -> dict[str, Any]:
    """The partial error for a missing post."""
    return {
        "value": id,
        "detail": f"Could not find tweet with {parameter}: [{id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": id,
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }


def event(world: World, entry: Entry, *, account: str, event_type: str, uuid: str) -> dict[str, Any]:
    """The envelope of an X Activity event for one of our accounts."""
    fields = TWEET_FIELDS
    included, _ = includes(
        world,
        [entry],
        frozenset(("author_id", "referenced_tweets.id", "in_reply_to_user_id", "attachments.media_keys")),
        fields,
        frozenset(),
    )
    return {
        "data": {
            "event_uuid": uuid,
            "filter": {"user_id": account},
            "event_type": event_type,
            "tag": "cozum",
            "payload": tweet(world, entry, fields),
            "includes": included,
        }
    }


def _media_key(media: dict[str, Any]) -> str:
    return f"3_{media['id']}"


def _media(media: dict[str, Any]) -> dict[str, Any]:
    return {"media_key": _media_key(media), "type": "photo", "url": media["url"], "width": 640, "height": 480}
