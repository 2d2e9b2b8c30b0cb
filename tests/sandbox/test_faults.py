"""Slack in trouble, as a test orders it: faults that stay, answers that are lost, and a pace to keep."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox, example_cast
from sandbox import pace as pacing

SHARED, INTERNAL = "C0SHARED", "C0INTERNAL"


async def refused(call: Any) -> Any:
    with pytest.raises(SlackApiError) as refusal:
        await call
    return refusal.value.response


def said(box: Sandbox, channel: str = SHARED) -> list[str]:
    return [message.words for message in box.person("U0ANNA").messages(channel)]


async def test_a_fault_that_stays(box: Sandbox, client: AsyncWebClient) -> None:
    """A method fails at every call until it is healed; other methods work."""
    box.fail_all("chat.postMessage", error="invalid_blocks")
    for _ in range(3):
        assert (await refused(client.chat_postMessage(channel=SHARED, text="x")))["error"] == "invalid_blocks"
    assert (await client.auth_test())["ok"]
    box.heal("chat.postMessage")
    await client.chat_postMessage(channel=SHARED, text="well")
    assert said(box) == ["well"]


async def test_the_next_fault_comes_before_the_one_that_stays(box: Sandbox, client: AsyncWebClient) -> None:
    """What is ordered for the next call happens first; `heal` of one method leaves the others, of all none."""
    box.fail_all("*", error="fatal_error")
    box.fail_all("auth.test", error="internal_error")
    box.fail_next("auth.test", status=503)
    box.fail_next("team.info", status=503, times=9)
    assert (await refused(client.auth_test())).status_code == 503
    assert (await refused(client.auth_test()))["error"] == "internal_error"
    box.heal("auth.test")
    assert (await refused(client.auth_test()))["error"] == "fatal_error"
    box.heal()
    assert (await client.auth_test())["ok"]
    assert (await client.team_info())["ok"]


@pytest.mark.parametrize(("fault", "words"), [("drop", []), ("lost", ["x", "x"])])
async def test_a_cut_connection(box: Sandbox, client: AsyncWebClient, fault: str, words: list[str]) -> None:
    """The app is cut off in both cases: dropped before anything is posted, or lost after it was."""
    box.fail_all("chat.postMessage", **{fault: True})
    for _ in range(2):
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel=SHARED, text="x")
    assert said(box) == words


async def test_the_pace_of_posts(manifest: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A second post into the same channel within the pace is told to wait a second, by whatever name it is called."""
    now = [100.0]
    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: now[0]))
    async with Sandbox(cast=example_cast(), manifest=manifest, posts_per_second=2) as box:
        client = AsyncWebClient(token=box.bot_token, base_url=box.api_url, retry_handlers=[])
        await client.chat_postMessage(channel=SHARED, text="one")
        await client.chat_postMessage(channel=INTERNAL, text="elsewhere")
        await client.chat_postMessage(channel="U0ANNA", text="direct")
        for channel in (SHARED, "#aurora-borealis-quality", "D0ANNA"):
            answer = await refused(client.chat_postMessage(channel=channel, text="two"))
            assert (answer.status_code, answer["error"]) == (429, "ratelimited")
            assert answer.headers["Retry-After"] == "1"
        now[0] += 0.5
        await client.chat_postMessage(channel=SHARED, text="two")
        assert (box.limited, said(box), said(box, INTERNAL)) == (3, ["one", "two"], ["elsewhere"])


async def test_no_pace_unless_asked_for(box: Sandbox, client: AsyncWebClient, manifest: dict[str, Any]) -> None:
    """Without `posts_per_second` nothing is limited, and a pace of nothing is no pace."""
    for text in "ab":
        await client.chat_postMessage(channel=SHARED, text=text)
    assert (box.limited, said(box)) == (0, ["a", "b"])
    with pytest.raises(ValueError, match="posts_per_second"):
        Sandbox(cast=example_cast(), manifest=manifest, posts_per_second=0)
