"""Logging CAPAs."""

from datetime import date, timedelta

import pytest

from bot.samples import SPONSOR
from sandbox import Message
from tests.stage import DEVIATION, FINN, HUGO, Stage, kept

LABELS = [
    "Title",
    "Problem",
    "Action type",
    "Source records",
    "Owner",
    "Due date",
    "Action plan",
    "Effectiveness criterion",
]
CAPA = {"Title": "Pressure hold", "Problem": "Nicked gasket", "Owner": FINN, "Action plan": "Add a step; train."}


async def test_a_capa_is_logged_for_a_record(stage: Stage) -> None:
    """`/capa for <record>` fills the source in; the CAPA names its owner, and both records name each other."""
    await stage.log(stage.gita)
    await stage.anna.command("/capa for dev-2026-0001")
    modal = stage.anna.modal
    assert modal is not None
    assert (modal.title, modal.labels) == ("New CAPA", LABELS)
    stage.anna.fill(CAPA | {"Due date": date(2027, 1, 15)})
    assert await stage.anna.submit() == {}
    await stage.settle()
    card = stage.card("CAPA-2026-0001")
    for words in ("Owner: Finn Larsen", "Due: Fri 15 Jan 2027, 17:00 Berlin", "Links: DEV-2026-0001 (Open)"):
        assert words in card.words
    assert card.buttons == [
        *("Accept", "Reassign", "Approve plan"),
        *("Change plan", "Extend due date", "Comment", "History", "Export", "Void"),
        *("Stop clock", "Link record", "Add evidence", "QMS number", "Private notes", "Clocks"),
    ]
    assert "Links: CAPA-2026-0001 (Planned)" in stage.card("DEV-2026-0001").words
    assert "linked it with CAPA-2026-0001" in stage.anna.thread(stage.card("DEV-2026-0001"))[-1].words
    assert "You own CAPA-2026-0001 now" in stage.finn.direct_messages[-1].words


async def test_add_capa_starts_from_the_card(stage: Stage) -> None:
    """A person without the app presses Add CAPA; the source is filled in."""
    card = await stage.log(stage.gita)
    await stage.gita.click("Add CAPA", card)
    stage.gita.fill(CAPA)
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert "Links: DEV-2026-0001 (Open)" in stage.card("CAPA-2026-0001").words


@pytest.mark.parametrize(
    ("changes", "label", "says"),
    [
        ({"Due date": date(2026, 11, 23)}, "Due date", "This day is past"),
        ({"Source records": "DEV-2026-0099"}, "Source records", "no record DEV-2026-0099"),
        ({"Source records": "' OR 1=1 --"}, "Source records", "no record"),
    ],
)
async def test_bad_capas_are_refused_at_their_field(
    stage: Stage, changes: dict[str, object], label: str, says: str
) -> None:
    """A due date in the past or an unknown source is told at its field."""
    await stage.finn.click("New CAPA")
    stage.finn.fill(CAPA | changes)
    errors = await stage.finn.submit()
    assert list(errors) == [label]
    assert says in errors[label]


async def test_both_companies_people_can_own(stage: Stage) -> None:
    """The owner is chosen from both companies' people; strangers and guests are not offered."""
    await stage.finn.click("New CAPA")
    assert stage.finn.modal is not None
    owner = next(block for block in stage.finn.modal.blocks if block["block_id"] == "owner")
    offered = [option["text"]["text"] for option in owner["element"]["options"]]
    assert f"Anna Berg · {SPONSOR}" in offered
    assert FINN in offered
    assert not [name for name in offered if name.startswith(("Mira", "Gus"))]


@pytest.mark.parametrize("text", ["for", "for nothing", "for DEV-2026-0099", "whatever"])
async def test_words_it_does_not_know_are_answered(stage: Stage, text: str) -> None:
    """`/capa` with an unknown word or record says what to do and opens nothing."""
    await stage.anna.command(f"/capa {text}")
    assert stage.anna.modal is None
    words = stage.anna.ephemerals[-1].words
    assert "/capa for" in words or "There is no record DEV-2026-0099" in words


async def test_a_capa_is_not_born_late(stage: Stage) -> None:
    """Today is no due date any more once the working day is over."""
    await stage.box.move_clock(stage.box.now().replace(hour=18))
    await stage.finn.click("New CAPA")
    stage.finn.fill(CAPA | {"Due date": date(2026, 11, 24)})
    assert await stage.finn.submit() == {"Due date": "This day's working hours are over. Give a later day."}


async def test_an_owner_that_nobody_offered_is_refused(stage: Stage) -> None:
    """A value that is no person of the list is told at its field."""
    await stage.finn.click("New CAPA")
    stage.finn.fill(CAPA)
    assert stage.finn.modal is not None
    chosen = stage.finn.modal.state["owner"]["value"]["selected_option"]
    stage.finn.modal.state["owner"]["value"]["selected_option"] = chosen | {"value": "frog"}
    errors = await stage.finn.submit(client_checks=False)
    assert errors == {"Owner": "Choose a person of the list."}


async def in_progress(stage: Stage, **values: object) -> Message:
    """Log a CAPA of Gita's for no record and have its plan approved."""
    card = await stage.capa(stage.gita, **values)
    assert await stage.sign(stage.elif_, "Approve plan", card) == {}
    return card


async def implemented(stage: Stage) -> Message:
    """Bring a CAPA of Gita's to the day of its check."""
    card = await in_progress(stage)
    assert await stage.press(stage.gita, "Mark implemented", card, Evidence="SOP-12 v3 is effective.") == {}
    await stage.box.move_clock(stage.box.now() + timedelta(days=90))
    return card


async def test_the_life_of_a_capa_found_not_effective(stage: Stage) -> None:
    """Accepted, its plan signed by both companies, implemented, checked, not effective: a new one follows it."""
    source = await stage.log(stage.gita)
    card = await stage.capa(stage.gita, source, Due_date=date(2026, 12, 18), Effectiveness_criterion="None in 90 days.")
    assert (
        "Next: Gita Rao (Borealis Manufacturing (example)) accepts it by Thu 26 Nov 2026, 17:00 Berlin. "
        "QA of both companies approve the plan by signature."
    ) in card.words
    await stage.press(stage.gita, "Accept", card)
    assert "Accepted: Gita Rao (Borealis Manufacturing (example)), 24 Nov 2026 09:00 UTC" in card.words
    assert "Accept" not in card.buttons
    says = await stage.refused(stage.gita, "Mark implemented", _as_if(card, "implement", "Mark implemented"))
    assert "CAPA-2026-0001 is Planned: Gita Rao (Borealis Manufacturing (example)) accepted it" in says
    assert await stage.sign(stage.finn, "Approve plan", card) == {}
    assert "State: Planned" in card.words
    assert "Anna Berg or Ben Ortiz (Aurora Therapeutics (example)) approves the plan by signature." in card.words
    assert "Anna Berg (Aurora" in await stage.refused(stage.elif_, "Approve plan", card)
    assert await stage.sign(stage.anna, "Approve plan", card) == {}
    assert "State: In progress" in card.words
    assert "carries it out and marks it implemented." in card.words
    assert "is for the owner: Gita Rao" in await stage.refused(stage.finn, "Mark implemented", card)
    done = {"Evidence": "SOP-12 v3 is effective.", "Implemented on": date(2026, 11, 24)}
    assert await stage.press(stage.gita, "Mark implemented", card, **done) == {}
    assert "Next: QA of either company checks its effectiveness from Mon 22 Feb 2027 on." in card.words
    assert "Due: Mon 22 Feb 2027, 17:00 Berlin (90 calendar days, agreement v1)" in card.words
    says = await stage.refused(stage.elif_, "Check effectiveness", card)
    assert "can be checked from Mon 22 Feb 2027 on: before, it shows nothing." in says
    await stage.box.move_clock(stage.box.now() + timedelta(days=90))
    says = await stage.refused(stage.gita, "Check effectiveness", card)
    assert "is for QA (never the owner, nor who worked on it): Anna Berg" in says
    found = {"Outcome": "Not effective", "Evidence": "Two more failures in January."}
    assert await stage.sign(stage.ben, "Check effectiveness", card, **found) == {}
    for words in (
        "State: Closed · Not effective",
        "Check 1: Not effective",
        "Evidence of check 1: Two more failures in January.",
        "Signed: Ben Ortiz (Aurora Therapeutics (example)), QA: Check of effectiveness: Not effective",
        "CAPA-2027-0001 (Planned)",
    ):
        assert words in card.words
    follower = stage.card("CAPA-2027-0001")
    for words in (
        "Follow-up of CAPA-2026-0001: Pressure hold",
        "Problem: CAPA-2026-0001 was not effective: Two more failures in January.",
        "Owner: Gita Rao",
        "DEV-2026-0001 (Open)",
    ):
        assert words in follower.words
    assert "You own CAPA-2027-0001 now" in stage.gita.direct_messages[-1].words
    says = await stage.refused(stage.elif_, "Approve plan", follower)
    assert "is still to be written. Press Change plan first." in says
    assert await stage.press(stage.gita, "Change plan", follower, Action_plan="Another gasket.") == {}
    assert await stage.sign(stage.elif_, "Approve plan", follower) == {}
    told = [message.words.partition(")) ")[2].partition(" · ")[0] for message in stage.gita.thread(card)]
    assert told == [
        "linked it with DEV-2026-0001",
        "accepted it",
        "signed: Approval of the action plan",
        "signed: Approval of the action plan. It is in progress",
        "marked it implemented",
        "signed and closed it: Check of effectiveness: Not effective",
        "linked it with CAPA-2027-0001",
    ]


def _as_if(card: Message, act: str, button: str) -> Message:
    """Give a card with a button that is not on it, as one drawn by another version would be."""
    forged = kept(card)
    value = next(element for block in card.blocks for element in block.get("elements", ()) if "value" in element)
    added = {**value, "action_id": f"record.{act}", "text": {"type": "plain_text", "text": button}}
    forged.blocks = [*card.blocks, {"type": "actions", "block_id": "forged", "elements": [added]}]
    return forged


@pytest.mark.parametrize(("outcome", "state"), [("Effective", "Closed · Effective"), ("Inconclusive", "Implemented")])
async def test_a_check_closes_or_comes_again(stage: Stage, outcome: str, state: str) -> None:
    """An effective CAPA is closed; after an inconclusive check there is another one 30 days later."""
    card = await implemented(stage)
    found = {"Outcome": outcome, "Evidence": "Four batches since."}
    assert await stage.sign(stage.anna, "Check effectiveness", card, **found) == {}
    assert f"State: {state}" in card.words
    assert len(stage.cards) == 1
    if outcome == "Inconclusive":
        assert "(30 calendar days, agreement v1)" in card.words
        assert "signed: Check of effectiveness: Inconclusive. It is checked again later" in (
            stage.gita.thread(card)[-1].words
        )
        await stage.box.move_clock(stage.box.now() + timedelta(days=31))
        again = {"Outcome": "Effective", "Evidence": "Nine batches since."}
        assert await stage.sign(stage.elif_, "Check effectiveness", card, **again) == {}
        assert "State: Closed · Effective" in card.words
        assert "Check 2: Effective\nEvidence of check 2: Nine batches since." in card.words


async def test_the_check_is_signed_as_it_was_filled_in(stage: Stage) -> None:
    """The Sign modal of a check shows outcome and evidence; the code alone is asked then."""
    card = await implemented(stage)
    await stage.opened_sign(stage.anna, "Check effectiveness", card)
    modal = stage.anna.modal
    assert modal is not None
    assert (modal.title, modal.labels) == ("Check effectiveness", ["Outcome", "Evidence"])
    stage.anna.fill({"Outcome": "Effective", "Evidence": "Four batches <!channel> since."})
    assert await stage.anna.submit() == {}
    modal = stage.anna.modal
    assert modal is not None
    assert (modal.title, modal.labels) == ("Sign", ["Code"])
    for words in (
        "Meaning: Check of effectiveness: Effective",
        "Evidence: Four batches <!channel> since.",
        "Anna Berg",
    ):
        assert words in modal.words
    assert "Check 1" not in card.words
    stage.anna.fill({"Code": stage.anna.phone.code()})
    assert await stage.anna.submit() == {}
    assert stage.anna.modal is None
    await stage.settle()
    assert "Check 1: Effective" in card.words


@pytest.mark.parametrize(
    ("values", "label", "says"),
    [
        ({"Implemented on": date(2026, 11, 25)}, "Implemented on", "This day is still to come."),
        ({"Implemented on": date(2019, 11, 25)}, "Implemented on", "This is more than five years ago"),
        ({"Evidence": " \u200b\n "}, "Evidence", "Evidence is needed. Fill it in."),
        ({"Evidence": "x" * 3001}, "Evidence", "3000 is the most"),
    ],
)
async def test_bad_implementations_are_refused(stage: Stage, values: dict[str, object], label: str, says: str) -> None:
    """A day to come, or evidence of blanks, is told at its field, and nothing changes."""
    card = await in_progress(stage)
    await stage.press(stage.gita, "Mark implemented", card)
    stage.gita.fill({"Evidence": "Done.", "Implemented on": date(2026, 11, 24)} | values)
    with stage.nothing_changes():
        errors = await stage.gita.submit(client_checks=False)
    assert list(errors) == [label]
    assert says in errors[label]


async def test_another_owner_accepts_anew(stage: Stage) -> None:
    """Reassign tells the new owner, who has to accept; the one before is refused."""
    card = await stage.capa(stage.gita)
    await stage.press(stage.gita, "Accept", card)
    assert await stage.press(stage.elif_, "Reassign", card, Owner=HUGO) == {}
    assert "You own CAPA-2026-0001 now" in stage.hugo.direct_messages[-1].words
    assert "assigned it to Hugo Meyer (before: Gita Rao)" in stage.gita.thread(card)[-1].words
    assert "Accept" in card.buttons
    assert "is for the owner: Hugo Meyer" in await stage.refused(stage.gita, "Accept", card)
    await stage.press(stage.hugo, "Accept", card)
    assert "Accepted: Hugo Meyer" in card.words


async def test_a_changed_plan_voids_the_signature_it_had(stage: Stage) -> None:
    """The plan changes while one company has signed: that signature is void, visibly, and asked for again."""
    source = await stage.log(stage.gita)
    card = await stage.capa(stage.gita, source)
    assert await stage.sign(stage.anna, "Approve plan", card) == {}
    assert await stage.press(stage.gita, "Change plan", card, Action_plan="Another gasket, and train.") == {}
    assert "Void signature: Anna Berg" in card.words
    assert "void: what was signed changed afterwards" in card.words
    assert await stage.press(stage.gita, "Change plan", card, Action_plan="Another gasket, and train.") == {
        "Action plan": "Nothing is changed here. Change it, or cancel."
    }
    await stage.gita.close_modal()
    assert await stage.sign(stage.elif_, "Approve plan", card) == {}
    assert await stage.sign(stage.anna, "Approve plan", card) == {}
    assert "State: In progress" in card.words


async def test_the_same_buttons_ask_about_capas_elsewhere(stage: Stage) -> None:
    """From the owner's direct message the CAPA is accepted, and the message's answer shows the fresh card."""
    card = await stage.capa(stage.gita)
    direct = stage.gita.direct_messages[-1]
    assert direct.buttons == ["Open", "Accept"]
    await stage.gita.click("Accept", direct)
    await stage.settle()
    assert "Accepted: Gita Rao" in card.words
    assert "Accepted: Gita Rao" in stage.gita.direct_messages[-1].words


async def test_a_form_on_a_record_that_was_voided_meanwhile_is_answered_with_the_record(stage: Stage) -> None:
    """Add CAPA asks again when it is sent: nothing is logged, and the record is shown as it is now."""
    card = await stage.log(stage.gita)
    await stage.gita.click("Add CAPA", card)
    stage.gita.fill(CAPA)
    await stage.void(stage.elif_, card)
    with stage.nothing_changes():
        await stage.gita.submit()
        await stage.settle()
    assert stage.gita.modal is not None
    assert "DEV-2026-0001 is Void: Elif Kaya" in stage.gita.modal.words
    assert len(stage.cards) == 1


async def test_a_form_on_a_record_that_changed_can_be_sent_again(stage: Stage) -> None:
    """What was typed is kept, and holds for the record's present version."""
    card = await stage.log(stage.gita)
    await stage.gita.click("Add CAPA", card)
    stage.gita.fill(CAPA)
    await stage.press(stage.anna, "Acknowledge", card)
    await stage.gita.submit()
    assert stage.gita.modal is not None
    assert "was changed meanwhile" in stage.gita.modal.words
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert "Links: DEV-2026-0001 (Open)" in stage.card("CAPA-2026-0001").words


async def test_a_void_record_is_no_source(stage: Stage) -> None:
    """It is refused at its field, of a CAPA and of a deviation."""
    await stage.void(stage.elif_, await stage.log(stage.gita))
    for button, given in (("New CAPA", CAPA), ("Log deviation", DEVIATION)):
        await stage.gita.click(button)
        stage.gita.fill(given | {"Source records": "DEV-2026-0001"})
        with stage.nothing_changes():
            told = await stage.gita.submit()
        assert told == {"Source records": "DEV-2026-0001 is void, so nothing follows from it. Leave it out."}
