"""The manifest and the listeners come from one list."""

import pytest

from handlers.everything import LISTENERS
from handlers.listeners import Listeners
from handlers.manifest import SCOPES, manifest


def test_the_manifest_names_what_is_listened_to() -> None:
    """Commands, shortcuts and events of the manifest are those of the listeners."""
    made = manifest(LISTENERS, "https://bot.example.com/slack/events")
    commands = {command["command"] for command in made["features"]["slash_commands"]}
    assert commands == {"/deviation", "/oos", "/capa", "/quality"}
    assert [shortcut["callback_id"] for shortcut in made["features"]["shortcuts"]] == ["log_as_deviation"]
    assert made["settings"]["event_subscriptions"]["bot_events"] == sorted(LISTENERS.events)
    assert made["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert made["settings"]["socket_mode_enabled"] is False
    assert all(command["url"].startswith("https://") for command in made["features"]["slash_commands"])


def test_the_manifest_for_socket_mode_has_no_addresses() -> None:
    """Without an address the manifest switches Socket Mode on."""
    made = manifest(LISTENERS)
    assert made["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in made["settings"]["interactivity"]


def test_an_id_is_listened_to_once() -> None:
    """Two parts that listen to one button are a mistake that stops the start."""

    async def on(_call: object) -> None: ...

    one = Listeners(buttons={"x": on})
    with pytest.raises(ValueError, match="twice"):
        one + one
