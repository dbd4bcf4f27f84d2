"""The calls that read the city's closed lists and our channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import Response

from inbox import queries
from inbox.db import transaction
from inbox.models import Category, Channel, Neighbourhood, Reason, Unit
from inbox.queries import for_api
from web.api import render, shapes
from web.api.blueprint import LISTS, api, reads, show
from web.api.bodies import ReasonQuery, WholeListQuery
from web.api.problems import refused_fields
from web.kit.access import needs

Row = TypeVar("Row", Unit, Category, Neighbourhood, Reason, Channel)


def _page(
    rows: Sequence[Row], query: WholeListQuery, name: Callable[[Row], str]
) -> tuple[Sequence[Row], str | None]:
    """The rows of the page that `query` asks for, and the cursor of the next: the name of the last row."""
    start = 0
    if query.after is not None:
        places = [place for place, row in enumerate(rows) if name(row) == query.after]
        if not places:
            raise refused_fields([("after", "is not a cursor of this list")])
        start = places[0] + 1
    part = rows[start : start + query.limit]
    return part, name(part[-1]) if part and start + query.limit < len(rows) else None


def _key(row: Unit | Category | Neighbourhood | Channel) -> str:
    return row.key


def _use_and_key(row: Reason) -> str:
    return f"{row.use}.{row.key}"


@api.get("/units", tags=[LISTS], responses=reads(shapes.Units))
@needs("lists.read")
def list_units(query: WholeListQuery) -> Response:
    """Our directorates and outside bodies, in Turkish alphabetical order."""
    with transaction() as session:
        part, following = _page(queries.units(session), query, _key)
    return show(shapes.Units(items=[render.unit(row) for row in part], next=following))


@api.get("/categories", tags=[LISTS], responses=reads(shapes.Categories))
@needs("lists.read")
def list_categories(query: WholeListQuery) -> Response:
    """The categories of requests, in Turkish alphabetical order."""
    with transaction() as session:
        part, following = _page(queries.categories(session), query, _key)
        names = for_api.names(session)
    return show(shapes.Categories(items=[render.category(row, names) for row in part], next=following))


@api.get("/neighbourhoods", tags=[LISTS], responses=reads(shapes.Neighbourhoods))
@needs("lists.read")
def list_neighbourhoods(query: WholeListQuery) -> Response:
    """The neighbourhoods of the district, in Turkish alphabetical order."""
    with transaction() as session:
        part, following = _page(queries.neighbourhoods(session), query, _key)
    return show(shapes.Neighbourhoods(items=[render.neighbourhood(row) for row in part], next=following))


@api.get("/reasons", tags=[LISTS], responses=reads(shapes.Reasons))
@needs("lists.read")
def list_reasons(query: ReasonQuery) -> Response:
    """The reasons to dismiss, return, refuse, pass on or reopen something; `use` selects one of these."""
    with transaction() as session:
        rows = queries.reasons(session)
    uses = sorted({row.use for row in rows})
    if query.use is not None and query.use not in uses:
        raise refused_fields([("use", f"there is no {query.use!r}")], existing=uses)
    wanted = [row for row in rows if query.use in (None, row.use)]
    part, following = _page(wanted, query, _use_and_key)
    return show(shapes.Reasons(items=[render.reason(row) for row in part], next=following))


@api.get("/channels", tags=[LISTS], responses=reads(shapes.Channels))
@needs("channel.read")
def list_channels(query: WholeListQuery) -> Response:
    """Our accounts and lines, with the health of each and its last real call to the platform."""
    with transaction() as session:
        part, following = _page(queries.channels(session), query, _key)
    return show(shapes.Channels(items=[render.channel(row) for row in part], next=following))
