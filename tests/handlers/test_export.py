"""Exports: a record as a file, by direct message."""

import hashlib
import json
from typing import Any

import pytest

from sandbox import Driver
from storage import person
from storage.person import Role
from tests.stage import Stage

HOSTILE = '<!channel> *bold* "quoted" \\ \U0001f9ea שלום & </script>'


async def exported(stage: Stage, who: Driver) -> dict[str, Any]:
    """Export the first record by its card; gives what the file holds."""
    await who.click("Export", stage.cards[0])
    await stage.settle()
    assert who.ephemerals[-1].words == "DEV-2026-0001 comes to you as a file, by direct message."
    return received(who)


def received(who: Driver) -> dict[str, Any]:
    """Read the file of the last direct message."""
    (file,) = who.files(who.direct_messages[-1])
    assert file.name == "DEV-2026-0001.json"
    told: dict[str, Any] = json.loads(file.content)
    return told


async def test_the_file_holds_content_signatures_and_journal(stage: Stage) -> None:
    """What was typed stands there as typed; each signature with name, role, time, meaning and hash; each entry."""
    await stage.closed(Title=HOSTILE, What_happened=HOSTILE)
    told = await exported(stage, stage.gita)
    assert (told["record"], told["state"]) == ("DEV-2026-0001", "Closed")
    assert told["content"]["title"] == HOSTILE
    assert told["content"]["report"]["happened"] == HOSTILE
    (signed,) = told["signatures"]
    assert (signed["name"], signed["company"], signed["role"]) == (
        "Elif Kaya",
        "Borealis Manufacturing (example)",
        "QA",
    )
    assert signed["meaning"] == "Approval of the investigation and its conclusion"
    assert signed["at"].startswith("2026-11-24")
    assert hashlib.sha256(signed["content"].encode()).hexdigest() == signed["hash"]
    assert json.loads(signed["content"]) == told["content"]
    events = [json.loads(entry["body"])["event"] for entry in told["journal"]]
    assert events[0] == "deviation.logged"
    assert events[-2:] == ["deviation.closed", "deviation.exported"]
    assert not [line for line in stage.gita.thread(stage.cards[0]) if "exported" in line.words]


async def test_the_command_exports_as_the_button_does(stage: Stage) -> None:
    """`/quality export <record>` sends the same; without a number, or with an unknown one, it says what to do."""
    await stage.log(stage.gita)
    await stage.anna.command("/quality export dev-2026-0001")
    await stage.settle()
    assert received(stage.anna)["record"] == "DEV-2026-0001"
    for words, says in (("", "Say which record"), (" DEV-2026-0099", "There is no record DEV-2026-0099")):
        with stage.nothing_changes():
            await stage.anna.command(f"/quality export{words}")
        assert says in stage.anna.ephemerals[-1].words


async def test_a_viewer_exports_and_strangers_do_not(stage: Stage) -> None:
    """Everybody on the roster may have the record, viewers too; nobody else."""
    card = await stage.log(stage.gita)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0CARLA")[0].roles = [Role.VIEWER]
    assert (await exported(stage, stage.carla))["record"] == "DEV-2026-0001"
    for who in (stage.mira, stage.guest):
        assert "ask QA: Anna Berg" in await stage.refused(who, "Export", card)
        assert who.direct_messages == []


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_when_slack_takes_no_file_the_person_is_told(stage: Stage, method: str) -> None:
    """A refused upload is told by direct message, with what to do."""
    card = await stage.log(stage.gita)
    stage.box.fail_next(method, error="fatal_error")
    await stage.gita.click("Export", card)
    await stage.settle()
    words = stage.gita.direct_messages[-1].words
    assert words == "DEV-2026-0001 could not be sent as a file: fatal_error. Try again."


async def test_a_void_record_is_exported_with_its_reason(stage: Stage) -> None:
    """A voided record stays: its export says that it is void, and the journal why."""
    card = await stage.log(stage.gita)
    await stage.void(stage.elif_, card)
    told = await exported(stage, stage.gita)
    assert told["state"] == "Void"
    assert any(json.loads(entry["body"])["reason"] == "Logged twice." for entry in told["journal"])
