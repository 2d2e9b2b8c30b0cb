"""Three companies in three partnerships: whatever is pressed, typed or forged, nobody is shown what is not theirs.

STEPS=2000 walks further than the tests do.
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.samples import SET_UP
from sandbox import CannotDo, Driver, Message, cast_of
from sandbox.cast import Room
from sandbox.elements import options_of
from sandbox.world import View
from tests.stage import CMO, DEVIATION, SPONSOR, Stage, staged

STEPS = int(os.environ.get("STEPS", "60"))  # of each of the three walks
DELPHI = "Delphi Fill & Finish (example)"
MAKERS = "C0MAKERS"  # Borealis lets Delphi fill: here Borealis is the sponsor, and its own bot writes
# Words that stand in the records of one partnership, and in the private notes of one company there.
PLANTED = {"C0SHARED": "heronwing", "C0DELPHI": "larchroot", MAKERS: "quartzvein"}
NOTES = {
    ("C0SHARED", "T0AURORA"): "tidewater",
    ("C0SHARED", "T0BOREAL"): "moonshine",
    ("C0DELPHI", "T0AURORA"): "foxglove",
    ("C0DELPHI", "T0DELPH"): "nightjar",
    (MAKERS, "T0BOREAL"): "sandpiper",
    (MAKERS, "T0DELPH"): "kingfisher",
}
COMMANDS = (
    *("/quality", "/quality mine", "/quality list", "/quality list all", "/quality digest", "/quality people"),
    *("/quality specification", "/quality specification SPEC-2026-0001", "/quality result", "/quality result waiting"),
    *("/quality agreement", "/quality history DEV-2026-0001", "/quality clocks DEV-2026-0001", "/deviation list all"),
    *("/quality export DEV-2026-0001", "/deviation DEV-2026-0001", "/quality search leak", "/quality batch AB-1"),
    *("/quality inspection", "/quality disposition AB-1"),
    *("/oos list all", "/capa list", "/deviation list batch AB-1", "/quality signature"),
)


@dataclass(frozen=True)
class Place:
    """A partnership to be set up: in which channel, by whom, with whom."""

    channel: str
    by: str
    other: str
    values: dict[str, Any]


PLACES = (
    Place("C0SHARED", "U0ANNA", "U0ELIF", SET_UP),
    Place(
        "C0DELPHI", "U0ANNA", "U0IRIS",
        {**SET_UP, "CMO": DELPHI, "CMO QA": [f"Iris Doyle · {DELPHI}"], "Sponsor QA": [f"Anna Berg · {SPONSOR}"]},
    ),
    Place(
        MAKERS, "U0ELIF", "U0IRIS",
        {**SET_UP, "Sponsor": CMO, "CMO": DELPHI, "Sponsor workspace": CMO,
         "Sponsor QA": [f"Elif Kaya · {CMO}"], "CMO QA": [f"Iris Doyle · {DELPHI}"]},
    ),
)  # fmt: skip
MEMBERS = {
    "C0SHARED": ("U0ANNA", "U0BEN", "U0CARLA", "U0ELIF", "U0GITA", "U0HUGO"),
    "C0DELPHI": ("U0ANNA", "U0BEN", "U0IRIS", "U0KIRA"),
    MAKERS: ("U0ELIF", "U0GITA", "U0IRIS", "U0KIRA"),
}
EVERYBODY = sorted({who for members in MEMBERS.values() for who in members} | {"U0MIRA", "U0GUEST"})


@asynccontextmanager
async def of_three(folder: Path) -> AsyncIterator[Stage]:
    """Set three partnerships up, each with a record and both companies' private notes about it."""
    cast = cast_of("both", third=True)
    room = Room(MAKERS, "borealis-delphi", (*MEMBERS[MAKERS], "U0QUALBOREAL"), shared=True, host="T0BOREAL")
    async with staged(folder, cast=replace(cast, rooms=(*cast.rooms, room))) as stage:
        for place in PLACES:
            await set_up(stage, place)
        await stage.box.install("T0DELPH")
        yield stage


async def set_up(stage: Stage, place: Place) -> None:
    by, other = stage.box.person(place.by), stage.box.person(place.other)
    await by.command("/quality setup", channel=place.channel)
    await stage.settle()
    by.fill(place.values)
    assert await by.submit() == {}
    await stage.settle()
    await other.click("Confirm", other.messages(place.channel)[-1])
    await stage.settle()
    word = PLANTED[place.channel]
    await other.click("Log deviation", door(other, place.channel))
    other.fill({**DEVIATION, "Title": f"Leak {word}", "Batch or lot": "AB-1", "Product": word})
    assert await other.submit() == {}
    await stage.settle()
    for who in (by, other):
        card = next(m for m in who.messages(place.channel) if "Private notes" in m.buttons)
        await who.click("Private notes", card)
        who.fill({"Note": f"Leak {NOTES[place.channel, who.person.team]}"})
        assert await who.submit() == {}
        await stage.settle()
    for who in MEMBERS[place.channel]:  # everybody acts once, and so is on the roster
        await stage.box.person(who).click("Open records", door(stage.box.person(who), place.channel))
        await stage.settle()


def door(who: Driver, channel: str) -> Message:
    return next(message for message in who.messages(channel) if "Log deviation" in message.buttons)


def forbidden(who: Driver) -> set[str]:
    """Give the words that a person must never be shown."""
    theirs = {word for channel, word in PLANTED.items() if who.person.id in MEMBERS[channel]}
    theirs |= {
        word for (channel, team), word in NOTES.items() if who.person.id in MEMBERS[channel] and who.person.team == team
    }
    return {*PLANTED.values(), *NOTES.values()} - theirs


def screens(stage: Stage, who: Driver) -> Iterator[str]:
    """Give all that a person can see now: channels with their threads, answers, direct messages, forms, Home, files."""
    world = stage.box.world
    for channel in world.channels.values():
        if who.person.id not in channel.members:
            continue
        for message in world.visible(who.person.id, channel.id):
            if not (message.ephemeral or channel.partner or who.person.id in MEMBERS.get(channel.id, ())):
                continue  # a stranger in the channel reads it, as Slack has it; the bot shows them nothing of its own
            yield f"{message.text} {message.words}"
            for file in who.files(message):
                yield file.content.decode("utf-8", "replace")
    yield from (view.words for view in world.stacks[who.person.id])
    if who.home is not None:
        yield who.home.words


def check(stage: Stage, step: str) -> None:
    for person in EVERYBODY:
        who = stage.box.person(person)
        words = forbidden(who)
        for shown in screens(stage, who):
            found = [word for word in words if word in shown]
            assert not found, f"{who.person.name} is shown {found} after {step}: {shown[:300]}"
    for channel, own in PLANTED.items():
        others = [word for word in (*PLANTED.values(), *NOTES.values()) if word != own]
        for message in stage.box.world.messages:
            if message.channel == channel and not message.ephemeral:
                assert not [word for word in others if word in message.words], step


class Walker:
    """Does at random what people can do, and what they cannot."""

    def __init__(self, stage: Stage, dice: Random) -> None:
        self.stage, self.dice = stage, dice

    async def step(self) -> str:
        who = self.stage.box.person(self.dice.choice(EVERYBODY))
        act = self.dice.choice([self.command, self.press, self.press, self.press, self.forge, self.forge, self.home])
        try:
            step = f"{who.person.name}: {await act(who)}"
        except CannotDo as cannot:
            step = f"{who.person.name}: cannot, {cannot}"
        await self.stage.settle()
        if who.modal is not None:
            await self.fill(who)
        return step

    async def command(self, who: Driver) -> str:
        channel, text = self.dice.choice([*MEMBERS, *self.direct(who)]), self.dice.choice(COMMANDS)
        await who.command(text, channel=channel)
        return f"{text} in {channel}"

    def direct(self, who: Driver) -> list[str]:
        return [one.id for one in self.stage.box.world.channels.values() if one.partner == who.person.id]

    async def press(self, who: Driver) -> str:
        screen, button = self.any_button(who)
        await who.click(button, screen)
        return f"presses {button}"

    async def forge(self, who: Driver) -> str:
        """Press a button whose value names another partnership or record, as a forger would."""
        screen, button = self.any_button(who)
        told = []
        for element in elements(screen):
            if element.get("text", {}).get("text") == button and element.get("value"):
                kept, data = element["value"], json.loads(element["value"])
                for name in ("p", "r", "w", "e"):
                    if name in data and self.dice.random() < 0.8:
                        data[name] = self.dice.randint(1, 12 if name == "w" else 4)
                element["value"] = json.dumps(data)
                told.append((element, kept))
        try:
            await who.click(button, screen)
        finally:
            for element, kept in told:
                element["value"] = kept
        return f"forges {button} {[element['value'] for element, _ in told][:1]}"

    async def home(self, who: Driver) -> str:
        await who.open_home()
        return "opens Home"

    async def fill(self, who: Driver) -> None:
        """Submit what opened, filled in at random, as it stands, or not at all; then close it."""
        for _ in range(2):  # what is wrong at first is filled in otherwise
            if who.modal is None or self.dice.random() < 0.2:
                break
            check(self.stage, "a form")
            try:
                for label, block in list(who.modal.inputs.items()):
                    if self.dice.random() < 0.9:
                        await self.fill_in(who, label, block)
                await who.submit()
                await self.stage.settle()
            except CannotDo:
                pass
        check(self.stage, "a submission")
        while who.modal is not None:
            await who.close_modal()

    async def fill_in(self, who: Driver, label: str, block: dict[str, Any]) -> None:
        """Fill in one field with something of its kind."""
        element, now = block["element"], self.stage.box.now()
        kind = element["type"]
        given: Any
        if kind.endswith("_select") or kind in ("radio_buttons", "checkboxes"):
            given = await self.chosen(who, block)
        elif kind == "datepicker":
            given = (now + timedelta(days=self.dice.randint(-3, 60))).date()
        elif kind == "datetimepicker":
            given = now - timedelta(hours=self.dice.randint(0, 48))
        elif kind == "timepicker":
            given = f"{self.dice.randint(6, 18):02}:00"
        elif kind == "file_input":
            given = [("report.txt", b"Written down.")]
        elif label == "Code":
            given = who.phone.code() if who.phone.keys else "123456"
        else:
            given = self.dice.choice(["Because.", "AB-1", "3", "94.2", "2026-12-24", "<!channel> *bold*"])
        if given is not None:
            who.fill({label: given})

    async def chosen(self, who: Driver, block: dict[str, Any]) -> Any:
        """Choose one of what is offered, where need be by typing into it."""
        element, view = block["element"], who.modal
        if "external_select" in element["type"] and view is not None:
            ids = block["block_id"], element["action_id"]
            offered = options_of(await who._acts.suggest(who.person, view, *ids, ""))
        else:
            offered = options_of(element)
        words = [one["text"]["text"] for one in offered]
        seen = [word for word in forbidden(who) if word in " ".join(words)]
        assert not seen, f"{who.person.name} is offered {seen}"
        one = self.dice.choice(words) if words else None
        return [one] if one and element["type"].startswith(("multi_", "checkboxes")) else one

    def any_button(self, who: Driver) -> tuple[Message | View, str]:
        world = self.stage.box.world
        seen: list[Message | View] = [
            message
            for channel in world.channels.values()
            if who.person.id in channel.members
            for message in world.visible(who.person.id, channel.id)[-12:]
            if message.buttons
        ]
        seen += [who.home] if who.home is not None and who.home.buttons else []
        if not seen:
            raise CannotDo("nothing to press")
        screen = self.dice.choice(seen)
        return screen, self.dice.choice(screen.buttons)


def elements(screen: Message | View) -> Iterator[dict[str, Any]]:
    blocks = screen.blocks if isinstance(screen, Message) else screen.body["blocks"]
    for block in blocks:
        yield from block["elements"] if block["type"] == "actions" else []
        if block.get("accessory"):
            yield block["accessory"]


async def test_everybody_sees_what_is_theirs(tmp_path: Path) -> None:
    """The test itself can see: each word is before the eyes of those whose it is."""
    async with of_three(tmp_path) as three:
        for person in EVERYBODY:
            who = three.box.person(person)
            shown = " ".join(screens(three, who))
            own = {word for channel, word in PLANTED.items() if person in MEMBERS[channel]}
            assert {word for word in own if word in shown} == own
        check(three, "setting up")


@settings(max_examples=3, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
@given(seed=st.integers(1, 2**32))  # a walk is too long for Hypothesis to choose each step
def test_nobody_is_shown_what_is_not_theirs(seed: int) -> None:
    """Random people, strangers among them, through commands, buttons, forged buttons, forms, Home and digests."""
    with TemporaryDirectory() as folder:
        asyncio.run(walk(Path(folder), Random(seed)))  # noqa: S311 - a walk that can be walked again


@asynccontextmanager
async def nothing_unforeseen() -> AsyncIterator[None]:
    """Hold what is done against the log: no error that nobody foresaw stands there afterwards."""
    lines: list[logging.LogRecord] = []
    listening = logging.Handler(logging.ERROR)
    listening.emit = lines.append  # type: ignore[method-assign]
    ours = logging.getLogger("handlers")
    ours.addHandler(listening)
    try:
        yield
    finally:
        ours.removeHandler(listening)
    assert not lines, [logging.Formatter().format(line) for line in lines]


async def walk(folder: Path, dice: Random) -> None:
    async with of_three(folder) as three, nothing_unforeseen():
        walker = Walker(three, dice)
        for number in range(STEPS):
            step = await walker.step()
            check(three, step)
            if number % 30 == 29:
                await three.beat(days=1)
                check(three, "a beat")
        await three.box.move_clock(three.box.now() + timedelta(days=3))
        await three.beat(seconds=1)
        check(three, "the digests")
