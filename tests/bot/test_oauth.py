"""Installation by OAuth on the wire: its pages, states, sealed tokens, their renewal and their end."""

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession, CookieJar
from sqlmodel import Session, select

from bot import installations
from bot.installations import StoredInstallations
from bot.samples import SET_UP
from sandbox import cast_of, wire
from storage import installation
from storage.installation import Installed, PendingInstallation
from storage.secret import Safe
from tests.stage import CMO, SHARED, SPONSOR, Stage, staged

BOREALIS = "T0BOREAL"


@pytest.fixture
async def browser() -> AsyncIterator[ClientSession]:
    """Give a browser that keeps cookies, of an address without a name too."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True, treat_as_secure_origin="http://127.0.0.1")) as http:
        yield http


def here(stage: Stage) -> str:
    return str(stage.box.events_url).removesuffix("/slack/events")


async def begin(stage: Stage, browser: ClientSession) -> str:
    """Open the install page; gives the address in Slack to which its button leads."""
    async with browser.get(f"{here(stage)}/slack/install") as answer:
        page = await answer.text()
        assert answer.status == 200
        jar = answer.cookies["slack-app-oauth-state"]
    browser.headers["Cookie"] = f"slack-app-oauth-state={jar.value}"  # marked Secure, and this is a test
    (address,) = re.findall(r'href="(http[^"]+)"', page)
    return address.replace("&amp;", "&")


async def install(stage: Stage, browser: ClientSession, who: str = "U0ELIF") -> tuple[int, str]:
    """Install the app as a person; gives status and text of the last page."""
    back = await stage.box.person(who).authorize(await begin(stage, browser))
    return await follow(browser, back)


async def follow(browser: ClientSession, address: str) -> tuple[int, str]:
    async with browser.get(address) as answer:
        return answer.status, await answer.text()


def rows(stage: Stage) -> list[Installed]:
    with stage.database.reading() as session:
        return list(session.exec(select(Installed).order_by("id")).all())


async def test_a_company_installs_the_app(stage: Stage, browser: ClientSession) -> None:
    """From then on its people have commands, and their messages come from its own bot."""
    await stage.elif_.command("/quality people")
    assert "not a valid command" in stage.elif_.ephemerals[-1].words
    status, page = await install(stage, browser)
    assert status == 200
    assert "QualBridge is installed in <strong>Borealis Manufacturing (example)</strong>" in page
    await stage.elif_.command("/quality people")
    assert f"{CMO} (CMO)" in stage.elif_.ephemerals[-1].words
    await stage.owned()
    opened = [call for call in stage.calls("conversations.open") if call.arguments["users"] == "U0GITA"]
    assert len(opened) == 1
    assert [card.user for card in stage.cards] == ["U0QUALBRIDGE"]


async def test_an_installation_is_kept_whatever_is_refused_beside_it(stage: Stage, browser: ClientSession) -> None:
    """What is committed together with something refused is done anew, with the same end."""

    def refuse(session: Session) -> None:
        session.connection()
        time.sleep(0.01)  # so that the next waits for the writer, and comes with what follows
        raise LookupError

    async def refused_again_and_again() -> None:
        while True:
            await asyncio.gather(*(stage.database.write(refuse) for _ in range(3)), return_exceptions=True)

    beside = asyncio.create_task(refused_again_and_again())
    try:
        for _ in range(3):
            assert (await install(stage, browser))[0] == 200
    finally:
        beside.cancel()
    assert [(row.ended_because, bool(row.token)) for row in rows(stage) if row.serves == BOREALIS] == [
        ("installed again", False), ("installed again", False), (None, True),
    ]  # fmt: skip


async def test_tokens_are_sealed(stage: Stage, browser: ClientSession, tmp_path: Path) -> None:
    """Nothing of a token, a code or a state stands in the database as it is."""
    address = await begin(stage, browser)
    state = re.findall(r"state=([^&]+)", address)[0]
    back = await stage.box.person("U0ELIF").authorize(address)
    await follow(browser, back)
    token, code = stage.box.token_of(BOREALIS), re.findall(r"code=([^&]+)", back)[0]
    (row,) = rows(stage)
    assert row.serves == BOREALIS
    with sqlite3.connect(tmp_path / "test.db") as database:
        written = "\n".join(database.iterdump())
    for secret in (token, code, state, stage.box.bot_token, stage.box.client_secret):
        assert secret not in written


@pytest.mark.parametrize("broken", ["forged", "replayed", "expired", "another browser"])
async def test_a_state_is_good_once_and_not_for_long(
    stage: Stage, browser: ClientSession, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One that was never given out, used, older than ten minutes, or another browser's installs nothing."""
    back = await stage.box.person("U0ELIF").authorize(await begin(stage, browser))
    if broken == "forged":
        back = re.sub(r"state=[^&]+", "state=forged", back)
        browser.headers["Cookie"] = "slack-app-oauth-state=forged"
    elif broken == "replayed":
        assert (await follow(browser, back))[0] == 200
    elif broken == "expired":
        await stage.box.move_clock(stage.box.now() + timedelta(minutes=11))
    else:
        browser.headers["Cookie"] = "slack-app-oauth-state=another"
    before = len(rows(stage))
    status, page = await follow(browser, back)
    assert status in (400, 401)
    assert "Not installed" in page
    assert 'href="/slack/install"' in page
    assert len(rows(stage)) == before
    assert stage.box.client_secret not in caplog.text


async def test_a_cancelled_installation_says_so(stage: Stage, browser: ClientSession) -> None:
    """And how to try again."""
    back = await stage.box.person("U0ELIF").authorize(await begin(stage, browser), allow=False)
    status, page = await follow(browser, back)
    assert (status, "cancelled in Slack" in page) == (200, True)
    assert rows(stage) == []


async def test_a_code_that_slack_refuses_installs_nothing(stage: Stage, browser: ClientSession) -> None:
    """As one that was used before."""
    back = await stage.box.person("U0ELIF").authorize(await begin(stage, browser))
    status, page = await follow(browser, re.sub(r"code=[^&]+", "code=1.2.3", back))
    assert (status, "did not accept the code" in page) == (401, True)


async def test_an_uninstalled_company_loses_its_bot_at_once(stage: Stage, browser: ClientSession) -> None:
    """Its tokens are forgotten; direct messages to its people come from the channel's bot again."""
    await install(stage, browser)
    await stage.box.uninstall(BOREALIS)
    await stage.settle()
    (row,) = rows(stage)
    assert (row.token, row.refresh_token) == ("", None)
    assert row.ended_because in ("app_uninstalled", "tokens_revoked")
    await stage.owned()
    assert "You own DEV-2026-0001" in stage.gita.direct_messages[-1].words
    status, _ = await install(stage, browser)
    assert status == 200
    assert [one.ended_at is None for one in rows(stage)] == [False, True]


async def test_where_the_channels_bot_is_uninstalled_somebody_is_told(stage: Stage, browser: ClientSession) -> None:
    """Nothing can be said there; records go on, and what waits is posted when the app is installed again."""
    await install(stage, browser)
    await stage.box.uninstall("T0AURORA")
    await stage.elif_.command("/deviation")
    stage.elif_.fill({"Title": "Meanwhile", "What happened": "Without the channel's bot."})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    await stage.beat(minutes=1)
    told = [one.words for one in stage.elif_.direct_messages if "cannot write in the channel" in one.words]
    assert len(told) == 1
    assert "not installed any more" in told[0]
    assert stage.cards == []


@asynccontextmanager
async def with_expiring_tokens(
    folder: Path, browser: ClientSession
) -> AsyncIterator[tuple[Stage, StoredInstallations]]:
    """Give a stage on which Borealis has installed the app, with a token of twelve hours."""
    async with staged(folder, cast=cast_of("connect"), token_rotation=True) as stage:
        await stage.set_up()
        await install(stage, browser)
        known = stage.bot.installations
        assert isinstance(known, StoredInstallations)
        yield stage, known


async def test_tokens_that_expire_are_renewed(tmp_path: Path, browser: ClientSession) -> None:
    """Two hours before their end, with the refresh token of the moment; a call goes through all the time."""
    async with with_expiring_tokens(tmp_path, browser) as (stage, known):
        (first,) = rows(stage)
        assert first.expires_at is not None
        tokens = set()
        for hours in (1, 9, 2, 9):
            await stage.box.move_clock(stage.box.now() + timedelta(hours=hours))
            known.forget(BOREALIS)
            found = await known.find(BOREALIS)
            assert found is not None
            assert (await found.slack.auth_test())["team_id"] == BOREALIS
            tokens.add(found.slack.token)
        assert len(tokens) == 3
        (row,) = rows(stage)
        assert row.expires_at is not None
        assert row.expires_at > first.expires_at


async def test_old_states_are_forgotten(stage: Stage, browser: ClientSession) -> None:
    """What was given out and never used does not pile up."""
    await begin(stage, browser)
    await stage.beat(minutes=11)
    with stage.database.reading() as session:
        assert session.exec(select(PendingInstallation)).all() == []


async def test_a_stranger_s_workspace_may_install_and_sees_nothing(stage: Stage, browser: ClientSession) -> None:
    """An installation gives commands, no place on a roster."""
    await install(stage, browser, "U0MIRA")
    await stage.mira.command("/quality list")
    assert "belong to" in stage.mira.ephemerals[-1].words
    await stage.mira.command("/deviation", channel=SHARED)
    assert stage.mira.modal is None


@pytest.mark.parametrize("setup", ["guests", "connect", "both", "grid"])
async def test_the_whole_way_in_every_set_up(tmp_path: Path, setup: str) -> None:
    """Set up, confirm, log, assign, acknowledge and approve: with guests, one installation, two, Enterprise Grid."""
    async with staged(tmp_path, cast=cast_of(setup)) as stage:
        await stage.anna.command("/quality setup")
        await stage.settle()
        assert stage.anna.modal is not None
        stage.anna.fill(set_up_values(setup))
        assert await stage.anna.submit() == {}
        await stage.settle()
        await stage.elif_.click("Confirm")
        await stage.settle()
        if setup == "guests":
            for name in ("Gita Rao", "Hugo Meyer", "Finn Larsen"):
                await add_guest(stage, name)
        card = await stage.log(stage.gita, Class="Minor")
        assert f"Gita Rao ({CMO})" in card.words
        assert await stage.press(stage.elif_, "Assign owner", card, Owner=f"Gita Rao · {CMO}") == {}
        await stage.press(stage.carla, "Acknowledge", card)
        assert f"Carla Novak ({SPONSOR})" in card.words
        assert "You own DEV-2026-0001" in stage.gita.direct_messages[-1].words
        if setup in ("both", "grid"):
            await stage.gita.command("/quality mine")
            assert "DEV-2026-0001" in stage.gita.ephemerals[-1].words


def set_up_values(setup: str) -> dict[str, Any]:
    """Fill Set up channel as the set-up has it: people are named with their workspaces."""
    named = {"guests": SPONSOR, "grid": "Borealis Group (example)"}.get(setup, CMO)
    qa = [f"{name} · {named}" for name in ("Elif Kaya", "Finn Larsen")][: 1 if setup == "guests" else 2]
    return {**SET_UP, "CMO QA": qa}


async def add_guest(stage: Stage, name: str) -> None:
    await stage.elif_.click("People")
    await stage.settle()
    await stage.elif_.click("Add person", stage.elif_.ephemerals[-1])
    await stage.settle()
    stage.elif_.fill({"Person": f"{name} · {SPONSOR}", "Roles": ["Member"]})
    assert await stage.elif_.submit() == {}
    await stage.settle()


async def test_where_slack_is_not_reached_the_present_token_goes_on(
    tmp_path: Path, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lives two hours more; renewed is it by one call, however many ask at once."""
    async with with_expiring_tokens(tmp_path, browser) as (stage, known):
        await stage.box.move_clock(stage.box.now() + timedelta(hours=10, minutes=30))
        renewing, used = known.slack.oauth_v2_access, []

        async def cut_off(**_: Any) -> None:
            raise ClientConnectionError("cut off")

        async def counted(**given: Any) -> Any:
            used.append(given["refresh_token"])
            return await renewing(**given)

        monkeypatch.setattr(known.slack, "oauth_v2_access", cut_off)
        known.forget(BOREALIS)
        found = await known.find(BOREALIS)
        assert found is not None
        assert (await found.slack.auth_test())["team_id"] == BOREALIS
        monkeypatch.setattr(known.slack, "oauth_v2_access", counted)
        known.forget(BOREALIS)
        many = await asyncio.gather(*(known.find(BOREALIS) for _ in range(5)))
        assert len(used) == 1
        assert {one.slack.token for one in many if one} == {stage.box.token_of(BOREALIS)}


async def test_installed_anew_the_static_token_counts_no_more(stage: Stage, browser: ClientSession) -> None:
    """Its workspace removed the app and installs it again by the page: commands and what waits are back."""
    await stage.box.uninstall("T0AURORA")
    await stage.settle()
    assert (await install(stage, browser, "U0ANNA"))[0] == 200
    await stage.box.invite("U0QUALBRIDGE", SHARED)
    await stage.settle()
    await stage.anna.command("/deviation")
    assert stage.anna.modal is not None


async def test_a_late_word_of_an_end_ends_nothing_new(stage: Stage, browser: ClientSession) -> None:
    """Slack repeats what was not heard; the app may be installed again by then."""
    await install(stage, browser)
    address, stage.box.events_url = stage.box.events_url, "http://127.0.0.1:9/slack/events"
    await stage.box.uninstall(BOREALIS)
    stage.box.events_url = address
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=30))
    assert (await install(stage, browser))[0] == 200
    late = [one for one in stage.box.line.deliveries if one.what == "app_uninstalled"]
    await stage.box.line.send_again(late[-1])
    await stage.settle()
    assert [row.serves for row in rows(stage) if row.ended_at is None] == [BOREALIS]


async def test_the_end_of_a_workspaces_own_is_not_its_organisations(tmp_path: Path) -> None:
    """Both kinds may stand beside each other; Slack tells of an end in two events."""
    async with staged(tmp_path, cast=cast_of("grid")) as stage:
        known = stage.bot.installations
        assert isinstance(known, StoredInstallations)
        token, at = known.safe.lock("xoxb-own"), known.now()
        own = {
            "serves": BOREALIS,
            "name": "own",
            "bot_user_id": "U0OWN",
            "bot_id": "B0OWN",
            "scopes": "",
            "token": token,
        }
        await known.database.write(lambda s: s.add(Installed(**own, installed_at=at, installed_by="U0ELIF")))
        known.forget(BOREALIS)
        for event in ({"type": "tokens_revoked", "tokens": {"bot": ["U0OWN"]}}, {"type": "app_uninstalled"}):
            body = wire.event(stage.box.world, {**event, "event_ts": stage.box.world.clock.ts()})
            await stage.box.line.send_event(body | {"team_id": BOREALIS, "enterprise_id": "E0BOREAL"})
            await stage.settle()
        assert [row.serves for row in rows(stage) if row.ended_at is None] == ["E0BOREAL"]


async def test_a_token_that_no_key_opens_serves_nobody(
    stage: Stage, browser: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what to do; direct messages come from the channel's bot meanwhile."""
    await install(stage, browser)
    known = stage.bot.installations
    assert isinstance(known, StoredInstallations)
    known.safe = Safe("n" * 40)
    known.forget(BOREALIS)
    await stage.owned()
    assert "You own DEV-2026-0001" in stage.gita.direct_messages[-1].words
    assert "install the app there again, or put the key back" in caplog.text


async def test_qa_add_people_by_their_own_installation(tmp_path: Path) -> None:
    """It is not in the channel; the channel's own bot says who is there."""
    async with staged(tmp_path, cast=cast_of("both")) as stage:
        await stage.set_up()
        await stage.elif_.command("/quality people")
        await stage.elif_.click("Add person", stage.elif_.ephemerals[-1])
        await stage.settle()
        assert stage.elif_.modal is not None
        assert stage.elif_.modal.labels == ["Person", "Roles"]


async def test_what_is_sealed_anew_meanwhile_is_renewed(stage: Stage, browser: ClientSession) -> None:
    """Another process retires a key while Slack gives a new token: the new one is kept."""
    await install(stage, browser)
    (row,) = rows(stage)
    with stage.database.writing() as session:
        kept = session.get_one(Installed, row.id)
        kept.token = "the same, sealed with another key"
    later = stage.box.now() + timedelta(hours=12)
    with stage.database.writing() as session:
        renewed = installation.renew(session, row.id, row.expires_at, "new", "newer", later)
        assert (renewed.token, renewed.refresh_token) == ("new", "newer")
        again = installation.renew(session, row.id, row.expires_at, "old", "older", later)
        assert again.token == "new"


async def test_a_lost_key_leaves_the_static_token(stage: Stage, browser: ClientSession) -> None:
    """A row that no key opens serves as little as none; a late word of an end ends no later token."""
    await install(stage, browser, "U0ANNA")
    known = stage.bot.installations
    assert isinstance(known, StoredInstallations)
    known.safe = Safe("n" * 40)
    known.forget("T0AURORA")
    found = await known.find("T0AURORA")
    assert found is not None
    assert found.slack.token == stage.bot.settings.slack_bot_token
    await known.end("T0AURORA", "app_uninstalled", stage.box.now() - timedelta(minutes=4))
    assert await known.find("T0AURORA") is not None


async def test_a_slow_renewal_goes_on_by_itself(
    tmp_path: Path, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it longer than a moment, and its token is used as soon as it is there."""
    async with with_expiring_tokens(tmp_path, browser) as (stage, known):
        await stage.box.move_clock(stage.box.now() + timedelta(hours=11))
        renewing, may_go_on = known.slack.oauth_v2_access, asyncio.Event()

        async def slow(**given: Any) -> Any:
            await may_go_on.wait()
            return await renewing(**given)

        monkeypatch.setattr(known.slack, "oauth_v2_access", slow)
        monkeypatch.setattr(installations, "PATIENCE", 0.05)
        known.forget(BOREALIS)
        before = await known.find(BOREALIS)
        may_go_on.set()
        await known.finish()
        await asyncio.sleep(0)
        after = await known.find(BOREALIS)
        assert before is not None
        assert after is not None
        assert after.slack.token == stage.box.token_of(BOREALIS) != before.slack.token
