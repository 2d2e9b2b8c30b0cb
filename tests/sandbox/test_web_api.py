"""The Web API answers in Slack's shapes and refuses in Slack's words."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox

SHARED, INTERNAL = "C0SHARED", "C0INTERNAL"


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_who_am_i(client: AsyncWebClient) -> None:
    """auth.test names the installation, and the scopes stand in a header."""
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0AURORA", "U0QUALBRIDGE", "B0QUALBRIDGE")
    assert "chat:write" in answer.headers["x-oauth-scopes"]


async def test_tokens_scopes_and_unknown_methods(
    box: Sandbox, client: AsyncWebClient, manifest: dict[str, Any]
) -> None:
    """A wrong token, no token, the wrong kind, a missing scope and an unknown method are told apart."""
    stranger = AsyncWebClient(token="xoxb-wrong", base_url=box.api_url, retry_handlers=[])
    assert await error(stranger.auth_test()) == "invalid_auth"
    assert await error(AsyncWebClient(base_url=box.api_url).auth_test()) == "not_authed"
    assert await error(client.apps_connections_open(app_token=box.bot_token)) == "not_allowed_token_type"
    assert await error(client.api_call("chat.whisper")) == "unknown_method"
    box.use_manifest({**manifest, "oauth_config": {"scopes": {"bot": ["commands"]}}})
    assert await error(client.chat_postMessage(channel=SHARED, text="x")) == "missing_scope"


async def test_post_edit_thread_pin_delete(box: Sandbox, client: AsyncWebClient) -> None:
    """A message is posted, edited, answered in a thread, pinned and removed."""
    metadata = {"event_type": "card", "event_payload": {"id": 1}}
    posted = await client.chat_postMessage(channel=SHARED, text="one", metadata=metadata)
    await client.chat_update(channel=SHARED, ts=posted["ts"], text="two &lt;b&gt;")
    await client.chat_postMessage(channel=SHARED, text="reply", thread_ts=posted["ts"])
    await client.pins_add(channel=SHARED, timestamp=posted["ts"])
    assert await error(client.pins_add(channel=SHARED, timestamp=posted["ts"])) == "already_pinned"
    finn = box.person("U0FINN")
    [card] = finn.messages()
    assert (card.words, card.edited is not None, card.metadata) == ("two <b>", True, metadata)
    assert [m.words for m in finn.thread(card)] == ["reply"]
    assert finn.pins() == [card]
    replies = await client.conversations_replies(channel=SHARED, ts=posted["ts"])
    assert [m["text"] for m in replies["messages"]] == ["two &lt;b&gt;", "reply"]
    await client.chat_delete(channel=SHARED, ts=posted["ts"])
    assert finn.pins() == []
    assert await error(client.chat_update(channel=SHARED, ts=posted["ts"], text="x")) == "message_not_found"


async def test_an_update_keeps_the_blocks_it_does_not_name(box: Sandbox, client: AsyncWebClient) -> None:
    """An update with text alone leaves the blocks; an empty list removes them."""
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "card"}}]
    ts = (await client.chat_postMessage(channel=SHARED, text="one", blocks=blocks))["ts"]
    [card] = box.person("U0ANNA").messages()
    await client.chat_update(channel=SHARED, ts=ts, text="two")
    assert card.words == "card"
    await client.chat_update(channel=SHARED, ts=ts, text="three", blocks=[])
    assert card.words == "three"


async def test_what_is_not_there(client: AsyncWebClient) -> None:
    """People, teams, bots, files, pins and threads that are not there are refused in Slack's words."""
    calls = {
        "user_not_found": client.users_info(user="U0NOBODY"),
        "team_not_found": client.team_info(team="T0NONE"),
        "bot_not_found": client.bots_info(bot="B0NONE"),
        "file_not_found": client.files_info(file="F0NONE"),
        "no_pin": client.pins_remove(channel=SHARED, timestamp="1.000001"),
        "thread_not_found": client.conversations_replies(channel=SHARED, ts="1.000001"),
        "message_not_found": client.pins_add(channel=SHARED, timestamp="1.000001"),
        "invalid_arguments": client.api_call("users.info", json={}),
    }
    for word, call in calls.items():
        assert await error(call) == word


async def test_lists(box: Sandbox, client: AsyncWebClient, manifest: dict[str, Any]) -> None:
    """People, the app's channels, pins and history are listed."""
    box.use_manifest({**manifest, "oauth_config": {"scopes": {"bot": ["channels:history", "users:read", "pins:read",
        "pins:write", "channels:read", "chat:write"]}}})  # fmt: skip
    assert len((await client.users_list())["members"]) == 11
    assert (await client.users_info(user="U0QUALBRIDGE"))["user"]["is_bot"]
    assert [c["id"] for c in (await client.users_conversations(types="public_channel"))["channels"]] == [SHARED]
    first = (await client.chat_postMessage(channel=SHARED, text="one"))["ts"]
    await client.chat_postMessage(channel=SHARED, text="two")
    await client.pins_add(channel=SHARED, timestamp=first)
    assert [i["message"]["text"] for i in (await client.pins_list(channel=SHARED))["items"]] == ["one"]
    await client.pins_remove(channel=SHARED, timestamp=first)
    history = await client.conversations_history(channel=SHARED, oldest=first, inclusive=True)
    assert [m["text"] for m in history["messages"]] == ["two", "one"]
    newer = await client.conversations_history(channel=SHARED, oldest=first)
    assert [m["text"] for m in newer["messages"]] == ["two"]


async def test_refused_messages(box: Sandbox, client: AsyncWebClient) -> None:
    """Empty, overlong, ill-formed and misplaced messages are refused."""
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}]
    assert await error(client.api_call("chat.postMessage", json={"channel": SHARED})) == "no_text"
    assert await error(client.chat_postMessage(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert await error(client.chat_postMessage(channel=SHARED, text="x" * 40_001)) == "msg_too_long"
    assert await error(client.chat_postMessage(channel=SHARED, text="x", blocks=blocks * 5)) == "msg_blocks_too_long"
    assert await error(client.chat_postMessage(channel=SHARED, text="x", blocks='{"a":1}')) == "invalid_blocks_format"
    assert await error(client.chat_postMessage(channel=SHARED, text="x", thread_ts="1.000001")) == "thread_not_found"
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=SHARED, text="x", blocks=[{"type": "section"}])
    words = "must define either `text` or `fields` [json-pointer:/blocks/0]"
    assert refused.value.response["response_metadata"]["messages"] == [f"[ERROR] {words}"]


async def test_charts_are_posted_or_refused(box: Sandbox, client: AsyncWebClient) -> None:
    """A chart is posted and read by everybody; three are refused, and any where the workspace has no charts."""
    segments = [{"label": "Minor", "value": 3}]
    chart = {"type": "data_visualization", "title": "Classes", "chart": {"type": "pie", "segments": segments}}
    assert await error(client.chat_postMessage(channel=SHARED, text="x", blocks=[chart] * 3)) == "invalid_blocks"
    box.fail_next("chat.postMessage", error="invalid_blocks")
    assert await error(client.chat_postMessage(channel=SHARED, text="x", blocks=[chart])) == "invalid_blocks"
    await client.chat_postMessage(channel=SHARED, text="x", blocks=[chart])
    assert [m.words for m in box.person("U0ELIF").messages()] == ["Classes\nMinor 3"]


async def test_only_the_apps_own_messages_and_channels(box: Sandbox, client: AsyncWebClient) -> None:
    """Another's message and a channel the app is not in are out of reach."""
    said = await box.person("U0ANNA").say("hello")
    assert await error(client.chat_update(channel=SHARED, ts=said.ts, text="x")) == "cant_update_message"
    assert await error(client.chat_delete(channel=SHARED, ts=said.ts)) == "cant_delete_message"
    box.world.channels[SHARED].members.remove("U0QUALBRIDGE")
    assert await error(client.chat_postMessage(channel=SHARED, text="x")) == "not_in_channel"


async def test_ephemeral_is_for_one(box: Sandbox, client: AsyncWebClient) -> None:
    """An ephemeral message is seen by its reader alone and cannot be updated."""
    shown = await client.chat_postEphemeral(channel=SHARED, user="U0ELIF", text="only you")
    assert [m.words for m in box.person("U0ELIF").ephemerals] == ["only you"]
    assert box.person("U0FINN").messages() == []
    assert await error(client.chat_update(channel=SHARED, ts=shown["message_ts"], text="x")) == "message_not_found"
    assert await error(client.chat_postEphemeral(channel=INTERNAL, user="U0ELIF", text="x")) == "user_not_in_channel"


async def test_people_and_channels(client: AsyncWebClient) -> None:
    """People of both companies, their teams and the shared channel are described."""
    elif_ = (await client.users_info(user="U0ELIF"))["user"]
    assert (elif_["team_id"], elif_["tz"], elif_["is_restricted"]) == ("T0BOREAL", "Europe/Zurich", False)
    assert (await client.users_info(user="U0GUEST"))["user"]["is_restricted"]
    assert (await client.team_info(team="T0BOREAL"))["team"]["name"].startswith("Borealis")
    shared = (await client.conversations_info(channel=SHARED))["channel"]
    assert (shared["is_ext_shared"], shared["is_private"]) == (True, False)
    first = await client.conversations_members(channel=SHARED, limit=4)
    rest = await client.conversations_members(channel=SHARED, cursor=first["response_metadata"]["next_cursor"])
    assert len(first["members"]) + len(rest["members"]) == 11
    names = [c["name"] for c in (await client.conversations_list(types="public_channel,private_channel"))["channels"]]
    assert names == ["aurora-borealis-quality", "aurora-internal"]


async def test_direct_messages(box: Sandbox, client: AsyncWebClient) -> None:
    """The app writes to a person of the other company, by DM or by the person's id."""
    dm = (await client.conversations_open(users="U0HUGO"))["channel"]["id"]
    await client.chat_postMessage(channel=dm, text="one")
    await client.chat_postMessage(channel="U0HUGO", text="two")
    assert [m.words for m in box.person("U0HUGO").direct_messages] == ["one", "two"]


async def test_files(box: Sandbox, client: AsyncWebClient) -> None:
    """A file is uploaded in three steps and shared in a thread."""
    parent = await client.chat_postMessage(channel=SHARED, text="pack")
    await client.files_upload_v2(
        channel=SHARED, thread_ts=parent["ts"], filename="pack.pdf", content=b"%PDF-", initial_comment="Here"
    )
    anna = box.person("U0ANNA")
    [reply] = anna.thread(anna.messages()[0])
    assert (reply.words, reply.files[0]["name"], reply.files[0]["size"]) == ("Here", "pack.pdf", 5)
    async with aiohttp.ClientSession() as session, session.get(reply.files[0]["url_private"]) as response:
        assert await response.read() == b"%PDF-"


async def test_faults(box: Sandbox, client: AsyncWebClient) -> None:
    """Calls fail as ordered: rate limits, HTTP errors, cut connections, answers lost after the work was done."""
    box.fail_next("chat.postMessage", error="ratelimited", retry_after=2)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=SHARED, text="x")
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (429, "2")
    box.fail_next("chat.postMessage", drop=True)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=SHARED, text="dropped")
    box.fail_next("*", lost=True)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=SHARED, text="lost")
    box.fail_next("chat.postMessage", hang=5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.chat_postMessage(channel=SHARED, text="late"), 0.1)
    assert [m.words for m in box.person("U0ANNA").messages()] == ["lost"]
    assert (await client.chat_postMessage(channel=SHARED, text="well"))["ok"]


async def test_permalink_and_reactions(box: Sandbox, client: AsyncWebClient) -> None:
    """A message has an address on this machine and takes one reaction of each kind."""
    ts = (await client.chat_postMessage(channel=SHARED, text="x"))["ts"]
    address = (await client.chat_getPermalink(channel=SHARED, message_ts=ts))["permalink"]
    async with aiohttp.ClientSession() as session, session.get(address, allow_redirects=False) as response:
        assert (address.startswith(box.url), response.headers["Location"]) == (True, f"/#/{SHARED}/{ts}")
    await client.reactions_add(channel=SHARED, timestamp=ts, name="eyes")
    assert await error(client.reactions_add(channel=SHARED, timestamp=ts, name="eyes")) == "already_reacted"


async def test_blocks_validate(client: AsyncWebClient) -> None:
    """Blocks can be checked without sending them."""
    assert (await client.blocks_validate(blocks=[{"type": "divider"}]))["ok"]
    assert await error(client.blocks_validate(blocks=[{"type": "section"}])) == "invalid_blocks"
