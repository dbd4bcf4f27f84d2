"""The sizes of a run: full, quick (while working on speed) and smoke (a few seconds, for the tests)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The counts of one run."""

    rounds: int  # of interleaved measurements
    hooks: int  # in one burst
    stream: int  # hooks followed to the inbox
    steady: int  # hooks at the steady rate
    steady_rate: float  # a second
    replies: int
    streams: int  # open live feeds
    changes: int  # that they are told
    small: int  # messages stored, for growth
    large: int
    repeats: int  # how often a query is timed
    pool: int | None = None  # processes of the worker; None: as in `cozum up`


FULL = Sizes(
    rounds=7,
    hooks=4000,
    stream=6000,
    steady=300,
    steady_rate=20,
    replies=300,
    streams=1000,
    changes=40,
    small=10_000,
    large=2_000_000,
    repeats=30,
)
QUICK = Sizes(
    rounds=5,
    hooks=2000,
    stream=1500,
    steady=100,
    steady_rate=20,
    replies=100,
    streams=1000,
    changes=15,
    small=10_000,
    large=200_000,
    repeats=15,
)
SMOKE = Sizes(
    rounds=1,
    hooks=40,
    stream=40,
    steady=10,
    steady_rate=20,
    replies=6,
    streams=20,
    changes=2,
    small=300,
    large=1_000,
    repeats=2,
    pool=1,
)
