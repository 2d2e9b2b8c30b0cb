"""What Slack sent, as handlers read it: a field that is not there is refused by its name."""

from typing import Any, NoReturn

from quality.refusal import Refusal

DRAWN = "blocks"  # what the bot itself drew, and Slack sends back


class Lacking(Refusal):
    """A payload without a field that every payload of its kind has."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Slack left out what is needed here ({name}). Nothing was changed; please try again.")


class Told(dict[str, Any]):
    """A part of a payload."""

    def __missing__(self, name: str) -> NoReturn:
        raise Lacking(name)


def told(value: Any) -> Any:
    """Give a payload whose missing fields are refused by name; more fields than are known change nothing."""
    if isinstance(value, dict):
        return Told((name, one if name == DRAWN else told(one)) for name, one in value.items())
    return [told(one) for one in value] if isinstance(value, list) else value
