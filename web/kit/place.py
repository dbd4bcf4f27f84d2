"""Where in the inbox somebody is: which view, which channel, which words. Carried by every link and form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import request

from inbox.queries import VIEWS


@dataclass(frozen=True, slots=True)
class InboxPlace:
    """A view of the inbox, narrowed to a channel and to words."""

    view: str = "new"
    channel: str | None = None
    q: str | None = None

    @property
    def address(self) -> dict[str, Any]:
        """Its part of a link's query."""
        named = {"view": self.view, "channel": self.channel, "q": self.q}
        return {name: value for name, value in named.items() if value}

    def to(self, **changes: Any) -> dict[str, Any]:
        """The query of a link to elsewhere from here; another view starts without the words searched for."""
        return replace(self, **{"q": None, **changes}).address


def here() -> InboxPlace:
    """Where whoever is asking is, by the address or the form. An unknown view is `new`."""
    view = request.values.get("view", "new")
    return InboxPlace(
        view=view if view in VIEWS else "new",
        channel=request.values.get("channel") if request.method == "GET" else None,
        q=" ".join(request.args.get("q", "").split())[:200] or None,
    )
