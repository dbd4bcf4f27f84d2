"""Reads the used share of rate limits from the headers of the platforms' answers.

Sources: X API "Rate limits" (`x-rate-limit-*` for each endpoint and fifteen minutes,
`x-user-limit-24hour-*` and `x-app-limit-24hour-*` for writing), Graph API "Rate limits" (`X-App-Usage`,
`X-Business-Use-Case-Usage`: per cent of calls, CPU time and total time; minutes until access is regained).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.http import answered_at
from inbox.values import CallKind, Usage

_BOTH = (CallKind.READ, CallKind.SEND)
# Business use cases that count only private messages; the others count reading and commenting together.
_SENDS_ONLY = ("messenger", "whatsapp")
_MENTIONS = re.compile(r"/2/users/[0-9]+/mentions\Z")


def told_by_x(response: requests.Response) -> Iterator[Usage]:
    """The usage of X's limits for reading mentions and for writing. Other endpoints have separate limits."""
    path = urlsplit(response.request.url or "").path
    if response.request.method == "POST":
        kind = CallKind.SEND
        names: tuple[str, ...] = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
    elif _MENTIONS.search(path):
        kind, names = CallKind.READ, ("x-rate-limit",)
    else:
        return
    asked_at = answered_at(response).timestamp()
    for name in names:
        numbers = [response.headers.get(f"{name}-{part}", "") for part in ("limit", "remaining", "reset")]
        if not all(re.fullmatch("[0-9]{1,12}", number) for number in numbers):
            continue
        most, left, reset = map(int, numbers)
        if most > 0:
            yield Usage((kind,), 1 - min(left, most) / most, left, max(reset - asked_at, 1.0))


def told_by_meta(response: requests.Response) -> Iterator[Usage]:
    """The usage of Meta's limits for the app and for the account."""
    app = _header(response, "X-App-Usage")
    if isinstance(app, dict):
        yield Usage(_BOTH, _share(app))
    cases = _header(response, "X-Business-Use-Case-Usage")
    for each in cases.values() if isinstance(cases, dict) else ():
        for use in each if isinstance(each, list) else ():
            if not isinstance(use, dict):
                continue
            minutes = use.get("estimated_time_to_regain_access")
            wait = float(minutes) * 60 if isinstance(minutes, int | float) and minutes > 0 else None
            kinds = (CallKind.SEND,) if use.get("type") in _SENDS_ONLY else _BOTH
            yield Usage(kinds, 1.0 if wait else _share(use), resets_in=wait)


def _header(response: requests.Response, name: str) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(response.headers.get(name, "null"))
    return None


def _share(use: dict[str, Any]) -> float:
    """The largest of the percentages, which can exceed 100."""
    numbers = [use.get(name) for name in ("call_count", "total_cputime", "total_time")]
    return max((float(one) for one in numbers if isinstance(one, int | float)), default=0.0) / 100
