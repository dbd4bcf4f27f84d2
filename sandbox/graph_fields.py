"""The Graph API's `fields` parameter and its paged lists."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

from sandbox.graph_calls import Call, error

Item = TypeVar("Item")
MOST_PER_PAGE = 100
_NAME = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Field:
    """One requested field, such as `comments.limit(5).order(chronological){id,message}`."""

    name: str
    options: Mapping[str, str]
    fields: tuple[Field, ...]


def parse(text: str) -> tuple[Field, ...]:
    """Parse a `fields` parameter. Refuses a syntax error with code 2500."""
    fields, rest = _parse_list(text.replace(" ", ""))
    if rest:
        raise _syntax_error(text)
    return fields


def _parse_list(text: str) -> tuple[tuple[Field, ...], str]:
    fields: list[Field] = []
    while text and text[0] != "}":
        field, text = _parse_one(text)
        fields.append(field)
        if text.startswith(","):
            text = text[1:]
        elif text and text[0] != "}":
            raise _syntax_error(text)
    return tuple(fields), text


def _parse_one(text: str) -> tuple[Field, str]:
    match = _NAME.match(text)
    if match is None:
        raise _syntax_error(text)
    name, text = match[0], text[match.end() :]
    options: dict[str, str] = {}
    while option := re.match(r"\.([a-z_]+)\(([^)]*)\)", text):
        options[option[1]] = option[2]
        text = text[option.end() :]
    inner: tuple[Field, ...] = ()
    if text.startswith("{"):
        inner, text = _parse_list(text[1:])
        if not text.startswith("}"):
            raise _syntax_error(text)
        text = text[1:]
    return Field(name, options, inner), text


def _syntax_error(text: str) -> Exception:
    return error(2500, f"Syntax error in field expansion near: {text[:30]}")


def wanted(call: Call, default: str) -> tuple[Field, ...]:
    """The fields that the call requests, else `default`."""
    return parse(call.text("fields") or default)


Reader = Callable[[Item, Field], Any]


def read_fields(
    item: Item, fields: tuple[Field, ...], readers: Mapping[str, Reader[Item]], *, node_type: str
) -> dict[str, Any]:
    """The item's requested fields. As in Graph, fields without a value are left out; unknown ones refused."""
    answer: dict[str, Any] = {}
    for field in fields:
        reader = readers.get(field.name)
        if reader is None:
            raise error(
                100, f"(#100) Tried accessing nonexisting field ({field.name}) on node type ({node_type})"
            )
        value = reader(item, field)
        if value is not None:
            answer[field.name] = value
    if "id" in readers and "id" not in answer:
        answer["id"] = readers["id"](item, Field("id", {}, ()))
    return answer


def paged(
    call: Call,
    items: list[Item],
    key: Callable[[Item], str],
    render: Callable[[Item], dict[str, Any]],
    options: Mapping[str, str],
    *,
    path: str,
) -> dict[str, Any]:
    """One page of `items`: `data` and, unless it is empty, `paging` with cursors and links."""
    size = _size(options.get("limit", "25"))
    keys = [key(item) for item in items]
    start = _position(keys, options["after"]) + 1 if options.get("after") else 0
    end = min(start + size, len(items))
    if options.get("before"):
        end = _position(keys, options["before"])
        start = max(0, end - size)
    page = items[start:end]
    answer: dict[str, Any] = {"data": [render(item) for item in page]}
    if page:
        before, after = _cursor(keys[start]), _cursor(keys[end - 1])
        paging: dict[str, Any] = {"cursors": {"before": before, "after": after}}
        if end < len(items):
            paging["next"] = _link(call, path, options, after=after)
        if start > 0:
            paging["previous"] = _link(call, path, options, before=before)
        answer["paging"] = paging
    return answer


def _size(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise error(100, "(#100) param limit must be a positive number")
    return min(int(text), MOST_PER_PAGE)


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _position(keys: list[str], cursor: str) -> int:
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return keys.index(key)
    except ValueError:
        raise error(100, "(#100) Invalid cursor value specified in before/after") from None


def _link(call: Call, path: str, options: Mapping[str, str], **cursor: str) -> str:
    """The URL of another page. It contains the token only if the caller's URL did."""
    query = {name: value for name, value in options.items() if name not in ("after", "before")} | cursor
    if "access_token" in request.args:
        query = {"access_token": call.channel.token} | query
    return f"{request.host_url.rstrip('/')}/graph/{call.version}/{path}?{urlencode(query)}"
