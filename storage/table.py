"""What every table is built from: one metadata with named constraints, UTC moments and stored words."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Dialect, MetaData
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.types import DateTime, TypeDecorator
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)


class Moment(TypeDecorator[datetime]):
    """A moment, always an aware UTC datetime in Python; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store as UTC, without the offset where the database keeps none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read back as aware UTC; a server gives moments in the time zone of its session."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(enum: type[StrEnum]) -> SqlEnum:
    """Give the column type that stores an enum by its words, not by its Python names."""
    return SqlEnum(enum, values_callable=lambda e: [m.value for m in e], native_enum=False, length=32)
