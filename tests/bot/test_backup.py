"""Backups that are tried: written, checked, restored, of either engine; and the move from one to the other."""

import sqlite3
import stat
from pathlib import Path

import pytest
from alembic import command
from sqlmodel import select

from bot import backup
from bot.backup import CannotCopy
from storage.database import Database
from storage.migrate import _config, newest, revision
from storage.record import Record
from tests import support
from tests.bot.test_command_line import environment, run
from tests.postgres import Server


def fill(database: Database) -> None:
    with database.writing() as session:
        support.set_up(session)
        support.keep_file(session, support.GITA, support.log_deviation(session, title="Kept"))


def titles(url: str) -> list[str]:
    database = Database(url)
    with database.reading() as session:
        found = [one.title for one in session.exec(select(Record)).all()]
    database.close()
    return found


@pytest.mark.both_engines
def test_a_backup_is_restored(database: Database, tmp_path: Path, server: Server) -> None:
    """Into a new file and into an empty server, whichever it came from; what was written afterwards is not in it."""
    fill(database)
    path = tmp_path / "backup.db"
    assert backup.back_up(database.url, path) == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == backup.OWNERS_ALONE
    with database.writing() as session:
        support.log_deviation(session, title="Later")
    file = f"sqlite:///{tmp_path / 'restored.db'}"
    backup.restore(path, file)
    assert titles(file) == ["Kept"]
    with server.database() as empty:
        backup.restore(path, empty.url)
        assert titles(empty.url) == ["Kept"]
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.endswith(".part")) == []


def test_nothing_is_overwritten(sqlite: Database, tmp_path: Path) -> None:
    """Neither by a backup nor by a restored one; and what is no backup is none."""
    fill(sqlite)
    path = tmp_path / "backup.db"
    backup.back_up(sqlite.url, path)
    with pytest.raises(CannotCopy, match="is there already"):
        backup.back_up(sqlite.url, path)
    with pytest.raises(CannotCopy, match="is not empty"):
        backup.restore(path, sqlite.url)
    with pytest.raises(CannotCopy, match="There is no file"):
        backup.restore(tmp_path / "none.db", sqlite.url)
    (tmp_path / "text.db").write_text("no database at all, but long enough to be looked at" * 40)
    with pytest.raises(CannotCopy, match="is no database"):
        backup.restore(tmp_path / "text.db", f"sqlite:///{tmp_path / 'new.db'}")
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (a)").connection.close()
    with pytest.raises(CannotCopy, match="holds nothing of QualBridge"):
        backup.restore(tmp_path / "other.db", f"sqlite:///{tmp_path / 'new.db'}")
    assert not (tmp_path / "new.db").exists()
    assert titles(sqlite.url) == ["Kept"]


def test_what_does_not_hold_is_not_restored(sqlite: Database, tmp_path: Path) -> None:
    """A backup that somebody changed names the entry, and no database comes of it."""
    fill(sqlite)
    path = tmp_path / "backup.db"
    backup.back_up(sqlite.url, path)
    changed = sqlite3.connect(path)
    changed.execute("DROP TRIGGER journal_no_update")
    changed.execute("UPDATE journal SET body = replace(body, 'Kept', 'Lost')")
    changed.commit()
    changed.close()
    with pytest.raises(CannotCopy, match="BROKEN  partnership 1, entry"):
        backup.restore(path, f"sqlite:///{tmp_path / 'new.db'}")
    assert not (tmp_path / "new.db").exists()


def test_what_is_left_of_another_database_is_not_taken_up(sqlite: Database, tmp_path: Path) -> None:
    """A log that lies where the database is to be restored: SQLite would replay it."""
    fill(sqlite)
    path, place = tmp_path / "backup.db", tmp_path / "live.db"
    backup.back_up(sqlite.url, path)
    (tmp_path / "live.db-wal").write_bytes(b"left")
    with pytest.raises(CannotCopy, match=r"live\.db-wal is left of another database"):
        backup.restore(path, f"sqlite:///{place}")
    assert not place.exists()


def test_an_older_database_is_backed_up_before_it_is_migrated(tmp_path: Path) -> None:
    """The backup stays at its schema; restored, it is at the present one."""
    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    with old.engine.execution_options(writing=True).begin() as connection:
        command.upgrade(_config(connection), "0005")
    path = tmp_path / "backup.db"
    assert backup.back_up(old.url, path) > 0
    kept = Database(f"sqlite:///{path}")
    assert revision(kept) == "0005"
    backup.restore(path, f"sqlite:///{tmp_path / 'new.db'}")
    new = Database(f"sqlite:///{tmp_path / 'new.db'}")
    assert revision(new) == newest()
    for one in (old, kept, new):
        one.close()


async def test_by_the_command_line(sqlite: Database, tmp_path: Path) -> None:
    """`backup`, `verify FILE`, `restore` and `copy`, each with its status."""
    fill(sqlite)
    env = environment(None, tmp_path) | {"DATABASE_URL": sqlite.url}
    status, out = await run("backup", "backup.db", env=env, folder=tmp_path)
    assert (status, "checked. Keep ENCRYPTION_KEY too" in out) == (0, True)
    status, out = await run("verify", "backup.db", env=env, folder=tmp_path)
    assert (status, "1 files checked" in out) == (0, True)
    status, out = await run("restore", "backup.db", env=env, folder=tmp_path)
    assert (status, "is not empty" in out) == (1, True)
    new = f"sqlite:///{tmp_path / 'new.db'}"
    status, out = await run("restore", "backup.db", env=env | {"DATABASE_URL": new}, folder=tmp_path)
    assert (status, "Restored and checked" in out) == (0, True)
    moved = f"sqlite:///{tmp_path / 'moved.db'}"
    status, out = await run("copy", new, moved, env=env, folder=tmp_path)
    assert (status, "copied and compared" in out) == (0, True)
    assert titles(moved) == ["Kept"]
