"""The stage of the Slack tests: the sandbox, the real bot behind it by signed HTTP, and its people by name."""

import copy
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import select

from bot.samples import SET_UP, key_shown
from bot.sandbox import connected
from bot.story import CMO, SPONSOR
from bot.wiring import Bot
from handlers.everything import LISTENERS
from handlers.manifest import manifest
from sandbox import Driver, Message, Sandbox, example_cast, wire
from sandbox.cast import Cast
from sandbox.world import View, World
from storage.database import Database
from storage.journal import JournalEntry
from storage.outbox import Outgoing
from storage.receipt import Receipt
from storage.schema import METADATA
from tests.support import migrated

FILE = "test.db"
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a working day in both companies' countries
BUSY = 15.0  # seconds to answer, on a machine that runs other things; how fast it is, the benchmarks measure
SHARED, INTERNAL = "C0SHARED", "C0INTERNAL"
ANNA, BEN, CARLA, DAN = (f"{name} · {SPONSOR}" for name in ("Anna Berg", "Ben Ortiz", "Carla Novak", "Dan Whitfield"))
ELIF, FINN, GITA, HUGO = (f"{name} · {CMO}" for name in ("Elif Kaya", "Finn Larsen", "Gita Rao", "Hugo Meyer"))

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
CAPA = {"Title": "Pressure hold", "Problem": "Nicked gasket", "Owner": GITA, "Action plan": "Add a step; train."}
INVESTIGATION = {
    "Root cause category": "Machine",
    "Root cause": "The gasket of the housing was nicked.",
    "Other batches considered": "AB-0999 and AB-1001 ran on another housing.",
    "Impact": "None: the filter was changed before the fill.",
    "Disposition recommendation": "Release",
    "CAPA needed": "No",
    "Reason if no CAPA": "Gaskets are changed before each batch since October.",
    "Conclusion": "An isolated failure.",
}
PHASE_TWO = {
    "Manufacturing review": "Blend time was at its lower end.",
    "Root cause": "Segregation in the blender.",
    "Other batches considered": "AB-1003 and AB-1005 were blended longer.",
    "Outcome": "Confirmed",
    "Evidence": "Both retests were below the limit as well.",
    "Disposition recommendation": "Reject",
}
GRID = {"CMO QA": ["Elif Kaya · Borealis Group (example)", "Finn Larsen · Borealis Group (example)"]}
NOT_KEPT = {Outgoing.__tablename__, Receipt.__tablename__}  # what is sent and received is not the record


class Stage:
    """The sandbox and the bot; a test acts through the people and then lets everything settle."""

    def __init__(self, box: Sandbox, bot: Bot) -> None:
        self.box = box
        self.bot = bot
        self.database = bot.database
        self.slack = AsyncWebClient(token=box.bot_token, base_url=box.api_url)

    def __getattr__(self, name: str) -> Driver:
        """`stage.anna` is the driver of U0ANNA."""
        return self.box.person(f"U0{name.upper()}")

    async def settle(self) -> None:
        """Let the bot do what it does after its answers, fetch files, and deliver its outbox."""
        await self.bot.desk.finish()
        await self.bot.homes.work()
        await self.bot.fetching.fetch_due()
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
        errors = await self.anna.submit()
        assert errors == {}, errors
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
        who.fill(defaults | _by_label(values))
        assert await who.submit() == {}
        await self.settle()
        return self.cards[-1]

    async def press(self, who: Driver, button: str, card: Message, **values: Any) -> dict[str, str]:
        """Press a button of a record's card as it stands now, fill in what opens, submit it; gives the errors."""
        await who.click(button, self.card(card.words.split(" ", 1)[0]))
        refused = {}
        if values:
            await self._opened(who)
            who.fill(_by_label(values))
            refused = await who.submit()
        await self.settle()
        return refused

    async def _opened(self, who: Driver) -> View:
        """Give the form that has to be open now; where it is not, fail with what the person was told."""
        if who.modal is None:
            await self.settle()
        assert who.modal is not None, who.ephemerals[-1].words
        return who.modal

    async def refused(self, who: Driver, button: str, on: Message) -> str:
        """Press a button in vain: no form opens, nothing changes; gives the answer that only the person sees."""
        with self.nothing_changes():
            await who.click(button, on)
            await self.settle()
        assert who.modal is None, who.modal.words
        return who.ephemerals[-1].words

    async def void(self, who: Driver, card: Message) -> None:
        """Void a record that nobody acknowledged."""
        assert await self.press(who, "Void", card, Reason="Logged twice.") == {}

    async def owned(self, owner: str = GITA, **values: Any) -> Message:
        """Log a deviation as Gita and give it an owner, herself where nobody else is named."""
        card = await self.log(self.gita, **values)
        assert await self.press(self.elif_, "Assign owner", card, Owner=owner) == {}
        return card

    async def investigated(self, **values: Any) -> Message:
        """Bring a deviation to the approval: owned, investigated and submitted by Gita."""
        given = _by_label(values)
        submitted = INVESTIGATION | {label: given.pop(label) for label in (*INVESTIGATION,) if label in given}
        card = await self.owned(**given)
        await self.press(self.gita, "Start investigation", card)
        assert await self.press(self.gita, "Submit for approval", card, **submitted) == {}
        return card

    async def closed(self, **values: Any) -> Message:
        """Close a minor deviation, signed by Elif."""
        card = await self.investigated(Class="Minor", **values)
        assert await self.sign(self.elif_, "Approve", card) == {}
        return card

    async def capa(self, who: Driver, source: Message | None = None, **values: Any) -> Message:
        """Log a CAPA, for a record where one is given; gives its card."""
        button = "Add CAPA" if source else "New CAPA"
        await who.click(button, self.card(source.words.split(" ", 1)[0]) if source else None)
        who.fill(CAPA | _by_label(values))
        assert await who.submit() == {}
        await self.settle()
        return self.cards[-1]

    async def device(self, who: Driver) -> None:
        """Give a person a signing device: the key goes from the form into their phone."""
        await who.click("Signing device")
        await self.settle()
        await self._opened(who)
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
        await self._opened(who)
        who.fill({"Code": who.phone.code()})
        refused = await who.submit()
        await self.settle()
        return refused

    async def opened_sign(self, who: Driver, button: str, card: Message) -> View:
        """Open the Sign modal, with a fresh code to come; gives the modal."""
        if not who.phone.keys:
            await self.device(who)
        await self.box.move_clock(self.box.now() + timedelta(seconds=31))
        await self.press(who, button, card)
        return await self._opened(who)

    async def submit_as(self, who: Driver, view: View) -> Any:
        """Submit another person's modal, as a forger would; gives the bot's answer."""
        world, person = self.box.world, who.person
        more = {"view": wire.view(world, view), "trigger_id": world.new_trigger(person.id, view.id)}
        body = wire.interaction(world, "view_submission", person, person.team, **more, response_urls=[])
        answer = await self.box.line.send("interaction", str(view.body["callback_id"]), body)
        await self.settle()
        return answer

    def events(self) -> list[str]:
        """List what the journal says happened to records, in order."""
        return [entry.event for entry in self.journal() if entry.record_id]

    def journal(self) -> list[JournalEntry]:
        """Read the journal."""
        with self.database.reading() as session:
            return list(session.exec(select(JournalEntry).order_by("id")).all())

    @contextmanager
    def nothing_changes(self, *but: str) -> Iterator[None]:
        """Hold the database's tables, but some by name, against themselves afterwards."""
        before = self._tables(but)
        yield
        after = self._tables(but)
        changed = {name: [row for row in rows if row not in before[name]] for name, rows in after.items()}
        assert {name: rows for name, rows in changed.items() if rows or before[name] != after[name]} == {}

    def _tables(self, but: tuple[str, ...]) -> dict[str, Any]:
        told = [table for table in METADATA.sorted_tables if table.name not in {*NOT_KEPT, *but}]
        with self.database.reading() as session:
            return {table.name: [tuple(row) for row in session.execute(table.select())] for table in told}

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


def kept(message: Message) -> Message:
    """Keep a message as it is drawn now, as on a screen that was not refreshed since."""
    return copy.copy(message)


def _by_label(values: dict[str, Any]) -> dict[str, Any]:
    return {label.replace("_", " "): value for label, value in values.items()}


class Left(NamedTuple):
    """A stage as it was left: what Slack showed, the database, the moment."""

    world: World
    database: Path
    at: datetime


@asynccontextmanager
async def staged(
    folder: Path, *, starts_at: datetime | None = TUESDAY, cast: Cast | None = None, **box_args: Any
) -> AsyncIterator[Stage]:
    """Give a stage with an empty database and a channel that is not set up."""
    shutil.copy(migrated(), folder / FILE)
    box = Sandbox(cast or example_cast(), manifest(LISTENERS), starts_at=starts_at, ack_seconds=BUSY, **box_args)
    async with _playing(box, folder) as stage:
        yield stage


async def set_up(folder: Path) -> Left:
    """Set a channel up, and leave."""
    async with staged(folder) as stage:
        await stage.set_up()
    return Left(stage.box.world, folder / FILE, stage.box.now())


@asynccontextmanager
async def staged_again(folder: Path, left: Left) -> AsyncIterator[Stage]:
    """Give a stage as one like it was left, with a bot that starts anew."""
    shutil.copy(left.database, folder / FILE)
    box = Sandbox(left.world.cast, manifest(LISTENERS), starts_at=left.at, ack_seconds=BUSY)
    kept = {id(left.world): box.world, id(left.world.clock): box.clock, id(left.world.cast): left.world.cast}
    vars(box.world).update(copy.deepcopy(vars(left.world), kept))
    async with _playing(box, folder) as stage:
        yield stage


@asynccontextmanager
async def _playing(box: Sandbox, folder: Path) -> AsyncIterator[Stage]:
    database = Database(f"sqlite:///{folder / FILE}")
    try:
        async with box, connected(box, database) as bot:
            yield Stage(box, bot)
    finally:
        database.close()
