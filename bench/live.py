"""What many live streams cost, and how late the last browser hears a change."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from contextlib import ExitStack
from typing import Any

import psutil
import requests

from bench.bodies import Citizens
from bench.installation import Installation
from bench.intake import Rates
from bench.listeners import Listeners, listening
from bench.load import fire
from bench.sizes import Sizes
from stack import environment

_CHANGE = """
    INSERT INTO history_entry (at, kind, by, message_id, details)
    VALUES (now(), 'message.opened', 'bench', 1, '{}')
"""


def beside_streams(installation: Installation, sizes: Sizes) -> dict[str, Any]:
    """Hooks a second alone and beside live streams; how late these hear, what they hold, how they stop."""
    with ExitStack() as serving:
        serving.enter_context(installation.running(installation.web()))
        fire(installation.port, Citizens("warm", installation.secrets).requests(sizes.hooks // 2))
        alone = _rounds(installation, "alone", sizes)
        cookie, cursor = _log_in(installation)
        before, began = _memory(installation), time.perf_counter()
        with listening(installation.port, cookie, cursor, sizes.streams) as listeners:
            opened = time.perf_counter() - began
            held = (_memory(installation) - before) / sizes.streams
            quiet = _lateness(installation, listeners, sizes)
            beside = _rounds(installation, "streams", sizes)
            busy = _lateness_beside_hooks(installation, listeners, sizes)
            began = time.perf_counter()
            serving.close()
            stop = time.perf_counter() - began
    return {
        "alone": alone.as_json(),
        "beside": beside.as_json(),
        "streams": sizes.streams,
        "open_seconds": round(opened, 2),
        "kilobytes_each": round(held / 1000, 1),
        "late": quiet,
        "late_beside_hooks": busy,
        "stop_seconds": round(stop, 2),
    }


def _rounds(installation: Installation, name: str, sizes: Sizes) -> Rates:
    return Rates.of(
        [
            fire(installation.port, Citizens(f"{name}-{number}", installation.secrets).requests(sizes.hooks))
            for number in range(sizes.rounds)
        ]
    )


def _lateness(installation: Installation, listeners: Listeners, sizes: Sizes) -> dict[str, float]:
    """How long after it was sent to the database a change was heard, in ms: by each, and by the last."""
    each: list[float] = []
    last: list[float] = []
    with installation.connect() as connection:
        for _ in range(sizes.changes):
            time.sleep(random.random())  # noqa: S311 (at any moment between two readings)
            began = time.monotonic()
            connection.execute(_CHANGE)
            late = [1000 * (at - began) for at in listeners.heard()]
            each += late
            last.append(max(late))
    each.sort()
    last.sort()
    return {
        "p50_ms": round(each[len(each) // 2], 1),
        "p99_ms": round(each[int(0.99 * len(each))], 1),
        "last_p50_ms": round(last[len(last) // 2], 1),
        "last_most_ms": round(last[-1], 1),
    }


def _lateness_beside_hooks(
    installation: Installation, listeners: Listeners, sizes: Sizes
) -> dict[str, float]:
    """The same while hooks come as fast as they are taken."""
    stop = threading.Event()

    def keep_firing() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            fire(
                installation.port,
                Citizens(f"meanwhile-{number}", installation.secrets).requests(sizes.hooks // 4),
            )

    firing = threading.Thread(target=keep_firing, name="hooks")
    firing.start()
    try:
        return _lateness(installation, listeners, sizes)
    finally:
        stop.set()
        firing.join()


def _memory(installation: Installation) -> int:
    """Bytes held by the processes of our web server."""
    named = ["--port", str(installation.port)]
    found = 0
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        command = process.info["cmdline"] or []
        if any(command[at : at + 2] == named for at in range(len(command))):
            found += process.info["memory_info"].rss
    return found


def _log_in(installation: Installation) -> tuple[str, str]:
    """Log in as a moderator: the cookie, and the feed's cursor of the inbox page."""
    base = f"http://127.0.0.1:{installation.port}"
    rehearsal = json.loads((installation.folder / environment.REHEARSAL).read_text())
    person = next(user for user in rehearsal["users"] if user["role"] == "moderator")
    with requests.Session() as session:
        session.trust_env = False
        form = session.get(f"{base}/login", timeout=60).text
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
        given = {"email": person["email"], "password": person["password"], "csrf_token": token and token[1]}
        session.post(f"{base}/login", data=given, timeout=60)
        found = re.search(r'data-cursor="([^"]+)"', session.get(f"{base}/inbox", timeout=60).text)
        if found is None:
            raise RuntimeError("the inbox showed no cursor of the live feed")
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies), found[1]
