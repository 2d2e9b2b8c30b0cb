"""Everything the bot can draw, with the largest values a record can hold, is within Slack's limits."""

from bot.samples import CMO
from tests.stage import Stage

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
