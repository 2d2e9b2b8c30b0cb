"""Backups, restored ones, and the move to another engine: whole databases, checked before they count."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError

from bot import verify
from storage import copy
from storage.copy import Differs
from storage.database import Database
from storage.migrate import migrate, newest, revision

OWNERS_ALONE = 0o600  # a backup holds what the database holds
BESIDE = ("-wal", "-shm", "-journal")  # files of SQLite that belong to a database


class CannotCopy(Exception):  # noqa: N818 - what stands in the way
    """A backup, a restoration or a move that was not made; the words say what to do."""


def back_up(url: str, path: Path) -> int:
    """Write the database, as it is at this moment, into a new SQLite file; gives its bytes.

    From SQLite and PostgreSQL alike; the bot may run meanwhile.
    """
    if path.exists():
        raise CannotCopy(f"{path} is there already. Give a new name; a backup replaces none.")
    with _opened(url) as source, part_of(path) as part:
        if _is_sqlite(url):
            copy.vacuum_into(source, part)
        else:
            _require_present(source)
            with closing(Database(f"sqlite:///{part}")) as target:
                migrate(target)
                _copied(source, target)
        _check(part)
        part.rename(path)
    return path.stat().st_size


def restore(path: Path, url: str) -> None:
    """Bring a backup, of this version or an older one, into a database that is empty or not there yet."""
    if not path.is_file():
        raise CannotCopy(f"There is no file {path}.")
    place = Path(make_url(url).database or "") if _is_sqlite(url) else None
    if place is None or place.exists():
        with TemporaryDirectory() as folder:
            _restored(path, Path(folder) / "backup.db")
            move(f"sqlite:///{folder}/backup.db", url)
        return
    left = [f"{place}{ending}" for ending in BESIDE if Path(f"{place}{ending}").exists()]
    if left:  # SQLite would take it for the restored database's own, and replay it
        raise CannotCopy(f"{', '.join(left)} is left of another database. Move it away, with the one it belongs to.")
    with part_of(place) as part:
        _restored(path, part)
        part.rename(place)


def _restored(path: Path, part: Path) -> None:
    """Copy a backup, bring it to the present schema and check it."""
    with _opened(f"sqlite:///{path}") as kept:
        copy.vacuum_into(kept, part)
    with closing(Database(f"sqlite:///{part}")) as working:
        migrate(working)
        _hold(working)


def move(source_url: str, target_url: str) -> dict[str, int]:
    """Copy a database into an empty one, of another engine perhaps; gives the number of rows by table."""
    with closing(Database(target_url)) as target:
        migrate(target)
        if not copy.is_empty(target):
            raise CannotCopy("The database to be written is not empty. Give an empty one, or move it away.")
        with _opened(source_url) as source:
            _require_present(source)
            numbers = _copied(source, target)
        _hold(target)
    return numbers


def _copied(source: Database, target: Database) -> dict[str, int]:
    try:
        return copy.copy(source, target)
    except Differs as differs:
        raise CannotCopy(f"Nothing was copied: {differs}. Is somebody else writing to the copy?") from differs


def _require_present(source: Database) -> None:
    if revision(source) != newest():
        raise CannotCopy("The database to be read has an older schema. Run `qualbridge migrate` on it first.")


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    """Open a database of ours for reading."""
    with closing(Database(url)) as database:
        try:
            found = revision(database) if database.exists else None
        except DatabaseError as error:
            raise CannotCopy(f"{database.engine.url!r} is no database of QualBridge.") from error
        if found is None:
            raise CannotCopy(f"{database.engine.url!r} holds nothing of QualBridge.")
        yield database


@contextmanager
def part_of(path: Path) -> Iterator[Path]:
    """Give an empty file to write into beside another; it is gone afterwards unless it was renamed."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(OWNERS_ALONE, exist_ok=False)
    try:
        yield part
    finally:
        for ending in ("", *BESIDE):
            part.with_name(part.name + ending).unlink(missing_ok=True)


def _is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def _check(part: Path) -> None:
    """Check a backup; one of an older schema as it would be restored, and is itself left as it was."""
    with closing(Database(f"sqlite:///{part}")) as database:
        if revision(database) == newest():
            _hold(database)
            return
    with TemporaryDirectory(dir=part.parent) as folder:
        _restored(part, Path(folder) / "backup.db")


def _hold(database: Database) -> None:
    broken = [one.says for one in verify.check(database) if not one.well]
    if broken:
        raise CannotCopy("\n".join(["What was copied does not hold; `qualbridge verify` says more.", *broken[:3]]))
