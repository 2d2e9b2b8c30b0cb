"""Each life of a record, walked through by clicking, both companies acting, with pictures for the manual."""

import asyncio
from datetime import timedelta
from typing import Any

from playwright.async_api import Locator, Page, expect

from bot.samples import key_shown
from bot.story import CMO
from storage import outbox
from tests.browser.screen import Screen, fill, set_up
from tests.stage import DEVIATION, OOS, Stage

INVESTIGATION = {
    "Root cause": "The housing gasket was nicked at assembly.",
    "Other batches considered": "AB-0990 to AB-1000 went through the same housing: their tests passed.",
    "Impact": "None on patients: both batches are quarantined.",
    "Conclusion": "The cause is found; the batches are rejected.",
}
CHOSEN = {"Root cause category": "Machine", "Disposition recommendation": "Reject", "CAPA needed": "Yes"}
PHASE_2 = {
    "Manufacturing review": "Blend time of the last shift below its range.",
    "Root cause": "Blend not uniform.",
    "Other batches considered": "TB-254 and TB-256, blended by another shift: complying.",
    "Evidence": "Three retests out of specification, blend record of 12 November.",
}


class Cast:
    """The people before the page, each with their own phone."""

    def __init__(self, page: Page, stage: Stage) -> None:
        self.page = page
        self.stage = stage
        self.screen = Screen(page, stage)

    async def as_person(self, user: str) -> None:
        """Act as somebody, once everything is said: a button of a message that is just being redrawn is gone."""
        await self.stage.bot.desk.finish()
        while (await self.stage.database.read(outbox.pending))[0]:  # noqa: ASYNC110 - the outbox is a table, no event
            await asyncio.sleep(0.05)
        await self.screen.as_person(user)
        await self.page.wait_for_timeout(150)

    async def log(self, user: str, button: str, values: dict[str, Any]) -> None:
        """Log a record from the front door, without the browser: the first slice's story shows that."""
        who = self.stage.box.person(user)
        await who.click(button)
        who.fill(values)
        assert await who.submit() == {}

    async def act(
        self, user: str, button: str, card: str, form: str | None = None, *, shot: str | None = None, **given: Any
    ) -> None:
        """Press a button of a card as somebody; fill in and submit the form that opens."""
        await self.as_person(user)
        told = len(self.stage.box.connect_events())
        await self.screen.press(button, card)
        if form is None:
            await self._acknowledged(told)
            return
        dialog = await self.screen.form(form)
        texts, choices = given.get("texts", {}), given.get("choices", {})
        await fill(dialog, texts, choices)
        for label in given.get("ticks", ()):
            await dialog.get_by_label(label, exact=True).check()
        if shot:
            await self.screen.picture(shot)
        await dialog.locator("button[type=submit], .primary").last.click()
        await expect(dialog).to_be_hidden()

    async def _acknowledged(self, told: int) -> None:
        """Wait until the bot has answered what was pressed: only then is there something to wait for after it."""
        while not [one for one in self.stage.box.connect_events()[told:] if one.status]:  # noqa: ASYNC110 - a list
            await asyncio.sleep(0.02)

    async def sign(self, user: str, button: str, card: str, *, shot: str | None = None) -> None:
        """Press a button that signs and give the code of the person's phone."""
        await self.device(user)
        await self.stage.box.move_clock(self.stage.box.now() + timedelta(seconds=31))
        await self.as_person(user)
        await self.screen.press(button, card)
        await self.code(user, await self.screen.form("Sign"), shot)

    async def code(self, user: str, dialog: Locator, shot: str | None = None) -> None:
        await dialog.get_by_label("Code", exact=True).fill(self.stage.box.person(user).phone.code())
        if shot:
            await self.screen.picture(shot)
        await dialog.get_by_role("button", name="Sign", exact=True).click()
        await expect(self.page.get_by_role("dialog")).to_have_count(0)

    async def device(self, user: str) -> None:
        """Set a signing device up, once: the key of the form goes into the phone beside it."""
        who = self.stage.box.person(user)
        if who.phone.keys:
            return
        await self.as_person(user)
        await self.screen.press("Signing device", "Log one here")
        dialog = await self.screen.form("Signing device")
        await dialog.get_by_role("button", name="Phone").click()
        await dialog.get_by_label("Key", exact=True).fill(key_shown(who))
        await dialog.get_by_role("button", name="Add", exact=True).click()
        await expect(dialog.locator(".codes li")).to_have_count(1)
        await dialog.get_by_label("Code", exact=True).fill(who.phone.code())
        await self.screen.picture("signing-device")
        await dialog.get_by_role("button", name="Confirm", exact=True).click()
        await expect(self.page.get_by_role("dialog")).to_have_count(0)

    async def shows(self, card: str, *words: str, shot: str | None = None) -> None:
        for told in words:
            await expect(self.screen.newest(card)).to_contain_text(told)
        if shot:
            await self.screen.picture(shot, of=self.screen.newest(card))


async def test_a_major_deviation_lives_to_its_closing(page: Page, stage: Stage) -> None:
    """Logged, acknowledged, owned, investigated, given a CAPA, signed by both companies, closed."""
    cast = Cast(page, stage)
    await set_up(cast.screen)
    given: dict[str, Any] = {"Title": "Integrity test of the sterile filter failed", "Batch or lot": "AB-1001"}
    await cast.log("U0GITA", "Log deviation", DEVIATION | given)
    number = "DEV-2026-0001 ·"
    await cast.act("U0CARLA", "Acknowledge", number)
    await cast.act("U0ELIF", "Assign owner", number, "Assign owner", choices={"Owner": f"Gita Rao · {CMO}"})
    await cast.act("U0GITA", "Start investigation", number)
    await cast.shows(number, "State: Under investigation", "Next: Gita Rao")
    shot = "deviation-investigation"
    given = {"texts": INVESTIGATION, "choices": CHOSEN}
    await cast.act("U0GITA", "Submit for approval", number, "Submit investigation", shot=shot, **given)
    await cast.shows(number, "State: Pending approval", "Elif Kaya or Finn Larsen")
    # The owner does not approve their own work, and hears who may.
    await cast.act("U0GITA", "Approve", number)
    await expect(cast.screen.newest("is for QA of the company whose signature is next")).to_be_visible()
    await cast.sign("U0ELIF", "Approve", number, shot="deviation-sign")
    await cast.shows(number, "Signed: Elif Kaya", "Next: A CAPA has to be added or linked")
    texts = {
        "Title": "Inspection of gaskets before assembly",
        "Problem": "A nicked gasket was not seen.",
        "Due date": "2026-12-18",
        "Action plan": "Add the inspection to the batch record.",
    }
    given = {"texts": texts, "choices": {"Owner": f"Gita Rao · {CMO}"}}
    await cast.act("U0FINN", "Add CAPA", number, "New CAPA", **given)
    await cast.sign("U0ANNA", "Approve", number)
    await cast.shows(number, "State: Closed", "Signed: Elif Kaya", "Signed: Anna Berg", shot="deviation-closed")


async def test_an_oos_result_is_invalidated(page: Page, stage: Stage) -> None:
    """A laboratory cause with evidence leads to approval by both companies, and the batch leaves hold."""
    cast = Cast(page, stage)
    await set_up(cast.screen)
    await cast.log("U0HUGO", "Log OOS result", OOS | {"Batch distributed": "No"})
    number = "OOS-2026-0001 ·"
    await cast.act("U0FINN", "Assign owner", number, "Assign owner", choices={"Owner": f"Hugo Meyer · {CMO}"})
    await cast.shows(number, "On hold: AB-1004")
    texts = {"Evidence": "Standard weighed wrongly: balance print 14 against the entry in the notebook."}
    ticks = ("Calculation and transcription checked", "Raw data and chromatograms reviewed")
    given: dict[str, Any] = {"texts": texts, "choices": {"Laboratory cause found": "Yes"}, "ticks": ticks}
    await cast.act("U0HUGO", "Phase I result", number, "Phase I result", shot="oos-phase-1", **given)
    await cast.shows(number, "State: Pending approval · Invalidated")
    await cast.sign("U0ELIF", "Approve", number)
    await cast.sign("U0BEN", "Approve", number)
    await cast.shows(number, "State: Closed · Invalidated", "Signed: Ben Ortiz", shot="oos-invalidated")
    await expect(cast.screen.newest(number)).not_to_contain_text("On hold")


async def test_an_oos_result_is_confirmed_with_a_field_alert(page: Page, stage: Stage) -> None:
    """Planned retests under two signatures, every result kept, confirmed; the field alert is answered and filed."""
    cast = Cast(page, stage)
    await set_up(cast.screen)
    await cast.log("U0HUGO", "Log OOS result", OOS | {"Batch distributed": "Yes", "Batch or lot": "TB-255"})
    number = "OOS-2026-0001 ·"
    await cast.act("U0FINN", "Assign owner", number, "Assign owner", choices={"Owner": f"Hugo Meyer · {CMO}"})
    await cast.act("U0ANNA", "Reports to authorities", number)
    await expect(cast.screen.newest("Reports to authorities about")).to_contain_text("21 CFR 314.81(b)(1)")
    await cast.screen.picture("field-alert", of=cast.screen.newest("Reports to authorities about"))
    await cast.screen.newest("Reports to authorities about").get_by_role("button", name="Needed").first.click()
    await cast.shows(number, "Field alert: needed, due Mon 30 Nov 2026")
    texts = {"Evidence": "Weighing, calculation, instrument and standards reviewed: no cause."}
    given: dict[str, Any] = {"texts": texts, "choices": {"Laboratory cause found": "No"}}
    await cast.act("U0HUGO", "Phase I result", number, "Phase I result", **given)
    plan = {"Hypothesis": "Blend not uniform.", "Number of retests": "1", "Second analyst": "K. Brandt"}
    await cast.act("U0HUGO", "Retest plan", number, "Retest plan", texts=plan)
    await cast.sign("U0ELIF", "Approve plan", number)
    await cast.sign("U0ANNA", "Approve plan", number)
    await cast.shows(number, "records retest 1 of 1", shot="oos-retests")
    await cast.act("U0HUGO", "Record retest", number, "Record retest", texts={"Result": "70.8", "Analyst": "K. Brandt"})
    await cast.act("U0HUGO", "Record retest", number)
    await expect(cast.screen.newest("No more were approved")).to_be_visible()
    given = {"texts": PHASE_2, "choices": {"Outcome": "Confirmed", "Disposition recommendation": "Reject"}}
    await cast.act("U0HUGO", "Phase II result", number, "Phase II result", **given)
    await cast.sign("U0FINN", "Approve", number)
    await cast.sign("U0BEN", "Approve", number)
    await cast.shows(number, "State: Closed · Confirmed", "On hold: TB-255", shot="oos-confirmed")
    await cast.act("U0ANNA", "Reports to authorities", number)
    question = cast.screen.newest("Reports to authorities about")
    await question.get_by_role("button", name="Record filing").first.click()
    dialog = await cast.screen.form("Record filing")
    await dialog.get_by_role("button", name="Record", exact=True).click()
    await cast.shows(number, "Field alert: filed")
    await cast.act("U0GITA", "Log deviation", number)
    dialog = await cast.screen.form("Log deviation")
    await expect(dialog.get_by_label("Source records", exact=True)).to_have_value("OOS-2026-0001")
    await dialog.get_by_role("button", name="Log", exact=True).click()
    await cast.shows("DEV-2026-0001 ·", "Links: OOS-2026-0001")


async def test_a_capa_is_found_not_effective(page: Page, stage: Stage) -> None:
    """Accepted, its plan approved, implemented, checked from its date on by signature; a new one follows."""
    cast = Cast(page, stage)
    await set_up(cast.screen)
    due = (stage.box.now() + timedelta(days=30)).date()
    given: dict[str, Any] = {"Title": "Inspection of gaskets", "Problem": "A nicked gasket was not seen."}
    given |= {"Owner": f"Gita Rao · {CMO}", "Due date": due, "Action plan": "Add the inspection to the batch record."}
    given |= {"Effectiveness criterion": "No failed integrity test in twenty batches."}
    await cast.log("U0GITA", "New CAPA", given)
    number = "CAPA-2026-0001 ·"
    await cast.act("U0GITA", "Accept", number)
    await cast.sign("U0ELIF", "Approve plan", number, shot="capa-plan")
    await cast.shows(number, "State: In progress")
    texts = {"Evidence": "Batch record v8, training list of line 2.", "Implemented on": "2026-11-24"}
    await cast.act("U0GITA", "Mark implemented", number, "Mark implemented", texts=texts)
    await cast.act("U0FINN", "Check effectiveness", number)
    await expect(cast.screen.newest("can be checked from Mon 22 Feb 2027 on")).to_be_visible()
    await stage.box.move_clock(stage.box.now().replace(year=2027, month=2, day=23))
    await cast.device("U0FINN")
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    await cast.as_person("U0FINN")
    await cast.screen.press("Check effectiveness", number)
    dialog = await cast.screen.form("Check effectiveness")
    evidence = {"Evidence": "Two failed integrity tests in the twelve batches since."}
    await fill(dialog, evidence, {"Outcome": "Not effective"})
    await cast.screen.picture("capa-check")
    await dialog.get_by_role("button", name="Continue", exact=True).click()
    await cast.code("U0FINN", await cast.screen.form("Sign"), "capa-check-sign")
    await cast.shows(number, "State: Closed · Not effective", "Signed: Finn Larsen", shot="capa-not-effective")
    await cast.shows("CAPA-2027-0001 ·", "Follow-up of CAPA-2026-0001", "Press Change plan", shot="capa-follow-up")
