"""What Slack sent, as handlers read it: a field that is not there is refused by its name."""

from typing import Any

from quality.refusal import Refusal

DRAWN = "blocks"  # what the bot itself drew, and Slack sends back
FILLED_IN = "values"
# What stands in a field, wherever it stands. One that holds something else counts as one that is not there.
TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("id", "team_id", "user_id", "enterprise_id", "channel_id", "bot_id", "file_id", "user_team"), str),
    **dict.fromkeys(("type", "subtype", "command", "callback_id", "action_id", "block_id", "trigger_id"), str),
    **dict.fromkeys(
        ("ts", "thread_ts", "event_ts", "event_id", "channel_type", "response_url", "private_metadata"), str
    ),
    **dict.fromkeys(("old_channel_id", "new_channel_id", "hash", "name", "tz", "real_name"), str),
    **dict.fromkeys(("selected_date", "selected_time"), str),
    **dict.fromkeys(("event", "view", "state", "values", "message", "previous_message", "container", "tokens"), dict),
    **dict.fromkeys(("selected_option", "enterprise_user", "profile", "edited"), dict),
    **dict.fromkeys(("actions", "blocks", "selected_options", "authorizations", "files", "bot", "teams"), list),
    **dict.fromkeys(("user", "channel", "team", "text"), (str, dict)),  # by their id, or by more
    "value": (str, dict),  # of a button or an option; or of our own fields, whose element bears this name
    "event_time": int,
    "selected_date_time": int,
}
OF_PARTS = ("actions", "authorizations", "files", "selected_options")  # lists of nothing but parts


class Lacking(Refusal):
    """A payload without a field that every payload of its kind has."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Slack left out what is needed here ({name}). Nothing was changed; please try again.")


class Told(dict[str, Any]):
    """A part of a payload."""

    def __getitem__(self, name: str) -> Any:
        """Give what stands in a field that has to be there; one that says nothing is as good as none."""
        found = self.get(name)
        if found is None:
            raise Lacking(name)
        return found


def told(value: Any) -> Any:
    """Give a payload whose missing fields are refused by name; more fields than are known change nothing."""
    if isinstance(value, dict):
        fit = ((name, one) for name, one in value.items() if one is None or isinstance(one, TYPES.get(name, object)))
        return Told((name, _parts(name, one)) for name, one in fit)
    return [told(one) for one in value] if isinstance(value, list) else value


def _parts(name: str, value: Any) -> Any:
    if name == DRAWN:
        return value
    if name == FILLED_IN and value is not None:  # by the names of our own fields, whatever they are
        return Told((field, told(one)) for field, one in value.items())
    return [told(one) for one in value or () if isinstance(one, dict)] if name in OF_PARTS else told(value)
