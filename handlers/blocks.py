"""Block Kit in a few words: the blocks and elements the bot uses, each within Slack's limits."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.text import cut, one_line
from quality.words import moment

Block = dict[str, Any]
MOST_OPTIONS = 100
CHART = "data_visualization"  # a block that Slack does not take everywhere


@dataclass(frozen=True)
class Screen:
    """What is shown: a sentence for notifications and screen readers, and the blocks."""

    text: str
    blocks: list[Block]


@dataclass(frozen=True)
class Option:
    """A choice: its words and the value that comes back."""

    text: str
    value: str


def plain(text: str, limit: int) -> Block:
    """Give a plain text object: typed text in it is never markup, nor an emoji."""
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}


def header(text: str) -> Block:
    """Give a heading."""
    return {"type": "header", "text": plain(one_line(text), 150)}


def section(text: str, accessory: Block | None = None) -> Block:
    """Give a paragraph of our own words, in mrkdwn; typed text in it must be escaped."""
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, 3000)}}
    return block | ({"accessory": accessory} if accessory else {})


def typed(text: str, accessory: Block | None = None) -> Block:
    """Give a paragraph of typed text, shown as it is."""
    block: Block = {"type": "section", "text": plain(text, 3000)}
    return block | ({"accessory": accessory} if accessory else {})


def context(text: str) -> Block:
    """Give a line of small print in our own words."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(text, 2000)}]}


def local(at: datetime) -> str:
    """Give a moment in mrkdwn: in each reader's own zone, and in UTC as the evidence."""
    utc = moment(at)
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{utc}> ({utc})"


def divider() -> Block:
    """Give a line between blocks."""
    return {"type": "divider"}


def without_charts(shown: Screen) -> Screen:
    """Give what is shown without its charts, for a place that does not take them."""
    return Screen(shown.text, [block for block in shown.blocks if block["type"] != CHART])


def actions(*buttons: Block) -> Block:
    """Give a row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def button(
    text: str, action: str, data: dict[str, Any], style: str | None = None, confirm: Block | None = None
) -> Block:
    """Give a button; its data comes back with the click."""
    block: Block = {
        "type": "button",
        "text": plain(text, 75),
        "action_id": action,
        "value": json.dumps(data, separators=(",", ":"), ensure_ascii=False),
    }
    return block | ({"style": style} if style else {}) | ({"confirm": confirm} if confirm else {})


def confirm(title: str, text: str, yes: str) -> Block:
    """Give the question asked before a button acts."""
    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain("Not yet", 30),
    }


def facts(pairs: Iterable[tuple[str, str]], limit: int = 300) -> Block:
    """Give lines of a bold label and a value; values are data, never markup. Empty ones are left out."""
    lines = [[bold(f"{label}: "), words(cut(value, limit) + "\n")] for label, value in pairs if value]
    return rich([{"type": "rich_text_section", "elements": [part for line in lines for part in line]}])


def bullets(items: Sequence[list[Block]]) -> Block:
    """Give a list, each item made of `bold`, `words` and `link`."""
    rows = [{"type": "rich_text_section", "elements": item} for item in items]
    return rich([{"type": "rich_text_list", "style": "bullet", "elements": rows}])


def quote(intro: list[Block], text: str) -> Block:
    """Give an introduction and a quotation of typed text."""
    quoted = {"type": "rich_text_quote", "elements": [words(cut(text, 3000))]}
    return rich([{"type": "rich_text_section", "elements": intro}, quoted])


def rich(elements: list[Block]) -> Block:
    """Give a rich text block."""
    return {"type": "rich_text", "elements": elements}


def words(text: str) -> Block:
    """Give plain words of a rich text."""
    return {"type": "text", "text": text}


def bold(text: str) -> Block:
    """Give bold words of a rich text."""
    return {"type": "text", "text": text, "style": {"bold": True}}


def link(url: str | None, text: str) -> Block:
    """Give a link of a rich text; bold words where there is no address yet."""
    return {"type": "link", "url": url, "text": text} if url else bold(text)


def option(choice: Option) -> Block:
    """Give an option object."""
    return {"text": plain(choice.text, 75), "value": choice.value}


def choices(options: Sequence[Option]) -> Block:
    """Give the options of a select: one list up to Slack's limit, beyond it groups named by their ends."""
    if len(options) <= MOST_OPTIONS:
        return {"options": [option(choice) for choice in options]}
    chunks = [options[i : i + MOST_OPTIONS] for i in range(0, len(options), MOST_OPTIONS)]
    return {
        "option_groups": [
            {
                "label": plain(f"{cut(chunk[0].text, 35)} to {cut(chunk[-1].text, 35)}", 75),
                "options": [option(choice) for choice in chunk],
            }
            for chunk in chunks
        ]
    }
