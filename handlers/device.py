"""Signing devices in Slack: setting one up, replacing it, and what the company's QA is told about it."""

import io
import logging
from typing import Any

import segno
from sqlmodel import Session

from handlers import blocks, slack_errors
from handlers.acts import REASON
from handlers.blocks import Block, Screen
from handlers.call import Call
from handlers.forms import Form
from handlers.listeners import Listeners
from handlers.signature import CODE
from handlers.text import escape
from quality import device
from quality.device import NewDevice
from quality.people import Actor
from quality.words import moment
from storage.device import Device
from storage.person import Person

log = logging.getLogger(__name__)

SET_UP = Form("device.confirm", "Signing device", "Confirm", (CODE,))
REPLACE = Form("device.replace", "Replace signing device", "Ask", (REASON,))
INTRO = (
    "Your signature needs a code from a device of your own. In an authenticator app (any that does TOTP), add an "
    "account with this key, or scan the QR image that comes to you by direct message. Then type the first code below."
)


async def start(call: Call, _text: str = "") -> None:
    """Set up a signing device, or ask to replace the present one."""

    def present(session: Session, actor: Actor) -> tuple[Actor, Device | None]:
        return actor, device.status(session, actor)

    actor, found = await call.look(present)
    data = {"p": actor.partnership.id}
    if found is not None:
        await call.open(REPLACE.view(data, intro=[blocks.typed(_present(found, actor))]))
        return
    made = await call.do(call.desk.codes.begin)
    await call.open(draw(made, data))
    if made.old_file_id:
        call.desk.later(call.slack.files_delete(file=made.old_file_id))
    call.desk.later(_send_image(call, made))


def draw(made: NewDevice, data: dict[str, Any]) -> Block:
    """Draw the modal that shows a new device's key, once."""
    key = {"type": "rich_text_preformatted", "elements": [blocks.words(made.key)]}
    once = "The key is shown only now. Nobody else may see it: whoever has it can sign in your name."
    return SET_UP.view(data, intro=[blocks.typed(INTRO), blocks.rich([key]), blocks.context(once)])


async def on_confirmed(call: Call) -> None:
    """Confirm the device by its first code; the QR image is deleted."""
    given = SET_UP.read(call.view)
    file_id = await call.do(call.desk.codes.confirm, given["code"])
    if file_id:
        call.desk.later(call.slack.files_delete(file=file_id))
    says = "Your signing device is set up. From now on it signs what you approve."
    call.desk.later(_tell(call, says))


async def on_replace(call: Call) -> None:
    """Ask the other QA of the company."""
    given = REPLACE.read(call.view)
    await call.do(device.ask_replacement, given["reason"])


async def on_agree(call: Call) -> None:
    """Agree that a colleague replaces their device."""
    name = await call.do(device.answer_replacement, call.number("d"), _asked_at(call), True)
    await call.answer(f"{name}'s signing device is revoked. They set up a new one now.", replace=True)


async def on_refuse(call: Call) -> None:
    """Refuse it."""
    name = await call.do(device.answer_replacement, call.number("d"), _asked_at(call), False)
    await call.answer(f"{name} keeps the present signing device.", replace=True)


def _asked_at(call: Call) -> str:
    return str(call.data.get("q", ""))


def notice(what: str, whose: Person, company: str, found: Device) -> Screen:
    """Tell about a signing device: QA of the company, or the person whose it is."""
    text = NOTICES[what].format(name=whose.name, company=company, until=_until(found))
    shown = [blocks.typed(text)]
    data: dict[str, Any] = {"p": whose.partnership_id, "d": found.id}
    if what == "device replacement":
        shown.append(blocks.quote([blocks.words("Reason:")], found.replacement_reason or ""))
        asked_at = found.replacement_asked_at.isoformat() if found.replacement_asked_at else ""
        agree = blocks.button("Agree", "device.agree", data | {"q": asked_at}, "primary")
        shown.append(blocks.actions(agree, blocks.button("Refuse", "device.refuse", data | {"q": asked_at})))
    if what == "device revoked":
        shown.append(offer(whose.partnership_id))
    return Screen(escape(text), shown)


def offer(partnership_id: int) -> Block:
    """Give the button that sets a device up."""
    return blocks.actions(blocks.button("Set up signing device", "device.start", {"p": partnership_id}, "primary"))


NOTICES = {
    "device set up": "{name} ({company}) set up a signing device. If that surprises you, ask them.",
    "device replacement": (
        "{name} ({company}) asks to replace their signing device. Make sure that it is they who ask: talk to them, "
        "not only in Slack. When you agree, the present device signs no more."
    ),
    "device revoked": "Your old signing device signs no more. Set up the new one.",
    "device kept": "QA of {company} refused that you replace your signing device. The present one still signs.",
    "signing locked": "{name} ({company}) gave five wrong codes when signing and is locked until {until}. Ask them.",
}


def _present(found: Device, actor: Actor) -> str:
    since = moment(found.confirmed_at or found.set_up_at)
    return (
        f"Your signing device is set up since {since}. Is it lost, or do you have a new one? Another QA of "
        f"{actor.company.name} has to agree before you set up the new one; until then the present one signs."
    )


def _until(found: Device) -> str:
    return moment(found.locked_until) if found.locked_until else ""


async def _send_image(call: Call, made: NewDevice) -> None:
    """Send the key as a QR image by direct message; the modal shows the key in any case."""
    slack, image = call.slack, io.BytesIO()
    segno.make(made.address, error="m").save(image, kind="png", scale=6, border=3)
    try:
        opened = await slack.conversations_open(users=call.identity.user_id)
        sent = await slack.files_upload_v2(
            channel=opened["channel"]["id"],
            content=image.getvalue(),
            filename="signing-device.png",
            title="Key of your signing device",
            alt_txt="QR image with the key of your signing device; the same key stands in the form",
            initial_comment="Scan this with your authenticator app. It is deleted once you confirm the device.",
        )
    except slack_errors.FAILURES as error:
        log.warning("the QR image could not be sent: %s", slack_errors.word(error))
        return
    file_id = str(sent["files"][0]["id"])
    if not await call.desk.database.write(lambda session: device.note_file(session, made, file_id)):
        await slack.files_delete(file=file_id)  # the device was confirmed before its image came


async def _tell(call: Call, text: str) -> None:
    opened = await call.slack.conversations_open(users=call.identity.user_id)
    await call.slack.chat_postMessage(channel=opened["channel"]["id"], text=text)


LISTENERS = Listeners(
    buttons={"device.start": start, "device.agree": on_agree, "device.refuse": on_refuse},
    modals={SET_UP.callback: on_confirmed, REPLACE.callback: on_replace},
)
