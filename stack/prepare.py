"""`python -m stack.prepare [--rehearsal]`: migrates the schema and loads the city's data before a start.

With `--rehearsal` it also creates the demo's users, tokens and credentials. Without it, while there are no
users, it prints the link that creates the first administrator.
"""

from __future__ import annotations

import sys

from cities import schema
from inbox import db
from inbox.settings import settings
from stack import backup, city, rehearsal
from stack.console import say
from stack.errors import StackError
from stack.links import first_run_link


def main(arguments: list[str]) -> int:
    """Run every step and return the exit code. Every step can be repeated."""
    try:
        backup.refuse_unfinished(settings().database_url)
    except StackError as error:
        say(str(error))
        return 1
    db.upgrade(settings().database_url)
    found = schema.load(city.CITIES / settings().city)
    with db.transaction() as session:
        city.load(session, found)
    if "--rehearsal" in arguments:
        rehearsal.prepare(settings().dir, found)
    elif (link := first_run_link()) is not None:
        say(f"Nobody can sign in yet. Create the first administrator here within a day: {link}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
