"""A record's clocks on the screen: rules, whose they are, who is reminded next, and each company's time."""

from datetime import UTC, date, datetime, timedelta

from bot.samples import CMO, SPONSOR
from sandbox import Driver, Message
from tests.stage import GITA, Stage


async def clocks(stage: Stage, who: Driver, card: Message) -> str:
    """Press Clocks on a card; gives what only this person sees."""
    await stage.press(who, "Clocks", card)
    return who.ephemerals[-1].words


async def test_each_clock_says_its_rule_and_whose_it_is(stage: Stage) -> None:
    """Name, state, due time, rule with version and row, whose, and the steps to come with their people."""
    card = await stage.owned(Class="Minor")
    told = await clocks(stage, stage.carla, card)
    for words in (
        "Clocks of DEV-2026-0001",
        "Close: running, due Thu 24 Dec 2026, 17:00 Berlin",
        "Rule: 30 calendar days from detection (agreement v1, row 8)",
        "Whose: the owner",
        f"next: Thu 17 Dec 08:00, Gita Rao ({CMO})",
        f"then: Mon 21 Dec 08:00, Gita Rao ({CMO})",
        "Acknowledge: running, due Wed 25 Nov 2026, 17:00 Berlin",
        "Rule: 1 working day from logging (agreement v1, row 4)",
        "Whose: the other company",
        f"next: Wed 25 Nov 08:00, Anna Berg ({SPONSOR}), Ben Ortiz ({SPONSOR})",
        "(1 day late), Anna Berg",
        "(4 days late), both companies' QA\n",
        "(8 days late), both companies' QA and heads of quality",
    ):
        assert words in told, words


async def test_it_is_a_command_too(stage: Stage) -> None:
    """`/quality clocks <record>` shows the same; without a record, or with one that is none, it says what to type."""
    await stage.owned(Class="Minor")
    await stage.anna.command("/quality clocks dev-2026-0001")
    assert "(agreement v1, row 8)" in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality clocks")
    assert "Say which record: /quality clocks DEV-2026-0001." in stage.anna.ephemerals[-1].words.replace("`", "")
    await stage.anna.command("/quality clocks DEV-2026-0009")
    assert "There is no record" in stage.anna.ephemerals[-1].words


async def test_a_clock_that_ended_says_so(stage: Stage) -> None:
    """A met clock and a missed one stand below those that run, with when they ended and no step to come."""
    card = await stage.owned(Class="Minor")
    await stage.press(stage.anna, "Acknowledge", card)
    told = await clocks(stage, stage.gita, card)
    assert told.index("Close: running") < told.index("Acknowledge: met, due Wed 25 Nov 2026, 17:00 Berlin")
    assert "Ended: 24 Nov 2026 09:00 UTC" in told.partition("Acknowledge: met")[2]
    late = await stage.owned(Class="Minor")
    await stage.box.move_clock(stage.box.now() + timedelta(days=3))
    await stage.press(stage.anna, "Acknowledge", late)
    assert "Acknowledge: missed" in await clocks(stage, stage.gita, late)


async def test_an_extended_clock_says_from_when(stage: Stage) -> None:
    """An extension stands there with the due date before it."""
    card = await stage.owned(Class="Minor")
    given = {"New due date": date(2027, 1, 22), "Justification": "The laboratory is late."}
    assert await stage.press(stage.gita, "Extend due date", card, **given) == {}
    await stage.press(stage.anna, "Grant", card)
    told = await clocks(stage, stage.gita, card)
    assert "Close: running, extended, due Fri 22 Jan 2027, 17:00 Berlin" in told
    assert "Extended: from Thu 24 Dec 2026, 17:00 Berlin" in told


async def test_without_an_owner_nobody_is_hidden(stage: Stage) -> None:
    """While nobody owns it, QA of the company that logged it is named."""
    card = await stage.log(stage.gita, Class="Minor")
    assert f"next: Thu 17 Dec 08:00, Elif Kaya ({CMO}), Finn Larsen ({CMO})" in (await clocks(stage, stage.gita, card))


async def test_both_companies_time_is_counted(stage: Stage) -> None:
    """Clocks and History say how long each company has had it, and whose turn it is; waiting for consent is theirs."""
    card = await stage.owned(Class="Minor")
    await stage.box.move_clock(stage.box.now() + timedelta(days=2, hours=3))
    fair = f"Time counted to each company: {SPONSOR} 0 minutes, {CMO} 2 days 3 hours. It is {CMO}'s turn."
    assert fair in await clocks(stage, stage.gita, card)
    await stage.press(stage.anna, "Acknowledge", card)
    assert await stage.press(stage.elif_, "Void", card, Reason="Logged twice.") == {}
    await stage.box.move_clock(stage.box.now() + timedelta(hours=5))
    await stage.press(stage.gita, "History", card)
    fair = f"Time counted to each company: {SPONSOR} 5 hours, {CMO} 2 days 3 hours. It is {SPONSOR}'s turn."
    assert fair in stage.gita.ephemerals[-1].words
    await stage.press(stage.anna, "Agree", card)
    await stage.box.move_clock(stage.box.now() + timedelta(days=5))
    fair = f"Time counted to each company: {SPONSOR} 5 hours, {CMO} 2 days 3 hours."
    told = await clocks(stage, stage.gita, card)
    assert fair in told
    assert "turn" not in told


async def test_the_time_that_a_clock_stood_still_is_nobodys(stage: Stage) -> None:
    """While the clock is stopped neither company's time counts, and the view says how long it stood."""
    card = await stage.owned(owner=GITA, Class="Minor")
    given = {"Stopped until": date(2026, 12, 4), "Reason": "The laboratory is closed."}
    assert await stage.press(stage.gita, "Stop clock", card, **given) == {}
    await stage.press(stage.anna, "Agree", card)
    told = await clocks(stage, stage.gita, card)
    assert "Close: stopped, due Thu 24 Dec 2026, 17:00 Berlin" in told
    assert "Stopped: until Fri 4 Dec 2026, when it goes on by itself" in told
    await stage.box.move_clock(datetime(2026, 11, 27, 12, 30, tzinfo=UTC))
    assert f"{SPONSOR} 0 minutes, {CMO} 0 minutes, clock stopped 3 days 3 hours." in await clocks(
        stage, stage.gita, card
    )


async def test_strangers_see_no_clocks(stage: Stage) -> None:
    """A person of neither company is told whose records these are."""
    card = await stage.log(stage.gita)
    assert "neither company's" in await stage.refused(stage.mira, "Clocks", card)
