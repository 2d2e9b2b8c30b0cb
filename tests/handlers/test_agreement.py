"""The quality agreement in Slack: shown to everybody, changed only when QA of both companies agree."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from bot.samples import CMO, SET_UP, SPONSOR
from sandbox import Driver, Message
from storage.agreement import Agreement
from tests.stage import Stage, kept

SHORTER = {"Length": "20", "Reason": "The market asks for it."}
ROW_8 = "8 · Minor deviation: close"
WORKING_TIME = f"Working time of {CMO}"


async def shown(stage: Stage, who: Driver) -> Message:
    """Press Agreement on the front door; gives what only this person sees."""
    await who.click("Agreement", stage.gita.pins()[0])
    await stage.settle()
    return who.ephemerals[-1]


async def change(stage: Stage, who: Driver, part: str, **values: Any) -> dict[str, str]:
    """Press Change beside a part of the agreement and propose; gives the errors."""
    await who.click("Change", await shown(stage, who), near=part)
    assert who.modal is not None, who.ephemerals[-1].words
    moves = {"Move running clocks": "No"} if "Move running clocks" in who.modal.labels else {}
    who.fill(moves | {label.replace("_", " "): value for label, value in values.items()})
    refused = await who.submit()
    await stage.settle()
    return refused


def proposals(stage: Stage) -> list[Message]:
    """List the messages in the channel that show a proposed agreement, oldest first."""
    return [m for m in stage.gita.messages() if "quality agreement" in m.words.casefold() and not m.ephemeral]


def versions(stage: Stage) -> list[Agreement]:
    with stage.database.reading() as session:
        return list(session.exec(select(Agreement).order_by("id")).all())


@pytest.mark.parametrize("who", ["anna", "carla", "gita"])
async def test_everybody_sees_the_agreement(stage: Stage, who: str) -> None:
    """Terms, working times and digest of version 1, from the front door, for people with and without the app."""
    found = await shown(stage, getattr(stage, who))
    for words in (
        "Quality agreement v1",
        "The defaults, in force since 24 Nov 2026 09:00 UTC, confirmed by both companies.",
        "1 · Critical deviation: notify\n1 working day, at most 24 hours from awareness, the CMO",
        "8 · Minor deviation: close\n30 calendar days from detection, the owner",
        f"Working time of {SPONSOR}\nGermany. Closing days: none",
        f"Working time of {CMO}\nSwitzerland. Closing days: none",
        "Daily digest at 08:00 Berlin (Europe/Berlin) on Mon, Tue, Wed, Thu, Fri; the week's figures on Mon.",
        "Clocks of the authorities are the law's and not changed here.",
    ):
        assert words in found.words
    assert found.buttons.count("Change") == 23


async def test_it_is_a_command_too(stage: Stage) -> None:
    """`/quality agreement` shows the same."""
    await stage.anna.command("/quality agreement")
    assert "Quality agreement v1" in stage.anna.ephemerals[-1].words


async def test_a_term_changes_when_both_companies_agree(stage: Stage) -> None:
    """Until the other company's QA agrees everything stays; afterwards new records cite version 2, running ones 1."""
    before = await stage.log(stage.gita, Class="Minor")
    assert await change(stage, stage.anna, ROW_8, **SHORTER) == {}
    (proposal,) = proposals(stage)
    for words in (
        "A change of the quality agreement is proposed. ",
        f"Anna Berg ({SPONSOR}) agreed; QA of {CMO} has to.",
        "row 8, Minor deviation: close: 30 calendar days from detection, the owner → 20 calendar days from detection",
        "Running clocks end as they began. Reason:",
        "The market asks for it.",
    ):
        assert words in proposal.words
    assert proposal.buttons == ["Agree", "Refuse", "Withdraw"]
    meanwhile = await stage.log(stage.gita, Class="Minor")
    assert "Due: Thu 24 Dec 2026, 17:00 Berlin (30 calendar days, agreement v1)" in meanwhile.words
    seen = await shown(stage, stage.carla)
    assert "Quality agreement v1" in seen.words
    assert "A change of the quality agreement is proposed." in seen.words
    await stage.elif_.click("Agree", proposal)
    await stage.settle()
    (proposal,) = proposals(stage)
    assert "Quality agreement v2 is in force since 24 Nov 2026" in proposal.words
    assert proposal.buttons == []
    after = await stage.log(stage.gita, Class="Minor")
    assert "Due: Mon 14 Dec 2026, 17:00 Berlin (20 calendar days, agreement v2)" in after.words
    for card in (before, meanwhile):
        assert (
            "Due: Thu 24 Dec 2026, 17:00 Berlin (30 calendar days, agreement v1)" in stage.card(card.words[:13]).words
        )
    seen = await shown(stage, stage.carla)
    assert f"agreed by Anna Berg ({SPONSOR}) and Elif Kaya ({CMO})." in seen.words
    assert "20 calendar days from detection, the owner" in seen.words


async def test_running_clocks_move_where_that_was_agreed(stage: Stage) -> None:
    """With Move running clocks, Yes, cards of running records show the new due date, its version, and say so."""
    card = await stage.log(stage.gita, Class="Minor")
    other = await stage.log(stage.gita, Class="Major")
    assert await change(stage, stage.elif_, ROW_8, **SHORTER, Move_running_clocks="Yes") == {}
    assert "Running clocks move with it. Reason:" in proposals(stage)[0].words
    await stage.ben.click("Agree", proposals(stage)[0])
    await stage.settle()
    assert "Due: Mon 14 Dec 2026, 17:00 Berlin (20 calendar days, agreement v2)" in card.words
    assert "Due: Fri 8 Jan 2027, 17:00 Berlin (45 calendar days, agreement v" in other.words
    assert "QualBridge moved the close clock to 14 Dec 2026 16:00 UTC" in stage.gita.thread(card)[-1].words
    assert "moved" not in "".join(line.words for line in stage.gita.thread(other))


async def test_a_clock_never_moves_into_the_past(stage: Stage) -> None:
    """A record that would be late by a shorter term is due at the end of the next working day."""
    card = await stage.log(stage.gita, Class="Minor", Detected_at=stage.box.now().replace(day=2))
    assert await change(stage, stage.anna, ROW_8, Length="5", Reason="Faster.", Move_running_clocks="Yes") == {}
    await stage.elif_.click("Agree", proposals(stage)[0])
    await stage.settle()
    assert "Due: Wed 25 Nov 2026, 17:00 Berlin (5 calendar days, agreement v2)" in card.words


async def test_who_may_propose_and_answer(stage: Stage) -> None:
    """Members, strangers and guests change nothing and are told who may; one company does not agree twice."""
    screen = await shown(stage, stage.gita)
    with stage.nothing_changes():
        await stage.gita.click("Change", screen, near=ROW_8)
        await stage.settle()
    assert stage.gita.modal is None
    assert (
        f"Only QA may propose a change of the agreement: Anna Berg ({SPONSOR}), Ben Ortiz ({SPONSOR}), "
        f"Elif Kaya ({CMO}), Finn Larsen ({CMO})." in stage.gita.ephemerals[-1].words
    )
    assert await change(stage, stage.anna, ROW_8, **SHORTER) == {}
    (proposal,) = proposals(stage)
    for button in ("Agree", "Refuse", "Withdraw"):
        for who, says in (
            (stage.carla, "Only QA may"),
            (stage.gita, "Only QA may"),
            (stage.mira, "neither company's"),
            (stage.guest, "guest"),
        ):
            assert says in await stage.refused(who, button, proposal), (button, who.person.name)
    assert f"Anna Berg agreed for {SPONSOR} already. It waits for QA of {CMO}." in (
        await stage.refused(stage.ben, "Agree", proposal)
    )
    assert [one.version for one in versions(stage)] == [1, None]


async def test_two_who_agree_at_once_make_one_version(stage: Stage) -> None:
    """Agree pressed by two people of the same company: one version, and the second is told."""
    assert await change(stage, stage.anna, ROW_8, **SHORTER) == {}
    old = kept(proposals(stage)[0])
    await asyncio.gather(stage.elif_.click("Agree", old), stage.finn.click("Agree", old))
    await stage.settle()
    assert [one.version for one in versions(stage)] == [1, 2]
    told = [m.words for who in (stage.elif_, stage.finn) for m in who.ephemerals]
    assert [words for words in told if "This proposal is in force as version 2 already." in words]
    await stage.refused(stage.finn, "Agree", old)
    assert [one.version for one in versions(stage)] == [1, 2]


async def test_an_agreement_to_what_was_changed_meanwhile_is_refused(stage: Stage) -> None:
    """Who presses Agree on an old message agrees to nothing that they have not read."""
    assert await change(stage, stage.anna, ROW_8, **SHORTER) == {}
    old = kept(proposals(stage)[0])
    assert await change(stage, stage.ben, ROW_8, Length="10", Reason="Better still.") == {}
    says = await stage.refused(stage.elif_, "Agree", old)
    assert "The proposal was changed meanwhile. Read it as it is now, then answer." in says
    (proposal,) = proposals(stage)
    assert "→ 10 calendar days from detection" in proposal.words
    await stage.elif_.click("Agree", proposal)
    await stage.settle()
    assert "Quality agreement v2 is in force" in proposals(stage)[0].words


async def test_an_amendment_of_the_other_company_needs_the_first_again(stage: Stage) -> None:
    """Who changes what the other company proposed agrees for their own; the other has to agree to the whole."""
    assert await change(stage, stage.anna, ROW_8, **SHORTER) == {}
    assert await change(stage, stage.elif_, "4 · Deviation: acknowledge", Length="2", Reason="And this.") == {}
    (proposal,) = proposals(stage)
    assert f"Elif Kaya ({CMO}) agreed; QA of {SPONSOR} has to." in proposal.words
    assert "row 8, " in proposal.words
    assert "row 4, " in proposal.words
    await stage.ben.click("Agree", proposal)
    await stage.settle()
    assert [one.version for one in versions(stage)] == [1, 2]


@pytest.mark.parametrize(("who", "button", "says"), [("elif_", "Refuse", CMO), ("ben", "Withdraw", SPONSOR)])
async def test_a_proposal_is_refused_or_withdrawn(stage: Stage, who: str, button: str, says: str) -> None:
    """Refused by the other company or withdrawn by the own one, it says by whom, and the agreement stays."""
    assert await change(stage, stage.anna, ROW_8, **SHORTER) == {}
    old = kept(proposals(stage)[0])
    await getattr(stage, who).click(button, proposals(stage)[0])
    await stage.settle()
    (proposal,) = proposals(stage)
    assert "The proposed change of the quality agreement was dropped by " in proposal.words
    assert f"({says}): it stays as it was." in proposal.words
    assert proposal.buttons == []
    assert "refused or withdrawn already" in await stage.refused(stage.finn, "Agree", old)
    assert "Quality agreement v1" in (await shown(stage, stage.carla)).words


async def test_a_version_that_came_meanwhile_is_said(stage: Stage) -> None:
    """Who filled the form in while another version came into force looks at that one first."""
    await stage.anna.click("Change", await shown(stage, stage.anna), near="4 · ")
    assert await change(stage, stage.ben, ROW_8, **SHORTER) == {}
    await stage.elif_.click("Agree", proposals(stage)[0])
    await stage.settle()
    stage.anna.fill({"Length": "3", "Reason": "Slower.", "Move running clocks": "No"})
    assert "Version 2 came into force meanwhile." in str(await stage.anna.submit())


@pytest.mark.parametrize(
    ("values", "label", "says"),
    [
        ({"Length": "0"}, "Length", "Give a number from 1 to 1000."),
        ({"Length": "many"}, "Length", "number"),
        ({"Length": "30"}, "Reason", "Nothing is changed here."),
        ({"Length": "5", "At most, hours": "9999"}, "At most, hours", "Give a number from 1 to 1000."),
    ],
)
async def test_a_wrong_term_is_refused_at_its_field(stage: Stage, values: Any, label: str, says: str) -> None:
    """What is no length is said where it stands, and nothing is proposed."""
    refused = await change(stage, stage.anna, ROW_8, **({"Reason": "Why not."} | values))
    assert says in refused[label]
    assert proposals(stage) == []


async def test_closing_days_of_a_company_are_agreed(stage: Stage) -> None:
    """Ranges and days become closing days, shown as ranges; due dates in working days step over them."""
    days = "2026-12-24 to 2027-01-01, 2026-11-25\n2026-11-26"
    refused = await change(stage, stage.elif_, WORKING_TIME, Region="zh", Closing_days=days, Reason="Shutdown.")
    assert refused == {}
    (proposal,) = proposals(stage)
    assert "CMO closing days: none → 2026-11-25 to 2026-11-26, 2026-12-24 to 2027-01-01" in proposal.words
    assert "CMO region: none → ZH" in proposal.words
    await stage.anna.click("Agree", proposal)
    await stage.settle()
    assert "Switzerland, ZH. Closing days: 2026-11-25 to 2026-11-26, " in (await shown(stage, stage.carla)).words
    card = await stage.log(stage.gita)
    assert "acknowledges by Fri 27 Nov 2026, 17:00 Berlin." in card.words


@pytest.mark.parametrize(
    ("values", "label", "says"),
    [
        ({"Region": "XX"}, "Region", "CH has no region XX with holidays of its own. Known: "),
        ({"Closing days": "Christmas"}, "Closing days", "“Christmas” is no day. Give days such as 2026-12-24."),
        ({"Closing days": "2027-01-01 to 2026-12-24"}, "Closing days", "Give the earlier day first."),
        ({"Closing days": "2026-01-01 to 2027-01-01"}, "Closing days", "is no range of days"),
        ({"Closing days": "*<!channel>*"}, "Closing days", "“*<!channel>*” is no day."),
    ],
)
async def test_wrong_working_time_is_refused_at_its_field(stage: Stage, values: Any, label: str, says: str) -> None:
    """A region that the country lacks and what is no day are said where they stand."""
    refused = await change(stage, stage.elif_, WORKING_TIME, **({"Reason": "Why not."} | values))
    assert says in refused[label]
    assert proposals(stage) == []


async def test_a_company_moves_to_another_country(stage: Stage) -> None:
    """With another country its holidays count: the day after Thanksgiving's eve is a holiday in the US."""
    values = {"Country": "United States (US)", "Reason": "We moved."}
    assert await change(stage, stage.anna, f"Working time of {SPONSOR}", **values) == {}
    assert "sponsor country: DE → US" in proposals(stage)[0].words
    await stage.elif_.click("Agree", proposals(stage)[0])
    await stage.settle()
    await stage.beat(days=1)
    card = await stage.log(stage.gita)  # on Wednesday; Thursday 26 November is Thanksgiving
    assert "acknowledges by Fri 27 Nov 2026, 17:00 Berlin." in card.words


async def test_digest_days_and_time_are_agreed(stage: Stage) -> None:
    """Another time and other days: the next digest comes then, and on no other day."""
    values = {"Daily digest at": "10:30", "Digest days": "wed, fri", "Week's figures on": "Never", "Reason": "Enough."}
    assert await change(stage, stage.anna, "Digest and time zone", **values) == {}
    words = proposals(stage)[0].words
    for change_ in ("digest at: 08:00 → 10:30", "digest days: Mon Tue Wed Thu Fri → Wed Fri", "figures on: Mon → none"):
        assert change_ in words
    await stage.elif_.click("Agree", proposals(stage)[0])
    await stage.settle()

    def digests() -> int:
        return len([m for m in stage.gita.messages() if m.words.startswith("Daily digest")])

    for at, number in (((25, 9, 0), 0), ((25, 9, 31), 1), ((26, 12, 0), 1), ((27, 9, 31), 2)):
        day, hour, minute = at
        await stage.box.move_clock(stage.box.now().replace(day=day, hour=hour, minute=minute))
        await stage.beat(seconds=1)
        assert digests() == number, at


@pytest.mark.parametrize("days", ["Someday", "Mon-Fri", "mon;tue", "Sunshine Money"])
async def test_days_of_no_week_are_refused(stage: Stage, days: str) -> None:
    """Digest days are days of the week; what begins like one is none."""
    refused = await change(stage, stage.anna, "Digest and time zone", Digest_days=days, Reason="Why not.")
    assert refused == {"Digest days": "Give days of the week, parted by blanks or commas, such as Mon Tue Wed Thu Fri."}


async def test_the_time_zone_is_found_by_its_name(stage: Stage) -> None:
    """Another time zone is searched for, agreed to, and due dates end in it."""
    values = {"Time zone": "America/New_York", "Reason": "We moved."}
    assert await change(stage, stage.anna, "Digest and time zone", **values) == {}
    await stage.elif_.click("Agree", proposals(stage)[0])
    await stage.settle()
    card = await stage.log(stage.gita, Class="Minor")
    assert "17:00 New York (30 calendar days, agreement v2)" in card.words


async def test_what_is_typed_is_data(stage: Stage) -> None:
    """Markup in a reason pings nobody and is shown as it was typed."""
    reason = "<!channel> *now* <https://example.com|here> & `so` :tada:"
    assert await change(stage, stage.anna, ROW_8, Length="20", Reason=reason) == {}
    assert reason in proposals(stage)[0].words
    for call in stage.box.calls:
        assert "<!channel>" not in (call.arguments.get("text") or "")


async def test_a_company_that_has_not_confirmed_proposes_nothing(empty_stage: Stage) -> None:
    """Its QA is told to confirm first; the screen says who has still to."""
    stage = empty_stage
    await stage.anna.command("/quality setup")
    await stage.settle()
    stage.anna.fill(SET_UP)
    assert await stage.anna.submit() == {}
    await stage.settle()
    screen = await shown(stage, stage.elif_)
    assert f"{CMO} has still to confirm it." in screen.words
    await stage.elif_.click("Change", screen, near=ROW_8)
    await stage.settle()
    assert f"{CMO} has not confirmed this partnership yet" in stage.elif_.ephemerals[-1].words
