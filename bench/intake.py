"""Measures hooks per second that are verified and stored before the 200, against baseline applications."""

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
from bench.installation import Installation
from bench.load import Burst, fire
from bench.sizes import Sizes
from stack import environment

FLOORS = ("gunicorn", "granian")


@dataclass(frozen=True, slots=True)
class Rates:
    """Hooks per second and latencies in ms of one server, each the median of its rounds."""

    rate: float
    p50: float
    p99: float
    rounds: list[float]

    @classmethod
    def of(cls, bursts: list[Burst]) -> Rates:
        """The medians of the rounds. Raises RuntimeError if any hook was not answered 200."""
        if refused := sum(burst.refused for burst in bursts):
            raise RuntimeError(f"{refused} hooks were not answered 200")
        return cls(
            rate=statistics.median(burst.rate for burst in bursts),
            p50=statistics.median(burst.quantile(0.5) for burst in bursts),
            p99=statistics.median(burst.quantile(0.99) for burst in bursts),
            rounds=[round(burst.rate, 1) for burst in bursts],
        )

    def as_json(self) -> dict[str, Any]:
        """The rounded figures for bench.json."""
        return {
            "rate": round(self.rate, 1),
            "p50_ms": round(self.p50, 2),
            "p99_ms": round(self.p99, 2),
            "rounds": self.rounds,
        }


def intake(installation: Installation, sizes: Sizes) -> dict[str, Any]:
    """Measure the baselines and our web server alternately, with the same new bodies in each round.

    Our web server must be running.
    """
    with installation.connect() as connection:
        connection.execute(TABLE)
    bursts: dict[str, list[Burst]] = {name: [] for name in (*FLOORS, "ours")}
    floors = {name: installation.floor("bench.floor:insert_app", name) for name in (*FLOORS, "nothing")}
    served = {**{name: floors[name][1] for name in FLOORS}, "ours": installation.port}
    with installation.running(*(program for program, _ in floors.values())):
        nothing = _generator(installation, floors["nothing"][1], sizes)
        for number in range(sizes.rounds + 1):
            bodies = Citizens(f"intake-{number}", installation.secrets).requests(sizes.hooks)
            order = list(served)
            for name in order[number % 3 :] + order[: number % 3]:
                burst = fire(served[name], bodies)
                if number:  # the first round is warm-up
                    bursts[name].append(burst)
    with installation.connect() as connection:
        connection.execute("TRUNCATE bench_floor")
    _check_stored(installation, sizes)
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
        "generator_share": round(max(measured.rate for measured in rates.values()) / nothing.rate, 3),
    }


def _generator(installation: Installation, port: int, sizes: Sizes) -> Rates:
    """The load generator's rate against a server that does nothing."""
    bodies = Citizens("nothing", installation.secrets).requests(sizes.hooks)
    return Rates.of([fire(port, bodies) for _ in range(3)])


def _check_stored(installation: Installation, sizes: Sizes) -> None:
    """Raise RuntimeError unless every body that was answered 200 is stored."""
    with installation.connect() as connection:
        row = connection.execute("SELECT count(*) FROM raw_event").fetchone()
    expected = (sizes.rounds + 1) * sizes.hooks
    if row is None or row[0] != expected:
        raise RuntimeError(f"{expected} hooks were answered 200, and {row and row[0]} bodies are stored")


# --- beside live streams ------------------------------------------------------------------------------


def beside_streams(installation: Installation, sizes: Sizes) -> dict[str, Any]:
    """Hooks per second without and with open live streams, and the time to stop with open streams."""
    with ExitStack() as serving:
        serving.enter_context(installation.running(installation.web()))
        fire(installation.port, Citizens("warm", installation.secrets).requests(sizes.hooks // 2))
        alone = _rounds(installation, "alone", sizes)
        with _streams(installation, sizes.streams):
            beside = _rounds(installation, "streams", sizes)
            began = time.perf_counter()
            serving.close()
            stop = time.perf_counter() - began
    return {
        "alone": alone.as_json(),
        "beside": beside.as_json(),
        "streams": sizes.streams,
        "stop_seconds": round(stop, 2),
    }


def _rounds(installation: Installation, name: str, sizes: Sizes) -> Rates:
    return Rates.of(
        [
            fire(installation.port, Citizens(f"{name}-{number}", installation.secrets).requests(sizes.hooks))
            for number in range(sizes.rounds)
        ]
    )


@contextmanager
def _streams(installation: Installation, count: int) -> Iterator[None]:
    """Keep `count` live streams of a signed-in user open for the length of the block."""
    base = f"http://127.0.0.1:{installation.port}"
    with requests.Session() as session:
        session.trust_env = False
        cursor = _log_in(session, base, installation)
        opened = [
            session.get(f"{base}/live", params={"after": cursor}, stream=True, timeout=60)
            for _ in range(count)
        ]
        if {response.status_code for response in opened} - {200}:
            raise RuntimeError(f"streams were answered {[response.status_code for response in opened]}")
        yield
        for response in opened:
            response.close()


def _log_in(session: requests.Session, base: str, installation: Installation) -> str:
    """Sign in as a moderator. Returns the live feed's cursor from the inbox page."""
    rehearsal = json.loads((installation.folder / environment.REHEARSAL).read_text())
    person = next(user for user in rehearsal["users"] if user["role"] == "moderator")
    form = session.get(f"{base}/login", timeout=60).text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
    given = {"email": person["email"], "password": person["password"], "csrf_token": token and token[1]}
    session.post(f"{base}/login", data=given, timeout=60)
    found = re.search(r'data-cursor="([^"]+)"', session.get(f"{base}/inbox", timeout=60).text)
    if found is None:
        raise RuntimeError("the inbox showed no cursor of the live feed")
    return found[1]
