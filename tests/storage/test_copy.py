"""A copy of a whole database: of either engine into either, the same row by row, and fit to go on with."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from storage import copy, journal, search
from storage.database import Database
from storage.migrate import migrate
from storage.record import Record
from storage.schema import METADATA
from tests import support
from tests.postgres import Server
from tests.support import ANNA, GITA, NOW


@dataclass
class Made:
    """Empty databases of each engine."""

    folder: Path
    server: Server
    number: int = 0

    def sqlite(self) -> Database:
        self.number += 1
        database = Database(f"sqlite:///{self.folder / f'{self.number}.db'}")
        migrate(database)
        return database


@pytest.fixture
def made(tmp_path: Path, server: Server) -> Made:
    return Made(tmp_path, server)


@pytest.fixture
def full(sqlite: Database) -> Database:
    """Give a database with records, files, signatures and somebody who stands in for another."""
    with sqlite.writing() as session:
        support.set_up(session)
        record = support.log_deviation(session, title="The freezer was warm")
        support.keep_file(session, GITA, record)
        support.submit(session, record)
        support.log_oos(session)
        support.log_capa(session)
        anna = support.row_of(session, ANNA)
        anna.stand_in_id = support.row_of(session, GITA).id  # a later row of the same table
        assert anna.stand_in_id > anna.id
    return sqlite


def whole(database: Database) -> list[object]:
    with database.reading() as session:
        return [one for one in journal.verify(session) if isinstance(one, journal.Break)]


def test_there_and_back(full: Database, made: Made) -> None:
    """From SQLite to PostgreSQL and into another file: each table the same, journals whole, found by the same words."""
    back = made.sqlite()
    with made.server.database() as middle:
        numbers = copy.copy(full, middle)
        assert numbers["record"] == 3
        assert copy.copy(middle, back) == numbers
        for database in (middle, back):
            assert whole(database) == []
            with database.reading() as session:
                assert search.find(session, 1, "freezer warm", 10) == [1]
                assert search.find(session, 1, "fridge", 10) == []
        with middle.writing() as session:  # what comes next is numbered after what was copied
            new = support.log_deviation(session, title="The next one")
            session.flush()
            assert (new.id, new.number) == (4, "DEV-2026-0002")
    with full.reading() as first, back.reading() as last:
        for table in METADATA.sorted_tables:
            before, after = ({tuple(map(str, row)) for row in one.execute(table.select())} for one in (first, last))
            assert before == after, table.name


def test_a_copy_that_differs_is_not_kept(full: Database, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever changed it on the way."""
    target, go_on = made.sqlite(), copy._go_on_counting

    def spoil(connection: object) -> None:
        connection.execute(text("UPDATE record SET title = 'Taken' WHERE id = 2"))  # type: ignore[attr-defined]
        go_on(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(copy, "_go_on_counting", spoil)
    with pytest.raises(copy.Differs, match=r"record \{'id': 2\}"):
        copy.copy(full, target)
    assert copy.is_empty(target)


def test_a_file_is_written_while_others_write(full: Database, made: Made) -> None:
    """As it was at one moment, for SQLite alone."""
    path = made.folder / "backup.db"
    with full.writing() as session:
        support.log_deviation(session, now=NOW)
        session.flush()
        copy.vacuum_into(full, path)
    kept = Database(f"sqlite:///{path}")
    with kept.reading() as session:
        assert len(session.exec(select(Record)).all()) == 3
    assert whole(kept) == []
    kept.close()
