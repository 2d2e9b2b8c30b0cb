"""Invented sample records: a lived-in partnership, made by its people pressing the real buttons.

Each line of the story is one act of one person on one day, so the sandbox's channel, threads and journal read
as if both companies had worked there for two months.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.story import ANNA, CMO, ELIF, LOTS, SPONSOR, STORY, TESTS, Scene
from bot.wiring import Bot
from sandbox import Driver, Message, Sandbox

DAYS = 50  # how long ago the story begins
LAST_DAYS = 44  # from this day on reminders and digests are sent; before, they would only fill the channel
KEY_LENGTH = 32  # characters of a signing device's key

SET_UP = {
    "Sponsor": SPONSOR,
    "CMO": CMO,
    "Sponsor workspace": SPONSOR,
    "Sponsor QA": [f"Anna Berg · {SPONSOR}", f"Ben Ortiz · {SPONSOR}"],
    "CMO QA": [f"Elif Kaya · {CMO}", f"Finn Larsen · {CMO}"],
    "Time zone": "Europe/Berlin",
    "Daily digest at": "08:00",
    "Sponsor country": "Germany (DE)",
    "CMO country": "Switzerland (CH)",
}


class Stage:
    """Plays the story on a sandbox, with the bot that answers."""

    def __init__(self, box: Sandbox, bot: Bot, begins: datetime) -> None:
        self.box = box
        self.bot = bot
        self.begins = begins
        self.numbers: dict[str, str] = {}  # what the story calls a record -> its number

    async def play(self) -> None:
        """Set the channel up and act every scene."""
        await self._set_up()
        for scene in STORY:
            await self._forward(scene.day)
            await PLAYERS.get(scene.act, Stage._press)(self, scene)
            await self._delivered()
        await self._forward(DAYS)

    async def _set_up(self) -> None:
        anna = self.box.person(ANNA)
        await anna.command("/quality setup")
        await self._delivered()
        anna.fill(SET_UP)
        refused = await anna.submit()
        if refused:
            raise RuntimeError(f"the sample channel was not set up: {refused}")
        await self._delivered()
        await self.box.person(ELIF).click("Confirm")
        await self._delivered()

    async def _forward(self, day: int) -> None:
        at = self.begins + timedelta(days=day)
        moment = max(at, self.box.now() + timedelta(minutes=4))
        if moment < datetime.now(UTC):
            await self.box.move_clock(moment)
        if day >= LAST_DAYS:
            await self.bot.timetable.beat()
            await self._delivered()

    async def _log(self, scene: Scene) -> None:
        await self._fill_in(scene, self.box.person(scene.who), self._dated(scene.values), None)

    async def _add_capa(self, scene: Scene) -> None:
        given = self._dated(scene.values)
        source = self._card(given.pop("of"))
        await self._fill_in(scene, self.box.person(scene.who), given, source)

    async def _press(self, scene: Scene) -> None:
        who = self.box.person(scene.who)
        await who.click(scene.act, self._card(scene.name))
        if scene.values:
            await self._submit(scene, who, self._dated(scene.values))

    async def _sign(self, scene: Scene) -> None:
        who = self.box.person(scene.who)
        if not who.phone.keys:
            await self._give_device(scene, who)
        await self._press(scene)
        await self._submit(scene, who, {"Code": who.phone.code()})

    async def _give_device(self, scene: Scene, who: Driver) -> None:
        await who.click("Signing device")
        await self._delivered()
        who.phone.add(key_shown(who))
        await self._submit(scene, who, {"Code": who.phone.code()})
        await self._delivered()
        await self.box.move_clock(self.box.now() + timedelta(minutes=1))  # a code is accepted once

    async def _fill_in(self, scene: Scene, who: Driver, values: dict[str, Any], source: Message | None) -> None:
        before = {card.ts for card in self._cards()}
        await who.click(scene.act, source)
        await self._submit(scene, who, values)
        await self._delivered()
        new = next(card for card in self._cards() if card.ts not in before)
        self.numbers[scene.name] = new.words.split(" ", 1)[0]

    async def _submit(self, scene: Scene, who: Driver, values: dict[str, Any]) -> None:
        who.fill(values)
        refused = await who.submit()
        if refused:
            raise RuntimeError(f"the sample {scene.name!r} was refused: {refused}")

    def _dated(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give the values with the story's days as dates."""
        days = {label: day for label, day in values.items() if isinstance(day, int)}
        return values | {label: (self.begins + timedelta(days=day)).date() for label, day in days.items()}

    def _cards(self) -> list[Message]:
        return [message for message in self.box.person(ANNA).messages() if "History" in message.buttons]

    def _card(self, name: str) -> Message:
        return next(card for card in self._cards() if card.words.startswith(self.numbers[name]))

    async def _propose(self, scene: Scene) -> None:
        """Propose a specification with the tests of a file."""
        before = {card.ts for card in self._cards()}
        file = {"Upload file": [("tests.csv", TESTS.encode())]}
        await self._by_specifications(scene, scene.values | file)
        new = next(card for card in self._cards() if card.ts not in before)
        self.numbers[scene.name] = new.words.split(" ", 1)[0]

    async def _upload(self, scene: Scene) -> None:
        """Upload the results of the story's lots; the one below its alert limit waits to be confirmed."""
        lines = ["Batch or lot;Test;Result;Unit;Analysed at"]
        for lot, day, *found in LOTS:
            on = (self.begins + timedelta(days=day)).date()
            tests = zip(("Assay (HPLC)", "Impurity B", "Water"), found, strict=True)
            lines += [f"{lot};{test};{value};%;{on} 10:00" for test, value in tests]
            lines.append(f"{lot};Appearance;Complies;;{on} 10:00")
        file = {"Upload file": [("results.csv", "\n".join(lines).encode())]}
        await self._by_specifications(scene, file | {"Analyst": "H. Meyer"})

    async def _by_specifications(self, scene: Scene, values: dict[str, Any]) -> None:
        who = self.box.person(scene.who)
        await who.click("Specifications")
        await self._delivered()
        await who.click(scene.act, who.ephemerals[-1])
        await self._submit(scene, who, values)
        await self._delivered()

    async def _delivered(self) -> None:
        await self.bot.desk.finish()
        await self.bot.fetching.fetch_due()
        await self.bot.delivery.send_due()


def key_shown(who: Driver) -> str:
    """Read the key that the form Signing device shows a person."""
    if who.modal is None:
        raise RuntimeError(f"no form is open for {who.person.name}")
    return next(word for word in who.modal.words.split() if len(word) == KEY_LENGTH and word.isalnum())


PLAYERS: dict[str, Callable[[Stage, Scene], Awaitable[None]]] = {
    "Log deviation": Stage._log,  # noqa: SLF001 - the table of this class
    "Log OOS result": Stage._log,  # noqa: SLF001 - as above
    "Add CAPA": Stage._add_capa,  # noqa: SLF001 - as above
    "New specification": Stage._propose,  # noqa: SLF001 - as above
    "Upload results": Stage._upload,  # noqa: SLF001 - as above
    "Approve": Stage._sign,  # noqa: SLF001 - as above
    "Approve plan": Stage._sign,  # noqa: SLF001 - as above
}
