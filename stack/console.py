"""Output to the terminal: one line for each step and each error."""

from __future__ import annotations

import os
import sys

import click


def say(line: str) -> None:
    """Print one line and flush. A closed terminal is not an error: the shutdown steps must still run."""
    try:
        click.echo(line)
        sys.stdout.flush()
    except OSError:
        # Python would try to write the buffered line at exit, fail again and change the exit code.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
