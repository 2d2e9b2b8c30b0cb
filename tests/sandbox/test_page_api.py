"""The page's protocol: state, acts, changes, and who may ask."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from sandbox import Sandbox

SHARED = "C0SHARED"
LABEL = {"type": "plain_text", "text": "Title"}


@pytest.fixture
async def page(box: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(box.url) as session:
        yield session


async def act(page: aiohttp.ClientSession, do: str, user: str = "U0ANNA", **more: Any) -> dict[str, Any]:
    async with page.post("/page/act", json={"as": user, "do": do, **more}) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def state(page: aiohttp.ClientSession, **query: str) -> dict[str, Any]:
    async with page.get("/page/state", params={"as": "U0ANNA", "in": SHARED, **query}) as response:
        shown: dict[str, Any] = await response.json()
        return shown


async def test_static_files_are_safe(page: aiohttp.ClientSession) -> None:
    """The page is served with a policy that runs nothing foreign; other files are not served."""
    async with page.get("/") as response:
        assert response.status == 200
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    for path in ("/page/main.js", "/page/nothing.js", "/page/..%2fserver.py"):
        async with page.get(path) as response:
            assert response.status == (200 if path.endswith("main.js") else 404)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
async def test_strangers_are_refused(page: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    """A foreign Host or Origin is refused, and so is anything but JSON."""
    async with page.post("/page/act", json={}, headers=headers) as response:
        assert response.status == 403
    async with page.post("/page/act", data={"as": "U0ANNA"}) as response:
        assert response.status == 415


async def test_what_each_person_sees(box: Sandbox, page: aiohttp.ClientSession) -> None:
    """Places, commands and shortcuts depend on the person's company; an empty request has defaults."""
    anna, elif_ = await state(page), await state(page, **{"as": "U0ELIF", "in": "home"})
    assert [p["id"] for p in anna["places"]] == [SHARED, "C0INTERNAL", "D0ANNA", "home"]
    assert [c["command"] for c in anna["commands"]] == ["/deviation"]
    assert (elif_["in"], elif_["commands"], elif_["shortcuts"]) == (SHARED, [], [])
    assert [p["id"] for p in elif_["places"]] == [SHARED, "D0ELIF"]
    assert (await state(page, **{"as": "", "in": ""}))["me"] == "U0ANNA"
    async with page.get("/page/state?as=U0NOBODY") as response:
        assert response.status == 404


async def test_talking_reading_threads(box: Sandbox, page: aiohttp.ClientSession) -> None:
    """Messages are written, counted as unread, read, and answered in threads."""
    await act(page, "say", "U0ELIF", text="hello", **{"in": SHARED})
    seen = await state(page)
    ts = seen["messages"][0]["ts"]
    assert (seen["messages"][0]["name"], seen["places"][0]["unread"]) == ("Elif Kaya", 1)
    await act(page, "read", **{"in": SHARED})
    await act(page, "say", text="reply", thread=ts, **{"in": SHARED})
    seen = await state(page, thread=ts)
    assert (seen["places"][0]["unread"], seen["messages"][0]["reply_count"]) == (0, 1)
    assert [m["text"] for m in seen["thread"]["messages"]] == ["hello", "reply"]
    await act(page, "leave", **{"in": SHARED})
    seen = await state(page)
    assert (seen["places"][0]["member"], seen["messages"]) == (False, [])
    await act(page, "join", **{"in": SHARED})
    assert len((await state(page))["messages"]) == 1


async def test_a_modal_from_command_to_submission(box: Sandbox, app: AsyncApp, page: aiohttp.ClientSession) -> None:
    """The page opens, fills, clicks in and submits a modal; wrong fields come back by block_id."""
    text = {"type": "input", "block_id": "t", "label": LABEL, "element": {"type": "plain_text_input", "action_id": "t"}}
    file = {"type": "input", "block_id": "f", "label": LABEL, "element": {"type": "file_input", "action_id": "f"}}
    lot = {"type": "external_select", "action_id": "lot", "min_query_length": 0}
    actions = {"type": "actions", "block_id": "a", "elements": [lot]}
    view = {"type": "modal", "callback_id": "v", "title": LABEL, "submit": LABEL, "blocks": [text, file, actions]}
    option = {"text": LABEL, "value": "1"}
    seen: list[Any] = []

    @app.command("/deviation")
    async def on_command(ack: Any, body: Any, client: Any) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    @app.options("lot")
    async def on_options(ack: Any) -> None:
        await ack(options=[option])

    @app.action("lot")
    async def on_lot(ack: Any, action: Any) -> None:
        seen.append(action["selected_option"])
        await ack()

    @app.view("v")
    async def on_submit(ack: Any, body: Any) -> None:
        seen.append(body["view"]["state"]["values"])
        await ack()

    assert await act(page, "command", text="/deviation x", **{"in": SHARED}) == {"ok": True}
    [shown] = (await state(page))["modals"]
    where = {"view": shown["id"], "block_id": "a", "action_id": "lot"}
    assert (await act(page, "suggest", value="1", **where))["options"] == [option]
    await act(page, "click", selected_option=option, **where)
    answer = await act(page, "submit", view=shown["id"], state={})
    assert set(answer["errors"]) == {"t", "f"}
    assert set((await state(page))["modals"][0]["errors"]) == {"t", "f"}
    content = base64.b64encode(b"abc").decode()
    typed = {
        "t": {"t": {"type": "plain_text_input", "value": "x"}},
        "f": {"f": {"files": [{"name": "a.txt", "content": content}]}},
    }
    assert await act(page, "submit", view=shown["id"], state=typed) == {"ok": True, "errors": {}}
    assert seen[0] == option
    assert (seen[1]["t"]["t"]["value"], seen[1]["f"]["f"]["files"][0]["size"]) == ("x", 3)
    after = await state(page)
    assert after["modals"] == []
    assert [(r["what"], r["status"]) for r in after["requests"]][-1] == ("v", 200)
    assert after["calls"][-1]["method"] == "views.open"


async def test_buttons_home_shortcuts_and_refusals(box: Sandbox, app: AsyncApp, page: aiohttp.ClientSession) -> None:
    """Clicks and shortcuts reach the app; what cannot be done is said in words."""
    button = {"type": "button", "text": LABEL, "action_id": "go"}
    blocks = [{"type": "actions", "block_id": "a", "elements": [button]}]
    seen: list[str] = []

    @app.event("app_home_opened")
    async def on_home(event: Any, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    async def on_any(ack: Any, body: Any) -> None:
        seen.append(body["type"])
        await ack()

    app.action("go")(on_any)
    app.shortcut("log")(on_any)
    ts = (await app.client.chat_postMessage(channel=SHARED, text="card", blocks=blocks))["ts"]
    ids = {"block_id": "a", "action_id": "go"}
    assert await act(page, "click", ts=ts, **ids, **{"in": SHARED}) == {"ok": True}
    assert await act(page, "home") == {"ok": True}
    home = (await state(page, **{"in": "home"}))["home"]
    assert await act(page, "click", view=home["id"], **ids) == {"ok": True}
    assert await act(page, "shortcut", callback_id="log", ts=ts, **{"in": SHARED}) == {"ok": True}
    assert seen == ["block_actions", "block_actions", "message_action"]
    assert not (await act(page, "click", ts="1.1", **ids, **{"in": SHARED}))["ok"]
    assert not (await act(page, "close", view="V0NONE"))["ok"]
    assert "did not acknowledge" in (await act(page, "shortcut", callback_id="new", **{"in": "home"}))["error"]
    assert "sees no Home" in (await act(page, "home", "U0ELIF"))["error"]
    assert not (await act(page, "dance"))["ok"]


async def test_channels_and_people_go(box: Sandbox, page: aiohttp.ClientSession) -> None:
    """The page archives, disconnects and deactivates, shows what is so, and undoes each."""
    here = {"in": SHARED}
    assert await act(page, "archive", **here) == {"ok": True}
    assert "already archived" in (await act(page, "archive", **here))["error"]
    assert (await state(page))["places"][0]["archived"]
    await act(page, "unarchive", **here)
    await act(page, "disconnect", "U0ELIF", **here)
    mine, theirs = (await state(page))["places"][0], (await state(page, **{"as": "U0ELIF"}))["places"][0]
    assert (mine["shared"], mine["teams"], mine["away"]) == (True, ["T0AURORA", "T0CYGNUS"], False)
    assert (theirs["member"], theirs["away"]) == (False, True)
    await act(page, "disconnect", **here)
    assert (await state(page))["places"][0]["teams"] == ["T0AURORA"]
    await act(page, "connect", **here)
    assert (await state(page))["places"][0]["disconnected"] is False
    await act(page, "deactivate", "U0BEN")
    assert [p["name"] for p in (await state(page))["people"] if p["deactivated"]] == ["Ben Ortiz"]
    assert "is deactivated" in (await act(page, "say", "U0BEN", text="x", **here))["error"]
    await act(page, "reactivate", "U0BEN")
    assert await act(page, "say", "U0BEN", text="x", **here) == {"ok": True}


async def test_clock_and_changes(box: Sandbox, page: aiohttp.ClientSession) -> None:
    """Moving the clock is an act, and every change is announced."""
    async with page.get("/page/changes") as stream:
        first = json.loads((await stream.content.readline())[6:])
        to = box.now() + timedelta(days=7)
        assert await act(page, "clock", to=to.isoformat(), by=None) == {"ok": True}
        await stream.content.readline()
        second = json.loads((await asyncio.wait_for(stream.content.readline(), 2))[6:])
        assert second["version"] > first["version"]
    assert await act(page, "clock", to=None, by=3600) == {"ok": True}
    assert box.now() >= to + timedelta(hours=1)
    assert "only moves forward" in (await act(page, "clock", to="2026-01-01T00:00:00Z", by=None))["error"]
