"""Blocks as a person reads them: plain words without markup; how they look is the page's."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.elements import KINDS, Json, in_blocks

Names = Mapping[str, str]

_ANGLES = re.compile(r"<([^<>]+)>")
_MARKS = [re.compile(rf"(?<![\w{m}]){m}(?=\S)([^{m}\n]*?\S){m}(?![\w{m}])") for m in (r"\*", "_", "~", "`")]
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def plain(mrkdwn: str, names: Names) -> str:
    """Return mrkdwn as it is read: names for ids, labels for links, no marks, no entities."""
    text = _ANGLES.sub(lambda found: _reference(found[1], names), mrkdwn)
    for mark in _MARKS:
        text = mark.sub(r"\1", text)
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def _reference(inside: str, names: Names) -> str:
    target, _, label = inside.partition("|")
    if label:
        return label
    if target[:1] in "@#":
        return target[0] + names.get(target[1:], target[1:])
    return "@" + target[1:] if target.startswith("!") else target


def read(blocks: list[Json], names: Names, state: Json | None = None) -> str:
    """Return all readable text of the blocks, a line for each piece, with what is typed or chosen so far."""
    return "\n".join(line for block in blocks for line in _lines(block, names, state or {}) if line)


def text_of(text: Any, names: Names) -> str:
    """Return the words of a text object."""
    if not isinstance(text, dict):
        return ""
    words = str(text.get("text", ""))
    return plain(words, names) if text.get("type") == "mrkdwn" else words


def _lines(block: Json, names: Names, state: Json) -> Iterator[str]:
    if block["type"] in ("rich_text", "table", "data_table"):
        yield from _rich_lines(block, names)
        return
    if block["type"] == "data_visualization":
        yield from _chart_lines(block)
        return
    for key in ("title", "label", "text"):
        value = block.get(key)
        yield plain(value, names) if isinstance(value, str) else text_of(value, names)
    for field in block.get("fields", []):
        yield text_of(field, names)
    values = state.get(block.get("block_id", ""), {})
    for element in [block.get("accessory"), block.get("element"), *block.get("elements", [])]:
        if isinstance(element, dict):
            yield _element_words(element, names, values.get(element.get("action_id"), {}))
    yield text_of(block.get("hint"), names)
    yield block.get("alt_text", "")


def _element_words(element: Json, names: Names, value: Json) -> str:
    if element["type"] in ("mrkdwn", "plain_text"):
        return text_of(element, names)
    if element["type"] in ("radio_buttons", "checkboxes"):
        return "\n".join(text_of(option["text"], names) for option in element["options"])
    if element["type"] in KINDS:
        kind = KINDS[element["type"]]
        chosen = value.get(kind.field, element.get(kind.initial))
        return chosen_words(chosen, names) or text_of(element.get("placeholder"), names)
    return text_of(element.get("text"), names) or str(element.get("alt_text", ""))


def chosen_words(chosen: Any, names: Names) -> str:
    """Return what was chosen in an element as its words."""
    if isinstance(chosen, list):
        return ", ".join(chosen_words(one, names) for one in chosen)
    if isinstance(chosen, dict):
        return text_of(chosen.get("text"), names) if "text" in chosen else str(chosen.get("name", ""))
    return "" if chosen is None else names.get(str(chosen), str(chosen))


def _rich_lines(node: Json, names: Names) -> Iterator[str]:
    for row in node.get("rows", []):
        yield " | ".join(_rich_words(cell, names) for cell in row)
    for child in node.get("elements", []):
        if child.get("type") == "rich_text_list":
            yield from (_rich_words(item, names) for item in child["elements"])
        else:
            yield _rich_words(child, names)


def _rich_words(node: Json, names: Names) -> str:
    if "elements" in node:
        return "".join(_rich_words(child, names) for child in node["elements"])
    if node.get("type") in ("user", "channel"):
        sign, key = ("@", "user_id") if node["type"] == "user" else ("#", "channel_id")
        return sign + names.get(node[key], node[key])
    if node.get("type") == "emoji":
        return f":{node['name']}:"
    return str(node.get("text") or node.get("fallback") or node.get("url") or "")


def _chart_lines(block: Json) -> Iterator[str]:
    """Yield the title, then a line for each segment, or for each series with its values in the axis's order."""
    chart = block["chart"]
    axes = chart.get("axis_config", {})
    yield block["title"]
    yield ", ".join(axes[name] for name in ("y_label", "x_label") if name in axes)
    yield from (_value_words(segment) for segment in chart.get("segments", []))
    for series in chart.get("series", []):
        yield f"{series['name']}: " + ", ".join(_value_words(point) for point in series["data"])


def _value_words(point: Json) -> str:
    """Return label and value; whole numbers are read without a decimal point, as the page writes them."""
    value = point["value"]
    return f"{point['label']} {int(value) if value == int(value) else value}"


def buttons_of(blocks: list[Json]) -> list[str]:
    """Return the texts of the buttons, in order."""
    return [str(e["text"]["text"]) for _, e in in_blocks(blocks) if e["type"] == "button"]
