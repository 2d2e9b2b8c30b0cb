"""Blocks and mrkdwn are read as a person reads them."""

from typing import Any

import pytest

from sandbox.words import plain, read

NAMES = {"U0ANNA": "Anna Berg", "C0SHARED": "quality"}


@pytest.mark.parametrize(
    ("mrkdwn", "words"),
    [
        ("a &amp;&lt;b&gt;", "a &<b>"),
        ("&amp;lt;", "&lt;"),
        ("<@U0ANNA> in <#C0SHARED>", "@Anna Berg in #quality"),
        ("<https://x.example|the pack> <https://y.example>", "the pack https://y.example"),
        ("<!date^1795422600^{date_short}|23 Nov 2026>", "23 Nov 2026"),
        ("<!channel> <!subteam^S1|@qa>", "@channel @qa"),
        ("*Class:* _major_ ~no~ `DEV-1`", "Class: major no DEV-1"),
        ("2*3*4 snake_case_name * star", "2*3*4 snake_case_name * star"),
    ],
)
def test_mrkdwn(mrkdwn: str, words: str) -> None:
    """Ids become names, links their labels, marks and entities disappear."""
    assert plain(mrkdwn, NAMES) == words


def test_blocks_of_every_kind() -> None:
    """Everything readable is read, in order."""
    rich: list[Any] = [
        {"type": "text", "text": "by "},
        {"type": "user", "user_id": "U0ANNA"},
        {"type": "emoji", "name": "eyes"},
        {"type": "channel", "channel_id": "C0SHARED"},
        {"type": "link", "url": "https://x.example"},
    ]
    section = {"type": "rich_text_section", "elements": rich}
    items = {"type": "rich_text_list", "elements": [section, section]}
    option = {"text": {"type": "plain_text", "text": "Water"}, "value": "w"}
    label = {"type": "plain_text", "text": "Source"}
    boxes = {"type": "checkboxes", "action_id": "a", "options": [option]}
    select = {"type": "static_select", "action_id": "s", "options": [option], "placeholder": label}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Head"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*f*"}]},
        {"type": "rich_text", "elements": [items]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_number", "text": "1"}]]},
        {"type": "image", "alt_text": "chart", "image_url": "https://x.example"},
        {"type": "input", "block_id": "b", "label": label, "element": boxes, "hint": label},
        {"type": "actions", "block_id": "c", "elements": [select]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "foot"}]},
        {"type": "markdown", "text": "plain"},
    ]
    line = "by @Anna Berg:eyes:#qualityhttps://x.example"
    expected = ["Head", "f", line, line, "a | 1", "chart", "Source", "Water", "Source", "Source", "foot", "plain"]
    assert read(blocks, NAMES).split("\n") == expected
    chosen = {"c": {"s": {"type": "static_select", "selected_option": option}}}
    assert read(blocks[6:7], NAMES, chosen) == "Water"


def test_charts_are_read_as_their_values() -> None:
    """A chart is read as its title, the names of its axes, and a line of values for each segment or series."""
    segments = [{"label": "Minor", "value": 4}, {"label": "Major", "value": 2.5}]
    points = [{"label": "Jan", "value": 3.0}, {"label": "Feb", "value": -1}]
    axes = {"categories": ["Jan", "Feb"], "x_label": "Month", "y_label": "Records"}
    pie = {"type": "pie", "segments": segments}
    bar = {"type": "bar", "series": [{"name": "2026", "data": points}], "axis_config": axes}
    blocks = [{"type": "data_visualization", "title": title, "chart": one} for title, one in (("A", pie), ("B", bar))]
    assert read(blocks, {}).split("\n") == ["A", "Minor 4", "Major 2.5", "B", "Records, Month", "2026: Jan 3, Feb -1"]
