"""Socket Mode with Bolt's own handler."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import NotAcknowledged, Sandbox
from sandbox.socket_mode import MOST_CONNECTIONS


@pytest.fixture
async def app(box: Sandbox, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    app = AsyncApp(client=client, signing_secret=box.signing_secret, process_before_response=True)
    handler = AsyncSocketModeHandler(app, box.app_token, ping_interval=1)
    await handler.connect_async()
    await until(lambda: box.sockets.connected)
    yield app
    await handler.close_async()
    await asyncio.sleep(0.01)


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 -- the handler reconnects without telling
            await asyncio.sleep(0.01)


async def test_commands_and_their_answers(box: Sandbox, app: AsyncApp) -> None:
    """A command goes as an envelope; its answer comes back in the acknowledgement."""

    @app.command("/deviation")
    async def on_command(ack: Any) -> None:
        await ack("hello")

    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    assert anna.ephemerals[-1].words == "hello"
    assert (await box.redeliver_last()).status == 200


@pytest.mark.parametrize("box", [2.0], indirect=True)
async def test_field_errors_and_events(box: Sandbox, app: AsyncApp) -> None:
    """Field errors of a modal travel in the acknowledgement; an unacknowledged event comes again."""
    element = {"type": "plain_text_input", "action_id": "a"}
    label = {"type": "plain_text", "text": "Title"}
    view = {
        "type": "modal",
        "callback_id": "form",
        "title": label,
        "submit": label,
        "blocks": [{"type": "input", "block_id": "b", "label": label, "element": element}],
    }
    seen: list[Any] = []

    @app.command("/deviation")
    async def on_command(ack: Any, body: Any, client: Any) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    @app.view("form")
    async def on_submit(ack: Any) -> None:
        await ack(response_action="errors", errors={"b": "Taken"})

    @app.event("message")
    async def on_message(body: Any) -> None:
        seen.append(body["event_id"])
        if len(seen) == 1:
            raise RuntimeError("once")

    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "x"})
    assert await anna.submit() == {"Title": "Taken"}
    await anna.say("hello")
    assert len(seen) == 2
    assert seen[0] == seen[1]


@pytest.mark.parametrize("box", [0.5], indirect=True)
async def test_silence_is_a_timeout(box: Sandbox, app: AsyncApp) -> None:
    """An envelope nobody acknowledges in time fails as over HTTP."""
    with pytest.raises(NotAcknowledged, match="operation_timeout"):
        await box.person("U0ANNA").command("/deviation")


async def test_connections_come_back_after_refresh_and_cut(box: Sandbox, app: AsyncApp) -> None:
    """The app reconnects when Slack asks it to and when the connection is cut."""

    @app.command("/deviation")
    async def on_command(ack: Any) -> None:
        await ack()

    for part in (box.sockets.refresh, box.sockets.cut):
        await part()
        await until(lambda: box.sockets.connected)
        await box.person("U0ANNA").command("/deviation")


async def test_at_most_ten_connections_by_ticket(box: Sandbox, client: AsyncWebClient) -> None:
    """A ticket lets in one connection; the eleventh is told why it must go."""
    async with aiohttp.ClientSession() as session:
        sockets = []
        for _ in range(MOST_CONNECTIONS + 1):
            url = (await client.apps_connections_open(app_token=box.app_token))["url"]
            sockets.append(await session.ws_connect(url))
        hellos = [await socket.receive_json() for socket in sockets]
        assert hellos[0]["type"] == "hello"
        assert hellos[-1] == {"type": "disconnect", "reason": "too_many_websockets"}
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
        for socket in sockets:
            await socket.close()
