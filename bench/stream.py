"""Measures messages per second from the hook to the inbox, and the latency of one message."""

from __future__ import annotations

import statistics
import threading
import time
from typing import Any

from bench.bodies import Citizens
from bench.installation import Installation, until
from bench.load import fire, send_steadily
from bench.sizes import Sizes

_POLL_SECONDS = 0.01  # between queries for visible messages: the precision of the latencies
_LONGEST = 180.0


def newest(installation: Installation) -> int:
    """The id of the newest message."""
    with installation.connect() as connection:
        row = connection.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()
    return int(row[0]) if row else 0


def follow(installation: Installation, name: str, count: int) -> dict[str, float]:
    """Send hooks as fast as possible. Returns messages per second until all of them can be triaged.

    Web and worker must be running.
    """
    bodies, before = Citizens(name, installation.secrets).requests(count), newest(installation)
    began = time.perf_counter()
    burst = fire(installation.port, bodies)
    if burst.refused:
        raise RuntimeError(f"{burst.refused} hooks were not answered 200")
    with installation.connect() as connection:

        def all_there() -> bool:
            row = connection.execute(
                "SELECT count(*) FROM message WHERE id > %s AND state IS NOT NULL", [before]
            ).fetchone()
            return row is not None and row[0] >= count

        until(all_there, "the messages of a stream", seconds=_LONGEST, step=0.05)
    seconds = time.perf_counter() - began
    return {"rate": round(count / seconds, 1), "intake": round(burst.rate, 1), "seconds": round(seconds, 2)}


def stream(installation: Installation, sizes: Sizes, *, intake: float) -> dict[str, Any]:
    """Measure some rounds at full speed, then at a steady rate. `intake`: hooks per second without a worker.

    Web and worker must be running.
    """
    follow(installation, "stream-warm", max(20, sizes.stream // 8))
    rounds = [
        follow(installation, f"stream-{number}", sizes.stream) for number in range(min(3, sizes.rounds))
    ]
    waits = _steady(installation, sizes)
    rate = statistics.median(figures["rate"] for figures in rounds)
    meanwhile = statistics.median(figures["intake"] for figures in rounds)
    return {
        "rate": rate,
        "rounds": rounds,
        "intake_meanwhile": meanwhile,
        "ratio": round(rate / intake, 3),
        "ratio_meanwhile": round(rate / meanwhile, 3),
        "steady_rate": sizes.steady_rate,
        "visible_p50_ms": round(waits[len(waits) // 2], 1),
        "visible_p99_ms": round(waits[min(len(waits) - 1, int(0.99 * len(waits)))], 1),
    }


def _steady(installation: Installation, sizes: Sizes) -> list[float]:
    """The time of each hook from sending until its message can be triaged, in ms, sorted."""
    bodies = Citizens("steady", installation.secrets).requests(sizes.steady)
    before, stop = newest(installation), threading.Event()
    seen: list[float] = []

    def watch() -> None:
        # One hook is one message, and at this rate they arrive in the order of sending.
        with installation.connect() as connection:
            while not stop.is_set() and len(seen) < len(bodies):
                row = connection.execute(
                    "SELECT count(*) FROM message WHERE id > %s AND state IS NOT NULL", [before]
                ).fetchone()
                moment = time.perf_counter()
                seen.extend([moment] * ((row[0] if row else 0) - len(seen)))
                time.sleep(_POLL_SECONDS)

    watcher = threading.Thread(target=watch, name="watch", daemon=True)
    watcher.start()
    sent = [at for _, at in send_steadily(installation.port, bodies, rate=sizes.steady_rate)]
    until(lambda: len(seen) == len(bodies), "the steady hooks' messages", seconds=60)
    stop.set()
    watcher.join()
    return sorted(1000 * (there - at) for at, there in zip(sent, seen, strict=True))
