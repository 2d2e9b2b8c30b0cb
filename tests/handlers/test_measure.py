"""The figures in Slack: each with its formula and target, and a button to the records behind it."""

import json

from sandbox.limits import message_problems
from tests.stage import Stage


async def test_figures_and_the_records_behind_them(stage: Stage) -> None:
    """Those that miss their target come first; the records behind are listed, counted or not, page by page."""
    for number in range(12):
        await stage.log(stage.gita, Title=f"Deviation {number}", Class="Critical" if number == 3 else "Major")
    await stage.anna.command("/quality figures")
    await stage.settle()
    shown = stage.anna.ephemerals[-1]
    assert "Tue 25 Nov 2025 to Tue 24 Nov 2026" in shown.words
    assert "Targets missed: Critical share." in shown.words
    assert "Critical share: 1 of 12 (8.4%) · target at most 5%: missed" in shown.words
    assert "critical deviations ÷ deviations logged" in shown.words
    assert "Closed on time: none · target at least 95%" in shown.words
    assert shown.words.index("Critical share: 1") < shown.words.index("Open now, 0 to 15 days: 12 of 12 (100%)")
    assert message_problems({"text": "x", "blocks": shown.blocks}) == []
    await stage.anna.click("Records", shown, near="Critical share")
    await stage.settle()
    behind = stage.anna.ephemerals[-1]
    assert "DEV-2026-0004" in behind.words
    assert "DEV-2026-0003" not in behind.words
    await stage.anna.click("Not counted", behind)
    await stage.settle()
    page = stage.anna.ephemerals[-1]
    assert "DEV-2026-0012" in page.words
    assert "DEV-2026-0001" not in page.words
    await stage.anna.click("Next", page)
    await stage.settle()
    assert "DEV-2026-0001" in stage.anna.ephemerals[-1].words
    await stage.anna.click("Counted", stage.anna.ephemerals[-1])
    await stage.settle()
    assert "DEV-2026-0004" in stage.anna.ephemerals[-1].words


async def test_another_period(stage: Stage) -> None:
    """By a button or by words; what is no period says what is."""
    await stage.anna.command("/quality figures")
    await stage.settle()
    await stage.anna.click("This quarter", stage.anna.ephemerals[-1])
    await stage.settle()
    assert "Thu 1 Oct 2026 to Tue 24 Nov 2026" in stage.anna.ephemerals[-1].words
    assert "Nothing was logged or closed in this period" in stage.anna.ephemerals[-1].words
    await stage.anna.click("Records", stage.anna.ephemerals[-1], near="Lots waiting now")
    await stage.settle()
    assert "Counted: nothing." in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality figures 2026-Q3")
    await stage.settle()
    assert "Wed 1 Jul 2026 to Wed 30 Sep 2026" in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality figures last week")
    await stage.settle()
    assert "“last week” is no period. Say month, quarter" in stage.anna.ephemerals[-1].words


FORGED = ({"d": "x"}, {"f": "salaries"}, {"n": "x"}, {"p": 4711}, {"d": "2026-02-01 2026-01-01"})


async def test_a_forged_button_is_refused(stage: Stage) -> None:
    """Whatever its value says."""
    await stage.anna.command("/quality figures")
    await stage.settle()
    shown = stage.anna.ephemerals[-1]
    button = next(block["accessory"] for block in shown.blocks if "accessory" in block)
    given = json.loads(button["value"])
    for forged in FORGED:
        button["value"] = json.dumps(given | forged)
        with stage.nothing_changes():
            await stage.anna.click("Records", shown)
            await stage.settle()
        assert "Counted" not in stage.anna.ephemerals[-1].words, forged


async def test_who_has_no_app_gets_them_by_buttons(stage: Stage) -> None:
    """Figures and the product review stand on the front door, too."""
    await stage.log(stage.gita, Product="Tablet 10 mg")
    await stage.elif_.click("Figures")
    await stage.settle()
    assert "Open now, 0 to 15 days: 1 of 1 (100%)" in stage.elif_.ephemerals[-1].words
    await stage.elif_.click("Product review")
    stage.elif_.fill({"Product": "Tablet 10 mg", "Year": "2026"})
    assert await stage.elif_.submit() == {}
    assert stage.elif_.modal is not None
    assert "Product quality review: Tablet 10 mg, 2026" in stage.elif_.modal.words
