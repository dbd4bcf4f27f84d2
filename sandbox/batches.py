"""Merges hook bodies, as Meta delivers simultaneous events in one body."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def merged(bodies: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge the bodies of each kind of account (`object`) into one, in order. Bodies of X stay separate.

    Entries of one account and time become one entry, and WhatsApp messages to one number become one change.
    A reader that looks only at the first entry, change or message therefore loses the rest.
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
            there["contacts"] += [
                contact for contact in value["contacts"] if contact not in there["contacts"]
            ]
            there["messages"] += value["messages"]
            return
    changes.append(change)
