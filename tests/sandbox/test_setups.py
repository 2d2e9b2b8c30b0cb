"""Where the ids of company and installation stand in every payload, in each set-up of two companies.

The tables are what Slack's pages and slack-bolt's own captured payloads show; what neither says is marked in `wire`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import SETUPS, Sandbox, cast_of

Json = dict[str, Any]
SHARED, AURORA, BOREAL, ORG = "C0SHARED", "T0AURORA", "T0BOREAL", "E0BOREAL"
ANNA, ELIF, GUEST = "U0ANNA", "U0ELIF", "U0GUEST"
GRID = {"id": ORG, "name": "Borealis Group (example)"}
HOME_BOT, ORG_BOT = "U0QUALBRIDGE", "U0QUALBOREALORG"
LABEL = {"type": "plain_text", "text": "Title"}
GO = {"type": "actions", "block_id": "a", "elements": [{"type": "button", "text": LABEL, "action_id": "go"}]}
MODAL = {"type": "modal", "callback_id": "log", "title": LABEL, "submit": LABEL, "blocks": [GO]}
# What the CMO's people are to Aurora's installation: their own ids, and the ids they are shown under.
THEIRS = {"guests": (AURORA, AURORA), "connect": (BOREAL, BOREAL), "both": (BOREAL, BOREAL), "grid": (BOREAL, ORG)}


class Sent:
    """What the app was sent."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box

    @property
    def last(self) -> Json:
        return self._box.connect_events()[-1].body


Played = Callable[..., AbstractAsyncContextManager[tuple[Sandbox, Sent]]]


@pytest.fixture
def played(manifest: Json) -> Played:
    """Give a sandbox of a set-up before an app that acknowledges everything, and what the app was sent."""

    @asynccontextmanager
    async def play(setup: str) -> AsyncIterator[tuple[Sandbox, Sent]]:
        server = web.Application()
        server.router.add_post("/slack/events", _ok)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with Sandbox(cast_of(setup), manifest) as box:
            box.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
            yield box, Sent(box)
        await runner.cleanup()

    return play


async def _ok(_: web.Request) -> web.Response:
    return web.Response()


def ids(body: Json) -> Json:
    """Return the fields of an interaction by which one finds the person's company and the installation."""
    view = body.get("view")
    return {
        "team": body["team"] and body["team"]["id"],
        "user": body["user"]["team_id"],
        "enterprise": body["enterprise"],
        "org_wide": body["is_enterprise_install"],
        **({"app_installed": view["app_installed_team_id"]} if view else {}),
    }


def event_ids(body: Json) -> Json:
    """Return the same of an event."""
    inner = {key: body["event"][key] for key in ("team", "user_team", "source_team") if key in body["event"]}
    [authorization] = body["authorizations"]
    told = {key: authorization[key] for key in ("enterprise_id", "team_id", "user_id", "is_enterprise_install")}
    return {"team_id": body["team_id"], "enterprise_id": body.get("enterprise_id"), **inner, "authorizations": told}


def told(team: str = AURORA, bot: str = HOME_BOT, org: str | None = None) -> Json:
    return {"enterprise_id": org, "team_id": team, "user_id": bot, "is_enterprise_install": org is not None}


@pytest.mark.parametrize("setup", SETUPS)
async def test_a_command_names_the_persons_own_team(setup: str, played: Played) -> None:
    """A command goes with the person's team; on Grid with the organisation and whether it is installed org-wide."""
    own = {"guests": AURORA, "connect": None, "both": BOREAL, "grid": BOREAL}[setup]
    async with played(setup) as (box, sent):
        for person, team in ((ANNA, AURORA), (ELIF, own), (GUEST, AURORA)):
            del box.line.deliveries[:]
            await box.person(person).command("/deviation")
            if team is None:
                assert box.connect_events() == []
                continue
            on_grid = setup == "grid" and person == ELIF
            named = [sent.last.get(k) for k in ("team_id", "enterprise_id", "enterprise_name", "is_enterprise_install")]
            org = [ORG, "Borealis Group (example)", "true"] if on_grid else [None, None, "false"]
            assert named == [team, *org]


@pytest.mark.parametrize("setup", SETUPS)
async def test_a_click_on_a_message(setup: str, played: Played) -> None:
    """The outer team is that of the message's installation, `user.team_id` the person's, on Grid the organisation's."""
    async with played(setup) as (box, sent):
        client = AsyncWebClient(token=box.bot_token, base_url=box.api_url)
        await client.chat_postMessage(channel=SHARED, text="card", blocks=[GO])
        for person, shown in ((ANNA, AURORA), (ELIF, THEIRS[setup][1]), (GUEST, AURORA)):
            await box.person(person).click("Title")
            org = GRID if shown == ORG else None
            assert ids(sent.last) == {"team": AURORA, "user": shown, "enterprise": org, "org_wide": False}


@pytest.mark.parametrize("setup", SETUPS)
async def test_a_click_in_a_modal_and_its_submission(setup: str, played: Played) -> None:
    """In a view of Aurora's installation the outer team is the person's; `app_installed_team_id` is Aurora's."""
    async with played(setup) as (box, sent):
        for person, own, shown in ((ANNA, AURORA, AURORA), (ELIF, *THEIRS[setup]), (GUEST, AURORA, AURORA)):
            view = box.world.open_view(person, MODAL)
            org = GRID if shown == ORG else None
            expected = {"team": own, "user": shown, "enterprise": org, "org_wide": False, "app_installed": AURORA}
            await box.person(person).click_in_modal("Title")
            assert (sent.last["type"], ids(sent.last)) == ("block_actions", expected)
            await box.person(person).submit()
            assert (sent.last["type"], ids(sent.last)) == ("view_submission", expected)
            assert sent.last["view"]["id"] == view.id


async def test_a_modal_of_an_org_wide_installation(played: Played) -> None:
    """An organisation's own person submits without an outer team; the workspace is `user.team_id`."""
    async with played("grid") as (box, sent):
        box.world.open_view(ELIF, MODAL, box.world.installations.get(ORG))
        await box.person(ELIF).submit()
        assert ids(sent.last) == {
            "team": None,
            "user": BOREAL,
            "enterprise": GRID,
            "org_wide": True,
            "app_installed": BOREAL,
        }


async def test_a_click_on_a_message_of_an_org_wide_installation(played: Played) -> None:
    """Who is of another company clicks with the organisation as the installation's, and the own team as `user`."""
    async with played("grid") as (box, sent):
        await box.invite(ORG_BOT, SHARED)
        client = AsyncWebClient(token=box.token_of(BOREAL), base_url=box.api_url)
        await client.chat_postMessage(channel=SHARED, text="card", blocks=[GO])
        await box.person(ANNA).click("Title")
        assert ids(sent.last) == {"team": BOREAL, "user": AURORA, "enterprise": GRID, "org_wide": True}


@pytest.mark.parametrize("setup", SETUPS)
async def test_a_message(setup: str, played: Played) -> None:
    """A message is told once, for Aurora's installation; `user_team` and `source_team` are the writer's."""
    async with played(setup) as (box, sent):
        for person, shown in ((ANNA, AURORA), (ELIF, THEIRS[setup][1]), (GUEST, AURORA)):
            before = len(box.connect_events())
            await box.person(person).say("hello")
            assert len(box.connect_events()) == before + 1
            teams = {"team": AURORA, "user_team": shown, "source_team": shown}
            assert event_ids(sent.last) == {
                "team_id": AURORA,
                "enterprise_id": None,
                **teams,
                "authorizations": told(),
            }
            assert sent.last["is_ext_shared_channel"] is (setup != "guests")


@pytest.mark.parametrize("setup", SETUPS)
async def test_who_comes_and_goes(setup: str, played: Played) -> None:
    """Who joins has a workspace's id; who leaves from Grid, the organisation's, as captured."""
    async with played(setup) as (box, sent):
        for person, own, shown in ((ANNA, AURORA, AURORA), (ELIF, *THEIRS[setup]), (GUEST, AURORA, AURORA)):
            envelope = {"team_id": AURORA, "enterprise_id": None, "authorizations": told()}
            await box.person(person).leave(SHARED)
            assert (sent.last["event"]["type"], event_ids(sent.last)) == (
                "member_left_channel",
                {**envelope, "team": shown},
            )
            await box.person(person).join(SHARED)
            assert (sent.last["event"]["type"], event_ids(sent.last)) == (
                "member_joined_channel",
                {**envelope, "team": own},
            )


@pytest.mark.parametrize("setup", SETUPS)
async def test_the_home_tab_is_the_own_installations(setup: str, played: Played) -> None:
    """Opening Home is told to the installation of the person's own company, in the conversation with its bot."""
    theirs = {
        "guests": (told(), "D0ELIF"),
        "both": (told(BOREAL, "U0QUALBOREAL"), "D0ELIFBOREAL"),
        "grid": (told(BOREAL, ORG_BOT, ORG), "D0ELIFBOREAL"),
    }
    people = {ANNA: (told(), "D0ANNA"), GUEST: (told(), "D0GUEST")}
    people |= {ELIF: theirs[setup]} if setup in theirs else {}
    async with played(setup) as (box, sent):
        for person, (authorization, channel) in people.items():
            await box.person(person).open_home()
            named = event_ids(sent.last)
            assert (named["authorizations"], sent.last["event"]["channel"]) == (authorization, channel)
            assert (named["team_id"], named["enterprise_id"]) == (
                authorization["team_id"],
                authorization["enterprise_id"],
            )


@pytest.mark.parametrize("setup", SETUPS)
async def test_how_people_and_the_channel_are_described(setup: str, played: Played) -> None:
    """users.info, team.info and conversations.info show the ids that the calling installation may see."""
    async with played(setup) as (box, _):
        client = AsyncWebClient(token=box.bot_token, base_url=box.api_url)
        elif_, shown = (await client.users_info(user=ELIF))["user"], THEIRS[setup][1]
        assert (elif_["team_id"], elif_["profile"]["team"]) == (shown, shown)
        assert (elif_["is_restricted"], elif_["is_ultra_restricted"]) == (setup == "guests", False)
        assert ("enterprise_user" in elif_) is (setup == "grid")
        channel = (await client.conversations_info(channel=SHARED))["channel"]
        others = [] if setup == "guests" else sorted([shown, "T0CYGNUS"])
        assert (channel["is_ext_shared"], sorted(channel["connected_team_ids"])) == (setup != "guests", others)
        assert (await client.team_info(team=shown))["team"]["id"] == shown


async def test_a_person_of_an_organisation(played: Played) -> None:
    """A Grid person has the organisation's id from outside and their workspace's from within."""
    async with played("grid") as (box, _):
        outside = AsyncWebClient(token=box.bot_token, base_url=box.api_url)
        within = AsyncWebClient(token=box.token_of(BOREAL), base_url=box.api_url)
        user = (await outside.users_info(user=ELIF))["user"]["enterprise_user"]
        assert (user["enterprise_id"], user["teams"]) == (ORG, [BOREAL])
        assert (await within.users_info(user=ELIF))["user"]["team_id"] == BOREAL
        me = await within.auth_test()
        assert (me["enterprise_id"], me["is_enterprise_install"]) == (ORG, True)
        assert (await outside.auth_test()).get("enterprise_id") is None
        assert (await outside.team_info(team=ORG))["team"]["name"] == "Borealis Group (example)"


async def test_three_companies_are_apart(manifest: Json) -> None:
    """A second CMO has a channel of its own with Aurora; the two CMOs neither see each other nor their channels."""
    async with Sandbox(cast_of("connect", third=True), manifest) as box:
        iris, elif_ = box.person("U0IRIS"), box.person(ELIF)
        await iris.say("ours", channel="C0DELPHI")
        assert ([m.words for m in iris.messages("C0DELPHI")], elif_.messages("C0DELPHI")) == (["ours"], [])
        assert iris.messages(SHARED) == []
        client = AsyncWebClient(token=box.bot_token, base_url=box.api_url)
        channel = (await client.conversations_info(channel="C0DELPHI"))["channel"]
        assert channel["connected_team_ids"] == ["T0DELPH"]
        delphi = AsyncWebClient(token=await box.install("T0DELPH"), base_url=box.api_url)
        listed = (await delphi.conversations_list(types="public_channel,private_channel"))["channels"]
        assert [one["id"] for one in listed] == ["C0DELPHI"]
        people = {one["id"] for one in (await delphi.users_list())["members"]}
        assert people == {"U0IRIS", "U0JONAS", "U0KIRA", "U0QUALDELPH"}
    assert {person.id for person in cast_of("grid").people} == {person.id for person in cast_of("guests").people}
