"""Small rules that JSON is checked with; each yields its complaints in Slack's words with a JSON pointer."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from sandbox.elements import Json

Rule = Callable[[Any, str], Iterator[str]]


def problem(words: str, pointer: str) -> str:
    """Return a complaint as Slack words it."""
    return f"{words} [json-pointer:{pointer}]"


def anything(_value: Any, _pointer: str) -> Iterator[str]:
    """Accept any value: what the sandbox does not look into."""
    yield from ()


def boolean(value: Any, pointer: str) -> Iterator[str]:
    """Accept true and false."""
    if not isinstance(value, bool):
        yield problem("must provide a boolean", pointer)


def string(most: int, least: int = 1) -> Rule:
    """Accept a string of so many characters."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must provide a string", pointer)
        elif len(value) > most:
            yield problem(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", pointer)

    return check


def number(low: float, high: float = float("inf")) -> Rule:
    """Accept a number within bounds."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield problem("must provide a number", pointer)
        elif not low <= value <= high:
            yield problem(f"must be between {low} and {high}", pointer)

    return check


def matching(pattern: str, words: str) -> Rule:
    """Accept a string of that form."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            yield problem(words, pointer)

    return check


def day(value: Any, pointer: str) -> Iterator[str]:
    """Accept a calendar date as YYYY-MM-DD."""
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        yield problem("must be a valid date in the format YYYY-MM-DD", pointer)


def one_of(*values: str) -> Rule:
    """Accept one of these words."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if value not in values:
            yield problem(f"must be one of: {', '.join(values)}", pointer)

    return check


def items(rule: Rule, most: int, least: int = 1) -> Rule:
    """Accept a list of so many items that each keep the rule."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must provide an array", pointer)
            return
        if len(value) > most:
            yield problem(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            yield problem(f"no fewer than {least} items required", pointer)
        for index, item in enumerate(value):
            yield from rule(item, f"{pointer}/{index}")

    return check


def shape(fields: dict[str, Rule], *also: Rule) -> Rule:
    """Accept an object with these properties ("name!" is required) that, if they are right, keeps `also` too."""
    rules = {name.rstrip("!"): rule for name, rule in fields.items()}
    required = [name[:-1] for name in fields if name.endswith("!")]

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must provide an object", pointer)
            return
        found = list(_properties(value, pointer, rules, required))
        yield from found or (words for rule in also for words in rule(value, pointer))

    return check


def _properties(value: Json, pointer: str, rules: dict[str, Rule], required: list[str]) -> Iterator[str]:
    for name in required:
        if name not in value:
            yield problem(f"missing required field: {name}", pointer)
    for name, inner in value.items():
        if name in rules:
            yield from rules[name](inner, f"{pointer}/{name}")
        else:
            yield problem(f"invalid additional property: {name}", pointer)


def by_type(table: dict[str, Rule], allowed: tuple[str, ...] | None = None) -> Rule:
    """Accept an object whose `type` is in the table (and allowed here) and keeps that type's rule."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind is None:
            yield problem("missing required field: type", pointer)
        elif kind not in table or (allowed is not None and kind not in allowed):
            yield problem(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            yield from table[kind](value, pointer)

    return check


def either(*names: str) -> Rule:
    """Accept an object that has exactly one of these properties."""

    def check(value: Json, pointer: str) -> Iterator[str]:
        if sum(name in value for name in names) != 1:
            yield problem(f"must define exactly one of: {', '.join(names)}", pointer)

    return check


def some(*names: str) -> Rule:
    """Accept an object that has at least one of these properties."""

    def check(value: Json, pointer: str) -> Iterator[str]:
        if not any(name in value for name in names):
            yield problem(f"must define either `{'` or `'.join(names)}`", pointer)

    return check
