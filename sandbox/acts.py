"""Citizens write and tap buttons: stores what they do and sends the platform's hook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox import instagram, meta_hooks, whatsapp_hooks, x_write
from sandbox.config import SandboxChannel
from sandbox.facebook import add_comment
from sandbox.identity import Citizen
from sandbox.state import Sandbox
from sandbox.world import Entry

KINDS = ("mention", "comment", "dm")


class WrongInput(ValueError):
    """A control call names something that does not exist or does not fit. `exist` lists valid values."""

    def __init__(self, message: str, exist: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.exist = exist


class NothingToAnswer(LookupError):
    """The citizen has received nothing that they could rate."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What a citizen writes, as a control call describes it."""

    author: str
    text: str
    parent: str | None = None
    kind: str | None = None
    media: tuple[str, ...] = ()
    base_url: str = ""  # of this sandbox, for pictures that it serves itself
    hide_phone: bool = False
    choice: dict[str, Any] | None = None  # the chosen WhatsApp button or list row
    quick_reply: str | None = None  # the payload of the chosen Messenger quick reply


def channel_of(sandbox: Sandbox, key: str) -> SandboxChannel:
    """The channel of this key. Raises WrongInput."""
    channel = sandbox.config.channel(key)
    if channel is None:
        raise WrongInput(f"channel {key!r} does not exist", [known.key for known in sandbox.config.channels])
    return channel


def find_entry(sandbox: Sandbox, channel: SandboxChannel | None, external_id: str) -> Entry:
    """The entry of this id, on the channel's platform if one is given. Raises WrongInput."""
    world = sandbox.world
    entry = world.find(channel.platform, external_id) if channel else world.find_anywhere(external_id)
    if entry is None:
        where = f" on {channel.platform}" if channel else ""
        raise WrongInput(f"external_id {external_id!r} does not exist{where}")
    return entry


# --- writing ----------------------------------------------------------------------------------------


def say(sandbox: Sandbox, channel: SandboxChannel, saying: Saying) -> Entry:
    """Publish what a citizen writes and send the hook. Raises WrongInput."""
    if saying.kind is not None and saying.kind not in KINDS:
        raise WrongInput(f"kind {saying.kind!r} does not exist", KINDS)
    if not saying.author.strip():
        raise WrongInput("author must not be empty")
    if not saying.text and not saying.media and saying.choice is None:
        raise WrongInput("text must not be empty unless there is media")
    with sandbox.world.lock:
        parent = parent_of(sandbox, channel, saying)
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


def parent_of(sandbox: Sandbox, channel: SandboxChannel, saying: Saying) -> Entry | None:
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


def _latest_post(sandbox: Sandbox, channel: SandboxChannel) -> Entry:
    posts = [post for post in sandbox.world.posts_of(channel) if post.parent is None]
    if not posts:
        raise WrongInput(f"{channel.key} has no post; give a parent or kind 'mention'")
    return posts[0]


def pictures_of(sandbox: Sandbox, saying: Saying) -> list[dict[str, Any]]:
    """The pictures of a saying. The sandbox itself serves those given as `data:` URLs."""
    pictures = []
    for url in saying.media:
        id = sandbox.world.numbering.number("12")
        picture = {"id": id, "url": url, "mime": _mime_of(url)}
        if url.startswith("data:"):
            picture |= {"url": f"{saying.base_url}/_media/{id}", "data": url}
        pictures.append(picture)
    return pictures


def _mime_of(url: str) -> str:
    if url.startswith("data:"):
        return url[5:].split(";", 1)[0].split(",", 1)[0] or "image/png"
    return "image/jpeg" if url.lower().split("?")[0].endswith((".jpg", ".jpeg")) else "image/png"


def _on_x(
    sandbox: Sandbox, channel: SandboxChannel, person: Citizen, saying: Saying, parent: Entry | None
) -> Entry:
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
    if parent is not None:  # as in X's apps, a reply mentions its parent's author and everyone it mentions
        above = [
            account.key
            for account in world.channels
            if account.platform == "x" and account.external_id == parent.author
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
            media=pictures_of(sandbox, saying),
        )
    )
    x_write.announce(sandbox, entry)
    return entry


def _on_facebook(
    sandbox: Sandbox, channel: SandboxChannel, person: Citizen, saying: Saying, parent: Entry | None
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
            media=pictures_of(sandbox, saying),
        )
    sandbox.hooks.send(channel.key, "meta", meta_hooks.feed(world, channel, entry, "add"))
    return entry


def _on_instagram(
    sandbox: Sandbox, channel: SandboxChannel, person: Citizen, saying: Saying, parent: Entry | None
) -> Entry:
    world = sandbox.world
    if saying.kind == "mention" and parent is None:
        entry = _own_post(sandbox, channel, person, saying, world.numbering.number("179"))
    else:
        above = parent or _latest_post(sandbox, channel)
        entry = add_comment(world, above, channel=channel.key, author=person.id, ours=False, text=saying.text)
        if above.ours or saying.kind == "mention":  # as in the app, a reply to our comment mentions us
            entry.mentions += [channel.key] if channel.key not in entry.mentions else []
            world.save(entry)
    notified = {channel.key, *entry.mentions}
    for account in world.channels:
        if account.platform == "instagram" and account.key in notified:
            instagram.announce(sandbox, account, entry)
    return entry


def _own_post(sandbox: Sandbox, channel: SandboxChannel, person: Citizen, saying: Saying, id: str) -> Entry:
    """The citizen's own post that mentions the account."""
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
            media=pictures_of(sandbox, saying),
        )
    )


def _chat(
    sandbox: Sandbox, channel: SandboxChannel, person: Citizen, saying: Saying, parent: Entry | None
) -> Entry:
    """Send a private message. On WhatsApp each further picture is a separate message."""
    pictures = pictures_of(sandbox, saying)
    together = (
        [pictures[:1]] + [[picture] for picture in pictures[1:]]
        if channel.platform == "whatsapp"
        else [pictures]
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
    channel: SandboxChannel,
    person: Citizen,
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


def choose(sandbox: Sandbox, channel: SandboxChannel, author: str, offered: Entry, choice_id: str) -> Entry:
    """The citizen taps a button or row of `offered`, one of our messages. Raises WrongInput."""
    offers = offered.extra.get("offers") or {"type": "", "choices": []}
    choice = next(
        (offered_choice for offered_choice in offers["choices"] if offered_choice["id"] == choice_id), None
    )
    if choice is None:
        raise WrongInput(
            f"choice {choice_id!r} does not exist",
            [offered_choice["id"] for offered_choice in offers["choices"]],
        )
    kind, title = str(offers["type"]), str(choice["title"])
    if kind in ("list_reply", "button_reply"):
        chosen: dict[str, Any] = {"type": kind, "chosen": choice}
        return say(sandbox, channel, Saying(author, title, parent=offered.id, kind="dm", choice=chosen))
    return say(sandbox, channel, Saying(author, title, kind="dm", quick_reply=choice["id"]))
