"""Slack delivers what it is not sure of once more, and not always in order: nothing is done twice, nothing breaks."""

import logging
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bot import verify
from storage.schema import METADATA
from tests.handlers.test_capture import switch, talk
from tests.handlers.test_payloads import SETUPS, talked
from tests.stage import SHARED, Stage

# What is noted of deliveries, and of who looks at their Home, may be noted anew.
NOTES = {"receipt", "open_home", "pending_installation"}


def kept(session: Session) -> dict[str, list[Any]]:
    """Give everything that is kept."""
    tables = sorted(set(METADATA.tables) - NOTES)
    return {name: list(map(tuple, session.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2")))) for name in tables}  # noqa: S608 - ours


def unforeseen(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line.getMessage() for line in caplog.records if line.levelno >= logging.ERROR]


@pytest.mark.parametrize("setup", SETUPS)
async def test_what_is_delivered_again_changes_nothing(
    setup: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All of a day's commands, presses, forms and events, once more and in any order, by the same ids."""
    async with talked(setup, tmp_path) as (stage, _):
        await stage.settle()
        before, again = await stage.database.read(kept), list(stage.box.line.deliveries)
        Random(setup).shuffle(again)  # noqa: S311 - to be tried again
        for one in again:
            await stage.box.line.send_again(one)
        await stage.settle()
        after = await stage.database.read(kept)
        assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
        assert not unforeseen(caplog)
        assert [one.says for one in verify.check(stage.database) if not one.well] == []


@pytest.mark.parametrize("seed", range(6))
async def test_events_out_of_order_break_nothing(
    stage: Stage, seed: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply's end before its beginning, somebody's leaving before their coming: each is heard, none twice."""
    await switch(stage)
    card = await stage.log(stage.gita)
    held: list[dict[str, Any]] = []

    async def hold(body: dict[str, Any]) -> None:
        held.append(body)

    line = stage.box.line
    with monkeypatch.context() as patch:
        patch.setattr(line, "send_event", hold)
        for number in range(3):
            said = await stage.gita.say(f"Look at gauge {number}.", thread=card)
            await stage.gita.edit(said, f"Look at gauge {number} again.")
            if number:
                await stage.gita.delete(said)
        await stage.hugo.leave(SHARED)
        await stage.hugo.join(SHARED)
    Random(seed).shuffle(held)  # noqa: S311 - to be tried again
    for body in [*held, *held[:4]]:
        await line.send_event(body)
    await stage.settle()
    assert not unforeseen(caplog)
    assert [one.says for one in verify.check(stage.database) if not one.well] == []
    times = Counter((one["event"], *one["changes"]["reply"]) for one in talk(stage))
    assert {name for name, _, _ in times} >= {"deviation.replied"}
    assert set(times.values()) == {1}
    assert len({ts for name, _, ts in times if name == "deviation.replied"}) == 3
