"""The manifest and the listeners come from one list."""

import pytest

from handlers.everything import LISTENERS
from handlers.listeners import Listeners
from handlers.manifest import OPTIONAL_SCOPES, SCOPES, manifest


def test_the_manifest_names_what_is_listened_to() -> None:
    """Commands, shortcuts and events of the manifest are those of the listeners."""
    made = manifest(LISTENERS, "https://bot.example.com/slack/events")
    commands = {command["command"] for command in made["features"]["slash_commands"]}
    assert commands == {"/deviation", "/oos", "/capa", "/quality"}
    assert [shortcut["callback_id"] for shortcut in made["features"]["shortcuts"]] == ["log_as_deviation"]
    assert made["settings"]["event_subscriptions"]["bot_events"] == sorted(LISTENERS.events)
    assert made["oauth_config"]["scopes"]["bot"] == [*SCOPES, *OPTIONAL_SCOPES]
    assert made["settings"]["socket_mode_enabled"] is False
    assert all(command["url"].startswith("https://") for command in made["features"]["slash_commands"])


def test_the_manifest_for_socket_mode_has_no_addresses() -> None:
    """Without an address the manifest switches Socket Mode on."""
    made = manifest(LISTENERS)
    assert made["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in made["settings"]["interactivity"]


def test_people_who_leave_are_heard_of() -> None:
    """Who joins and leaves the channel, and who is deactivated, is told to the bot."""
    events = manifest(LISTENERS)["settings"]["event_subscriptions"]["bot_events"]
    assert {"member_joined_channel", "member_left_channel", "user_change"} <= set(events)


def test_reading_history_is_optional() -> None:
    """Scopes that only keep a message from being said twice may be left out when the app is installed."""
    scopes = manifest(LISTENERS)["oauth_config"]["scopes"]
    assert scopes["bot_optional"] == ["channels:history", "groups:history", "im:history"]
    assert set(scopes["bot_optional"]).isdisjoint(SCOPES)


def test_an_id_is_listened_to_once() -> None:
    """Two parts that listen to one button are a mistake that stops the start."""

    async def on(_call: object) -> None: ...

    one = Listeners(buttons={"x": on})
    with pytest.raises(ValueError, match="twice"):
        one + one
