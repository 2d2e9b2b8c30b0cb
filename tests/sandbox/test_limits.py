"""The table of limits agrees with an independent list, and breaking a rule is refused in Slack's words."""

# ruff: noqa: E501 -- a payload and the words it is refused with stand on one line

from typing import Any

import pytest
from slackblocks import _limits

from sandbox.limits import message_problems, view_problems
from sandbox.sizes import LIMITS

BUTTON: dict[str, Any] = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}
OPTION: dict[str, Any] = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
SELECT: dict[str, Any] = {"type": "static_select", "options": [OPTION], "action_id": "pick"}
STRICTER = {"data_visualization.segments.max_items": 6, "data_visualization.series.max_items": 6}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn("x"), **more}


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def field(element: dict[str, Any]) -> dict[str, Any]:
    return {"type": "input", "label": plain("Title"), "element": element}


def modal(*blocks: Any, **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("T"), "submit": plain("S"), "blocks": list(blocks), **more}


def series(name: str = "2026", label: str = "Jan", value: Any = 3) -> dict[str, Any]:
    return {"name": name, "data": [{"label": label, "value": value}]}


def chart(*lines: dict[str, Any], kind: str = "line", title: str = "Trend", **axes: Any) -> dict[str, Any]:
    body = {"type": kind, "series": list(lines) or [series()], "axis_config": {"categories": ["Jan"], **axes}}
    return {"type": "data_visualization", "title": title, "chart": body}


def pie(*values: Any, label: str = "Minor") -> dict[str, Any]:
    segments = [{"label": label, "value": value} for value in values]
    return {"type": "data_visualization", "title": "Classes", "chart": {"type": "pie", "segments": segments}}


@pytest.mark.parametrize("name", LIMITS)
def test_numbers_agree_with_slackblocks(name: str) -> None:
    """Every number of the table is the one the slackblocks package has, save where Slack's page is stricter."""
    theirs = getattr(_limits, name.replace(".", "_").upper())
    assert LIMITS[name] == STRICTER.get(name, theirs) <= theirs


GOOD = [
    section(accessory=BUTTON),
    section(accessory={**SELECT, "initial_option": OPTION}),
    section(fields=[mrkdwn("a")] * 10),
    actions(*[{**BUTTON, "action_id": f"b{n}"} for n in range(25)]),
    {"type": "context", "elements": [mrkdwn("a"), {"type": "image", "image_url": "https://x/y.png", "alt_text": "y"}]},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "divider"},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]},
    chart(),
    chart(*[series(f"{n}", value=-n / 2) for n in range(6)], kind="bar", x_label="x" * 50, y_label="y" * 50),
    chart(series("x" * 20, "x" * 20), kind="area", title="x" * 50, categories=["x" * 20]),
    pie(*[0.5] * 6, label="x" * 20),
]

BAD: list[tuple[dict[str, Any], str]] = [
    (section(text=mrkdwn("")), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (section(text=mrkdwn("x" * 3001)), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(fields=[mrkdwn("x")] * 11), "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    ({"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
    (section(accessory={**BUTTON, "color": "red"}), "invalid additional property: color [json-pointer:/blocks/0/accessory]"),
    (section(accessory={"type": "plain_text_input"}), "unsupported type: plain_text_input [json-pointer:/blocks/0/accessory/type]"),
    ({"type": "header", "text": mrkdwn("x")}, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
    (actions(*[BUTTON] * 2), "`action_id` go already exists [json-pointer:/blocks/0/elements]"),
    (actions(*[{**BUTTON, "action_id": f"b{n}"} for n in range(26)]), "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
    (actions({**BUTTON, "style": "default"}), "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]"),
    (actions({**BUTTON, "url": "seal"}), "must be a valid URL [json-pointer:/blocks/0/elements/0/url]"),
    (actions({**SELECT, "options": []}), "no fewer than 1 items required [json-pointer:/blocks/0/elements/0/options]"),
    (
        actions({**SELECT, "initial_option": {**OPTION, "value": "2"}}),
        "initial option must exactly match one of the options [json-pointer:/blocks/0/elements/0]",
    ),
    (actions({"type": "datepicker", "initial_date": "23.11.2026"}), "must be a valid date in the format YYYY-MM-DD [json-pointer:/blocks/0/elements/0/initial_date]"),
    ({"type": "marquee"}, "unsupported type: marquee [json-pointer:/blocks/0/type]"),
    (chart(categories=["Feb"]), "data labels must match the categories [json-pointer:/blocks/0/chart/series/0/data]"),
    (chart(categories=["Jan", "Feb"]), "data labels must match the categories [json-pointer:/blocks/0/chart/series/0/data]"),
    (chart(series(), series()), "`name` 2026 already exists [json-pointer:/blocks/0/chart/series]"),
    (chart(*[series(str(n)) for n in range(7)]), "no more than 6 items allowed [json-pointer:/blocks/0/chart/series]"),
    (chart(series(value="3")), "must provide a number [json-pointer:/blocks/0/chart/series/0/data/0/value]"),
    (chart(series("x" * 21)), "must be less than 21 characters [json-pointer:/blocks/0/chart/series/0/name]"),
    (chart(title="x" * 51), "must be less than 51 characters [json-pointer:/blocks/0/title]"),
    (chart(x_label="x" * 51), "must be less than 51 characters [json-pointer:/blocks/0/chart/axis_config/x_label]"),
    (chart(kind="radar"), "unsupported type: radar [json-pointer:/blocks/0/chart/type]"),
    (pie(), "no fewer than 1 items required [json-pointer:/blocks/0/chart/segments]"),
    (pie(*[1] * 7), "no more than 6 items allowed [json-pointer:/blocks/0/chart/segments]"),
    (pie(1, label="x" * 21), "must be less than 21 characters [json-pointer:/blocks/0/chart/segments/0/label]"),
]  # fmt: skip


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_good_blocks_pass(block: dict[str, Any]) -> None:
    """What Slack accepts is accepted."""
    assert message_problems({"blocks": [block]}) == []


@pytest.mark.parametrize(("block", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_blocks_are_refused(block: dict[str, Any], words: str) -> None:
    """What Slack refuses is refused, with the place."""
    assert message_problems({"blocks": [block]}) == [words]


def test_block_ids_are_unique_and_blocks_counted() -> None:
    """Two blocks of one id, and a fifty-first block, are refused."""
    divider = {"type": "divider"}
    assert "already exists" in message_problems({"blocks": [{**divider, "block_id": "a"}] * 2})[0]
    assert message_problems({"blocks": [divider] * 51}) == ["no more than 50 items allowed [json-pointer:/blocks]"]


def test_categories_are_counted_and_values_finite() -> None:
    """A twenty-first category, a segment of nothing, and a value that JSON does not know are refused."""
    months = [f"{n}" for n in range(21)]
    line = {"name": "2026", "data": [{"label": month, "value": 1} for month in months]}
    words = message_problems({"blocks": [chart(line, categories=months)]})
    assert [one.split(" [")[0] for one in words] == ["no more than 20 items allowed"] * 2
    for block in (pie(0), pie(-1), chart(series(value=float("inf"))), chart(series(value=float("nan")))):
        [problem] = message_problems({"blocks": [block]})
        assert problem.startswith("must be between")


def test_charts_are_for_messages_two_in_each() -> None:
    """A third chart in a message is refused, and so is any in a modal or home tab."""
    assert message_problems({"blocks": [chart(), pie(1)]}) == []
    assert message_problems({"blocks": [chart(), pie(1), chart()]}) == [
        "too many data visualizations [json-pointer:/blocks]"
    ]
    for view in (modal(chart()), {"type": "home", "blocks": [chart()]}):
        assert view_problems(view) == ["unsupported type: data_visualization [json-pointer:/view/blocks/0/type]"]


BAD_VIEWS: list[tuple[dict[str, Any], str]] = [
    (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
    (modal(private_metadata="x" * 3001), "must be less than 3001 characters [json-pointer:/view/private_metadata]"),
    (modal(submit_disabled=True), "invalid additional property: submit_disabled [json-pointer:/view]"),
    (modal(*[{"type": "divider"}] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
    (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown [json-pointer:/view/blocks/0/type]"),
    (
        {"type": "modal", "title": plain("T"), "blocks": [field({"type": "plain_text_input"})]},
        "must define `submit` to use `input` block [json-pointer:/view/blocks/0/input]",
    ),
    ({"type": "home", "title": plain("T"), "blocks": []}, "invalid additional property: title [json-pointer:/view]"),
    ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
    (modal(field({"type": "number_input"})), "missing required field: is_decimal_allowed [json-pointer:/view/blocks/0/element]"),
]  # fmt: skip


@pytest.mark.parametrize(("view", "words"), BAD_VIEWS, ids=[words for _, words in BAD_VIEWS])
def test_bad_views_are_refused(view: dict[str, Any], words: str) -> None:
    """What Slack refuses in a view is refused, with the place."""
    assert view_problems(view) == [words]


def test_good_views_pass() -> None:
    """A modal of every kind of input, and a home tab, are accepted."""
    kinds = ("plain_text_input", "email_text_input", "url_text_input", "rich_text_input", "file_input")
    pickers = ("users_select", "conversations_select", "channels_select", "external_select", "datepicker")
    fields = [field({"type": kind}) for kind in (*kinds, *pickers, "timepicker", "datetimepicker")]
    lists = [field({"type": kind, "options": [OPTION]}) for kind in ("checkboxes", "radio_buttons", "static_select")]
    assert view_problems(modal(*fields, *lists, callback_id="x", notify_on_close=True)) == []
    assert view_problems({"type": "home", "blocks": [section()]}) == []
