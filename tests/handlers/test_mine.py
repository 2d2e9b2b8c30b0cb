"""My work and the morning list: what needs a person, when they hear of it, and who stands in for them."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.samples import CMO, SPONSOR
from sandbox import Driver, Message, cast_of
from tests.handlers.test_home import set_up_delphi
from tests.stage import INVESTIGATION, SHARED, Stage, staged

FINN_STANDS_IN = {"Stand-in": "Finn Larsen", "Until": date(2026, 12, 4)}
HUGO_STANDS_IN = {"Stand-in": "Hugo Meyer", "Until": date(2026, 12, 4)}


async def on(stage: Stage, month: int, day: int, *, hour: int = 7, minute: int = 1) -> None:
    """Go to a minute after a working day begins in Berlin and Zurich, or another time, and beat."""
    await stage.box.move_clock(datetime(2026, month, day, hour, minute, tzinfo=UTC))
    for _ in range(3):
        await stage.bot.timetable.beat()
        await stage.settle()


async def my_work(stage: Stage, who: Driver) -> Message:
    await who.click("My work", stage.gita.pins()[0])
    await stage.settle()
    return who.ephemerals[-1]


async def filled(stage: Stage, who: Driver, button: str, **values: Any) -> dict[str, str]:
    """Press a button of My work and fill in what opens; gives the errors."""
    await who.click(button, await my_work(stage, who))
    assert who.modal is not None
    who.fill({label.replace("_", " "): value for label, value in values.items()})
    refused = await who.submit()
    await stage.settle()
    return refused


def lists(who: Driver) -> list[Message]:
    return [message for message in who.direct_messages if message.words.startswith("Your list · ")]


async def test_my_work_says_how_one_hears_of_it(stage: Stage) -> None:
    """Below what waits stand the time of the morning list and the buttons that change it."""
    found = await my_work(stage, stage.gita)
    assert "Nothing waits for you." in found.words
    assert "Morning list: when something needs me, at 08:00 Zurich." in found.words
    assert found.buttons == ["My messages", "Out of office"]


async def test_the_morning_list_comes_when_something_needs_a_person(stage: Stage) -> None:
    """A day on which something is due brings one message in the morning, other days none, and days off none."""
    card = await stage.owned(Class="Minor")
    await stage.press(stage.anna, "Acknowledge", card)
    for day in (25, 26, 27, 28, 29, 30):
        await on(stage, 11, day)
    assert lists(stage.gita) == []
    await on(stage, 12, 24)
    found = stage.gita.direct_messages[-1]
    assert "DEV-2026-0001 is due Thu 24 Dec 2026, 17:00 Berlin, today." in found.words
    assert found.words.count("DEV-2026-0001") == 1  # what is reminded of does not stand there twice
    assert lists(stage.gita) == []  # one reminder alone is no list
    number = len(stage.gita.direct_messages)
    await on(stage, 12, 24, hour=10)
    await on(stage, 12, 27)
    assert len(stage.gita.direct_messages) == number


async def test_qa_get_what_waits_on_their_company(stage: Stage) -> None:
    """Under 'Waiting on' stand what the company has to acknowledge, approve or assign; each company its own."""
    await stage.log(stage.gita)
    await on(stage, 11, 25)
    found = lists(stage.anna)[-1].words
    assert "The acknowledgement of DEV-2026-0001" in found
    assert f"Waiting on {SPONSOR}" in found
    assert "Named above as well: DEV-2026-0001" in found
    assert len(lists(stage.elif_)) == 1
    theirs = lists(stage.elif_)[-1]
    assert f"Waiting on {CMO}" in theirs.words
    assert "Needs an owner: QA assigns one (1)" in theirs.words
    assert f"Waiting on {SPONSOR}" not in theirs.words
    assert theirs.text == f"Your list. 1 waits for you and {CMO}: DEV-2026-0001."
    assert lists(stage.hugo) == []
    await theirs_acts(stage, theirs)


async def theirs_acts(stage: Stage, found: Message) -> None:
    """Act from the list itself."""
    await stage.elif_.click("Assign owner", found)
    assert stage.elif_.modal is not None


async def test_the_list_comes_every_working_day_where_it_is_wanted(stage: Stage) -> None:
    """My messages: every working day at a time of one's own, with what one owns."""
    card = await stage.owned(Class="Minor")
    await stage.press(stage.anna, "Acknowledge", card)
    assert await filled(stage, stage.gita, "My messages", Morning_list="Every working day", At="09:30") == {}
    assert "Morning list: every working day, at 09:30 Zurich." in (await my_work(stage, stage.gita)).words
    await on(stage, 11, 25)
    assert lists(stage.gita) == []
    await on(stage, 11, 25, hour=8, minute=31)
    (found,) = lists(stage.gita)
    assert "You own (1)" in found.words
    await on(stage, 11, 28, hour=8, minute=31)
    assert len(lists(stage.gita)) == 1


async def test_never_brings_no_list_but_reminders(stage: Stage) -> None:
    """Who wants no list still hears of due dates."""
    card = await stage.owned(Class="Minor")
    await stage.press(stage.anna, "Acknowledge", card)
    assert await filled(stage, stage.gita, "My messages", Morning_list="Never") == {}
    assert "Morning list: never." in (await my_work(stage, stage.gita)).words
    await on(stage, 12, 24)
    assert lists(stage.gita) == []
    assert "is due Thu 24 Dec 2026, 17:00 Berlin, today." in stage.gita.direct_messages[-1].words


async def test_a_stand_in_gets_the_messages(stage: Stage) -> None:
    """Out of office: reminders go to the stand-in and say for whom; the one who is away gets none."""
    card = await stage.owned(Class="Minor", Detected_at=datetime(2026, 11, 1, 9, tzinfo=UTC))  # due Tue 1 December
    await stage.press(stage.anna, "Acknowledge", card)
    assert await filled(stage, stage.gita, "Out of office", **HUGO_STANDS_IN) == {}
    found = await my_work(stage, stage.gita)
    assert "Out of office until Fri 4 Dec 2026; Hugo Meyer stands in." in found.words
    assert found.buttons[-3:] == ["My messages", "Out of office", "I am back"]
    away, before = len(stage.gita.direct_messages), len(stage.hugo.direct_messages)
    await on(stage, 12, 1)
    assert len(stage.gita.direct_messages) == away
    told = stage.hugo.direct_messages[before:]
    assert len(told) == 1
    assert "DEV-2026-0001 is due Tue 1 Dec 2026, 17:00 Berlin, today. You stand in for Gita Rao." in told[0].words


async def test_my_work_shows_what_one_stands_in_for(stage: Stage) -> None:
    """Under the name of who is away."""
    await stage.owned(Class="Minor", Title="Hers")
    assert await filled(stage, stage.gita, "Out of office", **HUGO_STANDS_IN) == {}
    words = (await my_work(stage, stage.hugo)).words
    assert "Hers" in words.partition("Gita Rao owns, for whom you stand in (1)")[2]


async def test_a_stand_in_acts_as_the_owner(stage: Stage) -> None:
    """While the owner is away the stand-in investigates and submits; others are told who stands in."""
    card = await stage.owned(Class="Minor")
    await stage.press(stage.gita, "Start investigation", card)
    assert "is for the owner: Gita Rao" in await stage.refused(stage.hugo, "Submit for approval", card)
    assert await filled(stage, stage.gita, "Out of office", **HUGO_STANDS_IN) == {}
    says = await stage.refused(stage.carla, "Submit for approval", card)
    assert f"is for the owner: Gita Rao ({CMO}), Hugo Meyer ({CMO}). Hugo Meyer stands in for Gita Rao." in says
    assert await stage.press(stage.hugo, "Submit for approval", card, **INVESTIGATION) == {}
    assert "State: Pending approval" in card.words
    assert "Hugo Meyer (Borealis Manufacturing (example)) submitted it" in stage.gita.thread(card)[-1].words


async def test_a_stand_in_who_worked_on_it_does_not_approve_it(stage: Stage) -> None:
    """QA who submitted the investigation for its owner is refused the signature."""
    card = await stage.owned(Class="Minor")
    await stage.press(stage.gita, "Start investigation", card)
    assert await filled(stage, stage.gita, "Out of office", **FINN_STANDS_IN) == {}
    assert await stage.press(stage.finn, "Submit for approval", card, **INVESTIGATION) == {}
    assert "nor who worked on it" in await stage.refused(stage.finn, "Approve", card)
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert "State: Closed" in card.words


async def test_a_stand_in_accepts_no_capa(stage: Stage) -> None:
    """To take a CAPA on is the owner's own word."""
    assert await filled(stage, stage.gita, "Out of office", **HUGO_STANDS_IN) == {}
    card = await stage.capa(stage.elif_)
    assert "Accept on CAPA-2026-0001 is for the owner: Gita Rao" in await stage.refused(stage.hugo, "Accept", card)


async def test_being_back_ends_it(stage: Stage) -> None:
    """I am back: messages come again, and the stand-in acts for nobody any more."""
    card = await stage.owned(Class="Minor", Detected_at=datetime(2026, 11, 1, 9, tzinfo=UTC))  # due Tue 1 December
    await stage.press(stage.anna, "Acknowledge", card)
    assert await filled(stage, stage.gita, "Out of office", **HUGO_STANDS_IN) == {}
    await stage.gita.click("I am back", await my_work(stage, stage.gita))
    await stage.settle()
    assert "Welcome back: your messages come to you again." in stage.gita.ephemerals[-1].words
    assert (await my_work(stage, stage.gita)).buttons[-2:] == ["My messages", "Out of office"]
    assert "is for the owner" in await stage.refused(stage.hugo, "Extend due date", card)
    before = len(stage.hugo.direct_messages)
    await on(stage, 12, 1)
    assert len(stage.hugo.direct_messages) == before
    assert "is due Tue 1 Dec 2026, 17:00 Berlin, today." in stage.gita.direct_messages[-1].words


async def test_an_absence_ends_at_midnight(stage: Stage) -> None:
    """Of its last day, on a Friday too: on Saturday nobody stands in any more, whenever lists come."""
    card = await stage.owned(Class="Minor")
    assert await filled(stage, stage.gita, "Out of office", **HUGO_STANDS_IN) == {}
    await stage.box.move_clock(datetime(2026, 12, 4, 23, 1, tzinfo=UTC))  # a minute past midnight in Zurich
    await stage.beat(seconds=1)
    assert "I am back" not in (await my_work(stage, stage.gita)).buttons
    assert "is for the owner" in await stage.refused(stage.hugo, "Extend due date", card)


async def test_who_is_made_owner_while_away(stage: Stage) -> None:
    """The stand-in is told, and for whom."""
    assert await filled(stage, stage.gita, "Out of office", **HUGO_STANDS_IN) == {}
    before = len(stage.gita.direct_messages)
    await stage.owned(Class="Minor")
    assert len(stage.gita.direct_messages) == before
    told = stage.hugo.direct_messages[-1].words
    assert told.startswith("Gita Rao, for whom you stand in, owns DEV-2026-0001 now")


async def test_a_stand_in_who_left_is_named_no_more(stage: Stage) -> None:
    """My work says that somebody else is needed."""
    assert await filled(stage, stage.gita, "Out of office", **HUGO_STANDS_IN) == {}
    await stage.hugo.leave(SHARED)
    await stage.settle()
    assert "Hugo Meyer was to stand in and is not on the roster any more" in (await my_work(stage, stage.gita)).words


async def test_an_absence_ends_by_itself(stage: Stage) -> None:
    """On the working day after the last day away the messages come again and the stand-in may no more."""
    card = await stage.owned(Class="Minor")
    assert await filled(stage, stage.gita, "Out of office", **HUGO_STANDS_IN) == {}
    await on(stage, 12, 4)
    await stage.press(stage.hugo, "Start investigation", card)
    assert "State: Under investigation" in card.words
    await on(stage, 12, 7)
    assert "I am back" not in (await my_work(stage, stage.gita)).buttons
    assert "is for the owner" in await stage.refused(stage.hugo, "Submit for approval", card)


@pytest.mark.parametrize(
    ("values", "label", "says"),
    [
        ({"Until": date(2026, 11, 23)}, "Until", "This day is past."),
        ({"Until": date(2028, 1, 1)}, "Until", "more than a year ahead"),
    ],
)
async def test_a_wrong_absence_is_refused_at_its_field(stage: Stage, values: Any, label: str, says: str) -> None:
    """A day that is past, or too far ahead, is said where it stands."""
    refused = await filled(stage, stage.gita, "Out of office", **(HUGO_STANDS_IN | values))
    assert says in refused[label]


async def test_only_colleagues_stand_in(stage: Stage) -> None:
    """The form offers the own company's people, and nobody else."""
    await stage.gita.click("Out of office", await my_work(stage, stage.gita))
    assert stage.gita.modal is not None
    offered = str(stage.gita.modal.blocks)
    for name in ("Elif Kaya", "Finn Larsen", "Hugo Meyer"):
        assert name in offered
    for name in ("Anna Berg", "Gita Rao"):
        assert name not in offered


async def test_in_a_direct_message_each_partnership_stands_apart(tmp_path: Path) -> None:
    """My work and search of somebody in several channels: each under its companies, in an answer they alone see."""
    async with staged(tmp_path, cast=cast_of("both", third=True)) as stage:
        await stage.set_up()
        await set_up_delphi(stage)
        await stage.log(stage.gita, Title="Leak in the filler")
        here = next(one.id for one in stage.box.world.channels.values() if one.partner == "U0ANNA")
        for command in ("/quality mine", "/quality search leak", "/deviation list"):
            await stage.anna.command(command, channel=here)
            shown = stage.anna.ephemerals[-1]
            first, second = shown.words.split(f"{SPONSOR} and Delphi")
            assert first.startswith(f"{SPONSOR} and {CMO}")
            assert "Leak in the filler" in first
            assert "Leak" not in second
        await stage.anna.command("/deviation DEV-2026-0001", channel=here)
        assert "Use this in the channel you mean" in stage.anna.ephemerals[-1].words
