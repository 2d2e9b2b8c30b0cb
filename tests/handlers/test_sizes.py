"""Everything the bot can draw, with the largest values a record can hold, is within Slack's limits."""

from bot.samples import CMO
from handlers.oos import CHECKS
from tests.stage import HUGO, PHASE_TWO, Stage

WIDE = "&"  # five characters once escaped
TITLE, SHORT, LONG = WIDE * 150, WIDE * 150, WIDE * 3000
LOTS = ",".join(f"{number:02}{'L' * 28}" for number in range(30))
LARGEST = {
    "Title": TITLE,
    "What happened": LONG,
    "What should have happened": LONG,
    "Batch or lot": LOTS,
    "Product": SHORT,
    "Where": SHORT,
    "Class": "Critical",
    "Batch distributed": "Unknown",
    "Immediate action": LONG,
}
LARGEST_OOS = {
    "Test": WIDE * 100,
    "Test category": "Purity or impurity",
    "Sample type": "Finished product",
    "Batch or lot": LOTS,
    "Product": SHORT,
    "Result": "9" * 40,
    "Unit": WIDE * 40,
    "Lower limit": "1" * 40,
    "Upper limit": "2" * 40,
    "Method": SHORT,
    "Analyst": SHORT,
}
LARGEST_CAPA = {
    "Title": TITLE,
    "Problem": LONG,
    "Source records": ", ".join(f"DEV-2026-{number:04}" for number in range(1, 12)),
    "Owner": f"Finn Larsen · {CMO}",
    "Action plan": LONG,
    "Effectiveness criterion": LONG,
}


async def test_the_largest_records_are_drawn_everywhere(stage: Stage) -> None:
    """Cards, records, threads, history, lists, search, batch, work, Home, reminders and digests are accepted."""
    for _ in range(11):
        await stage.log(stage.gita, **LARGEST)
    await stage.log(stage.hugo, "Log OOS result", **LARGEST_OOS)
    await stage.log(stage.elif_, "New CAPA", **LARGEST_CAPA)
    card = stage.card("DEV-2026-0011")
    await stage.hugo.click("Comment", card)
    stage.hugo.fill({"Comment": LONG})
    assert await stage.hugo.submit() == {}
    await stage.settle()
    for command in (
        "/deviation DEV-2026-0011",
        "/oos OOS-2026-0001",
        "/capa CAPA-2026-0001",
        "/deviation list",
        "/quality mine",
        f"/quality search {WIDE * 200} DEV",
        "/quality batch " + LOTS.split(",")[0],
        "/quality history DEV-2026-0011",
        "/quality digest",
        f"/quality {'x' * 3000}",
        f"/deviation list {'x' * 3000}",
    ):
        before = len(stage.anna.ephemerals)
        await stage.anna.command(command)
        assert len(stage.anna.ephemerals) == before + 1, command
        assert "failed" not in stage.anna.ephemerals[-1].words[:40], command
    await stage.anna.open_home()
    await stage.beat(days=400)
    await stage.beat(days=1)
    refused = [(call.method, call.answer) for call in stage.box.calls if not call.answer["ok"]]
    assert refused == []
    assert stage.anna.home is not None
    assert any("Daily digest" in message.words for message in stage.anna.messages())
    assert any("days ago" in message.words for message in stage.finn.direct_messages)


async def test_forms_are_filled_with_the_largest_values(stage: Stage) -> None:
    """A form opened with the longest text a command can bring is accepted by Slack."""
    await stage.anna.command("/deviation " + "&<>" * 5000)
    assert stage.anna.modal is not None


def refusals(stage: Stage) -> list[object]:
    """List what Slack refused, and what the bot could not answer."""
    calls: list[object] = [(call.method, call.answer) for call in stage.box.calls if not call.answer["ok"]]
    return calls + [sent.what for sent in stage.box.connect_events() if sent.error]


async def test_the_largest_result_lives_a_whole_life(stage: Stage) -> None:
    """Every text as long as it may be, twelve retests, voided and given signatures: all of it is drawn and signed."""
    card = await stage.log(stage.hugo, "Log OOS result", **(LARGEST_OOS | {"Batch distributed": "Yes"}))
    await stage.press(stage.elif_, "Assign owner", card, Owner=HUGO)
    found = {"Checklist": list(CHECKS), "Laboratory cause found": "No", "Evidence": LONG}
    assert await stage.press(stage.hugo, "Phase I result", card, **found) == {}
    plan = {"Hypothesis": LONG, "Number of retests": "12", "Second analyst": SHORT}
    assert await stage.press(stage.hugo, "Retest plan", card, **plan) == {}
    for round_ in range(3):
        assert await stage.sign(stage.anna, "Approve plan", card) == {}
        changed = {"Hypothesis": f"{round_}{LONG}"[:3000]}
        assert await stage.press(stage.hugo, "Retest plan", card, **changed) == {}
    assert await stage.sign(stage.anna, "Approve plan", card) == {}
    assert await stage.sign(stage.elif_, "Approve plan", card) == {}
    for _ in range(12):
        assert await stage.press(stage.hugo, "Record retest", card, Result="9" * 40, Analyst=SHORT) == {}
    texts = {"Manufacturing review": LONG, "Root cause": LONG, "Other batches considered": LONG, "Evidence": LONG}
    assert await stage.press(stage.hugo, "Phase II result", card, **(PHASE_TWO | texts)) == {}
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert await stage.sign(stage.anna, "Approve", card) == {}
    assert await stage.press(stage.elif_, "Reopen", card, Reason=LONG) == {}
    for command in ("/oos OOS-2026-0001", "/quality history OOS-2026-0001", "/quality mine", "/quality digest"):
        await stage.anna.command(command)
        assert "failed" not in stage.anna.ephemerals[-1].words[:40], command
    for asked in [message for message in stage.gita.thread(card) if "Not needed" in message.buttons]:
        await stage.anna.click("Not needed", asked)
        stage.anna.fill({"Reason": LONG})
        assert await stage.anna.submit() == {}
        await stage.settle()
    await stage.anna.click("Reports to authorities", card)
    await stage.anna.click("Export", card)
    await stage.settle()
    assert refusals(stage) == []


async def test_the_largest_capa_lives_a_whole_life(stage: Stage) -> None:
    """The longest plan, evidence and five checks are drawn in card, Sign modal, reminders and the follow-up."""
    for _ in range(11):
        await stage.log(stage.gita, Title=TITLE, Class="Minor")
    card = await stage.log(stage.gita, "New CAPA", **LARGEST_CAPA)
    assert await stage.sign(stage.elif_, "Approve plan", card) == {}
    assert await stage.press(stage.finn, "Mark implemented", card, Evidence=LONG) == {}
    for outcome in ("Inconclusive", "Inconclusive", "Inconclusive", "Inconclusive", "Not effective"):
        await stage.beat(days=91)
        found = {"Outcome": outcome, "Evidence": LONG}
        assert await stage.sign(stage.anna, "Check effectiveness", card, **found) == {}
    assert "State: Closed · Not effective" in card.words
    await stage.anna.command("/capa CAPA-2026-0001")
    await stage.anna.command("/quality history CAPA-2026-0001")
    await stage.anna.open_home()
    await stage.settle()
    assert "Follow-up of CAPA-2026-0001" in stage.cards[-1].words
    assert refusals(stage) == []
