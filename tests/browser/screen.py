"""The sandbox's page as a person uses it: whose eyes, which button, which form; and the documentation's pictures."""

import os
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from bot.story import CMO, SPONSOR
from tests.stage import SHARED, Stage

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


class Screen:
    """The sandbox's page, used as a person uses it."""

    def __init__(self, page: Page, stage: Stage) -> None:
        self.page = page
        self.stage = stage

    async def as_person(self, user_id: str, place: str = SHARED) -> None:
        await self.page.goto(f"{self.stage.box.url}#{user_id}/{place}")
        name = self.stage.box.world.cast.person(user_id).name
        await expect(self.page.get_by_role("button", name="Acting as")).to_contain_text(name)

    def newest(self, words: str) -> Locator:
        return self.page.locator(".main .message", has_text=words).last

    async def press(self, button: str, words: str) -> None:
        await self.newest(words).get_by_role("button", name=button, exact=True).click()

    async def typed(self, text: str) -> None:
        composer = self.page.get_by_label("Message #aurora-borealis-quality")
        await composer.fill(text)
        await composer.press("Enter")

    async def form(self, title: str) -> Locator:
        dialog = self.page.get_by_role("dialog", name=title)
        await expect(dialog).to_be_visible()
        return dialog

    async def picture(self, name: str, page: Page | None = None, of: Locator | None = None) -> None:
        if os.environ.get("PICTURES"):
            await (page or self.page).wait_for_timeout(400)
            if of is not None:
                await of.scroll_into_view_if_needed()
            await (page or self.page).screenshot(path=PICTURES / f"{name}.png")


async def fill(dialog: Locator, texts: dict[str, str], choices: dict[str, str] | None = None) -> None:
    for label, text in texts.items():
        await dialog.get_by_label(label, exact=True).fill(text)
    for label, option in (choices or {}).items():
        await dialog.get_by_label(label, exact=True).select_option(label=option)


async def pick(screen: Screen, dialog: Locator, label: str, option: str) -> None:
    """Choose in a list too long for a plain select: type, then take the match."""
    box = dialog.get_by_label(label, exact=True)
    if await box.evaluate("element => element.tagName") == "SELECT":
        await box.select_option(label=option)
        return
    await box.fill(option)
    await screen.page.get_by_role("option", name=option, exact=True).first.click()


async def set_up(screen: Screen) -> None:
    await screen.as_person("U0ANNA")
    await screen.typed("/quality setup")
    dialog = await screen.form("Set up channel")
    await expect(dialog.get_by_label("Sponsor", exact=True)).to_be_visible()
    await fill(dialog, {"Sponsor": SPONSOR, "CMO": CMO, "Daily digest at": "08:00"}, {"Sponsor workspace": SPONSOR})
    for label, people in (
        ("Sponsor QA", [f"Anna Berg · {SPONSOR}", f"Ben Ortiz · {SPONSOR}"]),
        ("CMO QA", [f"Elif Kaya · {CMO}", f"Finn Larsen · {CMO}"]),
    ):
        for name in people:
            await dialog.get_by_label(label, exact=True).get_by_label(name, exact=True).check()
    await pick(screen, dialog, "Sponsor country", "Germany (DE)")
    await pick(screen, dialog, "CMO country", "Switzerland (CH)")
    await screen.picture("setup")
    await dialog.get_by_role("button", name="Set up").click()
    await expect(screen.newest("please confirm")).to_be_visible()
    await screen.as_person("U0ELIF")
    await screen.press("Confirm", "please confirm")
    await expect(screen.newest("Both companies confirmed")).to_be_visible()
