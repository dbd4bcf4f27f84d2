"""The command line, `python -m bench`. See docs/bench.md."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from bench.growth import growth
from bench.installation import installations
from bench.intake import intake
from bench.live import beside_streams
from bench.replies import replies
from bench.report import lines
from bench.sizes import FULL, QUICK, SMOKE, Sizes
from bench.stream import stream

PARTS = ("intake", "end_to_end", "replies", "streams", "growth")
LONGEST_SECONDS = 15 * 60


@click.command()
@click.option("--quick", "sizes", flag_value="quick", help="Smaller sizes: about three minutes.")
@click.option(
    "--smoke", "sizes", flag_value="smoke", help="Smallest sizes, a few seconds each, for the tests."
)
@click.option(
    "--only", default=",".join(PARTS), show_default=True, help="The parts to run; intake always runs."
)
@click.option(
    "--json", "file", type=click.Path(path_type=Path), default=None, help="Default: bench/out/bench.json."
)
def main(sizes: str | None, only: str, file: Path | None) -> None:
    """Measure intake, end to end, replies, live streams and growth; print a table and write it as JSON."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST_SECONDS)
    wanted = [part.strip() for part in only.split(",")]
    if unknown := set(wanted) - set(PARTS):
        raise click.UsageError(f"unknown part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    chosen = {"quick": QUICK, "smoke": SMOKE}.get(sizes or "", FULL)
    began = time.monotonic()
    found: dict[str, Any] = {}
    try:
        with tempfile.TemporaryDirectory(prefix="cozum-bench-") as folder:
            _measure(Path(folder), wanted, chosen, found)
    finally:  # report what was measured, even if a later part failed
        about = {
            "sizes": sizes or "full",
            "cores": os.cpu_count(),
            "seconds": round(time.monotonic() - began),
        }
        _report({**found, "about": about}, file or Path(__file__).parent / "out" / "bench.json")


def _report(found: dict[str, Any], file: Path) -> None:
    about = found["about"]
    for line in lines(found):
        click.echo(line)
    click.echo(f"\n  {about['seconds']} s on {about['cores']} cores, sizes: {about['sizes']}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n")


def _measure(folder: Path, wanted: list[str], sizes: Sizes, found: dict[str, Any]) -> None:
    with installations(folder, "work", "small", "large") as (work, small, large):
        with work.running(work.web()):
            say("intake …")
            found["intake"] = intake(work, sizes)
            with work.connect() as connection:  # do not let the worker process the bodies of the intake part
                connection.execute("UPDATE raw_event SET state = 'APPLIED'")
            with work.running(work.worker(pool=sizes.pool), work.platforms()):
                if "end_to_end" in wanted:
                    say("end to end …")
                    found["end_to_end"] = stream(work, sizes, intake=found["intake"]["ours"]["rate"])
                if "replies" in wanted:
                    say("replies …")
                    found["replies"] = replies(work, sizes)
        if "streams" in wanted:
            say("beside live streams …")
            found["streams"] = beside_streams(work, sizes)
        if "growth" in wanted:
            say("growth …")
            found["growth"] = growth(small, large, sizes)


def say(what: str) -> None:
    """Print the current step to stderr."""
    click.echo(f"  {what}", err=True)


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"the run took longer than {LONGEST_SECONDS} s")


if __name__ == "__main__":
    main()
