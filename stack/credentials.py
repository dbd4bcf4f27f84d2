"""`cozum credentials rotate`: encrypts every channel's secrets again with the newest key."""

from __future__ import annotations

import click

from inbox import channels
from inbox.db import transaction


@click.group()
def credentials() -> None:
    """Manage the channels' secrets, which are encrypted at rest."""


@credentials.command()
def rotate() -> None:
    """Encrypt every channel's secrets again with the first of COZUM_CREDENTIAL_KEYS.

    To replace a key: put the new one first, restart, rotate, then remove the old one.
    """
    with transaction() as session:
        count = channels.rotate(session)
    click.echo(f"The secrets of {count} channels are now encrypted with the first key.")
