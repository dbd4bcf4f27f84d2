"""The user's place in the inbox: view, channel and search words. Every link and form carries it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import request

from inbox.queries import VIEWS


@dataclass(frozen=True, slots=True)
class InboxPlace:
    """A view of the inbox, filtered by a channel and by search words."""

    view: str = "new"
    channel: str | None = None
    q: str | None = None

    @property
    def address(self) -> dict[str, Any]:
        """The place as query arguments of a URL."""
        named = {"view": self.view, "channel": self.channel, "q": self.q}
        return {name: value for name, value in named.items() if value}

    def to(self, **changes: Any) -> dict[str, Any]:
        """The query arguments of a link from here with `changes`. The search words are dropped."""
        return replace(self, **{"q": None, **changes}).address


def here() -> InboxPlace:
    """The place that the URL or the form of this request names. An unknown view becomes `new`."""
    view = request.values.get("view", "new")
    return InboxPlace(
        view=view if view in VIEWS else "new",
        channel=request.values.get("channel") if request.method == "GET" else None,
        q=" ".join(request.args.get("q", "").split())[:200] or None,
    )
