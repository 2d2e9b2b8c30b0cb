"""Reminders as people get them: words and buttons of each clock, snoozing, asking for more time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox import Driver, Message
from tests.stage import HUGO, Stage, kept

BERLIN_MORNING = 7  # UTC, an hour that begins the working day in winter


async def on(stage: Stage, month: int, day: int, *, year: int = 2026, hour: int = BERLIN_MORNING) -> None:
    """Go to a day, a minute after the working day began, and beat a few times."""
    await stage.box.move_clock(datetime(year, month, day, hour, 1, tzinfo=UTC))
    for _ in range(3):
        await stage.bot.timetable.beat()
        await stage.settle()


async def only_reminders(stage: Stage, *people: Driver) -> None:
    """Have people want no morning list, as they may: what comes then are reminders."""
    for who in people:
        await who.click("My work", stage.gita.pins()[0])
        await stage.settle()
        await who.click("My messages", who.ephemerals[-1])
        who.fill({"Morning list": "Never"})
        assert await who.submit() == {}


def last(who: Driver) -> Message:
    return who.direct_messages[-1]


async def acknowledged(stage: Stage, **values: Any) -> Message:
    card = await stage.owned(**values)
    await stage.press(stage.anna, "Acknowledge", card)
    return card


async def test_the_owner_is_reminded_with_what_can_be_done(stage: Stage) -> None:
    """Days before: what is due when, in the owner's words, with Open, Ask for more time, Snooze and the next step."""
    await only_reminders(stage, stage.gita)
    await acknowledged(stage, Class="Minor")
    await on(stage, 12, 17)
    assert "DEV-2026-0001 is due Thu 24 Dec 2026, 17:00 Berlin, in 7 days." in last(stage.gita).words
    assert "Minor deviation: Filter integrity test failed" in last(stage.gita).words
    assert last(stage.gita).buttons == ["Open", "Ask for more time", "Snooze 1 day", "Start investigation"]
    await on(stage, 12, 24)
    assert "DEV-2026-0001 is due Thu 24 Dec 2026, 17:00 Berlin, today." in last(stage.gita).words
    assert last(stage.gita).buttons == ["Open", "Ask for more time", "Start investigation"]
    await on(stage, 12, 28)
    assert "DEV-2026-0001 is late: it was due Thu 24 Dec 2026, 17:00 Berlin, 4 days ago." in last(stage.gita).words
    assert last(stage.gita).buttons == ["Open", "Start investigation"]


async def test_snooze_brings_it_once_more_on_the_next_working_day(stage: Stage) -> None:
    """Snoozed on a Thursday it comes again on Friday, once; and may be snoozed again while it is not due."""
    await only_reminders(stage, stage.gita)
    await acknowledged(stage, Class="Minor")
    await on(stage, 12, 17)
    before = len(stage.gita.direct_messages)
    reminder = last(stage.gita)
    for _ in range(2):  # pressed twice it comes once
        await stage.gita.click("Snooze 1 day", reminder)
        await stage.settle()
        said = stage.gita.direct_messages[-1].words
        assert "You are reminded of DEV-2026-0001 once more on Fri 18 Dec 2026." in said
    answers = len(stage.gita.direct_messages) - before
    await on(stage, 12, 18)
    assert len(stage.gita.direct_messages) == before + answers + 1
    assert "DEV-2026-0001 is due Thu 24 Dec 2026, 17:00 Berlin, in 6 days." in last(stage.gita).words
    assert "Snooze 1 day" in last(stage.gita).buttons
    await on(stage, 12, 18, hour=10)
    await on(stage, 12, 19)
    await on(stage, 12, 20)
    assert len(stage.gita.direct_messages) == before + answers + 1


async def test_a_snooze_onto_a_day_that_reminds_anyway_is_one_message(stage: Stage) -> None:
    """The day before it is due it may be snoozed to the due day, where one reminder comes, not two."""
    await only_reminders(stage, stage.gita)
    await acknowledged(stage, Class="Minor")
    await on(stage, 12, 23)
    await stage.gita.click("Snooze 1 day", last(stage.gita))
    await stage.settle()
    before = len(stage.gita.direct_messages)
    await on(stage, 12, 24)
    assert len(stage.gita.direct_messages) == before + 1
    assert "Snooze 1 day" not in last(stage.gita).buttons


async def test_once_due_nothing_is_snoozed(stage: Stage) -> None:
    """From an old message, on the due day and once late, snoozing is refused with what to do instead."""
    await only_reminders(stage, stage.gita)
    await acknowledged(stage, Class="Minor")
    await on(stage, 12, 17)
    old = kept(last(stage.gita))
    for day in (24, 28):
        await on(stage, 12, day)
        with stage.nothing_changes():
            await stage.gita.click("Snooze 1 day", old)
            await stage.settle()
        says = last(stage.gita).words.replace("*", "")
        assert (
            "DEV-2026-0001 is due Thu 24 Dec 2026, 17:00 Berlin: no snooze any more. "
            "Finish it, or press Ask for more time." in says
        )


async def test_what_is_done_is_not_snoozed(stage: Stage) -> None:
    """A reminder of what was done meanwhile says so."""
    await only_reminders(stage, stage.gita)
    card = await stage.owned(Class="Minor")
    await on(stage, 12, 17)
    old = kept(last(stage.gita))
    await stage.void(stage.elif_, card)
    await stage.gita.click("Snooze 1 day", old)
    await stage.settle()
    assert "DEV-2026-0001 needs no reminder of that any more: it is done." in last(stage.gita).words


async def test_asking_for_more_time_opens_the_form(stage: Stage) -> None:
    """Ask for more time opens Extend due date, and what is filled in is asked of QA."""
    await only_reminders(stage, stage.gita)
    card = await acknowledged(stage, Class="Minor")
    await on(stage, 12, 17)
    await stage.gita.click("Ask for more time", last(stage.gita))
    assert stage.gita.modal is not None
    assert stage.gita.modal.title == "Extend due date"
    stage.gita.fill({"New due date": date(2027, 1, 22), "Justification": "The laboratory is late."})
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert "extend the due date to Fri 22 Jan 2027" in card.words


async def test_an_extended_date_has_reminders_of_its_own(stage: Stage) -> None:
    """What was granted moves the reminders; those of the old date come no more."""
    await only_reminders(stage, stage.gita)
    card = await acknowledged(stage, Class="Minor")
    given = {"New due date": date(2027, 1, 22), "Justification": "The laboratory is late."}
    assert await stage.press(stage.gita, "Extend due date", card, **given) == {}
    await stage.press(stage.anna, "Grant", card)
    before = len(stage.gita.direct_messages)
    for day in (17, 21, 23, 24, 28):
        await on(stage, 12, day)
    assert len(stage.gita.direct_messages) == before
    await on(stage, 1, 15, year=2027)
    assert "is due Fri 22 Jan 2027, 17:00 Berlin, in 7 days." in last(stage.gita).words


async def test_the_other_company_is_reminded_to_acknowledge(stage: Stage) -> None:
    """Of the acknowledgement the other company's QA are told on the day and once late, in words of their own."""
    await only_reminders(stage, stage.anna, stage.elif_)
    await stage.owned(Class="Minor")
    await on(stage, 11, 25)
    assert (
        "The acknowledgement of DEV-2026-0001 by Aurora Therapeutics (example) is due Wed 25 Nov 2026, 17:00 Berlin, "
        "today.\n" in last(stage.anna).words
    )
    assert last(stage.anna).buttons == ["Open", "Acknowledge", "Start investigation"]
    assert not [m for m in stage.elif_.direct_messages if "acknowledgement" in m.words]
    await on(stage, 11, 26)
    assert "is late: it was due Wed 25 Nov 2026, 17:00 Berlin, 1 day ago." in last(stage.anna).words


async def test_the_approver_is_reminded_to_approve(stage: Stage) -> None:
    """While a record waits for a signature, QA whose turn it is are told, not the owner and not who worked on it."""
    await only_reminders(stage, stage.gita, stage.finn, stage.elif_)
    card = await stage.investigated(Class="Minor")
    await stage.press(stage.anna, "Acknowledge", card)
    gita = len(stage.gita.direct_messages)
    await on(stage, 11, 30)
    for who in (stage.elif_, stage.finn):
        assert "The approval of DEV-2026-0001 is due Tue 1 Dec 2026, 17:00 Berlin, in 1 day." in last(who).words
        assert last(who).buttons == ["Open", "Snooze 1 day", "Approve", "Send back"]
    assert len(stage.gita.direct_messages) == gita


async def test_the_owner_is_reminded_of_phase_one(stage: Stage) -> None:
    """The phase I result of an OOS is the owner's, and named so."""
    await only_reminders(stage, stage.hugo)
    card = await stage.log(stage.hugo, "Log OOS result")
    assert await stage.press(stage.elif_, "Assign owner", card, Owner=HUGO) == {}
    await stage.press(stage.anna, "Acknowledge", card)
    await on(stage, 11, 30)
    assert (
        "The phase I result of OOS-2026-0001 is due Tue 1 Dec 2026, 17:00 Berlin, in 1 day." in last(stage.hugo).words
    )
    assert last(stage.hugo).buttons == ["Open", "Snooze 1 day", "Phase I result"]


async def test_the_owner_of_a_capa_is_reminded_to_accept(stage: Stage) -> None:
    """The acceptance is reminded of on its day, with its button."""
    await only_reminders(stage, stage.gita)
    await stage.capa(stage.elif_)
    await on(stage, 11, 26)
    assert "The acceptance of CAPA-2026-0001 is due Thu 26 Nov 2026, 17:00 Berlin, today." in last(stage.gita).words
    assert last(stage.gita).buttons[:2] == ["Open", "Accept"]


async def test_several_reminders_of_a_person_are_one_message(stage: Stage) -> None:
    """Three due dates of one morning come as one list, each with its buttons; another person has their own."""
    await only_reminders(stage, stage.gita, stage.hugo)
    for title in ("First", "Second", "Third"):
        await acknowledged(stage, Class="Minor", Title=title)
    await acknowledged(stage, Class="Minor", Title="Hugo's", owner=HUGO)
    before = len(stage.gita.direct_messages), len(stage.hugo.direct_messages)
    await on(stage, 12, 17)
    assert (len(stage.gita.direct_messages), len(stage.hugo.direct_messages)) == (before[0] + 1, before[1] + 1)
    found = last(stage.gita)
    assert found.text == "Your list. 3 due dates: DEV-2026-0001, DEV-2026-0002, DEV-2026-0003."
    assert "Your list · Thu 17 Dec 2026" in found.words
    assert found.buttons == ["Open", "Ask for more time", "Snooze 1 day", "Start investigation"] * 3
    assert last(stage.hugo).words.startswith("DEV-2026-0004 is due")
    await stage.gita.click("Snooze 1 day", found, near="DEV-2026-0002 is due")
    await stage.settle()
    assert "You are reminded of DEV-2026-0002 once more" in last(stage.gita).words
    await on(stage, 12, 18)
    assert last(stage.gita).words.startswith("DEV-2026-0002 is due")


async def test_twenty_reminders_of_a_morning_are_one_message(stage: Stage) -> None:
    """As many as fit into it with their buttons, the others by their numbers: none is missing."""
    await only_reminders(stage, stage.gita)
    for number in range(20):
        await acknowledged(stage, Class="Minor", Title=f"Failure {number}")
    before = len(stage.gita.direct_messages)
    await on(stage, 12, 17)
    assert len(stage.gita.direct_messages) == before + 1
    found = last(stage.gita)
    assert found.text.startswith("Your list. 20 due dates: DEV-2026-0001, DEV-2026-0002")
    assert [number for number in range(1, 21) if f"DEV-2026-{number:04}" not in found.words] == []
    assert 0 < found.buttons.count("Snooze 1 day") < 20


async def test_a_reminder_that_waited_goes_to_nobody_else(stage: Stage) -> None:
    """Somebody else owns it by the time Slack takes it: the old owner is not told, the new one is."""
    await only_reminders(stage, stage.gita, stage.hugo)
    card = await acknowledged(stage, Class="Minor")
    stage.box.fail_all("chat.postMessage", error="fatal_error")
    await on(stage, 12, 17)
    before = len(stage.gita.direct_messages)
    assert await stage.press(stage.elif_, "Assign owner", card, Owner=HUGO) == {}
    stage.box.heal()
    await stage.beat(minutes=5)
    assert len(stage.gita.direct_messages) == before
    assert "DEV-2026-0001 is due Thu 24 Dec 2026, 17:00 Berlin, in 7 days." in last(stage.hugo).words


async def test_a_snooze_ends_with_the_ownership(stage: Stage) -> None:
    """Who snoozed and gave the record away hears of it no more."""
    await only_reminders(stage, stage.gita)
    card = await acknowledged(stage, Class="Minor")
    await on(stage, 12, 17)
    await stage.gita.click("Snooze 1 day", last(stage.gita))
    await stage.settle()
    assert await stage.press(stage.elif_, "Assign owner", card, Owner=HUGO) == {}
    before = len(stage.gita.direct_messages)
    await on(stage, 12, 18)
    assert len(stage.gita.direct_messages) == before


async def test_a_stopped_record_is_shown_late_nowhere(stage: Stage) -> None:
    """In no list: its clock stands by agreement."""
    card = await acknowledged(stage, Class="Minor")
    assert await stage.press(stage.gita, "Stop clock", card, Stopped_until=date(2027, 1, 20), Reason="Parts.") == {}
    await stage.press(stage.anna, "Agree", card)
    await on(stage, 1, 4, year=2027)
    for command in ("list", "digest"):
        await stage.anna.command(f"/quality {command}")
        await stage.settle()
        assert "late" not in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality list")
    assert "due Thu 24 Dec 2026 (clock stopped)" in stage.anna.ephemerals[-1].words


async def test_the_first_reminder_comes_across_the_ocean(empty_stage: Stage) -> None:
    """A partnership in Los Angeles, its people in Zurich: what is due at night there is told the morning before."""
    stage = empty_stage
    await stage.set_up(**{"Time zone": "America/Los_Angeles"})
    await only_reminders(stage, stage.gita)
    card = await stage.capa(stage.elif_)  # to be accepted by Gita within two working days
    told = len(stage.gita.direct_messages)
    for hours in range(68):  # up to Friday morning
        await stage.box.move_clock(datetime(2026, 11, 24, 10, 1, tzinfo=UTC) + timedelta(hours=hours))
        await stage.bot.timetable.beat()
        await stage.settle()
    words = [message.words for message in stage.gita.direct_messages[told:]]
    assert len(words) == 1
    assert "is due" in words[0]
    assert ", today." in words[0]
    assert "late" not in card.words


async def test_a_message_that_waited_for_slack_is_not_doubled_by_its_parts(stage: Stage) -> None:
    """Several reminders in one message that Slack refused first come as one message when it takes it."""
    await only_reminders(stage, stage.gita)
    for title in ("First", "Second"):
        await acknowledged(stage, Class="Minor", Title=title)
    before = len(stage.gita.direct_messages)
    stage.box.fail_next("chat.postMessage", error="fatal_error")
    await on(stage, 12, 17)
    await stage.beat(minutes=1)
    assert len(stage.gita.direct_messages) == before + 1
    assert last(stage.gita).text == "Your list. 2 due dates: DEV-2026-0001, DEV-2026-0002."


@pytest.mark.parametrize("data", ['{"p":1,"r":1,"v":1,"c":"nonsense"}', '{"p":1,"r":99,"v":1,"c":"close"}', "{}"])
async def test_a_forged_snooze_does_nothing(stage: Stage, data: str) -> None:
    """A clock that there is none of, another channel's record or nothing at all is refused."""
    await only_reminders(stage, stage.gita)
    await acknowledged(stage, Class="Minor")
    await on(stage, 12, 17)
    button = next(
        element
        for block in last(stage.gita).blocks
        for element in block.get("elements", [])
        if element.get("action_id") == "record.snooze"
    )
    button["value"] = data
    before = len(stage.gita.direct_messages)
    with stage.nothing_changes():
        await stage.gita.click("Snooze 1 day", last(stage.gita))
        await stage.settle()
    assert "You are reminded" not in "".join(m.words for m in stage.gita.direct_messages[before:])


async def test_night_people_are_reminded_in_their_own_morning(stage: Stage) -> None:
    """What falls due while it is night for who is told waits for their working hours."""
    await only_reminders(stage, stage.gita)
    await acknowledged(stage, Class="Minor")
    before = len(stage.gita.direct_messages)
    await on(stage, 12, 17, hour=5)
    assert len(stage.gita.direct_messages) == before
    await stage.box.move_clock(stage.box.now() + timedelta(hours=3))
    await stage.bot.timetable.beat()
    await stage.settle()
    assert len(stage.gita.direct_messages) == before + 1
