"""Which request is being served, for the log: every line that belongs to it carries its id."""

import os
from contextvars import ContextVar

REQUEST: ContextVar[str] = ContextVar("request", default="-")


def begin() -> str:
    """Begin a request; gives its id, six characters that a person can quote."""
    REQUEST.set(os.urandom(3).hex().upper())
    return REQUEST.get()
