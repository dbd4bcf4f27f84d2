"""`python -m tests.chaos`: see docs/chaos.md."""

from __future__ import annotations

import json
import secrets
import signal
import sys
from pathlib import Path
from typing import Any

import click

from tests.chaos import known_bad
from tests.chaos.run import Plan, Result, recovery, run

LONGEST_MINUTES = 30
LONGEST_SLICE_SECONDS = 330


@click.command()
@click.option("--messages", default=20_000, show_default=True, help="What citizens say.")
@click.option("--replies", default=500, show_default=True, help="What is approved.")
@click.option("--faults", default=200, show_default=True, help="How often something is broken.")
@click.option("--minutes", default=25.0, show_default=True, help="Of all of it, start and settling included.")
@click.option("--seed", type=int, default=None, help="Of the random choices; drawn and printed without it.")
@click.option("--slice", "is_slice", is_flag=True, help="The two minutes that make test-slow has.")
@click.option(
    "--known-bad", "bad", type=click.Choice(sorted(known_bad.SWITCHES)), help="Spoil one thing on purpose."
)
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the result there, too.")
@click.option("--keep", is_flag=True, help="Keep the folder with the logs.")
def main(
    messages: int,
    replies: int,
    faults: int,
    minutes: float,
    seed: int | None,
    is_slice: bool,
    bad: str | None,
    file: Path | None,
    keep: bool,
) -> None:
    """Let everything fail while citizens speak, and count what was lost. Exits 1 unless every count is 0."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST_MINUTES * 60 if not (is_slice or bad) else LONGEST_SLICE_SECONDS)
    seed = seed if seed is not None else secrets.randbelow(10**6)
    click.echo(f"seed {seed}")
    if bad is not None:
        plan = known_bad.plan(bad, seed)
    elif is_slice:
        plan = known_bad.slice_(seed)
    else:
        settle = min(300.0, minutes * 60 * 0.25)
        plan = Plan(
            seed=seed,
            messages=messages,
            replies=replies,
            faults=faults,
            seconds=minutes * 60 - settle - 40,
            settle=settle,
            keep=keep,
        )
    result = run(plan, click.echo)
    show(result)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=1) + "\n")
    sys.exit(0 if result.is_good else 1)


def _too_long(*_: Any) -> None:
    raise TimeoutError("the run took longer than it may")


def show(result: Result) -> None:
    """The result for people."""
    ledger, findings = result.ledger, result.findings
    click.echo(
        f"\nseed {result.plan.seed}, {result.seconds:.0f} s: {len(ledger.said)} messages said"
        f" ({ledger.batches} batches, {ledger.edits} edits, {ledger.deletions} deletions),"
        f" {findings.messages} in the truth; {len(ledger.promises)} replies approved,"
        f" {findings.replies} public; {len(ledger.faults)} faults\n"
    )
    click.echo(f"  {'fault':28} {'times':>5} {'median s':>9} {'worst s':>9}")
    for kind, row in recovery(ledger).items():
        unseen = f"   {row['unseen']} not seen again" if row["unseen"] else ""
        click.echo(f"  {kind:28} {row['count']:5} {_seconds(row['median'])} {_seconds(row['worst'])}{unseen}")
    click.echo("")
    for name, lines in findings.wrong.items():
        click.echo(f"  {name:28} {len(lines):5}")
        for line in lines[:12]:
            click.echo(f"      {line}")
    click.echo(f"\n  refused by the platform, to be worded anew by a person: {findings.refused}")
    click.echo(
        f"  WhatsApp replies whose answer was lost, for a person to settle: {len(findings.needing_a_person)}"
    )
    for line in findings.needing_a_person:
        click.echo(f"      {line}")
    if not result.settled:
        click.echo(f"  It did not settle in time: {result.left}")
    for trouble in ledger.troubles[:20]:
        click.echo(f"  trouble: {trouble}")
    if not result.is_good:
        click.echo(f"  Logs and findings: {result.folder}")


def _seconds(value: float | None) -> str:
    return f"{value:9.1f}" if value is not None else f"{'-':>9}"


if __name__ == "__main__":
    main()
