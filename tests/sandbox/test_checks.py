"""The checks of Slack's client before it submits."""

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.checks import REQUIRED, submission_errors

OPTIONS = [{"text": {"type": "plain_text", "text": text}, "value": text} for text in ("a", "b", "c")]


@pytest.mark.parametrize(
    ("element", "value", "words"),
    [
        ({"type": "plain_text_input"}, {"value": ""}, REQUIRED),
        ({"type": "plain_text_input", "max_length": 2}, {"value": "abc"}, "Must be 2 characters or fewer"),
        ({"type": "plain_text_input", "min_length": 4}, {"value": "abc"}, "Must be at least 4 characters"),
        ({"type": "number_input", "is_decimal_allowed": True}, {"value": "x"}, "Please enter a number."),
        ({"type": "number_input", "is_decimal_allowed": False}, {"value": "1.5"}, "Please enter a whole number."),
        ({"type": "number_input", "min_value": "3"}, {"value": "2"}, "Number must be at least 3"),
        ({"type": "email_text_input"}, {"value": "anna"}, "Please enter a valid email address."),
        ({"type": "url_text_input"}, {"value": "seal"}, "Please enter a valid URL."),
        ({"type": "static_select"}, {"selected_option": {"value": "z"}}, "Please choose one of the options."),
        (
            {"type": "multi_static_select", "max_selected_items": 1},
            {"selected_options": OPTIONS[:2]},
            "Choose at most 1",
        ),
        ({"type": "checkboxes"}, {"selected_options": []}, REQUIRED),
        ({"type": "datepicker"}, {"selected_date": "2026-11-23"}, None),
    ],
)
async def test_fields(box: Sandbox, element: dict[str, Any], value: dict[str, Any], words: str | None) -> None:
    """Each kind of field has its rule and its words; optional fields may stay empty."""
    element = {**element, "action_id": "a", "options": OPTIONS}
    label = {"type": "plain_text", "text": "L"}
    block = {"type": "input", "block_id": "b", "label": label, "element": element}
    view = box.world.new_view("U0ANNA", {"type": "modal", "blocks": [block]})
    view.state["b"]["a"] |= value
    assert submission_errors(view) == ({"b": words} if words else {})
    if words == REQUIRED:
        view.blocks[0]["optional"] = True
        assert submission_errors(view) == {}
