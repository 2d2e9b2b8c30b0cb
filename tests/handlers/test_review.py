"""The annual review in Slack: the twelve points in words, a statement to one of them, the pack by direct message."""

import json

from sandbox.limits import message_problems
from tests import packs
from tests.handlers.test_result import give
from tests.handlers.test_specification import effective
from tests.stage import Stage


async def shown(stage: Stage, text: str = "tablet 10 mg 2026") -> str:
    await stage.anna.command(f"/quality review {text}")
    await stage.settle()
    return stage.anna.ephemerals[-1].words


async def test_a_product_s_year_in_twelve_points(stage: Stage) -> None:
    """What is missing first, then each point; a statement stands instead, and the file comes by direct message."""
    await effective(stage)
    assert await give(stage, stage.gita) == {}
    await stage.gita.close_modal()
    told = await shown(stage)
    assert "Product quality review: Tablet 10 mg, 2026" in told
    assert "Missing, in part or in whole: points 1, 5, 6, 8, 10, 11, 12." in told
    assert "Kept: Results: 1, of 1 different tests." in told
    assert "Missing: attach the qualification status of engineering." in told
    screen = stage.anna.ephemerals[-1]
    assert message_problems({"text": "x", "blocks": screen.blocks}) == []
    await stage.anna.click("Add statement", screen, near="11. Qualification")
    stage.anna.fill({"Statement": "All qualified <!here>, see QP-12."})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "Stated by Anna Berg (Aurora" in stage.anna.modal.words
    assert "All qualified <!here>, see QP-12." in stage.anna.modal.words
    await stage.anna.close_modal()
    assert "points 1, 5, 6, 8, 10, 12." in await shown(stage)
    assert stage.journal()[-1].event == "review.stated"
    await stage.anna.click("Export", stage.anna.ephemerals[-1])
    await stage.settle()
    assert "review.pdf" in packs.received(stage.anna).files
    assert "The product quality review of Tablet 10 mg, 2026" in stage.anna.direct_messages[-1].words
    assert stage.journal()[-1].content["changes"]["scope"] == [None, "Tablet 10 mg, 2026"]


async def test_who_may_do_what(stage: Stage) -> None:
    """Everybody sees it; members state nothing, and do not get what leaves the house as a whole."""
    await effective(stage)
    await stage.carla.command("/quality review Tablet 10 mg 2026")
    await stage.settle()
    screen = stage.carla.ephemerals[-1]
    with stage.nothing_changes():
        await stage.carla.click("Export", screen)
        await stage.settle()
    assert "Only QA or head of quality or viewer" in stage.carla.ephemerals[-1].words
    with stage.nothing_changes():
        await stage.carla.click("Add statement", screen, near="11. Qualification")
        await stage.settle()
    assert "may state something to a product review" in stage.carla.ephemerals[-1].words
    button = next(one for block in screen.blocks if block["type"] == "actions" for one in block["elements"])
    for year in (0, -1, 1999, 2030, 10**6):
        button["value"] = json.dumps(json.loads(button["value"]) | {"y": year})
        with stage.nothing_changes():
            await stage.anna.click("Export", screen)
            await stage.settle()
        assert "A review is of a year from 2000" in stage.anna.ephemerals[-1].words, year


async def test_what_cannot_be_shown_says_what_to_do(stage: Stage) -> None:
    """A product that nothing names, a year to come; without words a form asks."""
    assert "names the product “Syrup”" in await shown(stage, "Syrup 2026")
    assert "A review is of a year from 2000 to 2026" in await shown(stage, "Syrup 2030")
    await stage.anna.command("/quality review")
    await stage.settle()
    assert "No record names a product yet" in stage.anna.ephemerals[-1].words
    await effective(stage)
    await stage.anna.command("/quality review")
    await stage.settle()
    stage.anna.fill({"Product": "Tablet 10 mg", "Year": "2026"})
    assert await stage.anna.submit() == {}
    assert "Product quality review: Tablet 10 mg, 2026" in stage.anna.modal.words
