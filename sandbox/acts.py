"""What citizens do: say, edit, delete, react. Each changes the public truth and sends its platform's hook."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox import instagram, meta_hooks, whatsapp_hooks, x_write
from sandbox.config import Channel
from sandbox.facebook import add_comment
from sandbox.identity import Person
from sandbox.state import Sandbox
from sandbox.world import Entry

KINDS = ("mention", "comment", "dm")


class WrongInput(ValueError):
    """Something named that does not exist or does not fit. `exist` says what does."""

    def __init__(self, message: str, exist: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.exist = exist


class NothingToAnswer(LookupError):
    """The citizen was sent nothing they could react to."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What a citizen wants to say, before it is known where it goes."""

    author: str
    text: str
    parent: str | None = None
    kind: str | None = None
    media: tuple[str, ...] = ()
    hide_phone: bool = False
    choice: dict[str, Any] | None = None  # a WhatsApp button or row chosen
    quick_reply: str | None = None  # the payload of a Messenger quick reply chosen


def channel_of(sandbox: Sandbox, key: str) -> Channel:
    """The channel of this key. Raises WrongInput."""
    channel = sandbox.config.channel(key)
    if channel is None:
        raise WrongInput(f"channel {key!r} does not exist", [one.key for one in sandbox.config.channels])
    return channel


def said_entry(sandbox: Sandbox, channel: Channel | None, external_id: str) -> Entry:
    """The thing of this id, on the channel's platform if one is given. Raises WrongInput."""
    world = sandbox.world
    entry = world.find(channel.platform, external_id) if channel else world.find_anywhere(external_id)
    if entry is None:
        where = f" on {channel.platform}" if channel else ""
        raise WrongInput(f"external_id {external_id!r} does not exist{where}")
    return entry


# --- saying -----------------------------------------------------------------------------------------


def say(sandbox: Sandbox, channel: Channel, saying: Saying) -> Entry:
    """A citizen says something; everybody sees it and our hook is told."""
    if saying.kind is not None and saying.kind not in KINDS:
        raise WrongInput(f"kind {saying.kind!r} does not exist", KINDS)
    if not saying.author.strip():
        raise WrongInput("author must not be empty")
    if not saying.text and not saying.media and saying.choice is None:
        raise WrongInput("text must not be empty unless there is media")
    with sandbox.world.lock:
        parent = _parent(sandbox, channel, saying)
        person = sandbox.world.person(channel, saying.author, phone_hidden=saying.hide_phone)
        private = saying.kind == "dm" or (saying.kind is None and parent is not None and parent.kind == "dm")
        if channel.platform == "whatsapp":
            if saying.kind in ("mention", "comment"):
                raise WrongInput(f"kind {saying.kind!r} does not exist on whatsapp", ["dm"])
            return _chat(sandbox, channel, person, saying, parent)
        if private:
            if channel.platform == "x":
                raise WrongInput("kind 'dm' does not exist on x here", ["mention", "comment"])
            return _chat(sandbox, channel, person, saying, parent)
        if parent is not None and parent.kind == "dm":
            raise WrongInput("parent is a private message; its answers are of kind 'dm'")
        speak = {"x": _on_x, "facebook": _on_facebook, "instagram": _on_instagram}[channel.platform]
        return speak(sandbox, channel, person, saying, parent)


def _parent(sandbox: Sandbox, channel: Channel, saying: Saying) -> Entry | None:
    if saying.parent is None:
        return None
    parent = sandbox.world.find(channel.platform, saying.parent)
    meta = channel.platform != "x"
    if parent is None or (meta and parent.channel != channel.key):
        raise WrongInput(
            f"parent {saying.parent!r} does not exist on {channel.key}",
            [post.id for post in sandbox.world.posts_of(channel)],
        )
    if not parent.is_public:
        raise WrongInput(f"parent {saying.parent!r} is deleted")
    return parent


def _latest_post(sandbox: Sandbox, channel: Channel) -> Entry:
    posts = [post for post in sandbox.world.posts_of(channel) if post.parent is None]
    if not posts:
        raise WrongInput(f"{channel.key} has no post; give a parent or kind 'mention'")
    return posts[0]


def _pictures(sandbox: Sandbox, urls: Sequence[str]) -> list[dict[str, Any]]:
    return [{"id": sandbox.world.numbering.number("12"), "url": url, "mime": _mime_of(url)} for url in urls]


def _mime_of(url: str) -> str:
    if url.startswith("data:"):
        return url[5:].split(";", 1)[0].split(",", 1)[0] or "image/png"
    return "image/jpeg" if url.lower().split("?")[0].endswith((".jpg", ".jpeg")) else "image/png"


def _on_x(sandbox: Sandbox, channel: Channel, person: Person, saying: Saying, parent: Entry | None) -> Entry:
    world = sandbox.world
    named = world.named_in("x", saying.text)
    if parent is None and saying.kind != "mention" and channel.key not in named:
        parent = _latest_post(sandbox, channel)
    if saying.kind == "comment" and parent is None:
        parent = _latest_post(sandbox, channel)
    if saying.kind == "mention" and channel.key not in named:
        named = [channel.key, *named]
    id = world.numbering.tweet()
    mentions = list(named)
    if parent is not None:  # a reply names its parent's author and whom the parent named, as X's own apps do
        above = [
            one.key for one in world.channels if one.platform == "x" and one.external_id == parent.author
        ]
        mentions += [key for key in (*above, *parent.mentions) if key not in mentions]
    entry = world.add(
        Entry(
            id=id,
            platform="x",
            kind="comment" if parent else "mention",
            channel=channel.key,
            author=person.id,
            ours=False,
            text=saying.text,
            sent_at=sandbox.clock.now(),
            parent=parent.latest_id if parent else None,
            answers=parent.id if parent else None,
            root=(parent.root or parent.id) if parent else id,
            mentions=mentions,
            media=_pictures(sandbox, saying.media),
        )
    )
    x_write.announce(sandbox, entry)
    return entry


def _on_facebook(
    sandbox: Sandbox, channel: Channel, person: Person, saying: Saying, parent: Entry | None
) -> Entry:
    world = sandbox.world
    if saying.kind == "mention" and parent is None:
        entry = _own_post(
            sandbox, channel, person, saying, f"{channel.external_id}_{world.numbering.number()}"
        )
    else:
        entry = add_comment(
            world,
            parent or _latest_post(sandbox, channel),
            channel=channel.key,
            author=person.id,
            ours=False,
            text=saying.text,
            media=_pictures(sandbox, saying.media),
        )
    sandbox.hooks.send(channel.key, "meta", meta_hooks.feed(world, channel, entry, "add"))
    return entry


def _on_instagram(
    sandbox: Sandbox, channel: Channel, person: Person, saying: Saying, parent: Entry | None
) -> Entry:
    world = sandbox.world
    if saying.kind == "mention" and parent is None:
        entry = _own_post(sandbox, channel, person, saying, world.numbering.number("179"))
    else:
        above = parent or _latest_post(sandbox, channel)
        entry = add_comment(world, above, channel=channel.key, author=person.id, ours=False, text=saying.text)
        if above.ours or saying.kind == "mention":  # answering a comment of ours names us, as the app does
            entry.mentions += [channel.key] if channel.key not in entry.mentions else []
            world.save(entry)
    told = {channel.key, *entry.mentions}
    for one in world.channels:
        if one.platform == "instagram" and one.key in told:
            instagram.announce(sandbox, one, entry)
    return entry


def _own_post(sandbox: Sandbox, channel: Channel, person: Person, saying: Saying, id: str) -> Entry:
    """A post of the citizen's own that names the account."""
    named = sandbox.world.named_in(channel.platform, saying.text)
    return sandbox.world.add(
        Entry(
            id=id,
            platform=channel.platform,
            kind="mention",
            channel=channel.key,
            author=person.id,
            ours=False,
            text=saying.text,
            sent_at=sandbox.clock.now(),
            root=id,
            mentions=named if channel.key in named else [channel.key, *named],
            media=_pictures(sandbox, saying.media),
        )
    )


def _chat(sandbox: Sandbox, channel: Channel, person: Person, saying: Saying, parent: Entry | None) -> Entry:
    """A private message; on WhatsApp each further picture is a message of its own."""
    pictures = _pictures(sandbox, saying.media)
    together = (
        [pictures[:1]] + [[one] for one in pictures[1:]] if channel.platform == "whatsapp" else [pictures]
    )
    extra: dict[str, Any] = {}
    if saying.choice is not None:
        extra["choice"] = saying.choice
    if saying.quick_reply is not None:
        extra["quick_reply"] = saying.quick_reply
    entries = [
        _private(sandbox, channel, person, saying.text if place == 0 else "", parent, media, dict(extra))
        for place, media in enumerate(together)
    ]
    return entries[0]


def _private(
    sandbox: Sandbox,
    channel: Channel,
    person: Person,
    text: str,
    parent: Entry | None,
    media: list[dict[str, Any]],
    extra: dict[str, Any],
) -> Entry:
    world = sandbox.world
    whatsapp = channel.platform == "whatsapp"
    entry = world.add(
        Entry(
            id=world.numbering.wamid(person.phone) if whatsapp else world.numbering.mid(channel.platform),
            platform=channel.platform,
            kind="dm",
            channel=channel.key,
            author=person.id,
            ours=False,
            text=text,
            sent_at=sandbox.clock.now(),
            parent=parent.id if parent else None,
            answers=parent.id if parent else None,
            peer=person.id,
            media=media,
            extra=extra,
        )
    )
    body = (
        whatsapp_hooks.message(world, channel, person, entry)
        if whatsapp
        else meta_hooks.message(world, channel, entry)
    )
    sandbox.hooks.send(channel.key, "meta", body)
    return entry


# --- afterwards -------------------------------------------------------------------------------------


def _citizens_own(sandbox: Sandbox, entry: Entry) -> tuple[Channel, Person]:
    channel = sandbox.config.channel(entry.channel)
    person = sandbox.world.person_by_id(entry.platform, entry.author)
    if entry.ours or channel is None or person is None:
        raise WrongInput(f"external_id {entry.id!r} is not a citizen's")
    if not entry.is_public:
        raise WrongInput(f"external_id {entry.id!r} is deleted")
    return channel, person


def edit(sandbox: Sandbox, entry: Entry, text: str) -> None:
    """The citizen changes what they said."""
    if not text:
        raise WrongInput("text must not be empty")
    with sandbox.world.lock:
        channel, person = _citizens_own(sandbox, entry)
        world = sandbox.world
        world.edit(entry, text)
        if entry.platform == "x":
            x_write.announce(sandbox, entry)
        elif entry.platform == "whatsapp":
            id = world.numbering.wamid(person.phone)
            body = whatsapp_hooks.edited(channel, person, entry, id=id, at=sandbox.clock.now())
            sandbox.hooks.send(channel.key, "meta", body)
        elif entry.kind == "dm":
            sandbox.hooks.send(channel.key, "meta", meta_hooks.message_edited(world, channel, entry))
        elif entry.platform == "facebook":
            sandbox.hooks.send(channel.key, "meta", meta_hooks.feed(world, channel, entry, "edited"))
        else:
            instagram.announce(sandbox, channel, entry)


def delete(sandbox: Sandbox, entry: Entry) -> None:
    """The citizen takes back what they said. X and Instagram comments go without a word to our hook."""
    with sandbox.world.lock:
        channel, person = _citizens_own(sandbox, entry)
        world = sandbox.world
        world.delete(entry)
        if entry.platform == "whatsapp":
            id = world.numbering.wamid(person.phone)
            body = whatsapp_hooks.revoked(channel, person, entry, id=id, at=sandbox.clock.now())
            sandbox.hooks.send(channel.key, "meta", body)
        elif entry.platform == "facebook" and entry.kind != "dm":
            sandbox.hooks.send(channel.key, "meta", meta_hooks.feed(world, channel, entry, "remove"))
        elif entry.platform == "instagram" and entry.kind == "dm":
            sandbox.hooks.send(channel.key, "meta", meta_hooks.message_unsent(world, channel, entry))


def react(sandbox: Sandbox, entry: Entry, *, author: str, reaction: str) -> None:
    """A citizen puts a reaction on something (empty: takes it away)."""
    with sandbox.world.lock:
        world, channel = sandbox.world, sandbox.config.channel(entry.channel)
        if channel is None or not entry.is_public:
            raise WrongInput(f"external_id {entry.id!r} is deleted")
        person = world.person(channel, author)
        if reaction:
            entry.reactions[person.id] = reaction
        else:
            entry.reactions.pop(person.id, None)
        world.save(entry)
        if entry.platform == "whatsapp":
            id = world.numbering.wamid(person.phone)
            now = sandbox.clock.now()
            body = whatsapp_hooks.reaction(channel, person, entry, emoji=reaction, id=id, at=now)
        elif entry.kind == "dm":
            body = meta_hooks.message_reaction(world, channel, entry, emoji=reaction)
        elif entry.platform == "facebook":
            kind = {"❤️": "love", "😂": "haha", "😮": "wow", "😢": "sad", "😡": "angry"}.get(
                reaction, "like" if reaction else ""
            )
            body = meta_hooks.feed_reaction(world, channel, entry, by=person.id, name=person.name, kind=kind)
        else:
            return  # X and Instagram tell nobody of a like
        sandbox.hooks.send(channel.key, "meta", body)


def typed_in_app(sandbox: Sandbox, channel: Channel, saying: Saying) -> Entry:
    """Somebody at the municipality writes in the platform's own app: a post, or an answer to `parent`."""
    with sandbox.world.lock:
        world, parent = sandbox.world, _parent(sandbox, channel, saying)
        if parent is not None and parent.kind == "dm":
            return _typed_privately(sandbox, channel, saying.text, parent)
        if channel.platform == "whatsapp":
            raise WrongInput("parent must be a message of the citizen who is answered")
        if channel.platform in ("facebook", "instagram") and parent is not None:
            entry = add_comment(
                world, parent, channel=channel.key, author=channel.external_id, ours=True, text=saying.text
            )
        else:
            id = {
                "x": world.numbering.tweet(),
                "facebook": f"{channel.external_id}_{world.numbering.number()}",
                "instagram": world.numbering.number("179"),
            }[channel.platform]
            entry = world.add(
                Entry(
                    id=id,
                    platform=channel.platform,
                    kind="comment" if parent else "post",
                    channel=channel.key,
                    author=channel.external_id,
                    ours=True,
                    text=saying.text,
                    sent_at=sandbox.clock.now(),
                    parent=parent.latest_id if parent else None,
                    answers=parent.id if parent else None,
                    root=(parent.root or parent.id) if parent else id,
                    media=_pictures(sandbox, saying.media),
                )
            )
        if channel.platform == "x":
            x_write.announce(sandbox, entry)
        elif channel.platform == "facebook":
            sandbox.hooks.send(channel.key, "meta", meta_hooks.feed(world, channel, entry, "add"))
        elif entry.kind == "comment":
            instagram.announce(sandbox, channel, entry)
        return entry


def _typed_privately(sandbox: Sandbox, channel: Channel, text: str, parent: Entry) -> Entry:
    world = sandbox.world
    person = world.person_by_id(channel.platform, parent.peer or "")
    if person is None:
        raise WrongInput(f"parent {parent.id!r} is nobody's message")
    whatsapp = channel.platform == "whatsapp"
    entry = world.add(
        Entry(
            id=world.numbering.wamid(person.phone) if whatsapp else world.numbering.mid(channel.platform),
            platform=channel.platform,
            kind="dm",
            channel=channel.key,
            author=channel.external_id,
            ours=True,
            text=text,
            sent_at=sandbox.clock.now(),
            peer=person.id,
            extra={"typed": uuid.uuid4().hex},
        )
    )
    body = (
        whatsapp_hooks.echo(channel, person, entry) if whatsapp else meta_hooks.message(world, channel, entry)
    )
    sandbox.hooks.send(channel.key, "meta", body)
    return entry
