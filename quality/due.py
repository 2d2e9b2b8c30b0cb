"""What has come due is decided row by row: what goes wrong with one keeps no other from being decided."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from storage.database import is_over
from storage.table import Table

log = logging.getLogger(__name__)

LATER = timedelta(hours=1)  # when to look again at what could not be decided


@contextmanager
def deciding(row: Table, column: str, what: str, now: datetime) -> Iterator[None]:
    """Decide about a row; where that fails, the column that says when to look at it is put off.

    Where the whole transaction failed with it, as on a full disk, so does everything.
    """
    try:
        yield
    except Exception:
        if is_over(row):
            raise
        log.exception("%s could not be decided; it is looked at again in %s", what, LATER)
        setattr(row, column, now + LATER)
