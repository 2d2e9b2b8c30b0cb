"""An app fetches a file with its token; without it Slack's page comes; tests let downloads go wrong."""

from typing import Any

import aiohttp
import pytest

from sandbox import Sandbox

DATA = b"0123456789" * 10_000


async def address(box: Sandbox) -> str:
    said = await box.person("U0ANNA").say("See", files=[("../a b.pdf", DATA)])
    url: str = box.world.files[said.files[0]["id"]]["url_private_download"]
    return url


async def fetch(url: str, token: str | None) -> tuple[int, str, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status, answer.content_type, await answer.read()


async def test_the_token_and_the_scope_are_asked_for(box: Sandbox, app: object, manifest: dict[str, Any]) -> None:
    """With both come the bytes; without one of them a page, with status 200 as from Slack."""
    url = await address(box)
    assert await fetch(url, box.bot_token) == (200, "application/pdf", DATA)
    assert (await fetch(url, None))[:2] == (200, "text/html")
    assert (await fetch(url, box.app_token))[:2] == (200, "text/html")
    box.use_manifest({**manifest, "oauth_config": {"scopes": {"bot": ["chat:write"]}}})
    assert (await fetch(url, box.bot_token))[:2] == (200, "text/html")
    assert [call.method for call in box.calls].count("download") == 4


async def test_a_download_breaks_off(box: Sandbox, app: object) -> None:
    """Cut before a byte, or after half of them."""
    url = await address(box)
    for fault in ({"drop": True, "times": 2}, {"lost": True}):
        box.fail_next("download", **fault)
        with pytest.raises(aiohttp.ClientError):
            await fetch(url, box.bot_token)
    assert (await fetch(url, box.bot_token))[2] == DATA


async def test_something_else_comes(box: Sandbox, app: object) -> None:
    """A status, a page in place of the file, the way to another address; a deleted file is not there."""
    url = await address(box)
    box.fail_next("download", status=503)
    assert (await fetch(url, box.bot_token))[0] == 503
    box.fail_next("download", garbage="<html>")
    assert await fetch(url, box.bot_token) == (200, "text/html", b"<html>")
    box.fail_next("download", redirect="http://127.0.0.1:9/")
    assert (await fetch(url, box.bot_token))[0] == 302
    await box.person("U0ANNA").delete_file(url.split("/files/")[1].split("/", maxsplit=1)[0])
    assert (await fetch(url, box.bot_token))[0] == 404
