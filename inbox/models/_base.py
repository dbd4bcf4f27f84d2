"""What all tables share: names of constraints, column types, and enums stored as text with a CHECK."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, Date, DateTime, Identity, LargeBinary, MetaData, Text
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

BigId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
"""A primary key that the database generates."""

Link = Annotated[int, mapped_column(BigInteger)]
"""A foreign key to a `BigId`."""


def words(enum: type[StrEnum], name: str) -> SqlEnum:
    """A text column for the enum's values, restricted to them by the CHECK constraint `name`."""
    return SqlEnum(
        enum,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=None,
        values_callable=lambda members: [member.value for member in members],
    )


class Table(DeclarativeBase):
    """The base class of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        date: Date,
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }

    def __repr__(self) -> str:
        """Class and id only: the text of a row must never reach a log."""
        return f"<{type(self).__name__} {getattr(self, 'id', '?')}>"
