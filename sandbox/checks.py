"""What Slack's client checks in a modal before it lets a person submit."""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.elements import KINDS, Json, options_of
from sandbox.world import View

REQUIRED = "Please complete this required field."
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://\S+")


def submission_errors(view: View) -> dict[str, str]:
    """Return the errors the client would show, by block_id; empty means it would send."""
    errors = {}
    for block in view.input_blocks:
        element = block["element"]
        value = view.state[block["block_id"]][element["action_id"]][KINDS[element["type"]].field]
        if error := _error(block, element, value):
            errors[block["block_id"]] = error
    return errors


def _error(block: Json, element: Json, value: Any) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional") else REQUIRED
    check = _CHECKS.get(element["type"])
    return next(check(element, value), None) if check else None


def _text(element: Json, value: str) -> Iterator[str]:
    most, least = element.get("max_length", 3000), element.get("min_length", 0)
    if len(value) > most:
        yield f"Must be {most} characters or fewer"
    if len(value) < least:
        yield f"Must be at least {least} characters"


def _number(element: Json, value: str) -> Iterator[str]:
    try:
        number = float(value)
    except ValueError:
        yield "Please enter a number."
        return
    if not element.get("is_decimal_allowed") and "." in value:
        yield "Please enter a whole number."
    if number < float(element.get("min_value", number)):
        yield f"Number must be at least {element['min_value']}"
    if number > float(element.get("max_value", number)):
        yield f"Number must be at most {element['max_value']}"


def _choice(element: Json, value: Json) -> Iterator[str]:
    if value.get("value") not in [option["value"] for option in options_of(element)]:
        yield "Please choose one of the options."


def _choices(element: Json, value: list[Json]) -> Iterator[str]:
    for one in value:
        yield from _choice(element, one)
    if len(value) > element.get("max_selected_items", len(value)):
        yield f"Choose at most {element['max_selected_items']}"


def _email(_: Json, value: str) -> Iterator[str]:
    if not _EMAIL.fullmatch(value):
        yield "Please enter a valid email address."


def _url(_: Json, value: str) -> Iterator[str]:
    if not _URL.fullmatch(value):
        yield "Please enter a valid URL."


_CHECKS: dict[str, Any] = {
    "plain_text_input": _text,
    "number_input": _number,
    "email_text_input": _email,
    "url_text_input": _url,
    "static_select": _choice,
    "radio_buttons": _choice,
    "multi_static_select": _choices,
    "checkboxes": _choices,
}
