"""Prints the figures as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

AIMS = {"intake": 0.8, "end_to_end": 0.5, "growth": 1.5}
"""Lowest ratio of intake to its baseline and of end to end to intake; highest ratio of growth."""


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The lines of the table, for the parts that were measured."""
    for name, part in (
        ("intake", _intake),
        ("end_to_end", _end_to_end),
        ("replies", _replies),
        ("streams", _streams),
        ("growth", _growth),
    ):
        if name in found:
            yield ""
            yield from part(found[name])


def _intake(found: dict[str, Any]) -> Iterator[str]:
    yield f"  {'INTAKE':28} {'hooks/s':>9} {'p50 ms':>8} {'p99 ms':>8}"
    for name in ("ours", "floor_gunicorn", "floor_granian"):
        yield f"  {name:28} {_rates(found[name])}"
    yield (
        f"  ours / the better floor      {found['ratio']:9.2f}   rounds {found['ratio_least']:.2f} to"
        f" {found['ratio_most']:.2f}; aim {AIMS['intake']}"
    )
    yield (
        f"  load generator's own limit   {found['generator']['rate']:9.0f}   the fastest above reaches"
        f" {100 * found['generator_share']:.0f} % of it"
    )


def _rates(found: dict[str, Any]) -> str:
    return f"{found['rate']:9.0f} {found['p50_ms']:8.1f} {found['p99_ms']:8.1f}"


def _end_to_end(found: dict[str, Any]) -> Iterator[str]:
    yield f"  {'END TO END':28} {'msgs/s':>9}"
    yield f"  {'hook to inbox, all at once':28} {found['rate']:9.0f}"
    yield f"  {'ratio to the intake above':28} {found['ratio']:9.2f}   aim {AIMS['end_to_end']}"
    yield (
        f"  {'ratio to intake meanwhile':28} {found['ratio_meanwhile']:9.2f}   of"
        f" {found['intake_meanwhile']:.0f} hooks/s"
    )
    yield (
        f"  {'at a steady rate of ' + format(found['steady_rate'], '.0f'):28} visible after p50"
        f" {found['visible_p50_ms']:.0f} ms, p99 {found['visible_p99_ms']:.0f} ms"
    )


def _replies(found: dict[str, Any]) -> Iterator[str]:
    yield f"  {'REPLIES':28} {'replies/s':>9}"
    yield f"  {'from approval to sent':28} {found['rate']:9.1f}"
    yield f"  {'bare HTTP session':28} {found['bare']:9.1f}"
    yield f"  {'ours / bare':28} {found['ratio']:9.2f}"


def _streams(found: dict[str, Any]) -> Iterator[str]:
    beside = f"with {found['streams']} live streams"
    yield f"  {'LIVE STREAMS':28} {'hooks/s':>9} {'p50 ms':>8} {'p99 ms':>8}"
    yield f"  {'without live streams':28} {_rates(found['alone'])}"
    yield f"  {beside:28} {_rates(found['beside'])}   stopping takes {found['stop_seconds']:.1f} s"
    memory = f"{found['kilobytes_each']:.0f} kB of memory each"
    yield f"  {'all open after':28} {found['open_seconds']:7.1f} s   {memory}"
    yield f"  {'A CHANGE IS HEARD, ms':28} {'p50':>9} {'p99':>8} {'last':>8}   by the last: median, most"
    for name, late in (("quiet", found["late"]), ("while hooks come", found["late_beside_hooks"])):
        yield (
            f"  {name:28} {late['p50_ms']:9.0f} {late['p99_ms']:8.0f} {late['last_p50_ms']:8.0f}"
            f" {late['last_most_ms']:8.0f}"
        )


def _growth(found: dict[str, Any]) -> Iterator[str]:
    yield f"  {'GROWTH, ms each':28} {found['small']:>9,} {found['large']:>9,}    ratio"
    for name, row in found.items():
        if isinstance(row, dict):
            mark = "   grows" if row["ratio"] > AIMS["growth"] else ""
            yield f"  {name:28} {row['small_ms']:9.2f} {row['large_ms']:9.2f} {row['ratio']:8.2f}{mark}"
