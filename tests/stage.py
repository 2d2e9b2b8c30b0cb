"""The stage of the Slack tests: the sandbox, the real bot behind it by signed HTTP, and its people by name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.samples import SET_UP, key_shown
from bot.sandbox import connected
from bot.story import CMO, SPONSOR
from bot.wiring import Bot
from handlers.everything import LISTENERS
from handlers.manifest import manifest
from sandbox import Driver, Message, Sandbox, example_cast
from storage.database import Database
from storage.migrate import migrate

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a working day in both companies' countries
SHARED, INTERNAL = "C0SHARED", "C0INTERNAL"
GITA, HUGO, BEN, FINN = f"Gita Rao · {CMO}", f"Hugo Meyer · {CMO}", f"Ben Ortiz · {SPONSOR}", f"Finn Larsen · {CMO}"

DEVIATION = {"Title": "Filter integrity test failed", "What happened": "Bubble point 2.1 bar, at least 2.8 required."}
OOS = {
    "Test": "Assay (HPLC)",
    "Sample type": "Finished product",
    "Batch or lot": "AB-1004",
    "Result": "93.4",
    "Unit": "%",
    "Lower limit": "95.0",
    "Upper limit": "105.0",
}


class Stage:
    """The sandbox and the bot; a test acts through the people and then lets everything settle."""

    def __init__(self, box: Sandbox, bot: Bot) -> None:
        self.box = box
        self.bot = bot
        self.database = bot.database

    def __getattr__(self, name: str) -> Driver:
        """`stage.anna` is the driver of U0ANNA."""
        return self.box.person(f"U0{name.upper()}")

    async def settle(self) -> None:
        """Let the bot do what it does after its answers, and deliver its outbox."""
        await self.bot.desk.finish()
        await self.bot.delivery.send_due()

    async def beat(self, **later: float) -> None:
        """Move the clock and beat once."""
        await self.box.move_clock(self.box.now() + timedelta(**later))
        await self.bot.timetable.beat()
        await self.settle()

    async def set_up(self, **changes: Any) -> None:
        """Set the shared channel up, both companies confirming."""
        await self.anna.command("/quality setup")
        await self.settle()
        self.anna.fill(SET_UP | changes)
        assert await self.anna.submit() == {}
        await self.settle()
        await self.elif_.click("Confirm")
        await self.settle()

    @property
    def elif_(self) -> Driver:
        """Elif Kaya; `elif` is Python's word."""
        return self.box.person("U0ELIF")

    async def log(self, who: Driver, button: str = "Log deviation", **values: Any) -> Message:
        """Log a record from the front door; gives its card."""
        defaults = {"Log deviation": DEVIATION, "Log OOS result": OOS}.get(button, {})
        await who.click(button)
        who.fill(defaults | {label.replace("_", " "): value for label, value in values.items()})
        assert await who.submit() == {}
        await self.settle()
        return self.cards[-1]

    async def press(self, who: Driver, button: str, card: Message, **values: Any) -> dict[str, str]:
        """Press a button of a record's card as it stands now, fill in what opens, submit it; gives the errors."""
        await who.click(button, self.card(card.words.split(" ", 1)[0]))
        refused = {}
        if values:
            who.fill({label.replace("_", " "): value for label, value in values.items()})
            refused = await who.submit()
        await self.settle()
        return refused

    async def device(self, who: Driver) -> None:
        """Give a person a signing device: the key goes from the form into their phone."""
        await who.click("Signing device")
        await self.settle()
        who.phone.add(key_shown(who))
        who.fill({"Code": who.phone.code()})
        assert await who.submit() == {}
        await self.settle()

    async def sign(self, who: Driver, button: str, card: Message, **values: Any) -> dict[str, str]:
        """Press a button that signs, with the code of the next half minute; gives the errors."""
        if not who.phone.keys:
            await self.device(who)
        await self.box.move_clock(self.box.now() + timedelta(seconds=31))
        if values:
            assert await self.press(who, button, card, **values) == {}
        else:
            await self.press(who, button, card)
        who.fill({"Code": who.phone.code()})
        refused = await who.submit()
        await self.settle()
        return refused

    @property
    def cards(self) -> list[Message]:
        """The records' cards in the shared channel, oldest first."""
        return [message for message in self.anna.messages() if "History" in message.buttons and not message.ephemeral]

    def card(self, number: str) -> Message:
        """Find the card of a record."""
        return next(message for message in self.cards if message.words.startswith(number))

    def calls(self, method: str) -> list[Any]:
        """List the Web API calls of a method that Slack carried out."""
        return [call for call in self.box.calls if call.method == method and call.answer["ok"]]


@asynccontextmanager
async def staged(folder: Path, *, starts_at: datetime | None = TUESDAY) -> AsyncIterator[Stage]:
    """Give a stage with an empty database and a channel that is not set up."""
    database = Database(f"sqlite:///{folder / 'test.db'}")
    migrate(database)
    try:
        async with (
            Sandbox(cast=example_cast(), manifest=manifest(LISTENERS), starts_at=starts_at) as box,
            connected(box, database) as bot,
        ):
            yield Stage(box, bot)
    finally:
        database.close()
