"""`python -m stack.prepare [--rehearsal]`: the newest schema and the city's data, before our processes start.

With `--rehearsal` also the invented people, keys and credentials of the demo; without it, and while nobody
can log in, the link that makes the first administrator is printed.
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
    """Run every step; the exit code. Each step may run again and again."""
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
        say(f"Nobody can log in yet. Make the first administrator here, once and within a day: {link}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
