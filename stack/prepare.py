"""`python -m stack.prepare`: the schema in its newest form, before any process of ours uses it."""

from __future__ import annotations

import sys

from inbox import db
from inbox.settings import settings


def main() -> int:
    """Run every step; the exit code. Each step may run again and again."""
    db.upgrade(settings().database_url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
