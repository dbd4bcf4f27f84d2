"""Measures hooks per second that are verified and stored before the 200, against baseline applications."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.bodies import Citizens
from bench.floor import TABLE
from bench.installation import Installation
from bench.load import Burst, fire
from bench.sizes import Sizes

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
