"""Every table of the models is gathered, and nothing stands there twice."""

import pytest
from sqlmodel import Session, func, select

from storage.schema import METADATA, TABLES

pytestmark = pytest.mark.both_engines


def test_the_metadata_holds_exactly_the_tables() -> None:
    """Each model is a table of the one metadata, and no table lacks a model."""
    assert sorted(METADATA.tables) == sorted(str(table.__tablename__) for table in TABLES)


def test_every_table_can_be_asked(session: Session) -> None:
    """Each table is there after migrating, and empty."""
    for table in TABLES:
        assert session.exec(select(func.count()).select_from(table)).one() == 0
