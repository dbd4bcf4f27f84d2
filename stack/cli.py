"""`cozum`: the command of the whole system. Each verb lives in a file of its own and is listed here."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from stack import environment
from stack.demo import demo
from stack.doctor import doctor
from stack.errors import StackError
from stack.replay import replay
from stack.status import status
from stack.triage_evaluate import triage
from stack.up import up
from stack.users import user

VERBS: tuple[click.Command, ...] = (up, demo, status, doctor, user, replay, triage)
OF_A_RUNNING_SYSTEM = ("doctor", "user", "replay")


@click.group()
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


for verb in VERBS:
    cozum.add_command(verb)


def main() -> None:
    """Run the command; what stops it is said in one line."""
    try:
        cozum()
    except StackError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
