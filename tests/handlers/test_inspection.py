"""Inspections in Slack: a company's own, in its people's direct messages; the other company sees nothing of them."""

import json
from datetime import timedelta

from sandbox import Driver, Message
from sandbox.elements import Json
from tests.handlers.test_markup import said
from tests.stage import CMO, SHARED, TUESDAY, Stage

GIVEN = {
    "Authority": "Zebra-agency <!channel>",
    "Scope": "Zebra-filling",
    "Inspector": "Zebra-Spector",
    "First day": TUESDAY.date(),
    "Last day": TUESDAY.date() + timedelta(days=2),
    "People who take part": ["Gita Rao"],
}


async def opened(stage: Stage, **changes: str) -> Message:
    """Open an inspection of the CMO by Elif, whose company has no app; gives Gita's card of it."""
    await stage.elif_.click("Inspection")
    await stage.settle()
    assert f"No inspection of {CMO} is open." in stage.elif_.ephemerals[-1].words
    await stage.elif_.click("Open inspection", stage.elif_.ephemerals[-1])
    stage.elif_.fill(GIVEN | changes)
    assert await stage.elif_.submit() == {}
    await stage.settle()
    return card(stage.gita)


def card(who: Driver) -> Message:
    """Find a person's card of the inspection, in their direct messages."""
    return next(one for one in reversed(who.direct_messages) if "Add request" in one.buttons or "Closed:" in one.words)


async def press(stage: Stage, who: Driver, button: str, on: Message, **values: object) -> dict[str, str]:
    """Press a button of the card, fill in what opens; gives the errors."""
    await who.click(button, on)
    await stage.settle()
    errors = {}
    if values:
        who.fill({name.replace("_", " "): value for name, value in values.items()})
        errors = await who.submit()
        await stage.settle()
    return errors


async def asked(stage: Stage, hours: int = 30, what: str = "Zebra-records <!here>") -> None:
    """Add a request for Gita."""
    due = stage.box.now() + timedelta(hours=hours)
    values = {"What_is_asked": what, "By_when": due, "Owner": "Gita Rao"}
    assert await press(stage, stage.elif_, "Add request", card(stage.elif_), **values) == {}


async def test_an_inspection_from_its_opening_to_its_log(stage: Stage) -> None:
    """Its card stands in the direct messages of each who takes part, its thread tells what happens, its log stays."""
    await stage.log(stage.gita, Batch_or_lot="AB-1")
    mine = await opened(stage)
    for words in ("Inspection: Zebra-agency", "Scope: Zebra-filling", "Tue 24 Nov 2026 to Thu 26 Nov 2026",
                  "Take part: Elif Kaya, Gita Rao", "Requests: 0 open"):  # fmt: skip
        assert words in mine.words
    await asked(stage)
    assert "1. Zebra-records <!here>\nGita Rao · due" in card(stage.gita).words
    assert "Requests: 1 open, 0 overdue, 0 answered, 0 closed" in card(stage.gita).words
    assert "Elif Kaya added request 1, for Gita Rao" in stage.gita.thread(card(stage.gita))[-1].words
    errors = await press(stage, stage.gita, "Hand over", card(stage.gita), What_was_handed_over="It", Record="DEV-1")
    assert errors == {"Record": "There is no such record in this channel. Give a number such as DEV-2026-0001."}
    await stage.gita.close_modal()
    handed = {"What_was_handed_over": "Zebra-binder", "Record": "DEV-2026-0001"}
    assert await press(stage, stage.gita, "Hand over", card(stage.gita), **handed) == {}
    assert "1 open, 0 overdue, 1 answered" in card(stage.elif_).words
    await stage.elif_.click("Close inspection", card(stage.elif_))
    await stage.settle()
    assert "These requests are not closed yet: 1." in _answer(stage.elif_)
    for button in ("Close request", "Close inspection"):
        await stage.elif_.click(button, card(stage.elif_))
        await stage.settle()
    assert "Closed: Elif Kaya" in card(stage.gita).words
    assert card(stage.gita).buttons == ["Log"]
    await stage.gita.click("Inspection")
    await stage.settle()
    await stage.gita.click("Log", stage.gita.ephemerals[-1])
    await stage.settle()
    log = stage.gita.ephemerals[-1].words
    assert "Gita Rao handed over for request 1: Zebra-binder (DEV-2026-0001)" in log
    assert log.index("closed the inspection") < log.index("opened the inspection")
    assert [text for text in said(stage) if "<!here>" in text or "<!channel>" in text] == []


def _answer(who: Driver) -> str:
    """Give what a person was answered last, as an ephemeral message or by direct message."""
    return " ".join(one.words for one in (*who.ephemerals[-1:], *who.direct_messages[-1:]))


async def test_reminders_come_to_the_owner(stage: Stage) -> None:
    """With the buttons that answer; nothing more once something was handed over."""
    await opened(stage)
    await asked(stage)
    await stage.beat(hours=6, minutes=1)
    told = stage.gita.direct_messages[-1]
    assert "Request 1 of the inspection by Zebra-agency <!channel> is due Wed 25 Nov 2026" in told.words
    await stage.beat(hours=25)
    assert "is overdue" in stage.gita.direct_messages[-1].words
    assert "is overdue" in stage.elif_.direct_messages[-1].words
    assert await press(stage, stage.gita, "Hand over", told, What_was_handed_over="It") == {}
    number = len(stage.gita.direct_messages)
    await stage.beat(days=3)
    assert [one.words for one in stage.gita.direct_messages[number:] if "Request 1" in one.words] == []


async def test_a_request_is_changed(stage: Stage) -> None:
    """The form holds its owner and time; the card shows the new ones, and its thread why."""
    await opened(stage)
    await asked(stage)
    changes = {"Owner": "Hugo Meyer", "By_when": stage.box.now() + timedelta(hours=50), "Reason": "Gita is away."}
    assert await press(stage, stage.gita, "Change request", card(stage.gita), **changes) == {}
    assert "1. Zebra-records <!here>\nHugo Meyer · due" in card(stage.hugo).words
    assert "Gita Rao changed request 1: for Hugo Meyer" in stage.elif_.thread(card(stage.elif_))[-1].words


async def test_who_takes_part_later_gets_the_card(stage: Stage) -> None:
    """QA add people of their company; who does not take part is told that there is none."""
    await opened(stage)
    await stage.hugo.click("Inspection")
    await stage.settle()
    assert "No inspection is open to you here." in stage.hugo.ephemerals[-1].words
    values = {"People_who_take_part": ["Hugo Meyer"]}
    assert await press(stage, stage.elif_, "Add people", card(stage.elif_), **values) == {}
    assert "Take part: Elif Kaya, Gita Rao, Hugo Meyer" in card(stage.hugo).words


async def test_the_other_company_never_sees_an_inspection(stage: Stage) -> None:
    """Not in lists, search, digest, export, history, the journal or the channel; nor by the buttons of its people."""
    record = await stage.log(stage.gita, Batch_or_lot="AB-1")
    await opened(stage)
    await asked(stage)
    handed = {"What_was_handed_over": "Zebra-binder", "Record": "DEV-2026-0001"}
    assert await press(stage, stage.gita, "Hand over", card(stage.gita), **handed) == {}
    await asked(stage, what="Zebra-files")
    for command in ("", "inspection", "search zebra", "list all", "mine", "digest", "history DEV-2026-0001",
                    "batch AB-1", "people"):  # fmt: skip
        await stage.anna.command(f"/quality {command}")
        await stage.settle()
    await stage.press(stage.anna, "Export", record)
    await stage.anna.open_home()
    for button in ("Add request", "Add people", "Log", "Close inspection", "Hand over", "Change request",
                   "Close request"):  # fmt: skip
        with stage.nothing_changes():
            await _forge(stage, stage.anna, button)
        assert "No inspection is open to you here." in stage.anna.ephemerals[-1].words, button
    await stage.beat(days=1)
    for person in ("U0ANNA", "U0BEN", "U0CARLA", "U0MIRA"):
        seen = stage.box.person(person)
        told = [*seen.messages(SHARED), *seen.direct_messages, *seen.ephemerals]
        assert "ebra-" not in " ".join(message.words for message in told)
    assert stage.anna.home is None or "ebra-" not in stage.anna.home.words
    assert "ebra-" not in json.dumps([str(file) for file in stage.box.world.files.values()])
    assert "ebra-" not in " ".join(one.body for one in stage.journal())


async def _forge(stage: Stage, who: Driver, button: str) -> None:
    """Press a button of a message that the person was never shown."""
    found: Json = next(
        element
        for block in card(stage.gita).blocks if block["type"] == "actions"
        for element in block["elements"] if element["text"]["text"] == button
    )  # fmt: skip
    shown = stage.box.person(who.person.id).ephemerals[-1]
    shown.blocks.append({"type": "actions", "block_id": f"forged-{button}", "elements": [found]})
    await who.click(button, shown)
    await stage.settle()
