"""Several events in one hook body, as Meta delivers what happens at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def merged(bodies: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bodies of one kind of account as one, in their order; X's stay single.

    Entries of one account and moment become one entry, and WhatsApp messages of one line one change: a reader
    who looks at the first entry, change or message alone loses the rest.
    """
    together: dict[str, dict[str, Any]] = {}
    single: list[dict[str, Any]] = []
    for body in bodies:
        kind = body.get("object")
        if kind is None:
            single.append(body)
            continue
        whole = together.setdefault(kind, {"object": kind, "entry": []})
        for entry in body["entry"]:
            _add_entry(whole["entry"], entry)
    return [*together.values(), *single]


def _add_entry(entries: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    for known in entries:
        same = known["id"] == entry["id"] and known.get("time") == entry.get("time")
        if same and "changes" in known and "changes" in entry:
            for change in entry["changes"]:
                _add_change(known["changes"], change)
            return
        if same and "messaging" in known and "messaging" in entry:
            known["messaging"] += entry["messaging"]
            return
    entries.append(entry)


def _add_change(changes: list[dict[str, Any]], change: dict[str, Any]) -> None:
    value = change["value"]
    for known in changes:
        there = known["value"]
        same_line = known["field"] == change["field"] and there.get("metadata") == value.get("metadata")
        if "messages" in value and "messages" in there and same_line:
            there["contacts"] += [one for one in value["contacts"] if one not in there["contacts"]]
            there["messages"] += value["messages"]
            return
    changes.append(change)
