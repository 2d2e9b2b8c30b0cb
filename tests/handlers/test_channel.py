"""What becomes of a channel in Slack: archived, disconnected, under another id, set up and never confirmed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.samples import SET_UP
from sandbox import cast_of, wire
from storage.partnership import Partnership
from tests.stage import CMO, GRID, SHARED, Stage, staged

NEW = "C0MOVED"


def notices(stage: Stage) -> list[str]:
    return [m.words for m in stage.anna.direct_messages if "cannot write in the channel" in m.words]


def silent_because(stage: Stage) -> str | None:
    with stage.database.reading() as session:
        return session.exec(select(Partnership)).one().muted_because


async def tell(stage: Stage, event: dict[str, Any], team: str = "T0AURORA") -> None:
    """Send an event as Slack tells it to the installation of a team."""
    body = wire.event(stage.box.world, {**event, "event_ts": stage.box.world.clock.ts()})
    await stage.box.line.send_event(body | {"team_id": team})
    await stage.settle()


async def test_an_archived_channel_is_noticed_at_once(stage: Stage) -> None:
    """Before anything is to be said there; unarchived, it is spoken in again at once."""
    await stage.box.archive(SHARED)
    await stage.settle()
    assert len(notices(stage)) == 1
    await stage.box.unarchive(SHARED)
    await stage.settle()
    card = await stage.log(stage.gita)
    assert card.words.startswith("DEV-2026-0001")


async def test_nothing_is_said_behind_a_company_s_back(stage: Stage) -> None:
    """Disconnected, the channel is silent, though Slack would take it; connected again, what waited is said."""
    card = await stage.log(stage.gita)
    await stage.box.disconnect(SHARED)
    await stage.settle()
    (notice,) = notices(stage)
    assert "is not connected to it any more, and nothing is said there behind its back. Share it again" in notice
    posts = len(stage.calls("chat.update"))
    assert await stage.press(stage.anna, "QMS number", card, Number="QE-1") == {}
    await stage.beat(minutes=10)
    assert len(stage.calls("chat.update")) == posts
    await stage.anna.command("/quality history DEV-2026-0001")
    assert "gave it the QMS number QE-1" in stage.anna.ephemerals[-1].words
    await stage.box.connect(SHARED)
    await stage.settle()
    assert "QE-1" in stage.card("DEV-2026-0001").words


JOINED = {"type": "member_joined_channel", "channel": SHARED, "channel_type": "C"}


@pytest.mark.parametrize(
    "event",
    [
        {"type": "channel_shared", "channel": SHARED, "connected_team_id": "T0CYGNUS"},
        {"type": "channel_unarchive", "channel": SHARED, "user": "U0ANNA"},
        {**JOINED, "user": "U0QUALBRIDGE", "team": "T0AURORA"},
    ],
    ids=["a third company comes", "unarchived", "the bot is invited"],
)
async def test_who_was_cut_off_has_to_come_back(stage: Stage, event: dict[str, Any]) -> None:
    """Before that nothing makes the channel speak."""
    await stage.box.disconnect(SHARED, "T0BOREAL")
    await stage.settle()
    await tell(stage, event)
    assert silent_because(stage) == "not_shared"


async def test_what_is_archived_and_cut_off_stays_silent(stage: Stage) -> None:
    """When it is archived no more: cut off counts for more than archived, whatever came first."""
    await stage.box.archive(SHARED)
    await stage.box.disconnect(SHARED, "T0BOREAL")
    await stage.box.unarchive(SHARED)
    await stage.settle()
    posts = len(stage.calls("chat.postMessage"))
    await stage.anna.click("Log deviation", stage.anna.pins()[0])
    stage.anna.fill({"Title": "Behind", "What happened": "A back."})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert [call for call in stage.calls("chat.postMessage")[posts:] if call.arguments.get("channel") == SHARED] == []
    await stage.box.connect(SHARED)
    await stage.settle()
    assert stage.card("DEV-2026-0001")


async def test_what_was_on_its_way_ends_no_silence(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack takes an update that was begun before the other company was cut off."""
    card = await stage.log(stage.gita)
    update = stage.bot.delivery._update

    async def cut_off_first(*args: Any) -> None:
        await stage.box.disconnect(SHARED, "T0BOREAL")
        await update(*args)

    monkeypatch.setattr(stage.bot.delivery, "_update", cut_off_first)
    await stage.carla.click("Acknowledge", card)
    await stage.settle()
    assert silent_because(stage) == "not_shared"


@pytest.mark.parametrize("named", ["T0BOREAL", "E0BOREAL"])
async def test_an_organisation_is_cut_off_by_either_id(tmp_path: Path, named: str) -> None:
    """Slack may name the organisation or the workspace, whichever the partnership knows."""
    async with staged(tmp_path, cast=cast_of("grid")) as stage:
        await stage.set_up(**GRID)
        unshared = {"type": "channel_unshared", "channel": SHARED, "previously_connected_team_id": named}
        await tell(stage, {**unshared, "is_ext_shared": False})
        assert silent_because(stage) == "not_shared"


async def test_only_the_channels_own_bot_makes_it_speak(tmp_path: Path) -> None:
    """The other company's being invited changes nothing."""
    async with staged(tmp_path, cast=cast_of("both")) as stage:
        await stage.set_up()
        await tell(stage, {"type": "channel_archive", "channel": SHARED, "user": "U0ANNA"})
        await tell(stage, {**JOINED, "user": "U0QUALBOREAL", "team": "T0BOREAL"}, "T0BOREAL")
        assert silent_because(stage) == "is_archived"
        await tell(stage, {**JOINED, "user": "U0QUALBRIDGE", "team": "T0AURORA"})
        assert silent_because(stage) is None


async def test_a_channel_with_another_id_keeps_its_records(stage: Stage) -> None:
    """Commands, cards and threads go on there; the journal says so."""
    await stage.log(stage.gita)
    await stage.box.change_channel_id(SHARED, NEW)
    await stage.settle()
    assert stage.journal()[-1].event == "partnership.channel_changed"
    assert stage.journal()[-1].content["changes"] == {"channel": [SHARED, NEW]}
    await stage.anna.command("/quality list", channel=NEW)
    assert "DEV-2026-0001" in stage.anna.ephemerals[-1].words
    (card,) = [m for m in stage.anna.messages(NEW) if m.words.startswith("DEV-2026-0001")]
    await stage.carla.click("Acknowledge", card)
    await stage.settle()
    (card,) = [m for m in stage.anna.messages(NEW) if m.words.startswith("DEV-2026-0001")]
    assert "Acknowledged: Carla Novak" in card.words


async def test_a_channel_takes_no_second_partnership(stage: Stage) -> None:
    """Whoever tries is told that there is one."""
    await stage.anna.command("/quality setup")
    assert "is set up already: one partnership, one channel" in stage.anna.ephemerals[-1].words


async def test_an_unanswered_confirmation_is_reminded(empty_stage: Stage) -> None:
    """Each digest day the named QA of the other company are told, with the button; once they press it nobody is."""
    stage = empty_stage
    await stage.anna.command("/quality setup")
    await stage.settle()
    stage.anna.fill(SET_UP)
    assert await stage.anna.submit() == {}
    await stage.settle()
    for day in (25, 26):
        await stage.box.move_clock(datetime(2026, 11, day, 7, 1, tzinfo=UTC))
        await stage.beat(seconds=1)
        for who in (stage.elif_, stage.finn):
            asked = who.direct_messages[-1]
            assert f"QA of {CMO}, please confirm." in asked.words
            assert asked.buttons == ["Confirm"]
    assert not [m for m in stage.anna.direct_messages if "please confirm" in m.words]
    await stage.elif_.click("Confirm", stage.elif_.direct_messages[-1])
    await stage.settle()
    before = len(stage.finn.direct_messages)
    await stage.box.move_clock(datetime(2026, 11, 27, 7, 1, tzinfo=UTC))
    await stage.beat(seconds=1)
    assert not [m for m in stage.finn.direct_messages[before:] if "please confirm" in m.words]
