"""The log: lines that programs read, the request in each, and nothing of a record or a secret."""

import json
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import IntegrityError

from bot import logs
from handlers import deviation, errors
from handlers.request import begin
from storage import partnership
from tests.stage import DEVIATION, Stage

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
