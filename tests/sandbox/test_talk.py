"""Commands, answers, response_urls, shortcuts, Home, events and their retries, the clock."""

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import CannotDo, NotAcknowledged, Sandbox

SHARED = "C0SHARED"
BUTTONS = [
    {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", "value": "7"}],
    }
]


async def post(url: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status, await response.json()


async def test_answers_of_commands(box: Sandbox, app: AsyncApp) -> None:
    """A text answer is ephemeral, in_channel is for all, and what Slack would not show fails."""
    answers: list[Any] = ["only <you> &amp; me", {"text": "all", "response_type": "in_channel"}]
    answers.append({"blocks": [{"type": "section"}]})
    seen: list[Any] = []

    @app.command("/deviation")
    async def on_command(ack: Any, body: Any) -> None:
        seen.append(body)
        answer = answers.pop(0)
        await (ack(answer) if isinstance(answer, str) else ack(**answer))

    anna = box.person("U0ANNA")
    await anna.command("/deviation for @Ben Ortiz please")
    await anna.command("/deviation", channel="C0INTERNAL")
    with pytest.raises(NotAcknowledged):
        await anna.command("/deviation")
    assert [m.words for m in anna.ephemerals] == [
        "only you & me",
        '/deviation failed with the error "invalid_command_response"',
    ]
    assert [m.words for m in box.person("U0BEN").messages("C0INTERNAL")] == ["all"]
    assert (seen[0]["text"], seen[0]["team_id"]) == ("for <@U0BEN> please", "T0AURORA")
    assert seen[1]["channel_name"] == "privategroup"


async def test_no_commands_without_the_app(box: Sandbox, app: AsyncApp) -> None:
    """A person whose company has not installed the app has no command, shortcut or Home."""
    elif_ = box.person("U0ELIF")
    await elif_.command("/deviation")
    assert elif_.ephemerals[-1].words == "/deviation is not a valid command."
    assert box.connect_events() == []
    with pytest.raises(CannotDo):
        await elif_.shortcut("New deviation")
    with pytest.raises(CannotDo):
        await elif_.open_home()


async def test_response_url(box: Sandbox, app: AsyncApp) -> None:
    """A click's response_url answers, replaces and deletes, five times within half an hour."""
    seen: dict[str, Any] = {}

    @app.action("go")
    async def on_go(ack: Any, body: Any) -> None:
        seen.update(body)
        await ack()

    ben = box.person("U0BEN")
    await app.client.chat_postEphemeral(channel=SHARED, user="U0BEN", text="card", blocks=BUTTONS)
    await ben.click("Go")
    assert seen["container"]["is_ephemeral"]
    assert "message" not in seen
    url = seen["response_url"]
    assert await post(url, {"text": "mine"}) == (200, {"ok": True})
    await post(url, {"text": "done", "replace_original": True})
    assert [m.words for m in ben.ephemerals] == ["done", "mine"]
    await post(url, {"delete_original": True})
    assert [m.words for m in ben.ephemerals] == ["mine"]
    assert (await post(url, {"blocks": [{"type": "marquee"}]}))[0] == 400
    await post(url, {"text": "all", "response_type": "in_channel"})
    await post(url, {"text": "five"})
    assert await post(url, {"text": "six"}) == (404, {"ok": False, "error": "used_url"})
    await app.client.chat_postMessage(channel=SHARED, text="card", blocks=BUTTONS)
    await ben.click("Go")
    assert seen["actions"][0]["value"] == "7"
    assert seen["message"]["user"] == "U0QUALBRIDGE"
    await box.move_clock(to=box.now() + timedelta(minutes=31))
    assert await post(seen["response_url"], {"text": "late"}) == (404, {"ok": False, "error": "expired_url"})


async def test_menus_outside_modals(box: Sandbox, app: AsyncApp) -> None:
    """Selects and overflow menus of a message are chosen from by words, the nearest button by its block."""
    option = {"text": {"type": "plain_text", "text": "Ben"}, "value": "b"}
    select = {"type": "static_select", "action_id": "who", "options": [option]}
    select["placeholder"] = {"type": "plain_text", "text": "Assign to"}
    menu = {"type": "overflow", "action_id": "more", "options": [option]}
    rows = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"DEV-{n}"}, "accessory": {
            "type": "button", "text": {"type": "plain_text", "text": "Open"}, "action_id": "open", "value": str(n)}}
        for n in (1, 2)
    ]  # fmt: skip
    section = {"type": "section", "text": {"type": "plain_text", "text": "Row"}, "accessory": menu}
    seen: list[Any] = []

    async def on_any(ack: Any, action: Any) -> None:
        seen.append(action.get("selected_option", action)["value"])
        await ack()

    for name in ("who", "more", "open"):
        app.action(name)(on_any)
    blocks = [*rows, {"type": "actions", "elements": [select]}, section]
    await app.client.chat_postMessage(channel=SHARED, text="x", blocks=blocks)
    gita = box.person("U0GITA")
    await gita.choose("Assign to", "Ben")
    await gita.choose("Row", "Ben")
    await gita.click("Open", near="DEV-2")
    assert seen == ["b", "b", "2"]


async def test_shortcuts(box: Sandbox, app: AsyncApp) -> None:
    """A message shortcut carries the message; a global one none."""
    seen: list[Any] = []

    async def on_any(ack: Any, body: Any) -> None:
        seen.append(body)
        await ack()

    app.shortcut("log")(on_any)
    app.shortcut("new")(on_any)
    anna = box.person("U0ANNA")
    said = await box.person("U0ELIF").say("The seal is broken")
    await anna.shortcut("Log as deviation", said)
    await anna.shortcut("New deviation")
    assert [body["type"] for body in seen] == ["message_action", "shortcut"]
    assert (seen[0]["message"]["text"], seen[0]["message"]["team"]) == ("The seal is broken", "T0BOREAL")


async def test_home(box: Sandbox, app: AsyncApp) -> None:
    """Opening the Home tab lets the app publish it; its buttons work."""
    seen: list[str] = []

    @app.event("app_home_opened")
    async def on_home(event: Any, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": BUTTONS})

    @app.action("go")
    async def on_go(ack: Any, body: Any) -> None:
        seen.append(body["view"]["type"])
        await ack()

    anna = box.person("U0ANNA")
    await anna.open_home()
    assert anna.home
    assert anna.home.buttons == ["Go"]
    await anna.click("Go")
    assert seen == ["home"]


async def test_events_of_both_companies(box: Sandbox, app: AsyncApp) -> None:
    """Messages, mentions and comings carry the person's own team and the installation's envelope."""
    seen: list[tuple[str, Any]] = []

    async def on_any(event: Any, body: Any) -> None:
        seen.append((event["type"], event.get("user_team") or event.get("team")))
        assert body["team_id"] == "T0AURORA"
        assert body["is_ext_shared_channel"]

    for name in ("message", "app_mention", "member_left_channel", "member_joined_channel"):
        app.event(name)(on_any)
    elif_ = box.person("U0ELIF")
    said = await elif_.say("@QualBridge status <now>")
    assert said.text == "<@U0QUALBRIDGE> status &lt;now&gt;"
    assert said.words == "@QualBridge status <now>"
    await elif_.leave(SHARED)
    assert elif_.messages() == []
    await elif_.join(SHARED)
    kinds = ["message", "app_mention", "member_left_channel", "member_joined_channel"]
    assert seen == [(kind, "T0BOREAL") for kind in kinds]


async def test_events_are_retried_by_the_clock(box: Sandbox, app: AsyncApp) -> None:
    """An event that fails comes again at once, after a minute and after five more; then never."""
    seen: list[Any] = []

    @app.event("message")
    async def on_message(body: Any, req: Any) -> None:
        seen.append((body["event_id"], req.headers.get("x-slack-retry-num"), req.headers.get("x-slack-retry-reason")))
        raise RuntimeError("no")

    await box.person("U0ANNA").say("hello")
    assert len(seen) == 2
    await box.move_clock(to=box.now() + timedelta(minutes=1))
    await box.move_clock(to=box.now() + timedelta(minutes=5))
    await box.move_clock(to=box.now() + timedelta(hours=5))
    assert [retry for _, retry, _ in seen] == [None, ["1"], ["2"], ["3"]]
    assert seen[1][2] == ["http_error"]
    assert len({event for event, _, _ in seen}) == 1


async def test_replay_is_byte_for_byte(box: Sandbox, app: AsyncApp) -> None:
    """The last request can be delivered again as it was, and Bolt takes it."""
    seen: list[Any] = []

    @app.command("/deviation")
    async def on_command(ack: Any, body: Any) -> None:
        seen.append(body["trigger_id"])
        await ack()

    await box.person("U0ANNA").command("/deviation")
    delivery = await box.redeliver_last()
    assert (delivery.status, delivery.error, len(set(seen)), len(seen)) == (200, None, 1, 2)


@pytest.mark.parametrize("box", [0.5], indirect=True)
async def test_silence_is_a_timeout(box: Sandbox, app: AsyncApp, client: AsyncWebClient) -> None:
    """An app that does not answer in time, or is not there, is told to the person in Slack's words."""

    @app.action("go")
    async def on_go(ack: Any) -> None:
        await asyncio.sleep(1)
        await ack()

    await client.chat_postMessage(channel=SHARED, text="card", blocks=BUTTONS)
    anna = box.person("U0ANNA")
    with pytest.raises(NotAcknowledged, match="operation_timeout"):
        await anna.click("Go")
    assert "operation_timeout" in anna.ephemerals[-1].words
    box.events_url = "http://127.0.0.1:9/slack/events"
    with pytest.raises(NotAcknowledged, match="dispatch_failed"):
        await anna.command("/deviation")


async def test_clock_only_moves_forward(box: Sandbox) -> None:
    """A move calls back; message timestamps follow it and never repeat."""
    moves: list[Any] = []

    async def on_moved() -> None:
        moves.append(box.now())

    box.on_clock_moved(on_moved)
    before = box.clock.ts()
    await box.move_clock(to=box.now() + timedelta(days=7))
    stamps = [box.clock.ts() for _ in range(100)]
    assert len(moves) == 1
    assert float(stamps[0]) - float(before) > 604_000
    assert sorted(set(stamps)) == stamps
    with pytest.raises(ValueError, match="only moves forward"):
        await box.move_clock(to=box.now() - timedelta(days=1))
