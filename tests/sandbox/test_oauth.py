"""OAuth: the authorize page, codes, tokens that are rotated, and everything Slack refuses on the way."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import CannotDo, Sandbox, cast_of, example_cast

# The SDK gives client id and secret through a class that aiohttp 3.14 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

BACK = "https://quality.example.com/slack/oauth_redirect"


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


def address(box: Sandbox, **more: str) -> str:
    asked = {"client_id": box.client_id, "scope": "commands,chat:write", "state": "s1", "redirect_uri": BACK, **more}
    return f"{box.url}oauth/v2/authorize?{urlencode({key: value for key, value in asked.items() if value})}"


async def code_of(box: Sandbox, person: str = "U0ELIF", **more: str) -> str:
    return parse_qs(urlsplit(await box.person(person).authorize(address(box, **more))).query)["code"][0]


@pytest.fixture
async def nobody(box: Sandbox) -> AsyncWebClient:
    """Give a client without a token."""
    return AsyncWebClient(base_url=box.api_url, retry_handlers=[])


@pytest.fixture
async def rotating(manifest: dict[str, Any]) -> AsyncIterator[Sandbox]:
    async with Sandbox(example_cast(), manifest, token_rotation=True) as box:
        yield box


async def exchange(box: Sandbox, nobody: AsyncWebClient, code: str, **more: Any) -> Any:
    given = {"client_id": box.client_id, "client_secret": box.client_secret, "redirect_uri": BACK, **more}
    return await nobody.oauth_v2_access(code=code, **given)


async def test_allow_leads_back_with_a_code_and_state(box: Sandbox) -> None:
    """Allow and Cancel lead to the redirect address, with a code or with access_denied, and the state."""
    allowed = urlsplit(await box.person("U0ELIF").authorize(address(box)))
    assert allowed.geturl().startswith(BACK)
    assert set(parse_qs(allowed.query)) == {"code", "state"}
    cancelled = await box.person("U0ELIF").authorize(address(box), allow=False)
    assert cancelled == f"{BACK}?error=access_denied&state=s1"
    unnamed = await box.person("U0ELIF").authorize(address(box, redirect_uri=""))
    assert unnamed.startswith("https://quality.example.com/slack?code=")


async def test_a_code_installs_the_app(box: Sandbox, nobody: AsyncWebClient) -> None:
    """The exchange answers in Slack's shape, and the token has the scopes that were asked for and no more."""
    answer = (await exchange(box, nobody, await code_of(box))).data
    token = box.token_of("T0BOREAL")
    assert answer == {
        "ok": True,
        "app_id": "A0QUALBRIDGE",
        "authed_user": {"id": "U0ELIF"},
        "scope": "commands,chat:write",
        "token_type": "bot",
        "access_token": token,
        "bot_user_id": "U0QUALBOREAL",
        "team": {"id": "T0BOREAL", "name": "Borealis Manufacturing (example)"},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    theirs = AsyncWebClient(token=token, base_url=box.api_url, retry_handlers=[])
    assert (await theirs.auth_test()).headers["x-oauth-scopes"] == "commands,chat:write"
    assert await error(theirs.users_info(user="U0ELIF")) == "missing_scope"
    more = await exchange(box, nobody, await code_of(box, scope="users:read"))
    assert (more["access_token"], more["scope"]) == (token, "commands,chat:write,users:read")
    assert (await theirs.users_info(user="U0ELIF"))["ok"]


async def test_client_id_and_secret_in_a_form(box: Sandbox) -> None:
    """Client id and secret are taken from the form as from HTTP Basic."""
    form = {"client_id": box.client_id, "client_secret": box.client_secret, "code": await code_of(box)}
    url = f"{box.api_url}oauth.v2.access"
    async with aiohttp.ClientSession() as session, session.post(url, data={**form, "redirect_uri": BACK}) as response:
        assert (await response.json())["ok"]


async def test_what_an_exchange_is_refused_for(box: Sandbox, nobody: AsyncWebClient) -> None:
    """Another client, a wrong secret, an unknown, used or late code and another redirect address are told apart."""
    code = await code_of(box)
    assert await error(exchange(box, nobody, code, client_id="1.2")) == "invalid_client_id"
    assert await error(exchange(box, nobody, code, client_secret="x")) == "bad_client_secret"
    assert await error(exchange(box, nobody, "sandbox.none")) == "invalid_code"
    assert await error(exchange(box, nobody, code, grant_type="password")) == "invalid_grant_type"
    await exchange(box, nobody, code)
    assert await error(exchange(box, nobody, code)) == "invalid_code"
    assert await error(exchange(box, nobody, await code_of(box), redirect_uri=f"{BACK}/x")) == "bad_redirect_uri"
    late = await code_of(box)
    await box.move_clock(box.now() + timedelta(minutes=11))
    assert await error(exchange(box, nobody, late)) == "invalid_code"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"redirect_uri": "https://evil.example/slack"}, "bad_redirect_uri"),
        ({"redirect_uri": "https://quality.example.com/slackers"}, "bad_redirect_uri"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
async def test_an_address_that_is_not_in_order(box: Sandbox, more: dict[str, str], word: str) -> None:
    """The page refuses it in Slack's word, and so is a person who presses nothing there."""
    url = address(box, **more)
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert (response.status, word in await response.text()) == (400, True)
    with pytest.raises(CannotDo, match=word):
        await box.person("U0ELIF").authorize(url)


async def test_who_can_authorize(box: Sandbox) -> None:
    """A person lets the app into their own workspace only; a guest into none."""
    assert await box.person("U0ELIF").authorize(address(box, team="T0BOREAL"))
    with pytest.raises(CannotDo, match="team_not_found"):
        await box.person("U0ELIF").authorize(address(box, team="T0AURORA"))
    with pytest.raises(CannotDo, match="access_denied"):
        await box.person("U0GUEST").authorize(address(box))


async def test_the_page_asks_and_sends_on(box: Sandbox) -> None:
    """The page says which app asks for what and where; its buttons give the address to go on to."""
    query = dict(parse_qs(urlsplit(address(box)).query).items())
    act = {"as": "U0ELIF", "query": {key: values[0] for key, values in query.items()}}
    async with aiohttp.ClientSession(box.url) as session:
        async with session.get(urlsplit(address(box)).path, params=act["query"]) as response:
            assert response.status == 200
        async with session.post("/page/act", json={**act, "do": "consent"}) as response:
            asked = await response.json()
        async with session.post("/page/act", json={**act, "do": "authorize", "allow": True}) as response:
            assert (await response.json())["to"].startswith(f"{BACK}?code=")
        async with session.post("/page/act", json={**act, "as": "U0GUEST", "do": "consent"}) as response:
            assert await response.json() == {"ok": False, "error": "access_denied"}
    assert asked == {
        "ok": True,
        "app": "QualBridge",
        "scopes": ["commands", "chat:write"],
        "leads_to": BACK,
        "workspace": "Borealis Manufacturing (example)",
        "org_wide": False,
        "installed": False,
    }


async def test_tokens_that_are_rotated(rotating: Sandbox) -> None:
    """A pair of tokens is good for twelve hours; a refresh token is good once and gives the next pair."""
    box, nobody = rotating, AsyncWebClient(base_url=rotating.api_url, retry_handlers=[])
    first = await exchange(box, nobody, await code_of(box))
    assert (first["expires_in"], first["access_token"][:10]) == (43200, "xoxe.xoxb-")
    renewal = {"client_id": box.client_id, "client_secret": box.client_secret, "grant_type": "refresh_token"}
    second = await nobody.oauth_v2_access(**renewal, refresh_token=first["refresh_token"])
    assert second["access_token"] == box.token_of("T0BOREAL") != first["access_token"]
    again = nobody.oauth_v2_access(**renewal, refresh_token=first["refresh_token"])
    assert await error(again) == "invalid_refresh_token"
    assert (await nobody.auth_test(token=first["access_token"]))["ok"]
    await box.move_clock(box.now() + timedelta(hours=12))
    assert await error(nobody.auth_test(token=second["access_token"])) == "token_expired"
    third = await nobody.oauth_v2_access(**renewal, refresh_token=second["refresh_token"])
    assert (await nobody.auth_test(token=third["access_token"]))["team_id"] == "T0BOREAL"
    await box.uninstall("T0BOREAL")
    assert (
        await error(nobody.oauth_v2_access(**renewal, refresh_token=third["refresh_token"])) == "invalid_refresh_token"
    )


async def test_an_organisation_installs(manifest: dict[str, Any]) -> None:
    """Where the app may go org-wide, a Grid person installs it for the organisation; the answer has no team."""
    org = {**manifest, "settings": {**manifest["settings"], "org_deploy_enabled": True}}
    async with Sandbox(cast_of("grid"), org) as box:
        nobody = AsyncWebClient(base_url=box.api_url, retry_handlers=[])
        await box.uninstall("E0BOREAL")
        answer = await exchange(box, nobody, await code_of(box))
        assert (answer["team"], answer["is_enterprise_install"]) == (None, True)
        assert answer["enterprise"] == {"id": "E0BOREAL", "name": "Borealis Group (example)"}
        alone = await exchange(box, nobody, await code_of(box, team="T0BOREAL"))
        assert (alone["team"]["id"], alone["enterprise"]["id"]) == ("T0BOREAL", "E0BOREAL")
        assert alone["is_enterprise_install"] is False
        box.use_manifest(manifest)
        with pytest.raises(CannotDo, match="app_not_org_ready"):
            await box.person("U0ELIF").authorize(address(box, team="E0BOREAL"))


async def test_the_first_installation(manifest: dict[str, Any]) -> None:
    """Where nobody has the app there is no token and no bot; after OAuth the bot is invited and posts."""
    async with Sandbox(cast_of("connect", installed=False), manifest) as box:
        nobody = AsyncWebClient(base_url=box.api_url, retry_handlers=[])
        with pytest.raises(LookupError):
            _ = box.bot_token
        with pytest.raises(CannotDo, match="cannot come"):
            await box.invite("U0QUALBRIDGE", "C0SHARED")
        token = (await exchange(box, nobody, await code_of(box, "U0ANNA")))["access_token"]
        assert token == box.bot_token
        home = AsyncWebClient(token=token, base_url=box.api_url, retry_handlers=[])
        assert await error(home.chat_postMessage(channel="C0SHARED", text="x")) == "not_in_channel"
        await box.invite("U0QUALBRIDGE", "C0SHARED")
        assert (await home.chat_postMessage(channel="C0SHARED", text="x"))["ok"]
