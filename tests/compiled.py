"""Statements compiled once in a process of tests, however many databases it opens, as in the one that `serve` opens.

SQLAlchemy keeps what it compiled with each engine, and every test has an engine of its own: a third of a test's time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Dialect, Engine, create_engine
from sqlalchemy.util import LRUCache

from storage import database

STATEMENTS = 5000


@contextmanager
def once() -> Iterator[None]:
    """Let new engines share their dialect and its compiled statements."""
    dialects: dict[str, Dialect] = {}
    compiled: LRUCache[Any, Any] = LRUCache(STATEMENTS)

    def create(*url: Any, **options: Any) -> Engine:
        engine = create_engine(*url, **options)
        known = dialects.setdefault(engine.dialect.name, engine.dialect)
        if getattr(known, "server_version_info", None):  # it met its server, and knows what that understands
            engine.dialect, engine._compiled_cache = known, compiled
        else:
            dialects[engine.dialect.name] = engine.dialect
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", create)
        yield
