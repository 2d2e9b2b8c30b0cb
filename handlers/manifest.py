"""The Slack app manifest, made from the list that the listeners are registered from."""

from typing import Any

from handlers.listeners import Listeners

SCOPES = (
    "app_mentions:read",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:read",
    "im:write",
    "pins:write",
    "team:read",
    "users:read",
)
# With these the bot looks whether a message that it lost sight of stands in Slack, instead of posting it again; reads
# the message that a thread began with; and hears replies where both companies agreed to keep them. They let it read
# the channels it is in, so a workspace may leave them out when it installs the app.
OPTIONAL_SCOPES = ("channels:history", "groups:history", "im:history")


def manifest(listeners: Listeners, url: str | None = None) -> dict[str, Any]:
    """Give the manifest: with the address of `/slack/events` for HTTP, without one for Socket Mode."""
    at = {"url": url} if url else {}
    request = {"request_url": url} if url else {}
    commands = [
        {"command": c.name, "description": c.description, "usage_hint": c.usage, "should_escape": False, **at}
        for c in listeners.commands
    ]
    shortcuts = [
        {"name": s.name, "type": "message", "callback_id": s.callback, "description": s.description}
        for s in listeners.shortcuts
    ]
    return {
        "display_information": {
            "name": "QualBridge",
            "description": "Deviations, OOS results and CAPAs of a sponsor and its CMO",
            "background_color": "#1d3b53",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "QualBridge", "always_online": True},
            "slash_commands": commands,
            "shortcuts": shortcuts,
        },
        "oauth_config": {
            **({"redirect_urls": [url.removesuffix("events") + "oauth_redirect"]} if url else {}),
            # What is optional stands in both lists.
            "scopes": {"bot": [*SCOPES, *OPTIONAL_SCOPES], "bot_optional": list(OPTIONAL_SCOPES)},
        },
        "settings": {
            "event_subscriptions": {"bot_events": sorted(listeners.events), **request},
            "interactivity": {"is_enabled": True, **request, **({"message_menu_options_url": url} if url else {})},
            # An organisation installs once for all its workspaces: by OAuth, which is served over HTTP.
            "org_deploy_enabled": url is not None,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }
