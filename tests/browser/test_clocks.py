"""The quality agreement, its clocks, a stopped one, the morning and the week, clicked through by both companies."""

from playwright.async_api import Page, expect

from tests.browser.screen import Screen, fill, set_up
from tests.stage import DEVIATION, GITA, Stage


async def test_the_agreement_and_its_clocks_by_clicking(page: Page, phone: Page, stage: Stage) -> None:
    """A term is changed by both companies, a clock stands by consent, and Monday morning tells all of it."""
    screen = Screen(page, stage)
    await set_up(screen)
    await log_and_assign(screen)
    await change_a_term(screen)
    await stop_a_clock(screen)
    await read_the_morning(screen, phone)


async def log_and_assign(screen: Screen) -> None:
    """Gita logs a major deviation, and Elif makes her its owner."""
    gita = screen.stage.gita
    await gita.click("Log deviation")
    gita.fill(DEVIATION)
    assert await gita.submit() == {}
    await screen.as_person("U0ELIF")
    await screen.press("Assign owner", "DEV-2026-0001 · Major")
    dialog = await screen.form("Assign owner")
    await fill(dialog, {}, {"Owner": GITA})
    await dialog.get_by_role("button", name="Assign").click()
    await expect(screen.newest("DEV-2026-0001 · Major")).to_contain_text("Owner: Gita Rao")


async def change_a_term(screen: Screen) -> None:
    """Anna proposes another length, Elif agrees; the card cites the new version."""
    await screen.as_person("U0ANNA")
    await screen.press("Agreement", "Log one here")
    agreement = screen.newest("Quality agreement v1")
    await expect(agreement).to_contain_text("45 calendar days from detection, the owner")
    await screen.picture("agreement", of=agreement.get_by_text("1 · Critical deviation: notify"))
    await agreement.get_by_role("button", name="Change").nth(6).click()
    dialog = await screen.form("Change a term")
    texts = {"Length": "30", "Reason": "Agreed in the quality meeting of November."}
    await fill(dialog, texts, {"Move running clocks": "Yes"})
    await screen.picture("agreement-term")
    await dialog.get_by_role("button", name="Agree and propose").click()
    await expect(screen.newest("A change of the quality agreement is proposed")).to_contain_text("→ 30 calendar days")
    await screen.as_person("U0ELIF")
    await screen.picture("agreement-proposed", of=screen.newest("A change of the quality agreement"))
    await screen.press("Agree", "A change of the quality agreement")
    await expect(screen.newest("Quality agreement v2 is in force")).to_be_visible()
    await expect(screen.newest("DEV-2026-0001 · Major")).to_contain_text("(30 calendar days, agreement v2)")


async def stop_a_clock(screen: Screen) -> None:
    """Gita asks to stop the clock, Ben agrees for the other company; Clocks shows what was and what comes."""
    await screen.as_person("U0GITA")
    await screen.press("Clocks", "DEV-2026-0001 · Major")
    await expect(screen.newest("Clocks of DEV-2026-0001")).to_contain_text("agreement v2, row 7")
    await screen.picture("clocks", of=screen.newest("Clocks of DEV-2026-0001"))
    await screen.press("Stop clock", "DEV-2026-0001 · Major")
    dialog = await screen.form("Stop clock")
    texts = {"Stopped until": "2026-12-08", "Reason": "The filter's maker examines it until then."}
    await fill(dialog, texts)
    await dialog.get_by_role("button", name="Ask").click()
    await expect(screen.newest("DEV-2026-0001 · Major")).to_contain_text(
        "who asks to stop the clock until Tue 8 Dec 2026"
    )
    await screen.as_person("U0BEN")
    await screen.press("Agree", "DEV-2026-0001 · Major")
    await expect(screen.newest("DEV-2026-0001 · Major")).to_contain_text("stopped until Tue 8 Dec 2026")
    await screen.picture("clock-stopped", of=screen.newest("DEV-2026-0001 · Major"))


async def read_the_morning(screen: Screen, phone: Page) -> None:
    """On Monday the digest has the week's figures with their charts, and QA find what waits on their company."""
    stage = screen.stage
    await stage.box.move_clock(stage.box.now().replace(month=11, day=30, hour=7, minute=1))
    await screen.as_person("U0ANNA")
    digest = screen.newest("Daily digest · Mon 30 Nov 2026")
    await expect(digest).to_contain_text("The week's figures")
    await expect(digest.locator("svg").first).to_be_visible()
    await screen.picture("figures", of=digest.locator("svg").first)
    await phone.goto(f"{stage.box.url}#U0ANNA/D0ANNA")
    await expect(phone.locator(".main .message", has_text="Waiting on").last).to_be_visible()
    await screen.picture("phone-list", phone)
