"""A real Chromium before the sandbox's page, with the real bot in service behind it."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from bot.server import in_service
from tests.stage import Stage, staged

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        stage.box.on_clock_moved(stage.bot.timetable.beat)
        async with in_service(stage.bot):
            yield stage


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium has to be installed where CI runs")
        pytest.skip("Chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def page(chromium: Browser, stage: Stage) -> AsyncIterator[Page]:
    page = await chromium.new_page(viewport={"width": 1280, "height": 860}, timezone_id="Europe/Berlin", locale="en-GB")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_default_timeout(15_000)
    yield page
    await page.close()
    assert faults == []


@pytest.fixture
async def phone(chromium: Browser, stage: Stage) -> AsyncIterator[Page]:
    page = await chromium.new_page(viewport={"width": 390, "height": 844}, timezone_id="Europe/Berlin", locale="en-GB")
    page.set_default_timeout(15_000)
    yield page
    await page.close()
