"""Forms: a modal as a table of fields, drawn with values and read back into typed ones.

A field's name is its block id, so errors stand at it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from handlers.blocks import MOST_OPTIONS, Block, Option, choices, option, plain
from handlers.text import clean, cut, is_blank, one_line
from quality.evidence import SharedFile
from quality.refusal import FieldErrors

LONGEST_ID = 15  # digits
ELEMENT = "value"  # the action id of every input
LONG = 3000
MOST_LOTS = 30


@dataclass(frozen=True)
class Field:
    """A labelled input."""

    name: str
    label: str
    required: bool = False
    hint: str = ""

    def block(self, value: Any, options: Sequence[Option]) -> Block:
        """Draw the input, filled with a value where there is one."""
        block: Block = {
            "type": "input",
            "block_id": self.name,
            "label": plain(self.label, 2000),
            "optional": not self.required,
            "element": {"action_id": ELEMENT, **self.element(value, options)},
        }
        return block | ({"hint": plain(self.hint, 2000)} if self.hint else {})

    def element(self, value: Any, options: Sequence[Option]) -> Block:
        """Draw the element of the input."""
        raise NotImplementedError

    def read(self, state: Mapping[str, Any]) -> Any:
        """Read what was given; None for nothing, ValueError with words for a person."""
        raise NotImplementedError


@dataclass(frozen=True)
class Text(Field):
    """One line of text, or several."""

    limit: int = 150
    multiline: bool = False

    def element(self, value: Any, options: Sequence[Option]) -> Block:  # noqa: ARG002 - a text has no options
        """Draw a text input."""
        block: Block = {"type": "plain_text_input", "multiline": self.multiline, "max_length": self.limit}
        return block | ({"initial_value": cut(value, self.limit)} if value else {})

    def read(self, state: Mapping[str, Any]) -> str | None:
        """Read cleaned text."""
        given = state.get("value")
        text = clean(given if isinstance(given, str) else "")
        text = text if self.multiline else one_line(text)
        if len(text) > self.limit:
            raise ValueError(f"This is {len(text)} characters long; {self.limit} is the most. Shorten it.")
        return None if is_blank(text) else text


@dataclass(frozen=True)
class Listing(Text):
    """Several short texts, parted by commas or lines."""

    each: int = 60

    def read(self, state: Mapping[str, Any]) -> Any:
        """Read the texts in order, each once."""
        text = super().read(state) or ""
        items = tuple(dict.fromkeys(item for part in text.split(",") if not is_blank(item := part.strip())))
        if any(len(item) > self.each for item in items):
            raise ValueError(f"One of these is longer than {self.each} characters. Part them with commas.")
        if len(items) > MOST_LOTS:
            raise ValueError(f"These are {len(items)}; {MOST_LOTS} is the most.")
        return items or None


@dataclass(frozen=True)
class Choice(Field):
    """One of several words; the options are the field's own, or given when it is drawn."""

    options: tuple[str, ...] = ()
    words: type[StrEnum] | None = None  # the options where they are such words; read as them
    asks: bool = False  # too many options for one list are asked for as one types

    def element(self, value: Any, options: Sequence[Option]) -> Block:
        """Draw a select."""
        offered = options or [Option(word, word) for word in self.offered]
        if self.asks and len(offered) > MOST_OPTIONS:
            block: Block = {"type": "external_select", "min_query_length": 1}
        else:
            block = {"type": "static_select", **choices(offered)}
        block["placeholder"] = plain("Choose" if "options" in block or "option_groups" in block else "Type a name", 150)
        chosen = next((choice for choice in offered if choice.value == value), None)
        return block | ({"initial_option": option(chosen)} if chosen else {})

    @property
    def offered(self) -> tuple[str, ...]:
        """The words to choose from, where the field knows them."""
        return self.options or tuple(self.words or ())

    def read(self, state: Mapping[str, Any]) -> Any:
        """Read the chosen value."""
        chosen = state.get("selected_option")
        value = str(chosen["value"]) if chosen else None
        if value and self.offered and value not in self.offered:
            raise ValueError("Choose one of the list.")
        return self.words(value) if value and self.words else value


@dataclass(frozen=True)
class YesNo(Choice):
    """Yes or no, read as a truth value."""

    options: tuple[str, ...] = ("Yes", "No")

    def element(self, value: Any, options: Sequence[Option]) -> Block:
        """Draw a select of two."""
        return super().element({True: "Yes", False: "No"}.get(value), options)

    def read(self, state: Mapping[str, Any]) -> Any:
        """Read whether it is yes; None for nothing."""
        chosen = super().read(state)
        return None if chosen is None else chosen == "Yes"


@dataclass(frozen=True)
class Number(Text):
    """A whole number."""

    limit: int = 6

    def element(self, value: Any, options: Sequence[Option]) -> Block:
        """Draw a text input; Slack's own number input reads decimals, too."""
        return super().element(str(value) if value is not None else "", options)

    def read(self, state: Mapping[str, Any]) -> Any:
        """Read the number."""
        text = super().read(state)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal()):
            raise ValueError("This is not a whole number. Give digits only, such as 3.")
        return int(text)


@dataclass(frozen=True)
class Checklist(Field):
    """Statements to be ticked; read as those that were."""

    statements: tuple[str, ...] = ()

    def element(self, value: Any, options: Sequence[Option]) -> Block:  # noqa: ARG002 - the statements are its own
        """Draw checkboxes."""
        offered = [Option(word, str(place)) for place, word in enumerate(self.statements)]
        block: Block = {"type": "checkboxes", "options": [option(choice) for choice in offered]}
        ticked = [option(choice) for choice in offered if choice.text in (value or ())]
        return block | ({"initial_options": ticked} if ticked else {})

    def read(self, state: Mapping[str, Any]) -> Any:
        """Read the ticked statements, in the order of the list."""
        ticked = {str(chosen["value"]) for chosen in state.get("selected_options") or ()}
        return tuple(word for place, word in enumerate(self.statements) if str(place) in ticked) or None


def is_id(value: str) -> bool:
    """Whether a choice holds an id, of a size that a database can hold."""
    return value.isdecimal() and len(value) <= LONGEST_ID


@dataclass(frozen=True)
class PersonChoice(Choice):
    """One person of the roster, by their id."""

    def read(self, state: Mapping[str, Any]) -> Any:
        """Read the chosen person's id."""
        chosen = super().read(state)
        if chosen and not is_id(chosen):
            raise ValueError("Choose a person of the list.")
        return int(chosen) if chosen else None


def _part(state: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give a part of a form's state; what is none counts as empty."""
    found = state.get(name)
    return found if isinstance(found, dict) else {}


def _text(item: Mapping[str, Any]) -> Any:
    return item["text"]["text"] if isinstance(item["text"], dict) else item["text"]


@dataclass(frozen=True)
class Choices(Field):
    """One or more of the options given when it is drawn; read as options, words and all."""

    def element(self, value: Any, options: Sequence[Option]) -> Block:
        """Draw a select of several."""
        block: Block = {"type": "multi_static_select", **choices(options), "placeholder": plain("Choose", 150)}
        chosen = [option(choice) for choice in options if choice.value in (value or ())]
        return block | ({"initial_options": chosen} if chosen else {})

    def read(self, state: Mapping[str, Any]) -> tuple[Option, ...] | None:
        """Read the chosen options."""
        chosen = state.get("selected_options") or ()
        return tuple(Option(str(_text(item)), str(item["value"])) for item in chosen) or None


@dataclass(frozen=True)
class Moment(Field):
    """A date and time, shown in each reader's own zone."""

    def element(self, value: Any, options: Sequence[Option]) -> Block:  # noqa: ARG002 - a moment has no options
        """Draw a date and time picker."""
        block: Block = {"type": "datetimepicker"}
        return block | ({"initial_date_time": int(value.timestamp())} if value else {})

    def read(self, state: Mapping[str, Any]) -> datetime | None:
        """Read an aware moment."""
        stamp = state.get("selected_date_time")
        try:
            return datetime.fromtimestamp(int(stamp), UTC) if stamp else None
        except (ValueError, TypeError, OverflowError, OSError):
            raise ValueError("This is not a date and time. Choose one.") from None


@dataclass(frozen=True)
class Day(Field):
    """A date."""

    def element(self, value: Any, options: Sequence[Option]) -> Block:  # noqa: ARG002 - a date has no options
        """Draw a date picker."""
        block: Block = {"type": "datepicker"}
        return block | ({"initial_date": value.isoformat()} if value else {})

    def read(self, state: Mapping[str, Any]) -> date | None:
        """Read a date."""
        day = state.get("selected_date")
        try:
            return date.fromisoformat(day) if day else None
        except (ValueError, TypeError):
            raise ValueError("This is not a date. Choose one.") from None


@dataclass(frozen=True)
class Clock(Field):
    """A time of day."""

    def element(self, value: Any, options: Sequence[Option]) -> Block:  # noqa: ARG002 - a time has no options
        """Draw a time picker."""
        block: Block = {"type": "timepicker"}
        return block | ({"initial_time": f"{value:%H:%M}"} if value else {})

    def read(self, state: Mapping[str, Any]) -> time | None:
        """Read a time of day."""
        clock = state.get("selected_time")
        try:
            return time.fromisoformat(clock) if clock else None
        except (ValueError, TypeError):
            raise ValueError("This is not a time. Choose one.") from None


@dataclass(frozen=True)
class Files(Field):
    """Files that a person chooses; read as Slack names them, their bytes are fetched later."""

    endings: tuple[str, ...] = ()
    most: int = 10

    def element(self, value: Any, options: Sequence[Option]) -> Block:  # noqa: ARG002 - files are never filled in
        """Draw a file input."""
        return {"type": "file_input", "filetypes": list(self.endings), "max_files": self.most}

    def read(self, state: Mapping[str, Any]) -> tuple[SharedFile, ...] | None:
        """Read the chosen files, each once."""
        chosen = {one.file_id: one for one in map(shared_file, state.get("files") or ()) if one.file_id}
        if len(chosen) > self.most:
            raise ValueError(f"These are {len(chosen)} files; {self.most} is the most at once.")
        return tuple(chosen.values()) or None


def shared_file(file: Mapping[str, Any]) -> SharedFile:
    """Read a file as Slack names it; of another company's it may say no more than its id."""
    size = file.get("size")
    return SharedFile(str(file.get("id") or ""), str(file.get("name") or ""), size if isinstance(size, int) else None)


@dataclass(frozen=True)
class Form:
    """A modal of fields."""

    callback: str
    title: str
    submit: str
    fields: tuple[Field, ...]

    def view(
        self,
        data: Mapping[str, Any],
        values: Mapping[str, Any] | None = None,
        options: Mapping[str, Sequence[Option]] | None = None,
        intro: Sequence[Block] = (),
    ) -> Block:
        """Draw the modal; data comes back with the submission, values fill the fields."""
        values, options = values or {}, options or {}
        fields = [f.block(values.get(f.name), options.get(f.name, ())) for f in self.fields]
        return modal(self.callback, self.title, [*intro, *fields], data, self.submit)

    def read(self, view: Mapping[str, Any]) -> dict[str, Any]:
        """Read a submission into typed values, what was left empty left out; FieldErrors names all faults."""
        state = view["state"]["values"]
        values: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for one in self.fields:
            try:
                value = one.read(_part(_part(state, one.name), ELEMENT))
            except ValueError as fault:
                errors[one.name] = str(fault)
                continue
            if value is not None:
                values[one.name] = value
            elif one.required:
                errors[one.name] = f"{one.label} is needed. Fill it in."
        if errors:
            raise FieldErrors(errors)
        return values


# Under which name an input is preset with what its state holds.
PRESET = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
}


def anew(view: Mapping[str, Any], told: Sequence[Block], data: Mapping[str, Any]) -> Block:
    """Draw a submitted form once more, with what was filled in, what is to be told above it, and other data."""
    inputs = [_preset(block, view["state"]["values"]) for block in view["blocks"] if block["type"] == "input"]
    return modal(view["callback_id"], view["title"]["text"], [*told, *inputs], data, view["submit"]["text"])


def _preset(block: Block, state: Mapping[str, Any]) -> Block:
    given = _part(_part(state, block["block_id"]), ELEMENT)
    element = {name: value for name, value in block["element"].items() if not name.startswith("initial_")}
    return block | {
        "element": element | {PRESET[name]: value for name, value in given.items() if name in PRESET and value}
    }


def modal(
    callback: str, title: str, blocks: Sequence[Block], data: Mapping[str, Any], submit: str | None = None
) -> Block:
    """Draw a modal."""
    view: Block = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, 24),
        "close": plain("Cancel" if submit else "Close", 24),
        "blocks": list(blocks),
        "private_metadata": json.dumps(dict(data), separators=(",", ":"), ensure_ascii=False),
    }
    return view | ({"submit": plain(submit, 24)} if submit else {})
