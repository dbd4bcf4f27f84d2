"""The `cozum` command and the list of its subcommands; each subcommand is a module."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from stack import environment
from stack.errors import StackError

# Subcommand → the module that defines a click command of that name.
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
    """Imports only the module of the subcommand in use, so that the supervisor does not load the web."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands in the order in which a newcomer needs them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The click command of a subcommand; None if there is none of that name."""
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
    help="The system's data folder (or COZUM_DIR).",
)
@click.pass_context
def cozum(context: click.Context, folder: Path) -> None:
    """Collect what citizens write to the municipality, track each request, and answer on the same channel."""
    context.obj = folder
    if context.invoked_subcommand in OF_A_RUNNING_SYSTEM and "--help" not in sys.argv:
        environment.enter(folder)


def main() -> None:
    """Run the command. Expected errors are printed as one line, with exit code 1."""
    try:
        cozum()
    except StackError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except PermissionError as error:
        click.echo(
            f"This user may not open {error.filename}. Run the command as the user who created it.", err=True
        )
        sys.exit(1)
