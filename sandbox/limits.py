"""What Slack accepts on each surface (messages, modals, home tabs, suggestions), checked on the final JSON."""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.blockkit import BLOCKS, GROUP, PLAIN_OPTION, VISUAL, label, limited, repeated
from sandbox.elements import Json
from sandbox.rules import Rule, anything, boolean, by_type, items, problem, shape
from sandbox.sizes import LIMITS

_TYPE: dict[str, Rule] = {"type!": anything}
_ONLY_MESSAGES = ("markdown", "table", "file", "context_actions", VISUAL)
_IN_VIEWS = tuple(name for name in BLOCKS if name not in _ONLY_MESSAGES)


def _at_most(kind: str, most: int, words: str) -> Rule:
    def check(blocks: list[Json], pointer: str) -> Iterator[str]:
        if sum(block["type"] == kind for block in blocks) > most:
            yield problem(words, pointer)

    return check


def _distinct_blocks(blocks: list[Json], pointer: str) -> Iterator[str]:
    yield from repeated([block.get("block_id") for block in blocks], "block_id", pointer)


def _one_focus(blocks: list[Json], pointer: str) -> Iterator[str]:
    parts = [[b.get("accessory"), b.get("element"), *b.get("elements", [])] for b in blocks]
    focused = [e for part in parts for e in part if isinstance(e, dict) and e.get("focus_on_load")]
    if len(focused) > 1:
        yield problem("only one element can have focus_on_load", pointer)


def _then(rule: Rule, *also: Rule) -> Rule:
    def check(value: Any, pointer: str) -> Iterator[str]:
        found = list(rule(value, pointer))
        yield from found or (words for other in also for words in other(value, pointer))

    return check


_MESSAGE_BLOCKS = _then(
    items(by_type(BLOCKS), LIMITS["message.blocks.max_items"], 0),
    _distinct_blocks,
    _at_most("table", 1, "only one table is allowed"),
    _at_most(VISUAL, LIMITS["message.data_visualizations.max_items"], "too many data visualizations"),
)
_VIEW_BLOCKS = _then(
    items(by_type(BLOCKS, _IN_VIEWS), LIMITS["view.blocks.max_items"], 0), _distinct_blocks, _one_focus
)


def _submit_for_inputs(view: Json, pointer: str) -> Iterator[str]:
    for index, block in enumerate(view["blocks"]):
        if block["type"] == "input" and "submit" not in view:
            yield problem("must define `submit` to use `input` block", f"{pointer}/blocks/{index}/input")


_ANY_VIEW = {
    **_TYPE,
    "blocks!": _VIEW_BLOCKS,
    "private_metadata": limited("view.private_metadata", 0),
    "callback_id": limited("view.callback_id", 0),
    "external_id": limited("view.external_id", 0),
}
_VIEWS: dict[str, Rule] = {
    "home": shape(_ANY_VIEW),
    "modal": shape(
        {
            **_ANY_VIEW,
            "title!": label("view.title"),
            "submit": label("view.submit"),
            "close": label("view.close"),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
        },
        _submit_for_inputs,
    ),
}
_SUGGESTIONS = shape({"options": items(PLAIN_OPTION, 100, 0), "option_groups": items(GROUP, 100, 0)})


def message_problems(content: Json) -> list[str]:
    """Return what Slack would refuse in a message, in its words."""
    found = list(_MESSAGE_BLOCKS(content.get("blocks") or [], "/blocks"))
    attachments = content.get("attachments") or []
    if len(attachments) > LIMITS["message.attachments.max_items"]:
        found.append(problem("no more than 100 items allowed", "/attachments"))
    for index, attachment in enumerate(attachments):
        found += _MESSAGE_BLOCKS(attachment.get("blocks") or [], f"/attachments/{index}/blocks")
    return found


def view_problems(view: Json) -> list[str]:
    """Return what Slack would refuse in a modal or home tab, in its words."""
    return list(by_type(_VIEWS)(view, "/view"))


def suggestion_problems(answer: Json) -> list[str]:
    """Return what Slack would refuse in the options of an external select."""
    return list(_SUGGESTIONS(answer, ""))


def too_much_text(blocks: list[Json]) -> bool:
    """Say whether all the blocks' text together is more than Slack takes (`msg_blocks_too_long`)."""
    return _text_length(blocks) > LIMITS["markdown.total_text.max_length"]


def _text_length(node: Any) -> int:
    if isinstance(node, list):
        return sum(_text_length(child) for child in node)
    if not isinstance(node, dict):
        return 0
    own = len(node["text"]) if isinstance(node.get("text"), str) else 0
    return own + sum(_text_length(child) for child in node.values())


def size(view: Json) -> int:
    """Return the size of a view in bytes."""
    return len(json.dumps(view, ensure_ascii=False).encode())
