"""How many hooks a second are checked and stored before their 200, against the best this machine can do."""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from bench.bodies import Citizens
from bench.floor import TABLE
from bench.load import Burst, fire
from bench.place import Installation
from bench.sizes import Sizes
from stack import environment

FLOORS = ("gunicorn", "granian")


@dataclass(frozen=True, slots=True)
class Rates:
    """Rounds of one thing: hooks a second and latencies in ms, each the median of its rounds."""

    rate: float
    p50: float
    p99: float
    rounds: list[float]

    @classmethod
    def of(cls, bursts: list[Burst]) -> Rates:
        """The medians of some rounds. Raises RuntimeError if any hook was not answered 200."""
        if refused := sum(burst.refused for burst in bursts):
            raise RuntimeError(f"{refused} hooks were not answered 200")
        return cls(
            rate=statistics.median(burst.rate for burst in bursts),
            p50=statistics.median(burst.quantile(0.5) for burst in bursts),
            p99=statistics.median(burst.quantile(0.99) for burst in bursts),
            rounds=[round(burst.rate, 1) for burst in bursts],
        )

    def as_json(self) -> dict[str, Any]:
        """Its figures, rounded."""
        return {
            "rate": round(self.rate, 1),
            "p50_ms": round(self.p50, 2),
            "p99_ms": round(self.p99, 2),
            "rounds": self.rounds,
        }


def intake(place: Installation, sizes: Sizes) -> dict[str, Any]:
    """Floors and ours in turn, the same bodies for each, new ones every round. Our web runs already."""
    with place.connect() as connection:
        connection.execute(TABLE)
    bursts: dict[str, list[Burst]] = {name: [] for name in (*FLOORS, "ours")}
    floors = {name: place.floor("bench.floor:insert_app", name) for name in (*FLOORS, "nothing")}
    served = {**{name: floors[name][1] for name in FLOORS}, "ours": place.port}
    with place.running(*(program for program, _ in floors.values())):
        nothing = _generator(place, floors["nothing"][1], sizes)
        for number in range(sizes.rounds + 1):
            bodies = Citizens(f"intake-{number}", place.secrets).requests(sizes.hooks)
            order = list(served)
            for name in order[number % 3 :] + order[: number % 3]:
                burst = fire(served[name], bodies)
                if number:  # the first round warms up
                    bursts[name].append(burst)
    with place.connect() as connection:
        connection.execute("TRUNCATE bench_floor")
    _check_stored(place, sizes)
    return _figures(bursts, nothing)


def _figures(bursts: Mapping[str, list[Burst]], nothing: Rates) -> dict[str, Any]:
    rates = {name: Rates.of(found) for name, found in bursts.items()}
    best = max(FLOORS, key=lambda name: rates[name].rate)
    ratios = sorted(
        ours.rate / max(floor.rate for floor in floors)
        for ours, *floors in zip(bursts["ours"], *(bursts[name] for name in FLOORS), strict=True)
    )
    return {
        "ours": rates["ours"].as_json(),
        **{f"floor_{name}": rates[name].as_json() for name in FLOORS},
        "best_floor": best,
        "ratio": round(statistics.median(ratios), 3),
        "ratio_least": round(ratios[0], 3),
        "ratio_most": round(ratios[-1], 3),
        "generator": nothing.as_json(),
        "generator_share": round(max(one.rate for one in rates.values()) / nothing.rate, 3),
    }


def _generator(place: Installation, port: int, sizes: Sizes) -> Rates:
    """What the load generator does against a server that does nothing."""
    bodies = Citizens("nothing", place.secrets).requests(sizes.hooks)
    return Rates.of([fire(port, bodies) for _ in range(3)])


def _check_stored(place: Installation, sizes: Sizes) -> None:
    """A 200 is a promise: every body must be there."""
    with place.connect() as connection:
        row = connection.execute("SELECT count(*) FROM raw_event").fetchone()
    expected = (sizes.rounds + 1) * sizes.hooks
    if row is None or row[0] != expected:
        raise RuntimeError(f"{expected} hooks were answered 200, and {row and row[0]} bodies are stored")


# --- beside live streams ------------------------------------------------------------------------------


def beside_streams(place: Installation, sizes: Sizes) -> dict[str, Any]:
    """Hooks a second alone and with live streams open, and how long a stop takes then."""
    with ExitStack() as serving:
        serving.enter_context(place.running(place.web()))
        fire(place.port, Citizens("warm", place.secrets).requests(sizes.hooks // 2))
        alone = _rounds(place, "alone", sizes)
        with _streams(place, sizes.streams):
            beside = _rounds(place, "streams", sizes)
            began = time.perf_counter()
            serving.close()
            stop = time.perf_counter() - began
    return {
        "alone": alone.as_json(),
        "beside": beside.as_json(),
        "streams": sizes.streams,
        "stop_seconds": round(stop, 2),
    }


def _rounds(place: Installation, name: str, sizes: Sizes) -> Rates:
    return Rates.of(
        [
            fire(place.port, Citizens(f"{name}-{number}", place.secrets).requests(sizes.hooks))
            for number in range(sizes.rounds)
        ]
    )


@contextmanager
def _streams(place: Installation, count: int) -> Iterator[None]:
    """So many open live streams of somebody who is logged in."""
    base = f"http://127.0.0.1:{place.port}"
    with requests.Session() as session:
        session.trust_env = False
        cursor = _log_in(session, base, place)
        opened = [
            session.get(f"{base}/live", params={"after": cursor}, stream=True, timeout=60)
            for _ in range(count)
        ]
        if {one.status_code for one in opened} - {200}:
            raise RuntimeError(f"streams were answered {[one.status_code for one in opened]}")
        yield
        for one in opened:
            one.close()


def _log_in(session: requests.Session, base: str, place: Installation) -> str:
    """Log in as a moderator; the feed's cursor of the inbox page."""
    told = json.loads((place.folder / environment.REHEARSAL).read_text())
    person = next(one for one in told["users"] if one["role"] == "moderator")
    form = session.get(f"{base}/login", timeout=60).text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
    given = {"email": person["email"], "password": person["password"], "csrf_token": token and token[1]}
    session.post(f"{base}/login", data=given, timeout=60)
    found = re.search(r'data-cursor="([^"]+)"', session.get(f"{base}/inbox", timeout=60).text)
    if found is None:
        raise RuntimeError("the inbox showed no cursor of the live feed")
    return found[1]
