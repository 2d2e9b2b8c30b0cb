"""Reports to authorities: the questions in the thread and by direct message, and who answers them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import Driver, Message
from storage import person
from storage.person import Role
from tests.stage import HUGO, Stage, kept

TITLES = ("Field alert", "Biological product deviation", "EU quality defect")
ONLY_SPONSOR = (
    "Reports to authorities are the sponsor's: only QA of Aurora Therapeutics (example) may answer for the field alert."
)


async def failure(stage: Stage, **values: object) -> Message:
    """Log an OOS result of a distributed batch."""
    return await stage.log(stage.hugo, "Log OOS result", **({"Batch_distributed": "Yes"} | values))


def question(stage: Stage, card: Message, title: str = "Field alert") -> Message:
    """Give the question about a report in the thread of a record."""
    return next(message for message in stage.gita.thread(card) if message.words.startswith(title))


async def fill_in(stage: Stage, who: Driver, button: str, on: Message, **values: object) -> dict[str, str]:
    """Press a button of a question, fill in what opens and submit it; gives the errors."""
    await who.click(button, on)
    who.fill({label.replace("_", " "): value for label, value in values.items()})
    refused = await who.submit()
    await stage.settle()
    return refused


async def test_a_failure_of_a_distributed_batch_asks_the_sponsor(stage: Stage) -> None:
    """Three questions stand in the thread with their clocks, and come to each of the sponsor's QA in one message."""
    card = await failure(stage)
    for title, due in zip(TITLES, ("Mon 30 Nov 2026", "Fri 8 Jan 2027", "Wed 25 Nov 2026"), strict=True):
        asked = question(stage, card, title)
        assert asked.buttons == ["Needed", "Not needed", "Unknown", "Record filing"]
        assert f"until then its clock runs: due {due}, 17:00 Berlin." in asked.words
        assert f"{title}: not answered yet, due {due}, 17:00 Berlin" in card.words
    for who in (stage.anna, stage.ben):
        direct = who.direct_messages[-1]
        assert all(title in direct.words for title in TITLES)
        assert direct.buttons.count("Needed") == 3
    for who in (stage.carla, stage.elif_, stage.finn):
        assert not [message for message in who.direct_messages if "Field alert" in message.words]


@pytest.mark.parametrize(
    "values", [{"Batch_distributed": "No"}, {"Batch_distributed": "Unknown"}, {"Kind": "OOT", "Result": "98.0"}]
)
async def test_what_is_no_failure_in_the_field_asks_nothing(stage: Stage, values: dict[str, str]) -> None:
    """A batch that is not distributed, or not known to be, and a result out of trend set off no clock."""
    card = await failure(stage, **values)
    assert stage.gita.thread(card) == []
    assert "Reports to authorities" not in card.buttons


async def test_what_becomes_known_later_starts_the_clocks(stage: Stage) -> None:
    """Raised to major, a deviation of a distributed batch asks; the clock runs from the first notice all the same."""
    card = await stage.log(stage.gita, Class="Minor", Batch_distributed="Yes")
    assert "Reports to authorities" not in card.buttons
    await stage.box.move_clock(stage.box.now() + timedelta(days=1))
    assert await stage.press(stage.elif_, "Reclassify", card, Class="Major", Reason="It came back.") == {}
    assert "Field alert: not answered yet, due Mon 30 Nov 2026, 17:00 Berlin" in card.words
    assert question(stage, card).buttons


async def test_needed_and_filed(stage: Stage) -> None:
    """Needed keeps the clock running, the filing stops it; question, card and thread follow each answer."""
    card = await failure(stage)
    asked = question(stage, card)
    await stage.anna.click("Needed", asked)
    await stage.settle()
    assert "Needed, says Anna Berg (Aurora Therapeutics (example)): due Mon 30 Nov 2026, 17:00 Berlin." in asked.words
    assert asked.buttons == ["Not needed", "Unknown", "Record filing"]
    assert "Field alert: needed, due Mon 30 Nov 2026, 17:00 Berlin" in card.words
    assert "said about the field alert: Needed" in stage.gita.thread(card)[-1].words
    await stage.box.move_clock(stage.box.now() + timedelta(days=1))
    await stage.ben.click("Record filing", asked)
    modal = stage.ben.modal
    assert modal is not None
    assert (modal.title, modal.labels) == ("Record filing", ["Filed at"])
    assert "Field alert for OOS-2026-0001" in modal.words
    stage.ben.fill({"Filed at": datetime(2026, 11, 25, 8, 30, tzinfo=UTC)})
    assert await stage.ben.submit() == {}
    await stage.settle()
    assert "Filed 25 Nov 2026 08:30 UTC, recorded by Ben Ortiz (Aurora Therapeutics (example))." in asked.words
    assert asked.buttons == []
    assert "Field alert: filed 25 Nov 2026 08:30 UTC" in card.words
    assert "recorded the filing of the field alert at 25 Nov 2026 08:30 UTC" in stage.gita.thread(card)[-1].words
    await stage.beat(days=7)
    assert not [message for message in stage.anna.direct_messages if "The field alert report" in message.words]
    assert [message for message in stage.anna.direct_messages if "The EU quality defect report" in message.words]


async def test_not_needed_takes_a_reason(stage: Stage) -> None:
    """Not needed asks why, stops the clock, and can be changed; blanks are no reason."""
    card = await failure(stage)
    asked = question(stage, card)
    await stage.anna.click("Not needed", asked)
    modal = stage.anna.modal
    assert modal is not None
    assert (modal.title, modal.labels) == ("Not needed", ["Reason"])
    for reason, says in ((" \u200b\n", "Reason is needed."), ("x" * 3001, "3000 is the most")):
        stage.anna.fill({"Reason": reason})
        with stage.nothing_changes():
            assert says in (await stage.anna.submit(client_checks=False))["Reason"]
    stage.anna.fill({"Reason": "Not <!channel> marketed in the *US*."})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "Not needed, says Anna Berg (Aurora Therapeutics (example))." in asked.words
    assert "Not <!channel> marketed in the *US*." in asked.words
    assert "Field alert: not needed" in card.words
    assert asked.buttons == ["Needed", "Unknown", "Record filing"]
    await stage.ben.click("Needed", asked)
    await stage.settle()
    assert "Field alert: needed, due Mon 30 Nov 2026, 17:00 Berlin" in card.words


async def test_unknown_counts_as_running(stage: Stage) -> None:
    """Unknown is an answer that leaves the clock running."""
    card = await failure(stage)
    await stage.anna.click("Unknown", question(stage, card))
    await stage.settle()
    assert "Field alert: unknown, due Mon 30 Nov 2026, 17:00 Berlin" in card.words
    await stage.beat(days=7)
    assert "Field alert: unknown, due Mon 30 Nov 2026, 17:00 Berlin · late" in (await _whole(stage))


async def _whole(stage: Stage) -> str:
    await stage.anna.command("/oos OOS-2026-0001")
    return stage.anna.ephemerals[-1].words


@pytest.mark.parametrize("button", ["Needed", "Not needed", "Unknown", "Record filing"])
async def test_only_the_sponsors_qa_answers(stage: Stage, button: str) -> None:
    """The CMO's QA and members, the sponsor's members, viewers, strangers and guests are told whose answer it is."""
    card = await failure(stage)
    asked = question(stage, card)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0DAN")[0].roles = [Role.VIEWER]
    for who, says in (
        (stage.elif_, ONLY_SPONSOR),
        (stage.gita, ONLY_SPONSOR),
        (stage.carla, "Only QA may answer for the field alert: Anna Berg (Aurora Therapeutics (example)), Ben Ortiz"),
        (stage.dan, "Only QA may answer for the field alert: Anna Berg (Aurora Therapeutics (example)), Ben Ortiz"),
        (stage.mira, "neither company's"),
        (stage.guest, "You are a guest here"),
    ):
        assert says in await stage.refused(who, button, asked)
    assert "not answered yet" in card.words


async def test_who_lost_the_role_meanwhile_files_nothing(stage: Stage) -> None:
    """A form opened by QA and submitted after they are not QA any more, or removed, is refused."""
    card = await failure(stage)
    asked = question(stage, card)
    await stage.anna.click("Not needed", asked)
    await stage.ben.click("Record filing", asked)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0ANNA")[0].roles = [Role.MEMBER]
        person.list_of_user(session, "U0BEN")[0].active = False
    stage.anna.fill({"Reason": "x"})
    with stage.nothing_changes():
        assert "Only QA may answer for the field alert" in (await stage.anna.submit())["Reason"]
        assert "no longer on the roster" in (await stage.ben.submit())["Filed at"]


async def test_the_copies_by_direct_message_act(stage: Stage) -> None:
    """A button in the direct message answers, what was clicked shows the answer, and the thread changes."""
    card = await failure(stage)
    direct = stage.anna.direct_messages[-1]
    await stage.anna.click("Needed", direct, near="EU quality defect")
    await stage.settle()
    assert "EU quality defect: needed" in card.words
    assert "Needed, says Anna Berg" in question(stage, card, "EU quality defect").words
    assert "Needed, says Anna Berg" in stage.anna.direct_messages[-1].words
    await stage.anna.click("Not needed", direct, near="Biological")
    stage.anna.fill({"Reason": "No biologic."})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "Biological product deviation: not needed" in card.words


async def test_the_questions_come_from_the_card_as_well(stage: Stage) -> None:
    """Reports to authorities on the card shows all questions to the person alone, and its buttons redraw it."""
    card = await failure(stage)
    await stage.anna.click("Reports to authorities", card)
    await stage.settle()
    shown = stage.anna.ephemerals[-1]
    assert "Reports to authorities about OOS-2026-0001" in shown.words
    await stage.anna.click("Unknown", shown, near="Field alert")
    await stage.settle()
    assert stage.anna.ephemerals[-1].ts == shown.ts
    assert "Unknown, says Anna Berg (Aurora Therapeutics (example)): due Mon 30 Nov 2026" in shown.words
    await stage.gita.click("Reports to authorities", card)
    await stage.settle()
    assert "Unknown, says Anna Berg" in stage.gita.ephemerals[-1].words


async def test_of_two_answers_at_once_one_counts(stage: Stage) -> None:
    """Two QA answer differently at the same moment: one counts, the other is told who answered what and when."""
    card = await failure(stage)
    asked = kept(question(stage, card))
    await asyncio.gather(stage.anna.click("Needed", asked), stage.ben.click("Unknown", asked))
    await stage.settle()
    assert stage.events().count("oos.report_answered") == 1
    first = "Anna Berg" if "needed, due" in card.words else "Ben Ortiz"
    late = stage.ben if first == "Anna Berg" else stage.anna
    assert f"{first} answered meanwhile: " in late.ephemerals[-1].words
    assert "on 24 Nov 2026 09:00 UTC" in late.ephemerals[-1].words
    assert "State: Phase I" in late.ephemerals[-1].words


async def test_a_late_form_shows_what_was_answered(stage: Stage) -> None:
    """Not needed, submitted after a colleague filed, changes nothing and says who filed and when."""
    card = await failure(stage)
    asked = question(stage, card)
    old = kept(asked)
    await stage.anna.click("Not needed", asked)
    stage.anna.fill({"Reason": "Not marketed."})
    assert await fill_in(stage, stage.ben, "Record filing", asked, Filed_at=datetime(2026, 11, 24, 9, tzinfo=UTC)) == {}
    with stage.nothing_changes():
        assert await stage.anna.submit() == {}
        await stage.settle()
    assert stage.anna.modal is not None
    says = "Ben Ortiz recorded the filing of the field alert already: 24 Nov 2026 09:00 UTC."
    assert says in stage.anna.modal.words
    await stage.anna.close_modal()
    for button in ("Needed", "Not needed", "Unknown", "Record filing"):
        assert says in await stage.refused(stage.anna, button, old)


@pytest.mark.parametrize(
    ("filed_at", "says"),
    [
        (datetime(2026, 11, 24, 12, tzinfo=UTC), "This lies in the future."),
        (datetime(2026, 11, 20, 12, tzinfo=UTC), "This is before the record's own event."),
        (datetime(1999, 1, 1, tzinfo=UTC), "This is before the record's own event."),
    ],
)
async def test_a_filing_lies_between_the_event_and_now(stage: Stage, filed_at: datetime, says: str) -> None:
    """A filing to come, or before the failure, is refused at its field."""
    card = await failure(stage)
    await stage.anna.click("Record filing", question(stage, card))
    stage.anna.fill({"Filed at": filed_at})
    with stage.nothing_changes():
        assert says in (await stage.anna.submit())["Filed at"]


async def test_a_record_with_open_questions_is_not_voided(stage: Stage) -> None:
    """While a report is open the record is not voided; once all are settled it is."""
    card = await failure(stage)
    says = await stage.refused(stage.elif_, "Void", card)
    assert "A report to an authority about OOS-2026-0001 is still open." in says
    for title in TITLES:
        given = {"Reason": "Another product."}
        assert await fill_in(stage, stage.anna, "Not needed", question(stage, card, title), **given) == {}
    await stage.void(stage.elif_, card)
    assert "State: Void" in card.words


async def test_a_forged_report_is_answered(stage: Stage) -> None:
    """A button that names a report which does not exist is answered, and nothing is changed."""
    card = await failure(stage)
    asked = question(stage, card)
    forged = kept(asked)
    for name in ("close", "frog", "", None):
        elements = [
            {**element, "value": f'{{"p":1,"r":1,"v":1,"n":{"null" if name is None else chr(34) + name + chr(34)}}}'}
            for block in asked.blocks
            if block["type"] == "actions"
            for element in block["elements"]
        ]
        forged.blocks = [{"type": "actions", "block_id": "forged", "elements": elements}]
        for button in ("Needed", "Not needed", "Record filing"):
            assert "QualBridge does not know this any more" in await stage.refused(stage.anna, button, forged)


async def test_batch_distributed_is_said_on_the_card_at_any_time(stage: Stage) -> None:
    """A button of every open state opens a form with what is known; Yes asks the sponsor at once."""
    card = await stage.log(stage.gita)
    await stage.carla.click("Batch distributed", card)
    assert stage.carla.modal is not None
    assert stage.carla.modal.body["title"]["text"] == "Batch distributed"
    assert [block["label"]["text"] for block in stage.carla.modal.body["blocks"]] == ["Batch distributed", "Reason"]
    stage.carla.fill({"Batch distributed": "Yes", "Reason": "Shipped in October."})
    assert await stage.carla.submit() == {}
    await stage.settle()
    assert "Batch distributed: Yes" in card.words
    assert "Reports to authorities" in card.buttons
    assert "said whether the batch is distributed: Yes" in stage.gita.thread(card)[0].words


async def test_the_phase_1_form_asks_whether_the_batch_is_distributed(stage: Stage) -> None:
    """Filled with what is known."""
    card = await stage.log(stage.hugo, "Log OOS result", Batch_distributed="No")
    assert await stage.press(stage.elif_, "Assign owner", card, Owner=HUGO) == {}
    await stage.press(stage.hugo, "Phase I result", card)
    assert stage.hugo.modal is not None
    field = next(block for block in stage.hugo.modal.body["blocks"] if block["block_id"] == "distributed")
    assert field["element"]["initial_option"]["value"] == "No"
