"""A batch's page and an inspection's card in a real browser, as people read them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.screen import Screen
from tests.handlers.test_disposition import page as shown_page
from tests.handlers.test_disposition import propose
from tests.handlers.test_inspection import asked, card, opened, press
from tests.stage import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The bot acts when it is told to: the browser only looks."""
    async with staged(tmp_path) as stage:
        yield stage


async def test_the_page_of_a_batch(stage: Stage, page: Page) -> None:
    """Released, then put on hold again: how it stands, what is open, who signed what."""
    await stage.set_up()
    await stage.log(stage.gita, Batch_or_lot="AB-1", Class="Minor", Product="Tablet 10 mg")
    await propose(stage)
    assert await stage.sign(stage.anna, "Approve", stage.cards[-1]) == {}
    await stage.log(stage.gita, Batch_or_lot="AB-1", Class="Critical", Title="Glass found in a vial")
    await shown_page(stage)
    await page.set_viewport_size({"width": 1280, "height": 1140})
    screen = Screen(page, stage)
    await screen.as_person("U0ANNA")
    told = screen.newest("then put on hold by")
    await expect(told).to_contain_text("signed by Anna Berg")
    await expect(told.get_by_role("button", name="Propose disposition")).to_be_visible()
    await screen.picture("batch", of=told)


async def test_the_card_of_an_inspection(stage: Stage, page: Page) -> None:
    """It stands in the direct messages of who takes part, with a request that is open and one that was answered."""
    await stage.set_up()
    given = {"Authority": "Agency for medicines", "Scope": "Aseptic filling", "Inspector": "I. Example"}
    await opened(stage, **given)
    await asked(stage, what="Batch records of AB-1001 and AB-1002")
    assert await press(stage, stage.gita, "Hand over", card(stage.gita), What_was_handed_over="Ring binder 7") == {}
    await stage.box.move_clock(stage.box.now() + timedelta(hours=1))
    await asked(stage, 3, "Media fills of the last two years")
    direct = card(stage.gita).channel
    screen = Screen(page, stage)
    await screen.as_person("U0GITA", direct)
    told = screen.newest("Take part")
    await expect(told).to_contain_text("2 open, 0 overdue, 1 answered")
    await screen.picture("inspection", of=told)
