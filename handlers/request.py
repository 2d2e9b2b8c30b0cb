"""Which request is being served, for the log: every line that belongs to it carries its id."""

import secrets
from contextvars import ContextVar

REQUEST: ContextVar[str] = ContextVar("request", default="-")


def begin() -> str:
    """Begin a request; gives its id, six characters that a person can quote."""
    REQUEST.set(secrets.token_hex(3).upper())
    return REQUEST.get()
