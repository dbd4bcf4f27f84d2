"""The municipality's own editable data: units, categories, neighbourhoods, reasons, texts, settings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table


class Unit(Table):
    """Who answers: a directorate, or an authority outside the municipality (`is_outside`)."""

    __tablename__ = "unit"

    id: Mapped[BigId]
    key: Mapped[str] = mapped_column(unique=True)
    name_tr: Mapped[str]
    name_en: Mapped[str]
    name_ar: Mapped[str]
    is_outside: Mapped[bool] = mapped_column(default=False)
    hotline: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)


class Category(Table):
    """The subject of a request. It proposes a unit; the desk may choose another."""

    __tablename__ = "category"

    id: Mapped[BigId]
    key: Mapped[str] = mapped_column(unique=True)
    name_tr: Mapped[str]
    name_en: Mapped[str]
    name_ar: Mapped[str]
    unit_id: Mapped[Link | None] = mapped_column(ForeignKey("unit.id"))
    stems: Mapped[list[str]] = mapped_column(
        default=list
    )  # folded word beginnings in a message that suggest it
    is_active: Mapped[bool] = mapped_column(default=True)

    unit: Mapped[Unit | None] = relationship(lazy="raise")


class Neighbourhood(Table):
    """A mahalle of the district."""

    __tablename__ = "neighbourhood"

    id: Mapped[BigId]
    key: Mapped[str] = mapped_column(unique=True)
    name_tr: Mapped[str]
    name_en: Mapped[str]
    name_ar: Mapped[str]
    postcode: Mapped[str | None]
    population: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    aliases: Mapped[list[str]] = mapped_column(default=list)
    is_ambiguous: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)


class Reason(Table):
    """A reason to dismiss, return, refuse, pass on or reopen: one closed, editable list per `use`."""

    __tablename__ = "reason"
    __table_args__ = (UniqueConstraint("use", "key"),)

    id: Mapped[BigId]
    use: Mapped[str]  # dismiss, return, negative, outside, reopen
    key: Mapped[str]
    name_tr: Mapped[str]
    name_en: Mapped[str]
    name_ar: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)


class CitySetting(Table):
    """One value of the municipality's settings: hours, delays, names, the emergency vocabulary."""

    __tablename__ = "city_setting"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
