"""What was said in a channel is read back page by page, as far as the granted scopes go."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox, example_cast

SHARED, INTERNAL = "C0SHARED", "C0INTERNAL"
CARD = {"event_type": "card", "event_payload": {"id": 1}}


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def post(client: AsyncWebClient, *texts: str, **more: Any) -> list[str]:
    return [str((await client.chat_postMessage(channel=SHARED, text=text, **more))["ts"]) for text in texts]


def texts(answer: Any) -> list[str]:
    return [message["text"] for message in answer["messages"]]


def scoped(manifest: dict[str, Any], *bot: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {**manifest, "oauth_config": {"scopes": {"bot": list(bot), "bot_optional": list(optional)}}}


async def test_metadata_only_when_asked_for(client: AsyncWebClient) -> None:
    """History and replies carry the messages' metadata with include_all_metadata alone."""
    [ts] = await post(client, "card", metadata=CARD)
    await post(client, "reply", thread_ts=ts, metadata=CARD)
    for read, more in ((client.conversations_history, {}), (client.conversations_replies, {"ts": ts})):
        without = await read(channel=SHARED, **more)
        assert all("metadata" not in message for message in without["messages"])
        whole = await read(channel=SHARED, include_all_metadata=True, **more)
        assert {message["metadata"]["event_type"] for message in whole["messages"]} == {"card"}


async def test_history_is_of_the_channel_itself(box: Sandbox, client: AsyncWebClient) -> None:
    """Replies and ephemeral messages stand in no history; a parent tells how many replies it has."""
    first, _ = await post(client, "one", "two")
    await post(client, "reply", thread_ts=first)
    await client.chat_postEphemeral(channel=SHARED, user="U0ANNA", text="only you")
    await box.person("U0ELIF").say("three")
    history = await client.conversations_history(channel=SHARED)
    assert (texts(history), history["has_more"]) == (["three", "two", "one"], False)
    assert history["messages"][2]["reply_count"] == 1


async def test_from_when_to_when(client: AsyncWebClient) -> None:
    """The bounds themselves are left out unless `inclusive`; without bounds `inclusive` means nothing."""
    one, _, three = await post(client, "one", "two", "three")
    between = {"channel": SHARED, "oldest": one, "latest": three}
    assert texts(await client.conversations_history(**between)) == ["two"]
    assert texts(await client.conversations_history(**between, inclusive=True)) == ["three", "two", "one"]
    assert texts(await client.conversations_history(channel=SHARED, latest=three)) == ["two", "one"]
    assert texts(await client.conversations_history(channel=SHARED, inclusive=True, limit=1)) == ["three"]
    exactly = await client.conversations_history(channel=SHARED, oldest=one, latest=one, inclusive=True)
    assert texts(exactly) == ["one"]


async def test_pages_stand_still(client: AsyncWebClient) -> None:
    """A message that comes between two pages shifts neither; each message is on one page."""
    await post(client, *"abcde")
    seen, cursor = [], ""
    while True:
        page = await client.conversations_history(channel=SHARED, limit=2, cursor=cursor)
        seen.append(texts(page))
        cursor = page["response_metadata"]["next_cursor"]
        if not page["has_more"]:
            break
        await post(client, "late")
    assert (seen, cursor) == ([["e", "d"], ["c", "b"], ["a"]], "")


async def test_a_thread_by_pages(client: AsyncWebClient) -> None:
    """A thread is listed oldest first over its pages, and with its parent when only newer replies are asked for."""
    [parent] = await post(client, "card")
    _, second, _ = await post(client, "1", "2", "3", thread_ts=parent)
    first = await client.conversations_replies(channel=SHARED, ts=parent, limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_replies(channel=SHARED, ts=parent, limit=2, cursor=cursor)
    assert (texts(first), texts(rest), rest["has_more"]) == (["card", "1"], ["2", "3"], False)
    assert texts(await client.conversations_replies(channel=SHARED, ts=parent, oldest=second)) == ["card", "3"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"latest": "1.2.3"}, "invalid_ts_latest"),
        ({"cursor": "bmV4dA=="}, "invalid_cursor"),
        ({"cursor": "?"}, "invalid_cursor"),
        ({"limit": "0"}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
    ],
)
async def test_what_it_does_not_understand(client: AsyncWebClient, arguments: dict[str, str], word: str) -> None:
    """Times, cursors and limits that are none are refused in Slack's words."""
    assert await error(client.conversations_history(channel=SHARED, **arguments)) == word


async def test_cursors_of_lists(client: AsyncWebClient) -> None:
    """A list of people or channels refuses a cursor it never gave."""
    assert await error(client.conversations_members(channel=SHARED, cursor="next")) == "invalid_cursor"


async def test_the_scope_of_the_channels_kind(box: Sandbox, client: AsyncWebClient, manifest: dict[str, Any]) -> None:
    """Public channels, private ones and direct messages each need their own history scope."""
    kinds = {SHARED: "channels:history", INTERNAL: "groups:history", "D0ANNA": "im:history"}
    for granted in kinds.values():
        box.use_manifest(scoped(manifest, granted))
        for channel, needed in kinds.items():
            if needed == granted:
                assert (await client.conversations_history(channel=channel))["messages"] == []
                continue
            with pytest.raises(SlackApiError) as refused:
                await client.conversations_history(channel=channel)
            assert (refused.value.response["error"], refused.value.response["needed"]) == ("missing_scope", needed)


@pytest.mark.parametrize("grant_optional", [True, False])
@pytest.mark.parametrize("also_required", [True, False])
async def test_optional_scopes(manifest: dict[str, Any], grant_optional: bool, also_required: bool) -> None:
    """Optional scopes are granted, or on request not, whether or not they are listed among the others too."""
    bot = ("chat:write", "channels:history") if also_required else ("chat:write",)
    asked = scoped(manifest, *bot, optional=("channels:history",))
    async with Sandbox(cast=example_cast(), manifest=manifest, grant_optional=grant_optional) as box:
        box.use_manifest(asked)
        client = AsyncWebClient(token=box.bot_token, base_url=box.api_url, retry_handlers=[])
        granted = (await client.chat_postMessage(channel=SHARED, text="one")).headers["x-oauth-scopes"]
        assert granted == ("chat:write,channels:history" if grant_optional else "chat:write")
        if grant_optional:
            assert texts(await client.conversations_history(channel=SHARED)) == ["one"]
        else:
            assert await error(client.conversations_history(channel=SHARED)) == "missing_scope"
