"""What Slack's interactive elements are: where they stand in blocks, and which field holds what was chosen."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """The field of an element's value, the property that presets it, and whether it is a list."""

    field: str
    initial: str
    many: bool = False

    @property
    def empty(self) -> Any:
        """Return what the field holds when nothing is chosen."""
        return [] if self.many else None


KINDS = {
    "plain_text_input": Kind("value", "initial_value"),
    "number_input": Kind("value", "initial_value"),
    "email_text_input": Kind("value", "initial_value"),
    "url_text_input": Kind("value", "initial_value"),
    "rich_text_input": Kind("rich_text_value", "initial_value"),
    "file_input": Kind("files", "", many=True),
    "static_select": Kind("selected_option", "initial_option"),
    "external_select": Kind("selected_option", "initial_option"),
    "radio_buttons": Kind("selected_option", "initial_option"),
    "users_select": Kind("selected_user", "initial_user"),
    "conversations_select": Kind("selected_conversation", "initial_conversation"),
    "channels_select": Kind("selected_channel", "initial_channel"),
    "multi_static_select": Kind("selected_options", "initial_options", many=True),
    "multi_external_select": Kind("selected_options", "initial_options", many=True),
    "checkboxes": Kind("selected_options", "initial_options", many=True),
    "multi_users_select": Kind("selected_users", "initial_users", many=True),
    "multi_conversations_select": Kind("selected_conversations", "initial_conversations", many=True),
    "multi_channels_select": Kind("selected_channels", "initial_channels", many=True),
    "datepicker": Kind("selected_date", "initial_date"),
    "timepicker": Kind("selected_time", "initial_time"),
    "datetimepicker": Kind("selected_date_time", "initial_date_time"),
}
CHOSEN = {name: kind.field for name, kind in KINDS.items()} | {"overflow": "selected_option"}


def in_blocks(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield every interactive element with its block."""
    for block in blocks:
        for element in [block.get("accessory"), block.get("element"), *block.get("elements", [])]:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def find(blocks: list[Json], block_id: str, action_id: str) -> Json | None:
    """Return the element with these ids, or None."""
    for block, element in in_blocks(blocks):
        if (block["block_id"], element["action_id"]) == (block_id, action_id):
            return element
    return None


def with_ids(blocks: list[Json]) -> list[Json]:
    """Return the blocks with a block_id and action_ids each, made up where the app gave none, as Slack does."""
    return [_with_action_ids({"block_id": secrets.token_hex(3), **block}) for block in blocks]


def _with_action_ids(block: Json) -> Json:
    named = dict(block)
    for place in ("accessory", "element"):
        if place in block:
            named[place] = _named(block[place])
    if block["type"] in ("actions", "context_actions"):
        named["elements"] = [_named(element) for element in block["elements"]]
    return named


def _named(element: Json) -> Json:
    return element if element["type"] == "image" else {"action_id": secrets.token_hex(3), **element}


def first_state(blocks: list[Json]) -> Json:
    """Return `state.values` as it stands before anybody typed: the presets."""
    values: Json = {}
    for block, element in in_blocks(blocks):
        if kind := KINDS.get(element["type"]):
            preset = element.get(kind.initial, kind.empty)
            values.setdefault(block["block_id"], {})[element["action_id"]] = {
                "type": element["type"],
                kind.field: preset,
            }
    return values


def kept_state(blocks: list[Json], old: Json) -> Json:
    """Return the state of updated blocks: what was typed stays where block_id, action_id and type stayed."""
    values = first_state(blocks)
    for block_id, actions in values.items():
        for action_id, fresh in actions.items():
            typed = old.get(block_id, {}).get(action_id)
            if typed and typed["type"] == fresh["type"]:
                actions[action_id] = typed
    return values


def options_of(element: Json) -> list[Json]:
    """Return the options of a select, grouped or not."""
    grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *grouped]
