"""Statements compiled once and handed to the driver as they are, for what every act asks and writes.

Types and dialects are SQLAlchemy's; only its preparing is not done anew each time.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.sql import ClauseElement
from sqlmodel import Session

from storage import driver

Statement = TypeVar("Statement", bound=Executable)
ONCE = {"made_once": True}


def once(statement: Statement) -> Statement:
    """Mark a statement that is made once and asked often: what a session adds to it is made once as well."""
    made: Statement = statement.execution_options(**ONCE)
    return made


class Prepared:
    """A statement in a dialect's words, for rows with the same columns.

    It is either asked or written: the late outcome of a writing must not be taken for an answer. Its last values and
    answer stay in memory: it is not for what is large.
    """

    def __init__(self, dialect: Dialect, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
        self._sql = str(compiled)
        self._names = compiled.positiontup if compiled.positional else tuple(compiled.binds)
        self._positional = bool(compiled.positional)
        self._fixed = {name: one.value for name, one in compiled.binds.items() if not one.required}
        types = (compiled.binds[name].type.dialect_impl(dialect) for name in self._names)
        converting = ((place, one.bind_processor(dialect)) for place, one in enumerate(types))
        self._converting = [(place, convert) for place, convert in converting if convert is not None]

    def ask(self, connection: Connection, row: Mapping[str, Any]) -> list[Any]:
        """Execute it for one row; gives what comes back, as plain rows."""
        with driver.errors(connection):
            cursor = driver.cursor(connection, self)
            try:
                self._execute(cursor, [row])
                found: list[Any] = cursor.fetchall()
            except BaseException:
                driver.let_go(connection, self)
                raise
        return found

    def begin(self, connection: Connection, row: Mapping[str, Any]) -> Callable[[], list[Any]]:
        """Execute it for one row; gives what gives what comes back, for which the driver need not wait before."""
        if not driver.set_off(connection):
            found = self.ask(connection, row)
            return lambda: found
        with driver.errors(connection):
            cursor = driver.of(connection).cursor()
            self._execute(cursor, [row])

        def arrived() -> list[Any]:
            with driver.errors(connection):
                rows: list[Any] = cursor.fetchall()
            return rows

        return arrived

    def write(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for some rows; where the driver can, its outcome is not waited for."""
        with driver.errors(connection):
            driver.set_off(connection)
            self._execute(driver.cursor(connection, self), rows)

    def _execute(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        given = [*map(self._given, rows)]
        if len(given) == 1:
            cursor.execute(self._sql, given[0])
        else:
            cursor.executemany(self._sql, given)

    def _given(self, row: Mapping[str, Any]) -> Any:
        row = {**self._fixed, **row} if self._fixed else row
        values = [*map(row.__getitem__, self._names)]
        for place, convert in self._converting:
            values[place] = convert(values[place])
        return tuple(values) if self._positional else dict(zip(self._names, values, strict=True))


def ask(session: Session, statement: ClauseElement, given: Mapping[str, Any]) -> list[Any]:
    """Ask by a statement that is made once, such as a module's own, in a session that has written what it waits for.

    What comes back is as the driver gives it: numbers and texts are what they are, other types are not made of them.
    """
    connection = session.connection()
    return _prepared(connection.dialect, statement, tuple(given)).ask(connection, given)


def begin(session: Session, statement: ClauseElement, given: Mapping[str, Any]) -> Callable[[], list[Any]]:
    """Ask, as `ask`, together with the next question; gives what gives the answer."""
    connection = session.connection()
    return _prepared(connection.dialect, statement, tuple(given)).begin(connection, given)


def write(session: Session, statement: ClauseElement, given: Mapping[str, Any]) -> None:
    """Write by a statement that is made once; where the driver can, its outcome is not waited for."""
    connection = session.connection()
    _prepared(connection.dialect, statement, tuple(given)).write(connection, [given])


@lru_cache(256)
def _prepared(dialect: Dialect, statement: ClauseElement, columns: tuple[str, ...]) -> Prepared:
    return Prepared(dialect, statement, columns)
