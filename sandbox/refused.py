"""Slack's refusal of a call, raised wherever it is found out and answered in one place, `api.registry`."""

from typing import Any

from sandbox.elements import Json


class Refused(Exception):  # noqa: N818 -- reads as what happened
    """An answer with `ok: false`: Slack's error word and what else belongs into the answer."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.answer: Json = {"ok": False, "error": error, **more}
