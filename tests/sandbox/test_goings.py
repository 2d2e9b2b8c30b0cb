"""Channels and people go and come back: what the app is answered, what it hears, and what people can still do."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import CannotDo, Sandbox, cast_of

SHARED, INTERNAL = "C0SHARED", "C0INTERNAL"
AURORA, BOREAL, CYGNUS = "T0AURORA", "T0BOREAL", "T0CYGNUS"
HEARD = (
    *("channel_archive", "channel_unarchive", "group_archive", "group_unarchive", "channel_shared"),
    *("channel_unshared", "user_change", "channel_id_changed", "member_joined_channel", "member_left_channel"),
)


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


@pytest.fixture
async def heard(box: Sandbox, app: AsyncApp, manifest: dict[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
    """Subscribe to everything and give what came."""
    box.use_manifest({**manifest, "settings": {"event_subscriptions": {"bot_events": list(HEARD)}}})
    events: list[dict[str, Any]] = []

    async def on_any(event: dict[str, Any]) -> None:
        events.append({key: value for key, value in event.items() if not key.endswith("_ts")})

    for name in HEARD:
        app.event(name)(on_any)
    return events


async def test_an_archived_channel(box: Sandbox, client: AsyncWebClient, heard: list[dict[str, Any]]) -> None:
    """Nothing new is said in an archived channel, by the app or by people; what was said can be read."""
    ts = (await client.chat_postMessage(channel=SHARED, text="before"))["ts"]
    await box.archive(SHARED, by="U0BEN")
    refusals = {
        "is_archived": [
            client.chat_postMessage(channel=SHARED, text="x"),
            client.chat_postEphemeral(channel=SHARED, user="U0ANNA", text="x"),
            client.reactions_add(channel=SHARED, timestamp=ts, name="eyes"),
        ],
        "is_inactive": [client.chat_update(channel=SHARED, ts=ts, text="x")],
    }
    for word, calls in refusals.items():
        assert [await error(call) for call in calls] == [word] * len(calls)
    assert (await client.conversations_info(channel=SHARED))["channel"]["is_archived"]
    assert (await client.conversations_list(exclude_archived=True))["channels"] == []
    assert len((await client.conversations_history(channel=SHARED))["messages"]) == 1
    anna = box.person("U0ANNA")
    await anna.leave(SHARED)
    for act in (box.person("U0ELIF").say("x"), box.person("U0ELIF").command("/deviation"), anna.join(SHARED)):
        with pytest.raises(CannotDo, match="is archived"):
            await act
    with pytest.raises(CannotDo, match="already archived"):
        await box.archive(SHARED)
    await box.unarchive(SHARED)
    await client.chat_postMessage(channel=SHARED, text="after")
    assert [m.words for m in box.person("U0ELIF").messages()] == ["before", "after"]
    assert heard[0] == {"type": "channel_archive", "channel": SHARED, "user": "U0BEN"}
    assert [event["type"] for event in heard] == ["channel_archive", "member_left_channel", "channel_unarchive"]


async def test_a_private_channel_is_a_group_in_events(box: Sandbox, heard: list[dict[str, Any]]) -> None:
    """Private channels have events of their own, which an app outside does not hear."""
    await box.archive(INTERNAL)
    await box.unarchive(INTERNAL)
    box.world.channels[INTERNAL].members.remove("U0QUALBRIDGE")
    await box.archive(INTERNAL)
    assert [event["type"] for event in heard] == ["group_archive", "group_unarchive"]


async def test_events_nobody_subscribed_to(box: Sandbox, app: AsyncApp) -> None:
    """What the manifest does not list is not sent."""
    await box.archive(SHARED)
    await box.deactivate("U0BEN")
    assert box.connect_events() == []


async def test_the_other_companies_are_disconnected(
    box: Sandbox, client: AsyncWebClient, heard: list[dict[str, Any]]
) -> None:
    """The owner's channel stays in use without the others, who see it no more until it is shared again."""
    await client.chat_postMessage(channel=SHARED, text="before")
    await box.disconnect(SHARED)
    shown = (await client.conversations_info(channel=SHARED))["channel"]
    assert (shown["is_ext_shared"], shown["connected_team_ids"]) == (False, [])
    assert "U0ELIF" not in (await client.conversations_members(channel=SHARED))["members"]
    await client.chat_postMessage(channel=SHARED, text="among us")
    elif_ = box.person("U0ELIF")
    assert elif_.messages() == []
    with pytest.raises(CannotDo, match="no longer shared"):
        await elif_.join(SHARED)
    with pytest.raises(CannotDo, match="not shared"):
        await box.disconnect(SHARED)
    await box.connect(SHARED)
    assert [m.words for m in elif_.messages()] == ["before", "among us"]
    with pytest.raises(CannotDo, match="was not disconnected"):
        await box.connect(SHARED)
    gone = {"type": "channel_unshared", "channel": SHARED}
    back = {"type": "channel_shared", "channel": SHARED}
    assert heard == [
        {**gone, "previously_connected_team_id": BOREAL, "is_ext_shared": True},
        {**gone, "previously_connected_team_id": CYGNUS, "is_ext_shared": False},
        {**back, "connected_team_id": BOREAL},
        {**back, "connected_team_id": CYGNUS},
    ]


async def test_the_apps_own_company_is_disconnected(
    box: Sandbox, client: AsyncWebClient, heard: list[dict[str, Any]]
) -> None:
    """A channel the app's own company is cut off from is not there for the app any more."""
    ts = (await client.chat_postMessage(channel=SHARED, text="before"))["ts"]
    await box.disconnect(SHARED, AURORA)
    for call in (
        client.chat_postMessage(channel=SHARED, text="x"),
        client.chat_update(channel=SHARED, ts=ts, text="x"),
        client.conversations_info(channel=SHARED),
        client.conversations_members(channel=SHARED),
    ):
        assert await error(call) == "channel_not_found"
    assert (await client.conversations_list())["channels"] == []
    assert [m.words for m in box.person("U0ELIF").messages()] == ["before"]
    await box.connect(SHARED)
    assert (await client.chat_postMessage(channel=SHARED, text="x"))["ok"]
    assert [(e["type"], e.get("previously_connected_team_id")) for e in heard] == [
        ("channel_unshared", AURORA),
        ("channel_shared", None),
    ]


async def test_a_person_leaves_and_comes_back(box: Sandbox, heard: list[dict[str, Any]]) -> None:
    """The app hears who of which company left which channel and came back."""
    await box.person("U0ELIF").leave(SHARED)
    await box.person("U0ELIF").join(SHARED)
    who = {"user": "U0ELIF", "channel": SHARED, "team": BOREAL, "channel_type": "C"}
    assert heard == [{"type": "member_left_channel", **who}, {"type": "member_joined_channel", **who}]


async def test_a_deactivated_person(box: Sandbox, client: AsyncWebClient, heard: list[dict[str, Any]]) -> None:
    """A deactivated person can do nothing and is described as deleted; no DM is opened, the open one takes posts."""
    box.world.open_view("U0BEN", {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []})
    await box.deactivate("U0BEN")
    ben = box.person("U0BEN")
    assert ben.modal is None
    for act in (ben.say("x"), ben.command("/deviation"), ben.open_home(), ben.shortcut("New deviation")):
        with pytest.raises(CannotDo, match="deactivated"):
            await act
    shown = (await client.users_info(user="U0BEN"))["user"]
    assert (shown["deleted"], shown["profile"]["real_name"], "tz" in shown) == (True, "Ben Ortiz", False)
    assert await error(client.conversations_open(users="U0BEN")) == "user_disabled"
    assert await error(client.chat_postEphemeral(channel=SHARED, user="U0BEN", text="x")) == "user_not_in_channel"
    assert (await client.chat_postMessage(channel="D0BEN", text="x"))["ok"]
    assert "U0BEN" in (await client.conversations_members(channel=SHARED))["members"]
    with pytest.raises(CannotDo, match="already"):
        await box.deactivate("U0BEN")
    await box.reactivate("U0BEN")
    await ben.say("back")
    assert (await client.conversations_open(users="U0BEN"))["ok"]
    assert [(e["type"], e["user"]["id"], e["user"]["deleted"]) for e in heard] == [
        ("user_change", "U0BEN", True),
        ("user_change", "U0BEN", False),
    ]


async def test_what_is_not_there_cannot_go(box: Sandbox) -> None:
    """A direct conversation is no channel to archive, and who is active is not reactivated."""
    with pytest.raises(CannotDo, match="no channel"):
        await box.archive("D0ANNA")
    with pytest.raises(CannotDo, match="not archived"):
        await box.unarchive(SHARED)
    with pytest.raises(CannotDo, match="not deactivated"):
        await box.reactivate("U0BEN")


async def test_a_channels_id_changes(box: Sandbox, client: AsyncWebClient, heard: list[dict[str, Any]]) -> None:
    """What was said, pinned and answered goes on under the new id; the old one is not found."""
    ts = (await client.chat_postMessage(channel=SHARED, text="before"))["ts"]
    await client.pins_add(channel=SHARED, timestamp=ts)
    await client.chat_postMessage(channel=SHARED, text="reply", thread_ts=ts)
    await box.change_channel_id(SHARED, "C0NEW")
    assert await error(client.chat_postMessage(channel=SHARED, text="x")) == "channel_not_found"
    await client.chat_update(channel="C0NEW", ts=ts, text="after")
    elif_ = box.person("U0ELIF")
    [card] = elif_.messages("C0NEW")
    assert (card.words, elif_.pins("C0NEW"), [m.words for m in elif_.thread(card)]) == ("after", [card], ["reply"])
    await elif_.say("hello", channel="C0NEW")
    assert heard[0] == {"type": "channel_id_changed", "old_channel_id": SHARED, "new_channel_id": "C0NEW"}
    with pytest.raises(CannotDo, match="another channel"):
        await box.change_channel_id("C0NEW", INTERNAL)


async def test_an_organisation_is_disconnected(manifest: dict[str, Any]) -> None:
    """Of a company on Grid the organisation's id stands in the events, as Slack's pages say it may."""
    events = {"event_subscriptions": {"bot_events": ["channel_unshared", "channel_shared"]}}
    async with Sandbox(cast_of("grid"), {**manifest, "settings": events}) as box:
        await box.disconnect(SHARED, BOREAL)
        await box.connect(SHARED)
        told = [d.body["event"] for d in box.connect_events() if not d.attempt]
    assert [(e.get("previously_connected_team_id"), e.get("connected_team_id")) for e in told] == [
        ("E0BOREAL", None),
        (None, "E0BOREAL"),
    ]


async def test_a_guest_goes(manifest: dict[str, Any]) -> None:
    """A guest who leaves, or whose account ends, is told as of the team whose guest they are."""
    events = {"event_subscriptions": {"bot_events": ["member_left_channel", "user_change"]}}
    async with Sandbox(cast_of("guests"), {**manifest, "settings": events}) as box:
        await box.person("U0ELIF").leave(SHARED)
        await box.deactivate("U0FINN")
        left, ended = [d.body["event"] for d in box.connect_events() if not d.attempt]
    assert (left["user"], left["team"]) == ("U0ELIF", AURORA)
    assert (ended["user"]["id"], ended["user"]["team_id"], ended["user"]["deleted"]) == ("U0FINN", AURORA, True)


async def test_the_other_company_takes_its_bot_along(box: Sandbox, client: AsyncWebClient) -> None:
    """When a company is disconnected its bot goes too, and comes back with its people."""
    theirs = AsyncWebClient(token=await box.install(BOREAL), base_url=box.api_url)
    await box.invite("U0QUALBOREAL", SHARED)
    await box.disconnect(SHARED, BOREAL)
    assert await error(theirs.chat_postMessage(channel=SHARED, text="x")) == "channel_not_found"
    assert (await client.chat_postMessage(channel=SHARED, text="x"))["ok"]
    await box.connect(SHARED)
    assert (await theirs.chat_postMessage(channel=SHARED, text="x"))["ok"]
