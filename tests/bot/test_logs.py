"""The log: lines that programs read, the request in each, and nothing of a record or a secret."""

import json
import logging
import re
from collections.abc import Iterator

import pytest
from aiohttp import ClientSession
from sqlalchemy.exc import IntegrityError

from bot import logs
from handlers import deviation, errors
from handlers.request import begin
from storage import partnership
from tests import packs
from tests.bot.test_oauth import begin as begin_installing
from tests.bot.test_oauth import browser, follow
from tests.stage import DEVIATION, Stage

__all__ = ["browser"]  # a fixture
SECRET = "Zebra-quartz leaked"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    yield
    root.handlers[:] = kept
    root.setLevel(level)


@pytest.mark.parametrize("as_json", [True, False])
def test_each_line_names_its_request(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    """As an object a line, or as text."""
    logs.begin("INFO", as_json=as_json)
    request = begin()
    logging.getLogger("bot.delivery").warning("a channel is gone: %s", "C0SHARED")
    line = capsys.readouterr().err
    if not as_json:
        assert line.endswith(f"WARNING bot.delivery [{request}]: a channel is gone: C0SHARED\n")
        return
    told = json.loads(line)
    assert told.pop("timestamp").endswith("+00:00")
    assert told == {
        "levelname": "WARNING",
        "name": "bot.delivery",
        "request": request,
        "message": "a channel is gone: C0SHARED",
    }


async def test_an_error_is_found_by_its_code(
    stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person quotes the code; its line has the traceback, and no word that was typed."""

    def broken(session: object, *_: object) -> None:
        there = partnership.Partnership(
            channel_id="C0SHARED", home_team_id=SECRET, time_zone="UTC", set_up_at=stage.box.now(),
            digest_at=stage.box.now().time(), next_digest_at=stage.box.now(),
        )  # fmt: skip
        session.add(there)  # type: ignore[attr-defined]
        session.flush()  # type: ignore[attr-defined]  # there is one in this channel: the database refuses it

    logs.begin("INFO", as_json=True)
    monkeypatch.setattr(deviation.deviation, "log", broken)
    await stage.gita.click("Log deviation")
    stage.gita.fill(DEVIATION | {"Title": SECRET})
    told = await stage.gita.submit()
    logged = capsys.readouterr().err
    (line,) = [json.loads(one) for one in logged.splitlines() if '"handlers.errors"' in one]
    assert f"(code {line['request']})" in next(iter(told.values()))
    assert line["message"] == f"error {line['request']}"
    assert IntegrityError.__name__ in line["exc_info"]
    assert SECRET not in logged
    assert errors.log.name == "handlers.errors"


async def test_no_secret_is_logged(stage: Stage, browser: ClientSession, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor a record's text, at DEBUG, through an installation, commands, an export and calls that fail.

    Nor does an export hold a secret.
    """
    logs.begin("DEBUG")
    back = await stage.box.person("U0ELIF").authorize(await begin_installing(stage, browser))
    assert (await follow(browser, back))[0] == 200
    token = stage.box.token_of("T0BOREAL")
    card = await stage.owned()
    await stage.press(stage.elif_, "Export", card)
    stage.box.fail_next("chat.postMessage", error="invalid_auth")
    await stage.press(stage.elif_, "Comment", card, Comment="A word of Elif.")
    await stage.beat(minutes=1)
    logged = capsys.readouterr().err
    sent = [file for message in stage.elif_.direct_messages for file in stage.elif_.files(message)]
    exports = [content.decode("utf-8", "replace") for file in sent for content in packs.read(file.content).values()]
    code = re.findall(r"code=([^&]+)", back)[0]
    settings = stage.bot.settings
    for typed in (*DEVIATION.values(), "A word of Elif", "Elif Kaya", "Aurora Therapeutics"):
        assert typed not in logged
    secrets = (token, code, settings.slack_bot_token, settings.slack_signing_secret, settings.slack_client_secret)
    assert exports
    assert "bot.delivery" in logged
    for secret in (*secrets, settings.encryption_key):
        assert secret
        assert secret not in logged
        assert not [one for one in exports if secret in one]
