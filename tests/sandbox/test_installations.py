"""Several installations: each call acts as the one whose token it carries, and each sees only what is its own."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import CannotDo, Sandbox

SHARED, INTERNAL, BOREAL = "C0SHARED", "C0INTERNAL", "T0BOREAL"
HOME = {"type": "home", "blocks": []}
LABEL = {"type": "plain_text", "text": "Title"}
MODAL = {"type": "modal", "title": LABEL, "blocks": []}
BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}
CARD = [{"type": "actions", "elements": [BUTTON]}]


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


@pytest.fixture
def as_token(box: Sandbox) -> Callable[[str], AsyncWebClient]:
    return lambda token: AsyncWebClient(token=token, base_url=box.api_url, retry_handlers=[])


@pytest.fixture
async def other(box: Sandbox, as_token: Callable[[str], AsyncWebClient]) -> AsyncWebClient:
    """Install the app in Borealis too; gives the client of that installation."""
    return as_token(await box.install(BOREAL))


async def test_each_token_is_its_own_installation(box: Sandbox, client: AsyncWebClient, other: AsyncWebClient) -> None:
    """auth.test answers with the team, the bot and the name of the installation the token belongs to."""
    ours, theirs = await client.auth_test(), await other.auth_test()
    assert [ours["team_id"], ours["user_id"], ours["bot_id"]] == ["T0AURORA", "U0QUALBRIDGE", "B0QUALBRIDGE"]
    assert [theirs["team_id"], theirs["user_id"], theirs["bot_id"]] == [BOREAL, "U0QUALBOREAL", "B0QUALBOREAL"]
    assert box.token_of(BOREAL) == other.token != box.bot_token
    assert await box.install(BOREAL) == other.token
    with pytest.raises(LookupError, match="Cygnus"):
        box.token_of("T0CYGNUS")


async def test_a_bot_is_only_where_it_was_invited(box: Sandbox, other: AsyncWebClient) -> None:
    """The second bot sees the shared channel, posts there only as a member, and knows nothing of Aurora's own."""
    assert (await other.conversations_info(channel=SHARED))["channel"]["is_member"] is False
    assert await error(other.chat_postMessage(channel=SHARED, text="x")) == "not_in_channel"
    assert await error(other.chat_postMessage(channel=INTERNAL, text="x")) == "channel_not_found"
    assert await error(other.users_info(user="U0ANNA")) == "user_not_found"
    with pytest.raises(CannotDo, match="cannot come"):
        await box.invite("U0QUALBOREAL", INTERNAL)
    await box.invite("U0QUALBOREAL", SHARED)
    shown = (await other.conversations_info(channel=SHARED))["channel"]
    assert (shown["is_member"], shown["context_team_id"]) == (True, BOREAL)
    assert shown["connected_team_ids"] == ["T0AURORA", "T0CYGNUS"]
    assert (await other.users_info(user="U0ANNA"))["user"]["team_id"] == "T0AURORA"
    await other.chat_postMessage(channel=SHARED, text="x")


async def test_only_the_author_changes_a_message(box: Sandbox, client: AsyncWebClient, other: AsyncWebClient) -> None:
    """A message of one installation cannot be updated or deleted by the other."""
    await box.invite("U0QUALBOREAL", SHARED)
    ts = (await client.chat_postMessage(channel=SHARED, text="x"))["ts"]
    assert await error(other.chat_update(channel=SHARED, ts=ts, text="y")) == "cant_update_message"
    assert await error(other.chat_delete(channel=SHARED, ts=ts)) == "cant_delete_message"
    theirs = (await other.chat_postMessage(channel=SHARED, text="x"))["message"]
    assert (theirs["user"], theirs["bot_id"], theirs["team"]) == ("U0QUALBOREAL", "B0QUALBOREAL", BOREAL)
    assert await error(client.chat_update(channel=SHARED, ts=theirs["ts"], text="y")) == "cant_update_message"


async def test_each_bot_has_its_own_conversation(box: Sandbox, client: AsyncWebClient, other: AsyncWebClient) -> None:
    """A person has one direct conversation with each bot, and neither bot sees the other's."""
    ours = (await client.conversations_open(users="U0GITA"))["channel"]["id"]
    theirs = (await other.conversations_open(users="U0GITA"))["channel"]["id"]
    assert (ours, theirs) == ("D0GITA", "D0GITABOREAL")
    await client.chat_postMessage(channel="U0GITA", text="one")
    await other.chat_postMessage(channel="U0GITA", text="two")
    assert await error(other.chat_postMessage(channel=ours, text="x")) == "channel_not_found"
    assert await error(client.chat_postMessage(channel=theirs, text="x")) == "channel_not_found"
    assert [m.words for m in box.person("U0GITA").messages(theirs)] == ["two"]
    assert [m.words for m in box.person("U0GITA").direct_messages] == ["one", "two"]


async def test_homes_and_views_belong_to_their_installation(
    box: Sandbox, client: AsyncWebClient, other: AsyncWebClient
) -> None:
    """A Home tab is published by the person's own installation, a view opened and updated by the one told of it."""
    assert await error(client.views_publish(user_id="U0ELIF", view=HOME)) == "user_not_found"
    assert (await other.views_publish(user_id="U0ELIF", view=HOME))["view"]["app_installed_team_id"] == BOREAL
    trigger = box.world.new_trigger("U0ELIF", installation=box.world.installations.get(BOREAL))
    assert await error(client.views_open(trigger_id=trigger, view=MODAL)) == "invalid_trigger_id"
    view = (await other.views_open(trigger_id=trigger, view=MODAL))["view"]
    assert (view["app_installed_team_id"], view["bot_id"], view["team_id"]) == (BOREAL, "B0QUALBOREAL", BOREAL)
    assert await error(client.views_update(view_id=view["id"], view=MODAL)) == "not_found"


async def test_who_has_the_app_has_commands_and_home(box: Sandbox, app: AsyncApp) -> None:
    """From the installation on Borealis' people have commands and shortcuts, until it is gone again."""
    seen: list[str] = []

    async def on_any(ack: Any, body: Any) -> None:
        seen.append(body.get("team_id") or body["team"]["id"])
        await ack("done")

    app.command("/deviation")(on_any)
    elif_ = box.person("U0ELIF")
    await elif_.command("/deviation")
    assert "not a valid command" in elif_.ephemerals[-1].words
    await box.install(BOREAL)
    await elif_.command("/deviation")
    assert (seen, elif_.ephemerals[-1].words) == ([BOREAL], "done")
    assert elif_.ephemerals[-1].user == "U0QUALBOREAL"
    await box.uninstall(BOREAL)
    with pytest.raises(CannotDo, match="sees no Home"):
        await elif_.open_home()


async def test_an_uninstalled_app(box: Sandbox, app: AsyncApp, client: AsyncWebClient, other: AsyncWebClient) -> None:
    """An end revokes the tokens, takes the bot out of its channels and is told; buttons it left reach nobody."""
    await box.invite("U0QUALBOREAL", SHARED)
    await other.chat_postMessage(channel=SHARED, text="card", blocks=CARD)
    await box.uninstall(BOREAL)
    assert await error(other.auth_test()) == "account_inactive"
    assert "U0QUALBOREAL" not in (await client.conversations_members(channel=SHARED))["members"]
    told = [d.body for d in box.connect_events() if not d.attempt][-2:]
    assert told[0]["event"] == {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0QUALBOREAL"]}}
    assert told[1]["event"] == {"type": "app_uninstalled"}
    assert [(body["team_id"], "authorizations" in body) for body in told] == [(BOREAL, False)] * 2
    with pytest.raises(CannotDo, match="no longer installed"):
        await box.person("U0ANNA").click("Go")
    with pytest.raises(CannotDo, match="has not installed"):
        await box.uninstall(BOREAL)
    assert await box.install(BOREAL) != other.token


async def test_the_home_teams_app_goes(box: Sandbox, client: AsyncWebClient) -> None:
    """Without the home team's installation there is no bot token, and its people have no commands."""
    await box.uninstall("T0AURORA")
    assert await error(client.chat_postMessage(channel=SHARED, text="x")) == "account_inactive"
    with pytest.raises(LookupError):
        _ = box.bot_token
    await box.person("U0ANNA").command("/deviation")
    assert "not a valid command" in box.person("U0ANNA").ephemerals[-1].words


async def test_a_revoked_token(box: Sandbox, client: AsyncWebClient, other: AsyncWebClient) -> None:
    """auth.revoke ends the token, and with the last one the installation; a test changes nothing."""
    assert (await other.api_call("auth.revoke", params={"test": "true"}))["revoked"] is False
    assert (await other.auth_revoke())["revoked"] is True
    assert await error(other.auth_test()) == "token_revoked"
    await box.person("U0ELIF").command("/deviation")
    assert "not a valid command" in box.person("U0ELIF").ephemerals[-1].words
    assert (await client.auth_test())["ok"]


async def test_a_mention_reaches_the_bot_it_names(box: Sandbox, app: AsyncApp, other: AsyncWebClient) -> None:
    """A message is told once, for the host's installation; a mention is told for the bot it names."""
    await box.invite("U0QUALBOREAL", SHARED)
    del box.line.deliveries[:]
    await box.person("U0ELIF").say("ask <@U0QUALBOREAL>")
    assert [d.what for d in box.connect_events() if not d.attempt] == ["message"]
    box.world.post(SHARED, "U0ELIF", "seen")
    message = box.world.post(SHARED, "U0ELIF", "<@U0QUALBOREAL> status")
    await box.acts._tell_of(message, box.person("U0ELIF").person, box.world.channels[SHARED])
    told = [d.body for d in box.connect_events() if not d.attempt][-2:]
    assert [(b["event"]["type"], b["authorizations"][0]["team_id"]) for b in told] == [
        ("message", "T0AURORA"),
        ("app_mention", BOREAL),
    ]


async def test_the_bots_see_each_other(box: Sandbox, client: AsyncWebClient, other: AsyncWebClient) -> None:
    """A bot is described to those who share a channel with it, and comes as a member with its own team."""
    assert await error(client.users_info(user="U0QUALBOREAL")) == "user_not_found"
    await box.invite("U0QUALBOREAL", SHARED)
    shown = (await client.users_info(user="U0QUALBOREAL"))["user"]
    assert (shown["is_bot"], shown["team_id"]) == (True, BOREAL)
    await box.invite("U0MIRA", SHARED)
    assert "U0MIRA" in box.world.channels[SHARED].members


async def test_a_file_is_seen_where_its_bot_is(box: Sandbox, client: AsyncWebClient, other: AsyncWebClient) -> None:
    """Another installation finds a file only in a channel it is in, and deletes none that is not its own."""
    await client.files_upload_v2(channel=SHARED, filename="a.txt", content="abc")
    [file] = box.person("U0ANNA").messages()[-1].files
    assert await error(other.files_info(file=file["id"])) == "file_not_found"
    await box.invite("U0QUALBOREAL", SHARED)
    assert (await other.files_info(file=file["id"]))["file"]["name"] == "a.txt"
    assert await error(other.files_delete(file=file["id"])) == "cant_delete_file"
