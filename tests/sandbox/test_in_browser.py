"""The page in a real Chromium before a small app: the phone beside a modal, modals that change, pictures, charts."""

import base64
import os
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def field(label: str, kind: str = "plain_text_input", **more: Any) -> dict[str, Any]:
    name = label.lower()
    element = {"type": kind, "action_id": name, **more}
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}


def modal(title: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    shown = {"type": "modal", "callback_id": "form", "title": plain(title), "submit": plain("Send")}
    return {**shown, "blocks": list(blocks), "private_metadata": title}


READ = [{"text": plain("I have read it"), "value": "read"}]
FIRST = modal("First", field("Read", "checkboxes", options=READ), field("Due", "datepicker"), field("Reason"))
SECOND = modal("Second", field("Code"))


@pytest.fixture(params=[(1280, 860), (390, 844)], ids=["desk", "phone"])
async def page(box: Sandbox, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium has to be installed where CI runs")
        pytest.skip("Chromium is not installed")
    width, height = request.param
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(viewport={"width": width, "height": height}, locale="en-GB")
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"{box.url}#U0ANNA/C0SHARED")
        await expect(page.get_by_role("button", name="Acting as")).to_contain_text("Anna Berg")
        yield page
        await browser.close()
        assert faults == []


async def test_the_phone_beside_a_modal(box: Sandbox, page: Page) -> None:
    """By keyboard a key is added and its code read; beside an open modal it stays open and closes nothing."""
    phone = page.get_by_role("region", name="Phone")
    await page.get_by_role("button", name="Phone").press("Enter")
    await page.keyboard.type("nonsense")
    await page.keyboard.press("Enter")
    await expect(phone.get_by_role("alert")).to_contain_text("That is no key")
    await phone.get_by_label("Key", exact=True).fill(KEY)
    await page.keyboard.press("Enter")
    await expect(phone.get_by_text("Key 1", exact=True)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(phone).to_be_hidden()
    box.world.open_view("U0ANNA", SECOND)
    dialog = page.get_by_role("dialog", name="Second")
    await dialog.get_by_role("button", name="Phone").click()
    code = await phone.locator(".code").inner_text()
    assert code in {box.person("U0ANNA").phone.code(ago=timedelta(seconds=late)) for late in (0, 30)}
    await box.move_clock(to=box.now() + timedelta(days=3))
    await expect(phone.locator(".code")).not_to_have_text(code)
    assert code in {box.person("U0ANNA").phone.code(at=box.now()), code}
    await dialog.get_by_label("Code").fill(code)
    await expect(phone.get_by_text("s left")).to_be_visible()
    await phone.get_by_role("button", name="Remove Key 1").click()
    await expect(phone.get_by_text("No key yet")).to_be_visible()
    await phone.get_by_label("Key", exact=True).press("Escape")
    await expect(phone).to_be_hidden()
    await expect(dialog.get_by_label("Code")).to_have_value(code)


async def test_a_modal_that_changes(box: Sandbox, app: AsyncApp, page: Page) -> None:
    """Checkboxes and days are sent, an update shows the next form, its errors stand at its field, and it closes."""
    seen: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = [
        {"response_action": "update", "view": SECOND},
        {"response_action": "errors", "errors": {"code": "That code is not right."}},
        {"response_action": "update", "view": FIRST},
        {},
    ]

    @app.view("form")
    async def on_submit(ack: Any, view: dict[str, Any]) -> None:
        seen.append(view)
        await ack(**answers[len(seen) - 1])

    box.world.open_view("U0ANNA", FIRST)
    first, second = page.get_by_role("dialog", name="First"), page.get_by_role("dialog", name="Second")
    await first.get_by_role("button", name="Send").click()
    await expect(first.get_by_text("Please complete this required field.")).to_have_count(3)
    await first.get_by_label("I have read it").check()
    await first.get_by_label("Due").fill("2026-12-01")
    await first.get_by_label("Reason").fill("r")
    await first.get_by_role("button", name="Send").click()
    await expect(second.get_by_label("Code")).to_be_focused()
    await second.get_by_label("Code").fill("000000")
    await second.get_by_role("button", name="Send").click()
    await expect(second.get_by_text("That code is not right.")).to_be_visible()
    await second.get_by_label("Code").fill("287082")
    await expect(second.get_by_text("That code is not right.")).to_be_hidden()
    await second.get_by_role("button", name="Send").click()
    await expect(first.get_by_label("Reason")).to_have_value("")
    await expect(first.get_by_label("I have read it")).not_to_be_checked()
    assert [view["private_metadata"] for view in seen] == ["First", "Second", "Second"]
    values = seen[0]["state"]["values"]
    assert values["read"]["read"]["selected_options"] == READ
    assert (values["due"]["due"]["selected_date"], values["reason"]["reason"]["value"]) == ("2026-12-01", "r")


async def test_a_picture_and_its_tombstone(box: Sandbox, client: AsyncWebClient, page: Page) -> None:
    """An uploaded picture is shown with its alt text, and after its deletion the message says so."""
    upload = await client.files_upload_v2(channel="C0SHARED", content=PNG, filename="a.png", alt_txt="A QR image")
    picture = page.get_by_role("img", name="A QR image")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    await client.files_delete(file=upload["file"]["id"])
    await expect(page.get_by_text("This file was deleted.")).to_be_visible()
    await expect(picture).to_have_count(0)


async def test_channels_and_people_go(page: Page) -> None:
    """Menus archive, stop sharing and deactivate, and undo each; where nobody can write, the page says why."""
    options = page.get_by_role("button", name="Channel options")
    subtitle = page.locator(".main .place-title")

    async def pick(item: str) -> None:
        await options.click()
        await page.get_by_role("menuitem", name=item).click()

    await pick("Archive channel")
    await expect(page.get_by_text("This channel is archived.")).to_be_visible()
    await expect(page.get_by_label("Message #aurora-borealis-quality")).to_be_hidden()
    await expect(subtitle).to_contain_text("Archived")
    await pick("Unarchive channel")
    await expect(page.get_by_label("Message #aurora-borealis-quality")).to_be_visible()
    await pick("Leave channel")
    await expect(page.get_by_text("Anna Berg is not in this channel.")).to_be_visible()
    await pick("Join channel")
    await pick("Stop sharing")
    await expect(subtitle).to_contain_text("Channel of one company")
    await page.goto(f"{page.url.split('#')[0]}#U0ELIF/C0SHARED")
    await expect(page.get_by_text("Borealis Manufacturing (example) is no longer in this channel.")).to_be_visible()
    await page.goto(f"{page.url.split('#')[0]}#U0ANNA/C0SHARED")
    await pick("Share again")
    await expect(subtitle).to_contain_text("Borealis")
    await page.get_by_role("button", name="Acting as").click()
    await page.get_by_role("menuitem", name="Deactivate account").click()
    await expect(page.get_by_text("account is deactivated")).to_be_visible()
    await page.get_by_role("button", name="Acting as").click()
    await expect(page.get_by_role("menuitemradio", name="Anna Berg")).to_contain_text("Deactivated")
    await page.get_by_role("menuitem", name="Reactivate account").click()
    await expect(page.get_by_label("Message #aurora-borealis-quality")).to_be_visible()


def chart(kind: str, *names: str) -> dict[str, Any]:
    months = ["Jan", "Feb", "A long name of one"]
    lines = [{"name": n, "data": [{"label": m, "value": i - 0.5} for i, m in enumerate(months)]} for n in names]
    body = {"type": kind, "series": lines, "axis_config": {"categories": months, "x_label": "Month"}}
    return {"type": "data_visualization", "title": f"As {kind}", "chart": body}


async def test_charts(client: AsyncWebClient, page: Page) -> None:
    """Charts of every kind are drawn within the message, with a legend, and a table says the same."""
    segments = [{"label": "Minor", "value": 3}, {"label": "Major", "value": 1}]
    pie = {"type": "data_visualization", "title": "As pie", "chart": {"type": "pie", "segments": segments}}
    whole = {**pie, "title": "Whole", "chart": {"type": "pie", "segments": segments[:1]}}
    pairs = [pie, whole], [chart("bar", "2025", "2026"), chart("bar", "2026")], [chart("line", "a"), chart("area", "a")]
    marks = {"path": 2, "circle": 1, "rect": 6, "polyline": 1, "polygon": 1}
    for blocks in pairs:
        await client.chat_postMessage(channel="C0SHARED", text="charts", blocks=blocks)
    figures = page.get_by_role("figure")
    await expect(figures).to_have_count(6)
    for index, (mark, count) in zip((0, 1, 2, 4, 5), marks.items(), strict=True):
        await expect(figures.nth(index).locator(f"svg {mark}")).to_have_count(count)
    await expect(page.get_by_text("3 (75 %)", exact=True)).to_be_visible()
    row = page.get_by_role("table", name="As bar").first.get_by_role("row", name="Feb")
    await expect(row.get_by_role("cell")).to_have_text(["0.5", "0.5"])
    for text in await figures.locator("text").all():
        inside, outside = await text.bounding_box(), await figures.first.bounding_box()
        assert inside
        assert outside
        assert outside["x"] <= inside["x"] <= inside["x"] + inside["width"] <= outside["x"] + outside["width"]


async def test_an_app_is_let_in(box: Sandbox, page: Page) -> None:
    """The authorize page says who lets which app in where and for what, refuses, and leads back with a code."""
    query = (
        f"client_id={box.client_id}&scope=commands,chat:write&state=s&redirect_uri=https://quality.example.com/slack"
    )
    await page.route("https://quality.example.com/**", lambda route: route.fulfill(body="back"))
    await page.goto(f"{box.url}oauth/v2/authorize?{query}")
    await page.get_by_label("Acting as").select_option("Gus Teller")
    await expect(page.get_by_text("access_denied")).to_be_visible()
    await page.get_by_label("Acting as").select_option("Elif Kaya")
    await expect(page.get_by_role("heading", level=1)).to_have_text(
        "QualBridge asks for access to Borealis Manufacturing (example)"
    )
    await expect(page.get_by_role("listitem")).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("button", name="Allow").click()
    await page.wait_for_url("https://quality.example.com/slack?code=*&state=s")


async def test_an_app_comes_and_goes_by_the_menu(box: Sandbox, page: Page) -> None:
    """The menu at the name installs the app for the person's company and removes it."""
    await page.goto(f"{box.url}#U0ELIF/C0SHARED")
    actor = page.get_by_role("button", name="Acting as Elif Kaya")
    await actor.click()
    await page.get_by_role("menuitem", name="Install QualBridge").click()
    places = page.locator("[data-places=apps] li")
    await expect(places).to_have_count(3)  # the direct messages with each bot, and Home
    await page.get_by_role("button", name="Channel options").click()
    async with page.expect_response("**/page/act"):
        await page.get_by_role("menuitem", name="Add QualBridge").click()
    assert "U0QUALBOREAL" in box.world.channels["C0SHARED"].members
    await actor.click()
    await page.get_by_role("menuitem", name="Uninstall QualBridge").click()
    await expect(places).to_have_count(1)
