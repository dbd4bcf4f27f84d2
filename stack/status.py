"""`cozum status`: who runs, and what waits for a person."""

from __future__ import annotations

import json
from pathlib import Path

import click

from stack import processes


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status(folder: Path, as_json: bool) -> None:
    """Show processes, queues by age and channels by health. Exit code 1 when something needs a person."""
    folder = folder.absolute()
    answer = {"processes": processes.running(folder)}
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for process in answer["processes"]:
            click.echo(f"{process['role']:10} {process['pid']}")
    if not processes.is_claimed(folder):
        raise SystemExit(1)
