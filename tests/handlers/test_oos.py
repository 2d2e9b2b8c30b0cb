"""Logging OOS results."""

import pytest

from sandbox import Message
from tests.stage import HUGO, OOS, PHASE_TWO, Stage, kept

NO_CAUSE = {"Laboratory cause found": "No", "Evidence": "All was looked at."}
LABELS = [
    "Test",
    "Test category",
    "Kind",
    "Sample type",
    "Batch or lot",
    "Product",
    "Result",
    "Unit",
    "Lower limit",
    "Upper limit",
    "Method",
    "Analyst",
    "Analysed at",
    "Batch distributed",
]


async def test_an_oos_result_is_logged(stage: Stage) -> None:
    """A result outside its limits becomes a record in Phase I that holds its batch."""
    await stage.anna.command("/oos")
    assert stage.anna.modal is not None
    assert (stage.anna.modal.title, stage.anna.modal.labels) == ("Log OOS result", LABELS)
    await stage.anna.close_modal()
    card = await stage.log(stage.hugo, "Log OOS result")
    assert card.words.startswith("OOS-2026-0001 · OOS result\nAssay (HPLC): 93.4 %")
    for words in ("State: Phase I", "Limits: 95.0 to 105.0 %", "On hold: AB-1004", "(30 working days, agreement v1)"):
        assert words in card.words
    assert card.buttons == [
        *("Acknowledge", "Assign owner", "Phase I result"),
        *("Extend due date", "Add CAPA", "Comment", "History", "Export", "Void"),
        *("Stop clock", "Batch distributed", "Link record", "Add evidence", "QMS number", "Private notes", "Clocks"),
    ]


@pytest.mark.parametrize(
    ("changes", "label", "says"),
    [
        ({"Result": "high"}, "Result", "not a number"),
        ({"Result": "1e5x"}, "Result", "not a number"),
        ({"Result": "NaN"}, "Result", "not a number"),
        ({"Result": "1,000"}, "Result", "thousands or decimals"),
        ({"Lower limit": "abc"}, "Lower limit", "not a number"),
        ({"Lower limit": "110"}, "Upper limit", "below the lower limit"),
        ({"Result": "98.0"}, "Result", "complies with the limits"),
        ({"Result": "94,96"}, "Result", "complies with the limits"),
        ({"Kind": "OOT"}, "Kind", "is outside the limits"),
    ],
)
async def test_bad_results_are_refused_at_their_field(
    stage: Stage, changes: dict[str, str], label: str, says: str
) -> None:
    """What is no number, or contradicts its kind, is told at its field, and nothing is logged."""
    await stage.hugo.click("Log OOS result")
    stage.hugo.fill(OOS | changes)
    errors = await stage.hugo.submit()
    assert list(errors) == [label]
    assert says in errors[label]
    await stage.settle()
    assert stage.cards == []


async def test_an_unknown_word_answers_with_usage(stage: Stage) -> None:
    """`/oos` with a word it does not know says what it can do."""
    await stage.anna.command("/oos something")
    assert "/oos list" in stage.anna.ephemerals[-1].words
    assert stage.anna.modal is None


async def test_a_result_out_of_trend_is_called_so(stage: Stage) -> None:
    """An OOT result says so in its card's heading, and holds no batch."""
    card = await stage.log(stage.hugo, "Log OOS result", Kind="OOT", Result="98.0")
    assert card.words.startswith("OOS-2026-0001 · OOT result")
    assert "On hold" not in card.words


def lines(stage: Stage, card: Message) -> list[str]:
    """Give what the thread of a card tells after the name, questions about reports left out."""
    told = [message.words for message in stage.gita.thread(card) if not message.buttons]
    return [line.partition(")) ")[2].partition(" · ")[0] for line in told]


async def owned(stage: Stage, **values: str) -> Message:
    """Log a result as Hugo, who owns it then."""
    card = await stage.log(stage.hugo, "Log OOS result", **values)
    assert await stage.press(stage.finn, "Assign owner", card, Owner=HUGO) == {}
    return card


async def in_phase_2(stage: Stage, **values: str) -> Message:
    """Log a result in which the laboratory finds no cause."""
    card = await owned(stage, **values)
    assert await stage.press(stage.hugo, "Phase I result", card, **NO_CAUSE) == {}
    return card


async def planned(stage: Stage, number: str = "2") -> Message:
    """Bring a result to an approved plan of retests."""
    card = await in_phase_2(stage)
    plan = {"Hypothesis": "Not mixed.", "Number of retests": number, "Second analyst": "Ida Holm"}
    assert await stage.press(stage.hugo, "Retest plan", card, **plan) == {}
    assert await stage.sign(stage.elif_, "Approve plan", card) == {}
    assert await stage.sign(stage.anna, "Approve plan", card) == {}
    return card


async def test_the_life_of_a_result_invalidated_in_phase_1(stage: Stage) -> None:
    """A laboratory cause with evidence goes to approval as Invalidated; both companies sign; the hold ends."""
    card = await owned(stage)
    assert "Next: " in card.words
    assert "Hugo Meyer (Borealis Manufacturing (example)) gives the phase I result." in card.words
    await stage.press(stage.hugo, "Phase I result", card)
    modal = stage.hugo.modal
    assert modal is not None
    labels = ["Checklist", "Laboratory cause found", "Evidence", "Batch distributed"]
    assert (modal.title, modal.labels) == ("Phase I result", labels)
    given = {"Checklist": ["Calculation and transcription checked"], "Laboratory cause found": "Yes"}
    stage.hugo.fill(given | {"Evidence": "The standard was weighed wrongly."})
    assert await stage.hugo.submit() == {}
    await stage.settle()
    for words in (
        "State: Pending approval · Invalidated",
        "Phase I checklist: Calculation and transcription checked",
        "Phase I evidence: The standard was weighed wrongly.",
        "On hold: AB-1004",
    ):
        assert words in card.words
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert await stage.sign(stage.anna, "Approve", card) == {}
    assert "State: Closed · Invalidated" in card.words
    assert "On hold" not in card.words
    assert "Log deviation" not in card.buttons
    assert "outcome: Invalidated · 24 Nov 2026" in card.words
    await stage.anna.command("/quality batch AB-1004")
    assert "Batch AB-1004 is not on hold" in stage.anna.ephemerals[-1].words
    assert lines(stage, card) == [
        "assigned it to Hugo Meyer",
        "gave the phase I result",
        "signed: Approval of the investigation and its outcome: Invalidated",
        "signed and closed it: Approval of the investigation and its outcome: Invalidated",
    ]


async def test_the_life_of_a_confirmed_result(stage: Stage) -> None:
    """No laboratory cause, a plan signed by both, two retests, confirmed: the batch stays on hold, the alert due."""
    card = await in_phase_2(stage, Batch_distributed="Yes")
    assert "State: Phase II" in card.words
    assert "Field alert: not answered yet, due Mon 30 Nov 2026, 17:00 Berlin" in card.words
    says = await stage.refused(stage.hugo, "Record retest", card)
    assert "No retest of OOS-2026-0001 is planned. The owner writes the Retest plan first." in says
    plan = {"Hypothesis": "Not mixed.", "Number of retests": "2", "Second analyst": "Ida Holm"}
    assert await stage.press(stage.hugo, "Retest plan", card, **plan) == {}
    assert "Retest plan: 2 retests by Ida Holm, not approved yet" in card.words
    assert "QA of both companies approve the plan by signature." in card.words
    assert await stage.sign(stage.anna, "Approve plan", card) == {}
    says = await stage.refused(stage.hugo, "Record retest", card)
    assert "is not approved by both companies' QA yet: no result before." in says
    assert await stage.sign(stage.elif_, "Approve plan", card) == {}
    assert "Hugo Meyer (Borealis Manufacturing (example)) records retest 1 of 2." in card.words
    assert "Approve plan" not in card.buttons
    assert await stage.press(stage.hugo, "Record retest", card, Result="93.1", Analyst="Ida Holm") == {}
    assert "Retest 1: 93.1 · Ida Holm" in card.words
    assert "records retest 2 of 2." in card.words
    await stage.press(stage.hugo, "Phase II result", card)
    stage.hugo.fill(PHASE_TWO | {"Outcome": "Invalidated"})
    with stage.nothing_changes():
        assert await stage.hugo.submit() == {
            "Outcome": "A result is invalidated only with evidence of a laboratory cause. "
            "Without one it stands: Inconclusive.",
            "Laboratory cause found": "Invalidated needs Yes here, and the evidence below.",
        }
        stage.hugo.fill({"Laboratory cause found": "Yes"})
        assert await stage.hugo.submit() == {
            "Outcome": "1 of 2 planned retests are not recorded yet. "
            "A result is not invalidated before every one of them is."
        }
    await stage.hugo.close_modal()
    assert await stage.press(stage.hugo, "Record retest", card, Result="95.2", Analyst="Ida Holm") == {}
    assert await stage.press(stage.hugo, "Phase II result", card, **PHASE_TWO) == {}
    for words in ("State: Pending approval · Confirmed", "Retest 1: 93.1", "Retest 2: 95.2", "On hold: AB-1004"):
        assert words in card.words
    assert await stage.sign(stage.finn, "Approve", card) == {}
    assert await stage.sign(stage.ben, "Approve", card) == {}
    assert "State: Closed · Confirmed" in card.words
    assert "On hold: AB-1004" in card.words
    assert "Field alert: not answered yet, due Mon 30 Nov 2026" in card.words
    await stage.anna.command("/quality batch AB-1004")
    assert "is on hold because of OOS-2026-0001 (OOS result, Closed, Confirmed)." in stage.anna.ephemerals[-1].words
    assert "QA of Aurora Therapeutics (example) answers for the reports to authorities." in card.words
    assert "A deviation follows: press Log deviation." in card.words
    assert lines(stage, card) == [
        "assigned it to Hugo Meyer",
        "gave the phase I result",
        "wrote the retest plan",
        "signed: Approval of the retest plan",
        "signed: Approval of the retest plan. The retests may begin",
        "recorded retest 1: 93.1",
        "recorded retest 2: 95.2",
        "gave the phase II result: Confirmed",
        "signed: Approval of the investigation and its outcome: Confirmed",
        "signed and closed it: Approval of the investigation and its outcome: Confirmed",
    ]


async def test_a_confirmed_result_offers_its_deviation(stage: Stage) -> None:
    """Log deviation fills the OOS in as source with its batch, product and time, and both name each other then."""
    card = await in_phase_2(stage, Product="Auroprim", Batch_distributed="No")
    assert "Log deviation" not in card.buttons
    assert await stage.press(stage.hugo, "Phase II result", card, **PHASE_TWO) == {}
    await stage.gita.click("Log deviation", card)
    modal = stage.gita.modal
    assert modal is not None
    values = {block["block_id"]: block["element"] for block in modal.input_blocks}
    assert values["title"]["initial_value"] == "Confirmed OOS-2026-0001: Assay (HPLC): 93.4 %"
    assert values["sources"]["initial_value"] == "OOS-2026-0001"
    assert values["lots"]["initial_value"] == "AB-1004"
    assert values["product"]["initial_value"] == "Auroprim"
    assert values["distributed"]["initial_option"]["value"] == "No"
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert "Links: OOS-2026-0001 (Pending approval)" in stage.card("DEV-2026-0001").words
    assert "Links: DEV-2026-0001 (Open)" in card.words
    await stage.press(stage.gita, "Log deviation", card)
    stage.gita.fill({"Source records": "OOS-2026-0099"})
    with stage.nothing_changes():
        assert "There is no record OOS-2026-0099" in (await stage.gita.submit())["Source records"]


async def test_what_follows_a_confirmed_result_is_done_after_it_is_closed(stage: Stage) -> None:
    """After closing, the sponsor files its alert and the deviation is logged; its questions are not asked twice."""
    card = await in_phase_2(stage, Batch_distributed="Yes")
    assert await stage.press(stage.hugo, "Phase II result", card, **PHASE_TWO) == {}
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert await stage.sign(stage.anna, "Approve", card) == {}
    for asked in [message for message in stage.gita.thread(card) if "Record filing" in message.buttons]:
        await stage.anna.click("Record filing", asked)
        stage.anna.fill({"Filed at": stage.box.now()})
        assert await stage.anna.submit() == {}
        await stage.settle()
    assert "Field alert: filed 24 Nov 2026" in card.words
    assert "Next: A deviation follows: press Log deviation." in card.words
    await stage.gita.click("Log deviation", card)
    stage.gita.fill({"Batch distributed": "Yes"})
    assert await stage.gita.submit() == {}
    await stage.settle()
    follower = stage.card("DEV-2026-0001")
    assert "Links: OOS-2026-0001 (Closed)" in follower.words
    assert "Reports to authorities" not in follower.buttons
    assert "Next: Nothing more to do." in card.words
    assert "On hold: AB-1004" in card.words


async def test_phase_2_invalidates_with_a_cause_and_all_retests(stage: Stage) -> None:
    """A laboratory cause found late, every retest recorded: invalidated, signed by both, and the hold ends."""
    card = await planned(stage, "1")
    assert await stage.press(stage.hugo, "Record retest", card, Result="99.1", Analyst="Ida Holm") == {}
    found = {"Outcome": "Invalidated", "Laboratory cause found": "Yes", "Evidence": "The vial was swapped."}
    assert await stage.press(stage.hugo, "Phase II result", card, **(PHASE_TWO | found)) == {}
    assert "Laboratory cause found in phase II: Yes" in card.words
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert await stage.sign(stage.anna, "Approve", card) == {}
    assert "State: Closed · Invalidated" in card.words
    assert "On hold" not in card.words


async def test_an_old_button_logs_no_deviation_of_what_is_not_confirmed(stage: Stage) -> None:
    """Log deviation on a card drawn before the result was sent back is answered with the fresh record."""
    card = await in_phase_2(stage)
    assert await stage.press(stage.hugo, "Phase II result", card, **PHASE_TWO) == {}
    old = kept(card)
    assert await stage.press(stage.elif_, "Send back", card, Reason="Which blender?") == {}
    says = await stage.refused(stage.gita, "Log deviation", old)
    assert "OOS-2026-0001 is Phase II: Elif Kaya (Borealis Manufacturing (example)) sent it back on 24 Nov 2026" in says


async def test_no_retest_beyond_the_plan(stage: Stage) -> None:
    """More results than were approved are refused at the button and from a form that was still open."""
    card = await planned(stage, "1")
    await stage.press(stage.hugo, "Record retest", card)
    late = kept(card)
    stage.hugo.fill({"Result": "93.0", "Analyst": "Ida Holm"})
    view = stage.hugo.modal
    assert view is not None
    assert await stage.hugo.submit() == {}
    await stage.settle()
    says = "Every planned retest of OOS-2026-0001 is recorded (1). No more were approved."
    assert says in await stage.refused(stage.hugo, "Record retest", late)
    assert "(1) is approved. It is not changed any more." in await stage.refused(stage.hugo, "Retest plan", late)
    view.id = "V0LATE"  # a second form that was opened before, submitted late
    with stage.nothing_changes():
        answer = await stage.submit_as(stage.hugo, view)
    # It says who came first; nothing is left to be filled in.
    assert answer is not None
    assert "Hugo Meyer" in str(answer["view"]["blocks"][0])
    assert "submit" not in answer["view"]
    view.show(answer["view"])
    with stage.nothing_changes():
        answer = await stage.submit_as(stage.hugo, view)
    assert "does not know this" in str(answer)
    assert "Retest 2" not in card.words


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("0", "Give a number from 1 to 12. It is fixed once approved."),
        ("13", "Give a number from 1 to 12. It is fixed once approved."),
        ("-1", "This is not a whole number. Give digits only, such as 3."),
        ("2.5", "This is not a whole number. Give digits only, such as 3."),
        ("two", "This is not a whole number. Give digits only, such as 3."),
        ("²", "This is not a whole number. Give digits only, such as 3."),
        ("9999999", "This is 7 characters long; 6 is the most. Shorten it."),
    ],
)
async def test_a_plan_says_how_many_retests(stage: Stage, number: str, says: str) -> None:
    """What is no number of retests is told at its field."""
    card = await in_phase_2(stage)
    await stage.press(stage.hugo, "Retest plan", card)
    stage.hugo.fill({"Hypothesis": "Not mixed.", "Number of retests": number, "Second analyst": "Ida Holm"})
    with stage.nothing_changes():
        assert await stage.hugo.submit(client_checks=False) == {"Number of retests": says}


async def test_a_plan_that_changes_voids_the_signature_it_had(stage: Stage) -> None:
    """A retest plan written anew before both signed loses its first signature, visibly, and asks again."""
    card = await in_phase_2(stage)
    plan = {"Hypothesis": "Not mixed.", "Number of retests": "2", "Second analyst": "Ida Holm"}
    assert await stage.press(stage.hugo, "Retest plan", card, **plan) == {}
    assert await stage.sign(stage.anna, "Approve plan", card) == {}
    assert await stage.press(stage.hugo, "Retest plan", card, Number_of_retests="3") == {}
    assert "Void signature: Anna Berg" in card.words
    assert "void: what was signed changed afterwards" in card.words
    assert "changed what was signed, which voids the signature of Anna Berg (Aurora Therapeutics" in "".join(
        lines(stage, card)
    )
    assert await stage.sign(stage.elif_, "Approve plan", card) == {}
    assert "not approved by both" in await stage.refused(stage.hugo, "Record retest", card)
    assert await stage.sign(stage.anna, "Approve plan", card) == {}
    assert "records retest 1 of 3" in card.words


async def test_an_inconclusive_result_stands(stage: Stage) -> None:
    """An inconclusive investigation closes with the hold and the reports as they are."""
    card = await in_phase_2(stage, Batch_distributed="Yes")
    assert await stage.press(stage.hugo, "Phase II result", card, **PHASE_TWO | {"Outcome": "Inconclusive"}) == {}
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert await stage.sign(stage.anna, "Approve", card) == {}
    assert "State: Closed · Inconclusive" in card.words
    assert "On hold: AB-1004" in card.words
    assert "Field alert: not answered yet" in card.words


async def test_only_the_owner_investigates(stage: Stage) -> None:
    """QA and colleagues of the owner are told who gives the results of the phases."""
    card = await owned(stage)
    for who in (stage.finn, stage.gita, stage.anna):
        says = await stage.refused(who, "Phase I result", card)
        assert says == (
            "Phase I result on OOS-2026-0001 is for the owner: Hugo Meyer (Borealis Manufacturing (example))."
        )


async def test_a_deviation_of_a_result_that_was_sent_back_is_not_logged(stage: Stage) -> None:
    """Log deviation asks again when it is sent: the result is no confirmed one any more."""
    card = await in_phase_2(stage)
    assert await stage.press(stage.hugo, "Phase II result", card, **PHASE_TWO) == {}
    await stage.gita.click("Log deviation", card)
    assert await stage.press(stage.elif_, "Send back", card, Reason="Look at the blender.") == {}
    with stage.nothing_changes():
        await stage.gita.submit()
        await stage.settle()
    assert stage.gita.modal is not None
    assert "Elif Kaya" in stage.gita.modal.words
    assert "sent it back" in stage.gita.modal.words
