"""What becomes of a channel in Slack: archived, disconnected, under another id, set up and never confirmed."""

from datetime import UTC, datetime

from bot.samples import SET_UP
from tests.stage import CMO, SHARED, Stage

NEW = "C0MOVED"


def notices(stage: Stage) -> list[str]:
    return [m.words for m in stage.anna.direct_messages if "cannot write in the channel" in m.words]


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
