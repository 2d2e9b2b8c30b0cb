"""Slack in every kind of trouble: a form is acknowledged all the same, and its card stands once when Slack is well."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientTimeout
from sqlmodel import select

from storage.database import Database
from storage.outbox import Outgoing
from tests.bot import faults
from tests.stage import Stage

pytestmark = pytest.mark.timeout(300)  # of the tests, on a machine that runs other things
NOBODY_LISTENS = "http://127.0.0.1:9/"  # the port that discards, where it is served at all
GIVES_UP, ANSWERS_AFTER = 0.2, 0.6  # seconds; in service 30, and some more
MINUTES = 3
FAULTS: dict[str, dict[str, Any]] = {
    "down": {},
    "slow": {"hang": ANSWERS_AFTER},
    "limits": {"error": "ratelimited", "retry_after": 30},
    "fails": {"status": 500},
    "refuses": {"error": "internal_error"},
    "answers no JSON": {"garbage": "<html>Service unavailable</html>"},
    "answers no JSON, status 503": {"garbage": "<html>Service unavailable</html>", "status": 503},
    "answers half": {"garbage": '{"ok": true}'},
    "cut before": {"drop": True},
    "cut after": {"lost": True},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["*", "chat.postMessage"])
async def test_slack_in_trouble(stage: Stage, fault: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Slack is in trouble forms are acknowledged; afterwards each card stands once."""
    forms = await faults.filled_in(stage)
    slack = stage.bot.installations.slack  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        if fault == "down":
            patch.setattr(slack, "base_url", NOBODY_LISTENS)
        if fault == "slow":
            patch.setattr(slack.session, "_timeout", ClientTimeout(total=GIVES_UP))
        stage.box.fail_all(method, **FAULTS[fault])
        await forms.submit_all(forms.new(faults.AT_ONCE))
        assert forms.unanswered == []
        for _ in range(MINUTES):
            await stage.beat(minutes=1)
            if fault == "slow":
                await all_answered(stage)  # as Slack has within the pause before the next attempt
        assert was_felt(stage)
        await forms.submit_all(forms.new(faults.AT_ONCE))
        assert forms.unanswered == []
    stage.box.heal()
    await stage.beat(minutes=1)
    await faults.finished(forms, stage.database)


def was_felt(stage: Stage) -> bool:
    """Whether something was tried in vain."""
    with stage.database.reading() as session:
        tried = session.exec(select(Outgoing).where(Outgoing.attempts > 1)).first()
    return tried is not None or any(call.answer.get("error") == "ratelimited" for call in stage.box.calls)


async def all_answered(stage: Stage) -> None:
    """Wait until Slack did what it was asked for, though nobody waits for it any more."""
    async with asyncio.timeout(faults.PATIENCE):
        done = -1
        while len(stage.box.calls) != done:
            done = len(stage.box.calls)
            await asyncio.sleep(ANSWERS_AFTER * 1.5)


@pytest.mark.parametrize(("parting", "times"), [("refresh", 3), ("cut", 3), ("abort", 1)])
async def test_socket_mode_loses_its_connection(sqlite: Database, parting: str, times: int, tmp_path: Path) -> None:
    """Connections go while envelopes are delivered: what was acknowledged is kept, what was not comes again, once."""
    async with faults.ready(sqlite, ack_seconds=2.0) as forms:
        forms.by_envelope = True
        async with faults.serving(forms, sqlite, tmp_path, socket_mode=True):
            for _ in range(times):
                await faults.under_load(forms, lambda: part(forms, parting))
                await forms.insist()
        await faults.finished(forms, sqlite)


async def part(forms: faults.Forms, parting: str) -> None:
    """End all connections: by Slack's word, without one, or as by a cut cable."""
    sockets = forms.box.sockets
    if parting == "refresh":
        await sockets.refresh()
    elif parting == "cut":
        await sockets.cut()
    else:
        for socket in sockets._open:
            transport = socket._req.transport if socket._req else None
            assert transport is not None
            transport.abort()
