"""Block Kit's grammar: which blocks and elements there are and what each may hold; surfaces are in `limits`."""

import sys
from collections.abc import Iterable, Iterator

from sandbox.elements import Json, options_of
from sandbox.rules import (
    Rule,
    anything,
    boolean,
    by_type,
    day,
    either,
    items,
    matching,
    number,
    one_of,
    problem,
    shape,
    some,
    string,
)
from sandbox.sizes import LIMITS

_URL = matching(r"https?://\S+", "must be a valid URL")
_TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "must be a valid time in the format HH:mm")
_MOMENT = number(1_000_000_000, 9_999_999_999)
_TYPE = {"type!": anything}
_SMALLEST, _BIGGEST = sys.float_info.min, sys.float_info.max  # JSON has no infinity, though Python's reader takes it


def limited(limit: str, least: int = 1) -> Rule:
    """Return the rule of a string with a limit of the table."""
    return string(LIMITS[f"{limit}.max_length"], least)


def _plain(most: int) -> Rule:
    return by_type({"plain_text": shape({**_TYPE, "text!": string(most), "emoji": boolean})})


def _any(most: int) -> Rule:
    marked = shape({**_TYPE, "text!": string(most), "verbatim": boolean})
    return by_type({"plain_text": _plain(most), "mrkdwn": marked})


def label(limit: str) -> Rule:
    """Return the rule of a plain_text object with a limit of the table."""
    return _plain(LIMITS[f"{limit}.max_length"])


def _option(text: Rule) -> Rule:
    return shape(
        {
            "text!": text,
            "value!": limited("option.value"),
            "description": _any(LIMITS["option.description.max_length"]),
            "url": _URL,
        }
    )


PLAIN_OPTION = _option(label("option.text"))
_RICH_OPTION = _option(_any(LIMITS["option.text.max_length"]))
_OPTIONS = items(PLAIN_OPTION, LIMITS["select.options.max_items"])
GROUP = shape(
    {
        "label!": label("option_group.label"),
        "options!": items(PLAIN_OPTION, LIMITS["option_group.options.max_items"]),
    }
)
_GROUPS = items(GROUP, LIMITS["select.option_groups.max_items"])
_CONFIRM = shape(
    {
        "title!": label("confirmation.title"),
        "text!": _any(LIMITS["confirmation.text.max_length"]),
        "confirm!": label("confirmation.confirm"),
        "deny!": label("confirmation.deny"),
        "style": one_of("primary", "danger"),
    }
)


def _initial_among_options(element: Json, pointer: str) -> Iterator[str]:
    presets = [*element.get("initial_options", []), *filter(None, [element.get("initial_option")])]
    for preset in presets:
        if preset not in options_of(element):
            yield problem("initial option must exactly match one of the options", pointer)


def _distinct_values(element: Json, pointer: str) -> Iterator[str]:
    values = [option["value"] for option in options_of(element)]
    if len(values) != len(set(values)):
        yield problem("option values must be unique", pointer)


_ANY_ELEMENT = {**_TYPE, "action_id": limited("action_id")}
_FOCUS = {"focus_on_load": boolean}
_PLACEHOLDER = {"placeholder": label("select.placeholder")}
_MENU = {**_ANY_ELEMENT, **_PLACEHOLDER, **_FOCUS, "confirm": _CONFIRM}
_MANY = {"max_selected_items": number(1)}
_LISTED = {"options": _OPTIONS, "option_groups": _GROUPS}
_DISPATCH = {
    "dispatch_action_config": shape(
        {
            "trigger_actions_on": items(
                one_of("on_enter_pressed", "on_character_entered"),
                LIMITS["dispatch_action_configuration.trigger_actions_on.max_items"],
            )
        }
    )
}
_TYPED = {**_ANY_ELEMENT, **_PLACEHOLDER, **_FOCUS, **_DISPATCH, "initial_value": string(3000, 0)}
_IDS = items(string(50), 100)


def _lasting(limit: str, option: Rule) -> dict[str, Rule]:
    options = {"options!": items(option, LIMITS[f"{limit}.options.max_items"])}
    return {**_ANY_ELEMENT, **_FOCUS, **options, "confirm": _CONFIRM}


_ELEMENTS: dict[str, Rule] = {
    "button": shape(
        {
            **_ANY_ELEMENT,
            "text!": label("button.text"),
            "value": limited("button.value", 0),
            "url": _URL,
            "style": one_of("primary", "danger"),
            "confirm": _CONFIRM,
            "accessibility_label": limited("button.accessibility_label"),
        }
    ),
    "static_select": shape(
        {**_MENU, **_LISTED, "initial_option": PLAIN_OPTION},
        either("options", "option_groups"),
        _initial_among_options,
        _distinct_values,
    ),
    "multi_static_select": shape(
        {**_MENU, **_LISTED, **_MANY, "initial_options": _OPTIONS},
        either("options", "option_groups"),
        _initial_among_options,
        _distinct_values,
    ),
    "external_select": shape({**_MENU, "initial_option": PLAIN_OPTION, "min_query_length": number(0)}),
    "multi_external_select": shape({**_MENU, **_MANY, "initial_options": _OPTIONS, "min_query_length": number(0)}),
    "users_select": shape({**_MENU, "initial_user": string(50)}),
    "multi_users_select": shape({**_MENU, **_MANY, "initial_users": _IDS}),
    "conversations_select": shape(
        {
            **_MENU,
            "initial_conversation": string(50),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": anything,
        }
    ),
    "multi_conversations_select": shape(
        {
            **_MENU,
            **_MANY,
            "initial_conversations": _IDS,
            "default_to_current_conversation": boolean,
            "filter": anything,
        }
    ),
    "channels_select": shape({**_MENU, "initial_channel": string(50), "response_url_enabled": boolean}),
    "multi_channels_select": shape({**_MENU, **_MANY, "initial_channels": _IDS}),
    "overflow": shape(
        {
            **_ANY_ELEMENT,
            "options!": items(PLAIN_OPTION, LIMITS["overflow.options.max_items"]),
            "confirm": _CONFIRM,
        }
    ),
    "radio_buttons": shape(
        {**_lasting("radio_buttons", _RICH_OPTION), "initial_option": _RICH_OPTION}, _initial_among_options
    ),
    "checkboxes": shape(
        {**_lasting("checkboxes", _RICH_OPTION), "initial_options": items(_RICH_OPTION, 10)},
        _initial_among_options,
    ),
    "datepicker": shape({**_MENU, "initial_date": day}),
    "timepicker": shape({**_MENU, "initial_time": _TIME, "timezone": string(50)}),
    "datetimepicker": shape({**_ANY_ELEMENT, **_FOCUS, "confirm": _CONFIRM, "initial_date_time": _MOMENT}),
    "plain_text_input": shape(
        {
            **_TYPED,
            "multiline": boolean,
            "min_length": number(0, LIMITS["plain_text_input.min_length.max"]),
            "max_length": number(1, LIMITS["plain_text_input.max_length.max"]),
        }
    ),
    "number_input": shape({**_TYPED, "is_decimal_allowed!": boolean, "min_value": string(50), "max_value": string(50)}),
    "email_text_input": shape(_TYPED),
    "url_text_input": shape(_TYPED),
    "rich_text_input": shape({**_TYPED, "initial_value": anything}),
    "file_input": shape(
        {
            **_ANY_ELEMENT,
            "filetypes": items(string(20), 100),
            "max_files": number(1, LIMITS["file_input.max_files.max"]),
        }
    ),
    "image": shape(
        {**_TYPE, "image_url": _URL, "slack_file": anything, "alt_text!": limited("image.alt_text")},
        either("image_url", "slack_file"),
    ),
    "mrkdwn": _any(LIMITS["text.max_length"]),
    "plain_text": _any(LIMITS["text.max_length"]),
}
_SELECTS = tuple(name for name in _ELEMENTS if name.endswith("_select"))
_PICKERS = (*_SELECTS, "radio_buttons", "checkboxes", "datepicker", "timepicker")
_INPUTS = ("plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input")
_ACCESSORIES = (*_PICKERS, "button", "overflow", "image")
_ACTIONS = (*_PICKERS, "button", "overflow", "datetimepicker")
_INPUT_ELEMENTS = (*_PICKERS, *_INPUTS, "datetimepicker", "file_input")


def _distinct_actions(block: Json, pointer: str) -> Iterator[str]:
    yield from repeated([e.get("action_id") for e in block["elements"]], "action_id", f"{pointer}/elements")


def repeated(values: Iterable[str | None], name: str, pointer: str) -> Iterator[str]:
    """Complain of every value that is there twice."""
    given = [value for value in values if value is not None]
    for value in sorted({value for value in given if given.count(value) > 1}):
        yield problem(f"`{name}` {value} already exists", pointer)


def _square(most: int, *, even: bool) -> Rule:
    """Rows of at most so many cells, with `even` all of one width."""

    def check(block: Json, pointer: str) -> Iterator[str]:
        widths = {len(row) for row in block["rows"]}
        if max(widths, default=0) > most:
            yield problem(f"no more than {most} columns allowed", f"{pointer}/rows")
        if even and len(widths) > 1:
            yield problem("all rows must have the same number of columns", f"{pointer}/rows")

    return check


def _points_match_categories(chart: Json, pointer: str) -> Iterator[str]:
    categories = chart["axis_config"]["categories"]
    for index, series in enumerate(chart["series"]):
        if [point["label"] for point in series["data"]] != categories:
            yield problem("data labels must match the categories", f"{pointer}/series/{index}/data")


def _distinct_series(chart: Json, pointer: str) -> Iterator[str]:
    yield from repeated([series["name"] for series in chart["series"]], "name", f"{pointer}/series")


VISUAL = "data_visualization"
_POINT = shape({"label!": limited(f"{VISUAL}.point_label"), "value!": number(-_BIGGEST, _BIGGEST)})
_SERIES = shape(
    {
        "name!": limited(f"{VISUAL}.series_name"),
        "data!": items(_POINT, LIMITS[f"{VISUAL}.data.max_items"]),
    }
)
_SEGMENT = shape({"label!": limited(f"{VISUAL}.segment.label"), "value!": number(_SMALLEST, _BIGGEST)})
_AXES = shape(
    {
        "categories!": items(limited(f"{VISUAL}.category_label"), LIMITS[f"{VISUAL}.categories.max_items"]),
        "x_label": limited(f"{VISUAL}.axis_label"),
        "y_label": limited(f"{VISUAL}.axis_label"),
    }
)
_PLOT = shape(
    {**_TYPE, "series!": items(_SERIES, LIMITS[f"{VISUAL}.series.max_items"]), "axis_config!": _AXES},
    _distinct_series,
    _points_match_categories,
)
_PIE = shape({**_TYPE, "segments!": items(_SEGMENT, LIMITS[f"{VISUAL}.segments.max_items"])})
_BLOCK = {**_TYPE, "block_id": limited("block_id")}
_CELL = by_type({"raw_text": anything, "raw_number": anything, "rich_text": anything})

BLOCKS: dict[str, Rule] = {
    "section": shape(
        {
            **_BLOCK,
            "text": _any(LIMITS["section.text.max_length"]),
            "fields": items(_any(LIMITS["section.fields.item_max_length"]), LIMITS["section.fields.max_items"]),
            "accessory": by_type(_ELEMENTS, _ACCESSORIES),
            "expand": boolean,
        },
        some("text", "fields"),
    ),
    "actions": shape(
        {**_BLOCK, "elements!": items(by_type(_ELEMENTS, _ACTIONS), LIMITS["actions.elements.max_items"])},
        _distinct_actions,
    ),
    "input": shape(
        {
            **_BLOCK,
            "label!": label("input.label"),
            "element!": by_type(_ELEMENTS, _INPUT_ELEMENTS),
            "hint": label("input.hint"),
            "optional": boolean,
            "dispatch_action": boolean,
        }
    ),
    "context": shape(
        {
            **_BLOCK,
            "elements!": items(
                by_type(_ELEMENTS, ("image", "mrkdwn", "plain_text")), LIMITS["context.elements.max_items"]
            ),
        }
    ),
    "header": shape({**_BLOCK, "text!": label("header.text"), "level": number(1, 6)}),
    "divider": shape(_BLOCK),
    "image": shape(
        {
            **_BLOCK,
            "image_url": _URL,
            "slack_file": anything,
            "alt_text!": limited("image.alt_text"),
            "title": label("image.title"),
        },
        either("image_url", "slack_file"),
    ),
    "markdown": shape({**_BLOCK, "text!": limited("markdown.text")}),
    "rich_text": shape({**_BLOCK, "elements!": items(anything, 10_000)}),
    "table": shape(
        {
            **_BLOCK,
            "rows!": items(items(_CELL, LIMITS["table.columns.max_items"]), LIMITS["table.rows.max_items"]),
            "column_settings": items(anything, LIMITS["table.column_settings.max_items"]),
        }
    ),
    "data_table": shape(
        {
            **_BLOCK,
            "caption!": string(LIMITS["text.max_length"]),
            "rows!": items(
                items(_CELL, LIMITS["data_table.columns.max_items"]),
                LIMITS["data_table.rows.max_items"],
                LIMITS["data_table.rows.min_items"],
            ),
            "page_size": number(1, LIMITS["data_table.page_size.max"]),
            "row_header_column_index": number(0),
        },
        _square(LIMITS["data_table.columns.max_items"], even=True),
    ),
    VISUAL: shape(
        {
            **_BLOCK,
            "title!": limited(f"{VISUAL}.title"),
            "chart!": by_type({"pie": _PIE, "bar": _PLOT, "area": _PLOT, "line": _PLOT}),
        }
    ),
    "video": anything,
    "file": anything,
    "context_actions": anything,
}
