"""`cozum user`: adds and imports the people who may sign in, and resets passwords."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from inbox import people
from inbox.db import transaction
from inbox.errors import CoreError, InvalidInput, NotFound
from inbox.refusals import Thing, Why
from inbox.states import Role
from stack.links import reset_link
from web.settings import user_sheet

_WHY_UNREADABLE = {
    "not_a_spreadsheet": "this is neither an Excel file (.xlsx) nor a CSV file",
    "columns_missing": "the first row must name the columns email, name and role",
    "column_twice": "the first row names a column twice",
    "too_many_rows": f"more than {user_sheet.MAX_ROWS} rows; split the file",
    "too_large": "the file is too large when unpacked",
}


@click.group()
def user() -> None:
    """Manage the people who may sign in."""


@user.command()
@click.option("--email", prompt="E-mail", help="The address they sign in with.")
@click.option("--name", prompt="Name", help="The name that colleagues see.")
@click.option("--role", prompt="Role", type=click.Choice([role.value for role in Role]))
@click.option("--unit", help="Key of the unit, for a unit officer.")
@click.option("--language", default="tr", show_default=True, type=click.Choice(["tr", "en"]))
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--link", is_flag=True, help="Set no password; print a link to choose one.")
def add(
    email: str, name: str, role: str, unit: str | None, language: str, password_stdin: bool, link: bool
) -> None:
    """Add one person."""
    if password_stdin and link:
        raise click.UsageError("use either --password-stdin or --link")
    try:
        with transaction() as session:
            added = people.add_user(
                session,
                email=email,
                name=name,
                role=role,
                unit=unit,
                password=None if link else _password(from_stdin=password_stdin),
                language=language,
                by="cozum user",
            )
    except CoreError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Added {added.email} as {added.role.value}.")
    if link:
        click.echo(reset_link(added))


@user.command()
@click.argument("email")
def reset(email: str) -> None:
    """Print a one-use link with which EMAIL chooses a new password."""
    try:
        with transaction() as session:
            found = people.by_email(session, email)
            if found is None:
                raise NotFound(Thing.USER, email)
            if not found.is_active:
                raise InvalidInput("email", Why.SIGNS_IN_NO_MORE)
    except CoreError as error:
        raise click.ClickException(str(error)) from None
    click.echo(reset_link(found))


@user.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Add everybody in FILE (.xlsx or .csv). If it has mistakes, list them all and add nobody."""
    try:
        with transaction() as session:
            added, mistakes = user_sheet.add_users(session, file.name, file.read_bytes(), by="cozum user")
    except user_sheet.UnreadableSheet as error:
        raise click.ClickException(f"{file.name}: {_WHY_UNREADABLE[str(error)]}") from None
    if mistakes:
        for mistake in mistakes:
            click.echo(f"row {mistake.row}, column {mistake.column or '-'}: {mistake.why}", err=True)
        raise click.ClickException("Nobody was added.")
    for user in added:
        click.echo(f"{user.email}\t{reset_link(user)}")
    click.echo(f"Added {len(added)}. Send each person their link; it works once.", err=True)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed
