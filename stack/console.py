"""What the person at the terminal is told: one line for each step, one for each thing that went wrong."""

from __future__ import annotations

import os
import sys

import click


def say(line: str) -> None:
    """Write one line at once. A terminal that is gone stops nobody: what follows must still be done."""
    try:
        click.echo(line)
        sys.stdout.flush()
    except OSError:
        # What is buffered could not be written at exit either, and would turn the exit code into a failure.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
