"""`cozum`: the command of the whole system. Each verb lives in a file of its own and is listed here."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from stack import environment
from stack.errors import StackError

# Verb → the module that has a command of its name.
VERBS = {
    "up": "stack.up",
    "demo": "stack.demo",
    "status": "stack.status",
    "doctor": "stack.doctor",
    "user": "stack.users",
    "replay": "stack.replay",
    "reconcile": "stack.reconcile",
    "triage": "stack.triage_evaluate",
    "credentials": "stack.credentials",
    "backup": "stack.backup",
    "restore": "stack.restore",
}
OF_A_RUNNING_SYSTEM = ("doctor", "user", "replay", "reconcile", "credentials")


class Verbs(click.Group):
    """Reads in only the module of the verb that is asked for: a supervisor carries no web about."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order in which a newcomer meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb; None for a word that is none."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(importlib.import_module(VERBS[cmd_name]), cmd_name)
        return command


@click.group(cls=Verbs)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="COZUM_DIR",
    default=Path("var/cozum"),
    show_default=True,
    help="The data folder of the system that the verb speaks of (or COZUM_DIR).",
)
@click.pass_context
def cozum(context: click.Context, folder: Path) -> None:
    """Hears every citizen, turns each word into a tracked request, and answers where it was asked."""
    context.obj = folder
    if context.invoked_subcommand in OF_A_RUNNING_SYSTEM and "--help" not in sys.argv:
        environment.enter(folder)


def main() -> None:
    """Run the command; what stops it is said in one line."""
    try:
        cozum()
    except StackError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except PermissionError as error:
        click.echo(f"{error.filename} is closed to this user. Whoever made it can start it.", err=True)
        sys.exit(1)
