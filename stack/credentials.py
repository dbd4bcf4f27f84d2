"""`cozum credentials rotate`: every channel's secrets under the newest key."""

from __future__ import annotations

import click

from inbox import channels
from inbox.db import transaction


@click.group()
def credentials() -> None:
    """The channels' secrets, encrypted at rest."""


@credentials.command()
def rotate() -> None:
    """Encrypt every channel's secrets anew with the first of COZUM_CREDENTIAL_KEYS.

    Put a new key first, restart, rotate; then the old key can go.
    """
    with transaction() as session:
        count = channels.rotate(session)
    click.echo(f"The secrets of {count} channels are under the first key now.")
