"""A small Bolt app on signed HTTP, and the sandbox in front of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox, example_cast

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "QualBridge"},
    "features": {
        "app_home": {"home_tab_enabled": True},
        "bot_user": {"display_name": "QualBridge"},
        "slash_commands": [{"command": "/deviation", "description": "Log a deviation", "should_escape": True}],
        "shortcuts": [
            {"name": "Log as deviation", "type": "message", "callback_id": "log", "description": "Log it"},
            {"name": "New deviation", "type": "global", "callback_id": "new", "description": "Log one"},
        ],
    },
    "oauth_config": {
        "redirect_urls": ["https://quality.example.com/slack"],
        "scopes": {
            "bot": [
                *("commands", "chat:write", "im:write", "app_mentions:read", "users:read", "channels:read"),
                *("groups:read", "team:read", "files:read", "files:write", "pins:write", "pins:read"),
                *("channels:history", "reactions:write"),
            ]
        },
    },
    "settings": {
        "interactivity": {"is_enabled": True},
        "event_subscriptions": {
            "bot_events": [
                *("app_mention", "message.channels", "message.im", "app_home_opened"),
                *("member_joined_channel", "member_left_channel", "tokens_revoked", "app_uninstalled"),
            ]
        },
    },
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    return MANIFEST


@pytest.fixture
async def box(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """Give a sandbox that waits as long as a busy machine takes, or so many seconds where silence is tested."""
    seconds = getattr(request, "param", 15.0)
    async with Sandbox(cast=example_cast(), manifest=MANIFEST, ack_seconds=seconds) as box:
        yield box


@pytest.fixture
async def client(box: Sandbox) -> AsyncWebClient:
    return AsyncWebClient(token=box.bot_token, base_url=box.api_url, retry_handlers=[])


@pytest.fixture
async def app(box: Sandbox, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    app = AsyncApp(client=client, signing_secret=box.signing_secret, process_before_response=True)

    async def serve(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.router.add_post("/slack/events", serve)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    box.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield app
    await runner.cleanup()
