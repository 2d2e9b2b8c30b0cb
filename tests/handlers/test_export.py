"""The inspection pack in Slack: asked for by button, command and form, sent by direct message to who may have it."""

import asyncio
import json
from pathlib import Path
from threading import Event

import pytest

from handlers import export
from quality.pack.check import check
from sandbox import Driver
from storage import person
from storage.person import Role
from tests import packs
from tests.packs import Opened
from tests.stage import Stage

HOSTILE = '<!channel> *bold* "quoted" \\ \U0001f9ea שלום & </script>'
CARD = "DEV-2026-0001"


async def exported(stage: Stage, who: Driver) -> Opened:
    """Export the first record by its card; gives the pack."""
    await who.click("Export", stage.cards[0])
    await stage.settle()
    assert who.ephemerals[-1].words == f"{CARD} comes to you as a file, by direct message."
    return packs.received(who)


def roles(stage: Stage, user: str, *held: Role) -> None:
    with stage.database.writing() as session:
        person.list_of_user(session, user)[0].roles = list(held)


async def test_the_pack_holds_content_signatures_and_journal(stage: Stage, tmp_path: Path) -> None:
    """What was typed stands there as typed; the message names the hashes; it holds when it is checked."""
    await stage.closed(Title=HOSTILE, What_happened=HOSTILE)
    found = await exported(stage, stage.gita)
    (told,) = found.records.values()
    assert (told["number"], told["state"], told["title"]) == (CARD, "Closed", HOSTILE)
    assert told["content"]["report"]["happened"] == HOSTILE
    (signed,) = told["signatures"]
    assert (signed["name"], signed["company"], signed["role"]) == (
        "Elif Kaya",
        "Borealis Manufacturing (example)",
        "QA",
    )
    assert json.loads(signed["content"]) == told["content"]
    assert found.journal[0]["event"] == "deviation.logged"
    message = stage.gita.direct_messages[-1]
    (file,) = stage.gita.files(message)
    assert file.name == f"inspection-pack-{CARD}.zip"
    (tmp_path / "pack.zip").write_bytes(file.content)
    assert all(well for well, _ in check(tmp_path / "pack.zip"))
    digest = found_hash(message.words)
    assert all(well for well, _ in check(tmp_path / "pack.zip", [digest]))
    entry = stage.journal()[-1].content
    assert (entry["event"], entry["by"]["name"]) == ("deviation.exported", "Gita Rao")
    assert entry["changes"]["pack"] == [None, digest]
    assert not [line for line in stage.gita.thread(stage.cards[0]) if "exported" in line.words]


def found_hash(words: str) -> str:
    return words.partition("SHA-256 of the file: ")[2].split()[0]


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ("dev-2026-0001", ["DEV-2026-0001"]),
        ("batch ab-7", ["DEV-2026-0001"]),
        ("2026-11-24 2026-11-24", ["DEV-2026-0001", "DEV-2026-0002"]),
        ("from 2026-11-25 to 2026-11-30", []),
        ("all", ["DEV-2026-0001", "DEV-2026-0002"]),
    ],
)
async def test_the_command_says_what_it_holds(stage: Stage, words: str, holds: list[str]) -> None:
    """A record, a batch, a period, everything; each export but a record's is journaled with the partnership."""
    await stage.log(stage.gita, Batch_or_lot="AB-7")
    await stage.log(stage.gita, Title="Another")
    await stage.anna.command(f"/quality export {words}")
    await stage.settle()
    assert list(packs.received(stage.anna).records) == holds
    last = stage.journal()[-1]
    assert last.event == ("deviation.exported" if words.startswith("dev") else "partnership.exported")
    assert last.content["by"]["name"] == "Anna Berg"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("DEV-2026-0099", "There is no record DEV-2026-0099"),
        ("everything please", "Say what the pack should hold"),
        ("2026-11-24", "Say what the pack should hold"),
        ("2026-11-24 2026-11-23", "before it begins"),
        ("2026-13-01 2026-13-02", "is no date"),
        ("batch NONE-1", "No record names batch NONE-1"),
    ],
)
async def test_words_that_name_nothing(stage: Stage, words: str, says: str) -> None:
    """The answer says what can stand there; nothing is made or journaled."""
    await stage.log(stage.gita)
    with stage.nothing_changes():
        await stage.anna.command(f"/quality export {words}")
        await stage.settle()
    assert says in stage.anna.ephemerals[-1].words


async def test_the_form_asks(stage: Stage) -> None:
    """By the command without words, and by a button for who has no command; faults stand at their fields."""
    await stage.log(stage.gita, Batch_or_lot="AB-7")
    await stage.anna.command("/quality export")
    assert stage.anna.modal is not None
    assert "one file" in stage.anna.modal.words
    await stage.anna.close_modal()
    await stage.elif_.click("Inspection pack")
    for filled, field in (({"What": "A record"}, "Record"), ({"What": "A period", "To": "2026-11-24"}, "From")):
        stage.elif_.fill(filled)
        assert "needs this" in (await stage.elif_.submit())[field]
    stage.elif_.fill({"What": "A period", "From": "2026-11-25", "To": "2026-11-24"})
    assert "before it begins" in (await stage.elif_.submit())["To"]
    stage.elif_.fill({"What": "A batch", "Batch or lot": "AB-7"})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert list(packs.received(stage.elif_).records) == [CARD]


async def test_the_page_of_a_batch_sends_its_pack(stage: Stage) -> None:
    """**Export** stands on it, in an answer and in a form alike."""
    await stage.log(stage.gita, Batch_or_lot="AB-7")
    await stage.log(stage.gita, Title="Another")
    await stage.anna.command("/quality batch AB-7")
    await stage.settle()
    await stage.anna.click("Export", stage.anna.ephemerals[-1])
    await stage.settle()
    assert list(packs.received(stage.anna).records) == [CARD]
    await stage.elif_.click("Batch")
    stage.elif_.fill({"Batch or lot": "ab-7"})
    assert await stage.elif_.submit() == {}
    await stage.elif_.click_in_modal("Export")
    await stage.settle()
    assert list(packs.received(stage.elif_).records) == [CARD]


async def test_who_may_have_what(stage: Stage) -> None:
    """A record and a batch everybody, a viewer too; the whole QA, heads of quality and viewers, not members."""
    card = await stage.log(stage.gita, Batch_or_lot="AB-7")
    roles(stage, "U0CARLA", Role.VIEWER)
    for words in (CARD, "batch AB-7", "all"):
        await stage.carla.command(f"/quality export {words}")
        await stage.settle()
        assert CARD in packs.received(stage.carla).records
    roles(stage, "U0CARLA", Role.MEMBER)
    for words in ("all", "2026-01-01 2026-12-31"):
        with stage.nothing_changes():
            await stage.carla.command(f"/quality export {words}")
        assert "may have the pack of" in stage.carla.ephemerals[-1].words
        assert "Anna Berg" in stage.carla.ephemerals[-1].words
    for who in (stage.mira, stage.guest):
        assert "ask QA: Anna Berg" in await stage.refused(who, "Export", card)
        assert who.direct_messages == []


async def test_rights_are_asked_again_when_it_is_handed_over(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lost them while the pack was made gets none, and the journal tells of none."""
    await stage.log(stage.gita)
    make = export._Making._make

    def lose(self: export._Making, file: Path) -> object:
        roles(stage, "U0ANNA", Role.MEMBER)
        return make(self, file)

    monkeypatch.setattr(export._Making, "_make", lose)
    await stage.anna.command("/quality export all")
    await stage.settle()
    words = stage.anna.direct_messages[-1].words
    assert words.startswith("The inspection pack of everything was not sent: Only")
    assert "partnership.exported" not in [entry.event for entry in stage.journal()]


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_when_slack_takes_no_file_the_person_is_told(stage: Stage, method: str) -> None:
    """A refused upload is told by direct message, with what to do."""
    card = await stage.log(stage.gita)
    for error, says in (("fatal_error", "Try again."), ("missing_scope", "Whoever runs QualBridge has to grant")):
        stage.box.fail_next(method, error=error)
        await stage.gita.click("Export", card)
        await stage.settle()
        words = stage.gita.direct_messages[-1].words
        assert words.startswith(f"{CARD} could not be sent as a file: {error}. {says}")


async def test_a_void_record_is_exported_with_its_reason(stage: Stage) -> None:
    """A voided record stays: its pack says that it is void, and why."""
    card = await stage.log(stage.gita)
    await stage.void(stage.elif_, card)
    told = (await exported(stage, stage.gita)).records[CARD]
    assert (told["state"], told["void_reason"]) == ("Void", "Logged twice.")


async def test_a_long_one_tells_how_far_it_is(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message, brought up to date; more than a few records are made by a process of its own."""
    monkeypatch.setattr(export, "SHOWN_AFTER", 0.01)
    monkeypatch.setattr(export, "FEW", 1)
    await stage.log(stage.gita)
    await stage.log(stage.gita, Title="Another")
    await stage.anna.command("/quality export all")
    await stage.settle()
    told, file = stage.anna.direct_messages[-2:]
    assert told.words == "The inspection pack of everything is made: 2 records. It is being sent."
    assert "2 records" in file.words
    assert len(packs.received(stage.anna).records) == 2
    assert stage.calls("chat.update")


@pytest.mark.parametrize("few", [1, 100])
async def test_a_bot_that_stops_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """A pack that is not finished is not lost without a word, in whatever process it is made."""
    monkeypatch.setattr(export, "FEW", few)
    await stage.log(stage.gita)
    await stage.log(stage.gita, Title="Another")
    stage.bot.desk.stopping.set()
    await stage.anna.command("/quality export all")
    await stage.settle()
    words = stage.anna.direct_messages[-1].words
    assert words.startswith("QualBridge is being restarted, and the pack of everything was not finished.")


async def test_a_pack_too_large_for_slack(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is not sent, and what to do instead is said."""
    monkeypatch.setattr(export, "LARGEST", 1000)
    await stage.log(stage.gita)
    await stage.anna.command("/quality export all")
    await stage.settle()
    assert "Ask for it in parts, by period" in stage.anna.direct_messages[-1].words


async def test_what_nobody_foresaw_has_a_code(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person is told, with a code that stands in the log."""

    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(export._Making, "_make", fail)
    card = await stage.log(stage.gita)
    await stage.gita.click("Export", card)
    await stage.settle()
    assert f"{CARD} could not be made (code " in stage.gita.direct_messages[-1].words


async def test_others_are_answered_while_a_pack_is_made(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The making stands in nobody's way: a record is logged before it has ended."""
    await stage.log(stage.gita)
    begun, go_on = asyncio.Event(), Event()
    loop, make = asyncio.get_running_loop(), export._Making._make

    def wait(self: export._Making, file: Path) -> object:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(30)
        return make(self, file)

    monkeypatch.setattr(export._Making, "_make", wait)
    await stage.anna.command("/quality export all")
    await begun.wait()
    await stage.gita.click("Log deviation")
    stage.gita.fill({"Title": "Meanwhile", "What happened": "It went on."})
    assert await stage.gita.submit() == {}
    go_on.set()
    await stage.settle()
    assert len(packs.received(stage.anna).records) == 2
