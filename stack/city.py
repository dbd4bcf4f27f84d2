"""Loads a municipality's data (`cities/<name>/`) into empty tables. Later edits happen in the tables only."""

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
    """Fill the city's tables. Returns False and changes nothing if they are filled already."""
    if session.scalar(select(Unit.id).limit(1)) is not None:
        return False
    units = {
        unit.key: Unit(
            key=unit.key,
            name_tr=unit.name_tr,
            name_en=unit.name_en,
            name_ar=unit.name_ar,
            is_outside=unit.is_outside,
            hotline=unit.hotline,
        )
        for unit in found.units
    }
    session.add_all(units.values())
    session.flush()
    session.add_all(
        Category(
            key=category.key,
            name_tr=category.name_tr,
            name_en=category.name_en,
            name_ar=category.name_ar,
            unit_id=units[category.unit].id,
            stems=list(category.stems),
        )
        for category in found.categories
    )
    session.add_all(
        Neighbourhood(
            key=neighbourhood.key,
            name_tr=neighbourhood.name_tr,
            name_en=neighbourhood.name_en,
            name_ar=neighbourhood.name_ar,
            postcode=neighbourhood.postcode,
            population=neighbourhood.population,
            latitude=neighbourhood.point[0],
            longitude=neighbourhood.point[1],
            aliases=list(neighbourhood.aliases),
            is_ambiguous=neighbourhood.ambiguous,
        )
        for neighbourhood in found.neighbourhoods
    )
    session.add_all(
        Reason(
            use=use, key=reason.key, name_tr=reason.name_tr, name_en=reason.name_en, name_ar=reason.name_ar
        )
        for use, reasons in found.reasons.by_use().items()
        for reason in reasons
    )
    session.add_all(
        ReplyText(
            key=reply_text.key,
            kind=reply_text.kind.value,
            outcome=reply_text.outcome.value if reply_text.outcome else None,
            language=reply_text.language,
            scope=reply_text.scope,
            voice=reply_text.voice,
            variants=list(reply_text.variants),
        )
        for reply_text in found.texts
    )
    session.add_all(
        Channel(
            key=account.key,
            platform=account.platform,
            external_id=account.external_id,
            name=account.name_tr,
            handle=account.handle,
            voice=account.voice,
        )
        for account in found.accounts
    )
    city.save_profile(session, found.profile.core())
    proposals.save_vocabulary(session, found.vocabulary.model_dump(mode="json"))
    history.record(session, "city.loaded", by=_BY)
    return True
