"""Loading one municipality's data (`cities/<name>/`) into the tables, once: from then on the tables count."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from cities import schema
from inbox import city, history
from inbox.models import Category, Channel, Neighbourhood, Reason, ReplyText, Unit
from inbox.understanding import proposals

CITIES = Path(schema.__file__).parent
_BY = "city"


def load(session: Session, found: schema.City) -> bool:
    """Fill the city's tables. False, and nothing done, when there is a city in them already."""
    if session.scalar(select(Unit.id).limit(1)) is not None:
        return False
    units = {
        one.key: Unit(
            key=one.key,
            name_tr=one.name_tr,
            name_en=one.name_en,
            name_ar=one.name_ar,
            is_outside=one.is_outside,
            hotline=one.hotline,
        )
        for one in found.units
    }
    session.add_all(units.values())
    session.flush()
    session.add_all(
        Category(
            key=one.key,
            name_tr=one.name_tr,
            name_en=one.name_en,
            name_ar=one.name_ar,
            unit_id=units[one.unit].id,
            stems=list(one.stems),
        )
        for one in found.categories
    )
    session.add_all(
        Neighbourhood(
            key=one.key,
            name_tr=one.name_tr,
            name_en=one.name_en,
            name_ar=one.name_ar,
            postcode=one.postcode,
            population=one.population,
            latitude=one.point[0],
            longitude=one.point[1],
            aliases=list(one.aliases),
            is_ambiguous=one.ambiguous,
        )
        for one in found.neighbourhoods
    )
    session.add_all(
        Reason(use=use, key=one.key, name_tr=one.name_tr, name_en=one.name_en, name_ar=one.name_ar)
        for use, reasons in found.reasons.by_use().items()
        for one in reasons
    )
    session.add_all(
        ReplyText(
            key=one.key,
            kind=one.kind.value,
            outcome=one.outcome.value if one.outcome else None,
            language=one.language,
            scope=one.scope,
            voice=one.voice,
            variants=list(one.variants),
        )
        for one in found.texts
    )
    session.add_all(
        Channel(
            key=one.key,
            platform=one.platform,
            external_id=one.external_id,
            name=one.name_tr,
            handle=one.handle,
            voice=one.voice,
        )
        for one in found.accounts
    )
    city.save_profile(session, found.profile.core())
    proposals.save_vocabulary(session, found.vocabulary.model_dump(mode="json"))
    history.record(session, "city.loaded", by=_BY)
    return True
