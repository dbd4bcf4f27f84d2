"""Citizens edit, delete and react; the municipality's staff write in the platforms' own apps."""

from __future__ import annotations

import uuid

from sandbox import instagram, meta_hooks, whatsapp_hooks, x_write
from sandbox.acts import Saying, WrongInput, parent_of, pictures_of
from sandbox.config import SandboxChannel
from sandbox.facebook import add_comment
from sandbox.identity import Citizen
from sandbox.state import Sandbox
from sandbox.world import Entry


def _citizens_own(sandbox: Sandbox, entry: Entry) -> tuple[SandboxChannel, Citizen]:
    channel = sandbox.config.channel(entry.channel)
    person = sandbox.world.person_by_id(entry.platform, entry.author)
    if entry.ours or channel is None or person is None:
        raise WrongInput(f"external_id {entry.id!r} is not a citizen's")
    if not entry.is_public:
        raise WrongInput(f"external_id {entry.id!r} is deleted")
    return channel, person


def edit(sandbox: Sandbox, entry: Entry, text: str) -> None:
    """The citizen edits a message, comment or post."""
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
    """The citizen deletes an entry. No hook is sent for X posts and Instagram comments."""
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
    """A citizen reacts to an entry. An empty reaction removes theirs."""
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
            return  # X and Instagram send no hook for a like
        sandbox.hooks.send(channel.key, "meta", body)


def typed_in_app(sandbox: Sandbox, channel: SandboxChannel, saying: Saying) -> Entry:
    """Somebody at the municipality writes in the platform's own app: a post, or a reply to the parent."""
    with sandbox.world.lock:
        world, parent = sandbox.world, parent_of(sandbox, channel, saying)
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
                    media=pictures_of(sandbox, saying),
                )
            )
        if channel.platform == "x":
            x_write.announce(sandbox, entry)
        elif channel.platform == "facebook":
            sandbox.hooks.send(channel.key, "meta", meta_hooks.feed(world, channel, entry, "add"))
        elif entry.kind == "comment":
            instagram.announce(sandbox, channel, entry)
        return entry


def _typed_privately(sandbox: Sandbox, channel: SandboxChannel, text: str, parent: Entry) -> Entry:
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
