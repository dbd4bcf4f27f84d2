"""`cozum reconcile`: compares the stored messages with what the platforms show."""

from __future__ import annotations

import click

from inbox.channels import comparison_runs, mismatches
from inbox.db import transaction
from inbox.models import ReconcileRun
from stack.errors import StackError
from worker import reconcile as reconciling


@click.command()
@click.option("--channel", "key", help="The key of one channel; without it all are compared.")
def reconcile(key: str | None) -> None:
    """Compare what the platforms show with what is stored here, and list the differences.

    Messages that are missing here are fetched. Exit code 1 if anything differs or could not be compared.
    """
    asked = reconciling.schedule(key)
    if key is not None and not asked:
        raise StackError(f"There is no channel {key} whose platform can be compared.")
    while reconciling.run():
        pass
    with transaction() as session:
        runs = comparison_runs.runs(session)
        found = mismatches.open_differences(session)
        lines = [
            f"{mismatch.difference.channel.key:22}{mismatch.difference.kind.value:14}{mismatch.difference.external_id}"
            for mismatch in found
            if key in (None, mismatch.difference.channel.key)
        ]
    unread = [f"{name}: not compared ({_why(runs[name])})" for name in asked if runs[name].due_at is not None]
    click.echo("\n".join([*lines, *unread]) or f"Nothing differs on {len(asked)} channels.")
    if lines or unread:
        raise SystemExit(1)


def _why(run: ReconcileRun) -> str:
    return run.failure or "paused, without access, or being compared by another worker"
