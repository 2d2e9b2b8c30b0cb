"""The whole story by clicking: two companies set up, log, acknowledge, own, are reminded, and read the digest.

With PICTURES set, the screenshots of the documentation are taken anew.
"""

from playwright.async_api import Page, expect

from bot.story import CMO
from tests.browser.screen import Screen, fill, set_up
from tests.stage import SHARED, Stage


async def test_the_whole_story_by_clicking(page: Page, stage: Stage, phone: Page) -> None:
    """From an empty channel to the digest, both companies acting in the browser."""
    screen = Screen(page, stage)
    await set_up(screen)
    await log_a_deviation(screen)
    await acknowledge_it(screen)
    await log_an_oos_result(screen)
    await give_a_capa_an_owner(screen)
    await be_reminded(screen, phone)
    await read_the_digest(screen, phone)


async def log_a_deviation(screen: Screen) -> None:
    """Gita, whose company has not installed the app, logs from the front door; a forgotten field is told at it."""
    await screen.as_person("U0GITA")
    await screen.press("Log deviation", "Log one here")
    dialog = await screen.form("Log deviation")
    await fill(
        dialog,
        {
            "Title": "Integrity test of the sterile filter failed",
            "What happened": "The post-use bubble point of filter 2 was 2.1 bar.",
            "What should have happened": "At least 2.8 bar.",
            "Batch or lot": "AB-1001, AB-1002",
            "Product": "Auroprim 10 mg/ml (example)",
            "Where": "Filling line 2",
            "Detected at": "2026-11-30T09:00",
        },
        {"Class": "Critical"},
    )
    await dialog.get_by_role("button", name="Log", exact=True).click()
    await expect(dialog.get_by_text("This lies in the future")).to_be_visible()
    await screen.picture("field-error")
    await expect(dialog.get_by_label("Title", exact=True)).to_have_value("Integrity test of the sterile filter failed")
    await dialog.get_by_label("Detected at", exact=True).fill("2026-11-24T08:40")
    await screen.picture("log-deviation", of=dialog.get_by_label("Title", exact=True))
    await dialog.get_by_role("button", name="Log", exact=True).click()
    card = screen.newest("DEV-2026-0001")
    await expect(card).to_contain_text("Aurora Therapeutics (example) acknowledges by")
    # The company that logged it cannot acknowledge it, and is told who has to.
    await screen.press("Acknowledge", "DEV-2026-0001")
    await expect(screen.newest("is for the company that did not log it")).to_be_visible()


async def acknowledge_it(screen: Screen) -> None:
    """Carla of the other company acknowledges; the card names her."""
    await screen.as_person("U0CARLA")
    await screen.press("Acknowledge", "DEV-2026-0001 · Critical")
    await expect(screen.newest("DEV-2026-0001 · Critical")).to_contain_text("Acknowledged: Carla Novak")
    await screen.picture("channel", of=screen.newest("DEV-2026-0001 · Critical"))


async def log_an_oos_result(screen: Screen) -> None:
    """Hugo of the laboratory logs a result; a number that is none is told at its field."""
    await screen.as_person("U0HUGO")
    await screen.press("Log OOS result", "Log one here")
    dialog = await screen.form("Log OOS result")
    texts = {"Test": "Assay (HPLC)", "Batch or lot": "AB-1004", "Result": "low", "Unit": "%", "Lower limit": "95.0"}
    await fill(dialog, texts, {"Sample type": "Finished product", "Batch distributed": "No"})
    await dialog.get_by_role("button", name="Log", exact=True).click()
    await expect(dialog.get_by_text("This is not a number")).to_be_visible()
    await dialog.get_by_label("Result", exact=True).fill("93.4")
    await screen.picture("log-oos")
    await dialog.get_by_role("button", name="Log", exact=True).click()
    await expect(screen.newest("OOS-2026-0001")).to_contain_text("Phase I")


async def give_a_capa_an_owner(screen: Screen) -> None:
    """Elif adds a CAPA to the deviation and names Finn its owner, who is told."""
    await screen.as_person("U0ELIF")
    await screen.press("Add CAPA", "DEV-2026-0001 · Critical")
    dialog = await screen.form("New CAPA")
    await expect(dialog.get_by_label("Source records", exact=True)).to_have_value("DEV-2026-0001")
    texts = {
        "Title": "Pressure hold of the filter housing",
        "Problem": "A nicked gasket was not seen.",
        "Due date": "2026-12-10",
        "Action plan": "Add a step to the batch record; train line 2.",
    }
    await fill(dialog, texts, {"Owner": f"Finn Larsen · {CMO}"})
    await screen.picture("new-capa")
    await dialog.get_by_role("button", name="Log", exact=True).click()
    await expect(screen.newest("CAPA-2026-0001 · CAPA")).to_contain_text("Owner: Finn Larsen")
    await screen.as_person("U0ANNA")
    await screen.press("Assign owner", "DEV-2026-0001 · Critical")
    dialog = await screen.form("Assign owner")
    await fill(dialog, {}, {"Owner": f"Finn Larsen · {CMO}"})
    await dialog.get_by_role("button", name="Assign").click()
    await expect(screen.newest("DEV-2026-0001 · Critical")).to_contain_text("Owner: Finn Larsen")
    await screen.newest("DEV-2026-0001 · Critical").get_by_role("button", name="replies").click()
    thread = screen.page.get_by_role("complementary", name="Thread")
    await expect(thread).to_contain_text("assigned it to")
    await screen.picture("thread")
    await screen.typed("/quality history DEV-2026-0001")
    await expect(screen.newest("History of DEV-2026-0001")).to_be_visible()
    await screen.picture("history", of=screen.newest("History of DEV-2026-0001"))


async def be_reminded(screen: Screen, phone: Page) -> None:
    """The clock moves to 7 days before the due date: Finn finds a reminder, also on a phone."""
    stage = screen.stage
    await stage.box.move_clock(stage.box.now().replace(month=12, day=3, hour=6, minute=59, second=0))
    clock = screen.page.get_by_role("button", name="Clock:")
    await clock.click()
    await screen.page.get_by_role("button", name="+1 hour").click()
    await screen.page.keyboard.press("Escape")
    await screen.as_person("U0FINN", "D0FINN")
    await expect(screen.newest("CAPA-2026-0001 is due Thu 10 Dec 2026, 17:00 Berlin, in 7 days")).to_be_visible()
    await screen.picture("reminder")
    await phone.goto(f"{stage.box.url}#U0FINN/D0FINN")
    await expect(phone.locator(".main .message", has_text="in 7 days").last).to_be_visible()
    await screen.picture("phone-reminder", phone)


async def read_the_digest(screen: Screen, phone: Page) -> None:
    """The digest of the day stands in the channel for both companies and ends with the journal's hash."""
    for user in ("U0CARLA", "U0GITA"):
        await screen.as_person(user)
        digest = screen.newest("Daily digest · Thu 3 Dec 2026")
        await expect(digest).to_contain_text("Due in 7 days")
        await expect(digest).to_contain_text("SHA-256")
    await screen.picture("digest")
    await phone.goto(f"{screen.stage.box.url}#U0GITA/{SHARED}")
    await expect(phone.locator(".main .message", has_text="Daily digest").last).to_be_visible()
    await screen.picture("phone", phone)


async def test_home_and_lists_in_the_browser(page: Page, stage: Stage) -> None:
    """Home, my work, search and a stranger's refusal, in the browser."""
    screen = Screen(page, stage)
    await set_up(screen)
    await log_a_deviation(screen)
    await screen.as_person("U0ANNA", "home")
    await expect(page.get_by_text("Needs an owner")).to_be_visible()
    await screen.picture("home")
    await page.get_by_role("button", name="Open", exact=True).first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("DEV-2026-0001 · Critical deviation")
    await page.keyboard.press("Escape")
    await screen.as_person("U0GITA")
    await screen.press("Search", "Log one here")
    dialog = await screen.form("Search")
    await dialog.get_by_label("Search for", exact=True).fill("filter")
    await dialog.get_by_role("button", name="Search", exact=True).click()
    await expect(page.get_by_role("dialog")).to_contain_text("DEV-2026-0001")
    await page.keyboard.press("Escape")
    await screen.as_person("U0MIRA")
    await screen.press("Acknowledge", "DEV-2026-0001 · Critical")
    await expect(screen.newest("neither company's")).to_be_visible()
    await screen.picture("refused")
