"""Reminders and digests as people receive them when the clock moves."""

from datetime import UTC, date, datetime, timedelta

from sandbox import Driver
from tests.stage import FINN, Stage

CAPA = {"Title": "Pressure hold", "Problem": "Nicked gasket", "Owner": FINN, "Action plan": "Add a step."}


def reminders(stage: Stage) -> list[str]:
    """List what Finn was told of due dates of records, alone or in a list, and not of their other clocks."""
    return said(stage.finn, "CAPA-2026-0001 is due") + said(stage.finn, "CAPA-2026-0001 is late")


def said(who: Driver, words: str) -> list[str]:
    """List the lines of a person's direct messages that begin with some words."""
    lines = [line for message in who.direct_messages for line in message.words.splitlines()]
    return [line for line in lines if line.startswith(words)]


async def capa(stage: Stage, due: date) -> None:
    await stage.finn.click("New CAPA")
    stage.finn.fill(CAPA | {"Due date": due})
    assert await stage.finn.submit() == {}
    await stage.settle()


async def to(stage: Stage, day: int, hour: int = 8) -> None:
    """Go to a day of December 2026 (Berlin is an hour ahead of UTC) and beat a few times."""
    at = stage.box.now().replace(month=12, day=day, hour=hour, minute=0, second=0)
    await stage.box.move_clock(at)
    for _ in range(3):
        await stage.bot.timetable.beat()
        await stage.settle()


async def test_the_owner_is_reminded_before_on_and_after_the_day(stage: Stage) -> None:
    """7, 3 and 1 days before, on the day and when late: each once, in words that say how long is left."""
    await capa(stage, date(2026, 12, 10))
    for day, says in (
        (3, "is due Thu 10 Dec 2026, 17:00 Berlin, in 7 days"),
        (7, "in 3 days"),
        (9, "in 1 day"),
        (10, "today"),
        (11, "is late: it was due Thu 10 Dec 2026, 17:00 Berlin, 1 day ago"),
    ):
        before = len(reminders(stage))
        await to(stage, day)
        assert len(reminders(stage)) == before + 1, day
        assert says in reminders(stage)[-1]
    await to(stage, 12)
    await to(stage, 13)
    assert len(reminders(stage)) == 5  # nobody is reminded at the weekend


async def test_lateness_escalates(stage: Stage) -> None:
    """From day 4 both companies' QA are told as well."""
    await capa(stage, date(2026, 12, 10))
    await to(stage, 11)
    assert not said(stage.anna, "CAPA-2026-0001 is late")
    await to(stage, 14)
    (told,) = said(stage.anna, "CAPA-2026-0001 is late")
    assert "Its owner is Finn Larsen" in told
    assert len(said(stage.elif_, "CAPA-2026-0001 is late")) == 1


async def test_what_is_closed_is_not_reminded_of(stage: Stage) -> None:
    """A record closed before the day, or between deciding and sending, brings no reminder."""
    await capa(stage, date(2026, 12, 10))
    await capa(stage, date(2026, 12, 10))
    await stage.void(stage.elif_, stage.card("CAPA-2026-0001"))
    await stage.box.move_clock(stage.box.now().replace(month=12, day=3, hour=8))
    await stage.bot.timetable.beat()
    await stage.void(stage.elif_, stage.card("CAPA-2026-0002"))
    assert said(stage.finn, "CAPA-2026-0001 is") + said(stage.finn, "CAPA-2026-0002 is") == []


async def test_after_a_pause_only_the_latest_is_sent(stage: Stage) -> None:
    """What fell due while the bot was down is said once, saying how late it is."""
    await capa(stage, date(2026, 12, 10))
    await to(stage, 16)
    (only,) = reminders(stage)
    assert "is late: it was due Thu 10 Dec 2026, 17:00 Berlin, 6 days ago" in only


async def test_nobody_is_reminded_at_night(stage: Stage) -> None:
    """A reminder that falls due outside working hours waits for the morning."""
    await capa(stage, date(2026, 12, 10))
    await to(stage, 3, hour=20)
    assert reminders(stage) == []
    await to(stage, 4)
    assert len(reminders(stage)) == 1


async def test_a_record_without_owner_reminds_the_qa_who_assign(stage: Stage) -> None:
    """A due date that nobody owns is told to the QA of the company that logged it."""
    await stage.log(stage.gita, Class="Minor")  # due 24 December
    await to(stage, 17)
    (told,) = said(stage.elif_, "DEV-2026-0001 is due")
    assert "Nobody owns it: assign an owner." in told
    await stage.elif_.click("Assign owner", stage.elif_.direct_messages[-1], near=told)
    assert stage.elif_.modal is not None
    assert stage.elif_.modal.title == "Assign owner"


async def test_the_sponsors_qa_are_reminded_of_reports(stage: Stage) -> None:
    """An open report reminds the sponsor's QA, not the owner, with the buttons that answer it; a filed one nobody."""
    await stage.log(stage.hugo, "Log OOS result", Batch_distributed="Yes", Analysed_at=stage.box.now())
    await to(stage, 1)
    for who in (stage.ben, stage.anna):
        (line,) = said(who, "The field alert report about OOS-2026-0001 is late")
        assert "It is for the sponsor's QA to answer." in line
        told = [m for m in who.direct_messages if line in m.words]
        assert told[0].buttons[:2] == ["Open", "Reports to authorities"]
    assert not [m for m in stage.elif_.direct_messages if "field alert" in m.words]
    await stage.anna.click("Reports to authorities", told[0])
    await stage.settle()
    shown = stage.anna.direct_messages[-1]
    await stage.anna.click("Record filing", shown, near="Field alert")
    stage.anna.fill({"Filed at": stage.box.now()})
    assert await stage.anna.submit() == {}
    await to(stage, 2)
    assert not [m for m in stage.anna.direct_messages if "field alert" in m.words and "2 days ago" in m.words]


async def test_qa_are_reminded_of_the_check(stage: Stage) -> None:
    """The effectiveness check of an implemented CAPA reminds QA of the owner's company, who check it from there."""
    card = await stage.capa(stage.gita)
    assert await stage.sign(stage.elif_, "Approve plan", card) == {}
    assert await stage.press(stage.gita, "Mark implemented", card, Evidence="SOP-12 v3.") == {}
    before = len(stage.gita.direct_messages)
    await stage.box.move_clock(datetime(2027, 2, 22, 9, tzinfo=UTC))
    for _ in range(3):
        await stage.bot.timetable.beat()
        await stage.settle()
    direct = stage.finn.direct_messages[-1]
    assert "The effectiveness check of CAPA-2026-0001 is due Mon 22 Feb 2027, 17:00 Berlin, today." in direct.words
    assert len(stage.gita.direct_messages) == before
    found = {"Outcome": "Effective", "Evidence": "Four batches since."}
    await stage.device(stage.finn)
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    await stage.finn.click("Check effectiveness", direct)
    stage.finn.fill(found)
    assert await stage.finn.submit() == {}
    stage.finn.fill({"Code": stage.finn.phone.code()})
    assert await stage.finn.submit() == {}
    await stage.settle()
    assert "State: Closed · Effective" in card.words


async def test_the_digest_comes_each_working_day_once(stage: Stage) -> None:
    """At the agreed time of a working day the digest stands in the channel, once, and ends with the journal's hash."""
    await stage.log(stage.gita, Batch_or_lot="AB-1")

    def digests() -> list[str]:
        return [m.words for m in stage.gita.messages() if m.words.startswith("Daily digest")]

    await to(stage, 1, hour=6)
    assert digests() == []
    await to(stage, 1, hour=7)
    (first,) = digests()
    assert "Daily digest · Tue 1 Dec 2026" in first
    assert "Waiting for acknowledgement (1)" in first
    assert (
        "DEV-2026-0001 Filter integrity test failed · Major deviation · Open · no owner · due Fri 8 Jan 2027" in first
    )
    assert "SHA-256" in first
    await to(stage, 1, hour=12)
    await to(stage, 5)
    await to(stage, 6)
    assert len(digests()) == 1
    await to(stage, 7)
    assert len(digests()) == 2


async def test_a_digest_that_was_overslept_past_its_day_is_not_posted(stage: Stage) -> None:
    """A digest queued on one day and sent on another is left out; the other day has its own."""
    await stage.box.move_clock(stage.box.now().replace(month=12, day=1, hour=8))
    await stage.bot.timetable.beat()
    await stage.box.move_clock(stage.box.now() + timedelta(days=1))
    await stage.settle()
    assert not [m for m in stage.gita.messages() if m.words.startswith("Daily digest")]
    await stage.beat(minutes=1)
    (only,) = [m for m in stage.gita.messages() if m.words.startswith("Daily digest")]
    assert "Wed 2 Dec 2026" in only.words


async def test_nothing_is_one_line(stage: Stage) -> None:
    """A digest with nothing in it is one line, and the witness."""
    await to(stage, 1, hour=8)
    (only,) = [m for m in stage.gita.messages() if m.words.startswith("Daily digest")]
    assert "nothing is open, due or waiting" in only.words
