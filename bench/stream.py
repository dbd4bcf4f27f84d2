"""How many messages a second get from the hook into the inbox, and how long one takes."""

from __future__ import annotations

import statistics
import threading
import time
from typing import Any

from bench.bodies import Citizens
from bench.load import fire, steadily
from bench.place import Installation, until
from bench.sizes import Sizes

_LOOK = 0.01  # seconds between looks for what is visible: latencies are as exact as this
_LONGEST = 180.0


def newest(place: Installation) -> int:
    """The id of the newest message."""
    with place.connect() as connection:
        row = connection.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()
    return int(row[0]) if row else 0


def follow(place: Installation, name: str, count: int) -> dict[str, float]:
    """Send hooks as fast as they are taken; messages a second until all of them can be triaged.

    Web and worker run already.
    """
    bodies, before = Citizens(name, place.secrets).requests(count), newest(place)
    began = time.perf_counter()
    burst = fire(place.port, bodies)
    if burst.refused:
        raise RuntimeError(f"{burst.refused} hooks were not answered 200")
    with place.connect() as connection:

        def all_there() -> bool:
            row = connection.execute(
                "SELECT count(*) FROM message WHERE id > %s AND state IS NOT NULL", [before]
            ).fetchone()
            return row is not None and row[0] >= count

        until(all_there, "the messages of a stream", seconds=_LONGEST, step=0.05)
    seconds = time.perf_counter() - began
    return {"rate": round(count / seconds, 1), "intake": round(burst.rate, 1), "seconds": round(seconds, 2)}


def stream(place: Installation, sizes: Sizes, *, intake: float) -> dict[str, Any]:
    """The stream in rounds, then hooks at a steady rate. `intake` is what the server takes with no worker.

    Web and worker run already.
    """
    follow(place, "stream-warm", max(20, sizes.stream // 8))
    rounds = [follow(place, f"stream-{number}", sizes.stream) for number in range(min(3, sizes.rounds))]
    waits = _steady(place, sizes)
    rate = statistics.median(one["rate"] for one in rounds)
    meanwhile = statistics.median(one["intake"] for one in rounds)
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


def _steady(place: Installation, sizes: Sizes) -> list[float]:
    """How long each of some hooks took from its sending until it could be triaged, in ms, ordered."""
    bodies = Citizens("steady", place.secrets).requests(sizes.steady)
    before, stop = newest(place), threading.Event()
    seen: list[float] = []

    def watch() -> None:
        # One hook is one message, and at this rate they come in the order they were sent.
        with place.connect() as connection:
            while not stop.is_set() and len(seen) < len(bodies):
                row = connection.execute(
                    "SELECT count(*) FROM message WHERE id > %s AND state IS NOT NULL", [before]
                ).fetchone()
                moment = time.perf_counter()
                seen.extend([moment] * ((row[0] if row else 0) - len(seen)))
                time.sleep(_LOOK)

    watcher = threading.Thread(target=watch, name="watch", daemon=True)
    watcher.start()
    sent = [at for _, at in steadily(place.port, bodies, rate=sizes.steady_rate)]
    until(lambda: len(seen) == len(bodies), "the steady hooks' messages", seconds=60)
    stop.set()
    watcher.join()
    return sorted(1000 * (there - at) for at, there in zip(sent, seen, strict=True))
