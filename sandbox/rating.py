"""A citizen rates with what is on their screen: a button, a list row, or a plain reply."""

from __future__ import annotations

import re

from sandbox import acts
from sandbox.acts import NothingToAnswer, Saying, WrongInput
from sandbox.config import SandboxChannel
from sandbox.state import Sandbox
from sandbox.world import Entry

_STARS = "⭐★🌟"


def stars_of(choice: dict[str, str]) -> int | None:
    """The stars of a button or row: the stars or number in its title, else the number at its id's end."""
    title = choice.get("title", "")
    drawn = sum(title.count(star) for star in _STARS)
    if drawn:
        return drawn
    number = re.search(r"(?<!\d)([1-5])(?!\d)", title)
    if number is None:
        number = re.search(r"(?<!\d)([1-5])$", choice.get("id", ""))
    return int(number[1]) if number else None


def rate(sandbox: Sandbox, channel: SandboxChannel, author: str, stars: int, text: str) -> tuple[Entry, str]:
    """The citizen gives `stars`. Returns the new entry and the way they chose. Raises NothingToAnswer."""
    if not 1 <= stars <= 5:
        raise WrongInput(f"stars {stars} does not exist", ["1", "2", "3", "4", "5"])
    with sandbox.world.lock:
        person = sandbox.world.person(channel, author)
        private = [
            entry for entry in sandbox.world.chat(channel, person.id) if entry.ours and entry.is_public
        ]
        public = answers_to(sandbox, channel, person.id)
        if not private and not public:
            raise NothingToAnswer(f"{author!r} has received nothing on {channel.key} that could be rated")
        last_private = private[-1].sent_at if private else None
        if public and (last_private is None or public[-1].sent_at > last_private):
            answer = f"{stars} {text}".strip()
            saying = Saying(author=author, text=answer, parent=public[-1].latest_id)
            return acts.say(sandbox, channel, saying), "public_reply"
        return _privately(sandbox, channel, author, stars, text, private)


def answers_to(sandbox: Sandbox, channel: SandboxChannel, person: str) -> list[Entry]:
    """Our public answers to this citizen, oldest first."""
    world = sandbox.world
    answers = []
    for entry in world.entries(channel.platform):
        if entry.ours and entry.is_public and entry.author == channel.external_id and entry.answers:
            answered = world.find(channel.platform, entry.answers)
            if answered is not None and answered.author == person and entry.kind != "dm":
                answers.append(entry)
    return answers


def _privately(
    sandbox: Sandbox, channel: SandboxChannel, author: str, stars: int, text: str, sent: list[Entry]
) -> tuple[Entry, str]:
    """Tap the button or row for these stars in the latest offer, else write the number."""
    offering = next((entry for entry in reversed(sent) if entry.extra.get("offers")), None)
    choice: dict[str, str] | None = None
    if offering is not None:
        choices = offering.extra["offers"]["choices"]
        choice = next((choice for choice in choices if stars_of(choice) == stars), None)
    if offering is None or choice is None:
        answer = f"{stars} {text}".strip()
        return acts.say(sandbox, channel, Saying(author=author, text=answer, kind="dm")), "text"
    entry = acts.choose(sandbox, channel, author, offering, choice["id"])
    if text:
        acts.say(sandbox, channel, Saying(author=author, text=text, kind="dm"))
    return entry, str(offering.extra["offers"]["type"])
