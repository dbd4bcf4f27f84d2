"""`python -m bench`: see docs/bench.md."""

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
from bench.intake import beside_streams, intake
from bench.place import places
from bench.replies import replies
from bench.report import lines
from bench.sizes import FULL, QUICK, SMOKE, Sizes
from bench.stream import stream

PARTS = ("intake", "end_to_end", "replies", "streams", "growth")
LONGEST_SECONDS = 15 * 60


@click.command()
@click.option("--quick", "sizes", flag_value="quick", help="Less of everything: three minutes or so.")
@click.option("--smoke", "sizes", flag_value="smoke", help="A few seconds of everything, for the tests.")
@click.option(
    "--only", default=",".join(PARTS), show_default=True, help="Some parts; the first is always run."
)
@click.option("--json", "file", type=click.Path(path_type=Path), default=None, help="bench/out/bench.json")
def main(sizes: str | None, only: str, file: Path | None) -> None:
    """Measure intake, end to end, replies, live streams and growth; print a table and write it as JSON."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST_SECONDS)
    wanted = [part.strip() for part in only.split(",")]
    if unknown := set(wanted) - set(PARTS):
        raise click.UsageError(
            f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}"
        )
    chosen = {"quick": QUICK, "smoke": SMOKE}.get(sizes or "", FULL)
    began = time.monotonic()
    found: dict[str, Any] = {}
    try:
        with tempfile.TemporaryDirectory(prefix="cozum-bench-") as folder:
            _measure(Path(folder), wanted, chosen, found)
    finally:  # what was measured is told, whatever broke off the rest
        about = {
            "sizes": sizes or "full",
            "cores": os.cpu_count(),
            "seconds": round(time.monotonic() - began),
        }
        _tell({**found, "about": about}, file or Path(__file__).parent / "out" / "bench.json")


def _tell(found: dict[str, Any], file: Path) -> None:
    about = found["about"]
    for line in lines(found):
        click.echo(line)
    click.echo(f"\n  {about['seconds']} s on {about['cores']} cores, sizes: {about['sizes']}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n")


def _measure(folder: Path, wanted: list[str], sizes: Sizes, found: dict[str, Any]) -> None:
    with places(folder, "work", "small", "large") as (work, small, large):
        with work.running(work.web()):
            say("intake …")
            found["intake"] = intake(work, sizes)
            with work.connect() as connection:  # what was taken in without a worker waits no more
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
    """What is being done now."""
    click.echo(f"  {what}", err=True)


def _too_long(*_: Any) -> None:
    raise TimeoutError("the run took longer than it may")


if __name__ == "__main__":
    main()
