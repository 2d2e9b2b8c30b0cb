"""Two companies with an installation each, clicked through: the roster, evidence, numbers, notes and both Homes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.server import in_service
from sandbox import cast_of
from tests.browser.screen import Screen, fill, pick, set_up
from tests.stage import DEVIATION, SPONSOR, Stage, staged

PDF = b"%PDF-1.7 An example.\n%%EOF\n"
CARD = "DEV-2026-0001 · Major"
NOTE = "Our own maintenance was late; see the plan of the week."


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, cast=cast_of("both")) as stage, in_service(stage.bot):
        yield stage


async def test_two_companies_by_clicking(page: Page, phone: Page, stage: Stage) -> None:
    """What each company keeps stays with it, and what both see is the same."""
    screen = Screen(page, stage)
    await set_up(screen)
    await keep_the_roster(screen)
    await keep_a_file(screen)
    await keep_apart(screen)
    await look_at_home(screen, phone)


async def keep_the_roster(screen: Screen) -> None:
    """Elif adds a guest of the other workspace for her own company; Anna may not change Elif's part."""
    await screen.as_person("U0ELIF")
    await screen.press("People", "Log one here")
    people = screen.newest("Who may act is asked at each act")
    await expect(people).to_contain_text("Elif Kaya")
    await screen.picture("people", of=people.get_by_text("Elif Kaya"))
    await people.get_by_role("button", name="Add person").click()
    dialog = await screen.form("Add person")
    await pick(screen, dialog, "Person", f"Gus Teller · {SPONSOR}")
    await dialog.get_by_label("Member", exact=True).check()
    await screen.picture("add-person")
    await dialog.get_by_role("button", name="Add", exact=True).click()
    await expect(dialog).to_be_hidden()
    await screen.as_person("U0ANNA")
    await screen.press("People", "Log one here")
    people = screen.newest("Who may act is asked at each act")
    await expect(people).to_contain_text("Gus Teller")
    theirs = people.locator(".block", has_text="Gus Teller").locator("xpath=following-sibling::*[1]")
    await expect(theirs.get_by_role("button", name="Remove")).to_have_count(0)


async def keep_a_file(screen: Screen) -> None:
    """Gita gives a report with her deviation; Ben of the other company sees it and has it sent."""
    gita = screen.stage.gita
    await gita.click("Log deviation")
    gita.fill(DEVIATION)
    assert await gita.submit() == {}
    await screen.as_person("U0GITA")
    await screen.press("Add evidence", CARD)
    dialog = await screen.form("Add evidence")
    files = [{"name": "bubble-point.pdf", "mimeType": "application/pdf", "buffer": PDF}]
    await dialog.get_by_label("Files", exact=True).set_input_files(files)
    await fill(dialog, {"Description": "The print-out of the tester."})
    await dialog.get_by_role("button", name="Add", exact=True).click()
    await expect(screen.newest(CARD)).to_contain_text("Kept: 1 file of evidence")
    await screen.as_person("U0BEN")
    await screen.press("Evidence", CARD)
    listed = screen.newest("bubble-point.pdf")
    await expect(listed).to_contain_text("SHA-256")
    await screen.picture("evidence", of=listed)


async def keep_apart(screen: Screen) -> None:
    """Each company's number is for both to see, its notes for itself alone."""
    for who, number in (("U0ELIF", "DV-26-118"), ("U0ANNA", "QE-4711")):
        await screen.as_person(who)
        await screen.press("QMS number", CARD)
        dialog = await screen.form("QMS number")
        await fill(dialog, {"Number": number})
        await dialog.get_by_role("button", name="Save").click()
        await expect(screen.newest(CARD)).to_contain_text(number)
    await screen.as_person("U0ELIF")
    await screen.press("Private notes", CARD)
    dialog = await screen.form("Private notes")
    await fill(dialog, {"Note": NOTE})
    await dialog.get_by_role("button", name="Keep").click()
    await expect(dialog).to_be_hidden()
    await screen.press("Private notes", CARD)
    await expect(await screen.form("Private notes")).to_contain_text(NOTE)
    await screen.picture("private-notes")
    await screen.as_person("U0ANNA")
    await screen.press("Private notes", CARD)
    dialog = await screen.form("Private notes")
    await expect(dialog).to_contain_text("Only people of Aurora")
    await expect(dialog).not_to_contain_text(NOTE)
    await dialog.get_by_role("button", name="Cancel").click()
    await screen.picture("two-numbers", of=screen.newest(CARD).get_by_text("QMS numbers"))


async def look_at_home(screen: Screen, phone: Page) -> None:
    """Both companies' people have their Home, on a phone too."""
    await screen.as_person("U0ELIF", "home")
    await expect(screen.page.locator(".home")).to_contain_text("Open: 1 deviation.")
    await screen.picture("home-cmo")
    await phone.goto(f"{screen.stage.box.url}#U0ANNA/home")
    await expect(phone.locator(".home")).to_contain_text("Open: 1 deviation.")
    await screen.picture("phone-home", phone)
