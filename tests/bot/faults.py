"""What the fault tests share: the real `serve`, forms that are submitted until they are acknowledged, and one check.

A form is submitted again with the same view id when its answer was lost, as a person would do and Slack does by
Socket Mode. What was acknowledged has to be kept, once, whatever fails meanwhile.
"""

import asyncio
import copy
import os
import re
import signal
import sys
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from sqlalchemy import update
from sqlmodel import Session, col, select

from bot import verify
from bot.sandbox import connected
from handlers.everything import LISTENERS
from handlers.manifest import manifest
from sandbox import Delivery, NotAcknowledged, Sandbox, example_cast, wire
from storage.clock import Clock, ClockName
from storage.database import Database
from storage.deviation import Deviation
from storage.journal import JournalEntry
from storage.message import Message as Posted
from storage.outbox import LEASE, Outgoing
from storage.partnership import Partnership
from storage.receipt import Receipt
from storage.record import Record, RecordBatch
from tests.stage import BUSY, DEVIATION, SHARED, Stage

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0  # seconds that anything may take, on a machine that runs other things
PAUSE = 0.02  # seconds between two looks, where nothing tells of a change
AT_ONCE = 4  # forms that are submitted beside each other
FIRST_CLOCKS = {ClockName.CLOSE, ClockName.ACKNOWLEDGE, ClockName.NOTIFY}
CARD = re.compile(r"DEV-\d{4}-\d{4,}")
LISTENING = re.compile(r"listening on (http://\S+)")


@dataclass
class Form:
    """A filled-in Log deviation with a view id of its own, and whether its submission was acknowledged."""

    title: str
    lot: str
    body: dict[str, Any]
    acknowledged: bool = False
    last: Delivery | None = None

    @property
    def receipt(self) -> str:
        return f"view:{self.body['view']['id']}"


@dataclass
class Forms:
    """Forms like one that a person filled in, each with other words."""

    box: Sandbox
    like: dict[str, Any]
    all: list[Form] = field(default_factory=list)
    by_envelope: bool = False  # Slack delivers an unacknowledged envelope again; a request is nobody's but a person's

    def new(self, number: int) -> list[Form]:
        """Fill in so many more."""
        made = [self._fill(len(self.all) + position) for position in range(1, number + 1)]
        self.all += made
        return made

    def _fill(self, number: int) -> Form:
        form = Form(f"Stop {number}", f"LOT-{number}", copy.deepcopy(self.like))
        form.body["view"]["id"] = f"V0FAULT{number}"
        state = form.body["view"]["state"]["values"]
        _put(state["title"], form.title)
        _put(state["lots"], form.lot)
        return form

    @property
    def unanswered(self) -> list[Form]:
        return [form for form in self.all if not form.acknowledged]

    async def submit(self, form: Form) -> bool:
        """Submit once; whether it was acknowledged, in time and without an error in it."""
        form.last = await self._delivered(form)
        answer = form.last.answer
        if answer:
            assert isinstance(answer, dict)
            assert answer["response_action"] == "errors"
        form.acknowledged = not form.last.error and not answer
        return form.acknowledged

    async def _delivered(self, form: Form) -> Delivery:
        if self.by_envelope and form.last is not None and form.last.headers:
            return await self.box.line.send_again(form.last)
        with suppress(NotAcknowledged):
            await self.box.line.send("interaction", "deviation.log", form.body)
        return next(one for one in reversed(self.box.line.deliveries) if one.body is form.body)

    async def submit_all(self, forms: Iterable[Form], answered: Callable[[], None] = lambda: None) -> None:
        """Submit each once, several beside each other."""
        waiting = deque(forms)

        async def person() -> None:
            while waiting:
                if await self.submit(waiting.popleft()):
                    answered()

        await asyncio.gather(*[person() for _ in range(AT_ONCE)])

    async def insist(self) -> None:
        """Submit what was not acknowledged again and again, until all is."""
        async with asyncio.timeout(PATIENCE):
            while self.unanswered:
                await self.submit_all(self.unanswered)
                await asyncio.sleep(PAUSE)


def _put(input_: dict[str, Any], text: str) -> None:
    (element,) = input_.values()
    element["value"] = text


async def filled_in(stage: Stage) -> Forms:
    """Let Gita fill in Log deviation."""
    await stage.gita.click("Log deviation")
    stage.gita.fill(DEVIATION | {"Batch or lot": "LOT"})
    view, world, gita = stage.gita.modal, stage.box.world, stage.gita.person
    assert view is not None
    more: dict[str, Any] = {"view": wire.view(world, view), "trigger_id": "1.2.3", "response_urls": []}
    return Forms(stage.box, wire.interaction(world, "view_submission", gita, gita.team, **more))


@asynccontextmanager
async def ready(database: Database, **box_args: Any) -> AsyncIterator[Forms]:
    """Give a stand-in for Slack whose channel is set up in the database, and forms; nothing serves them yet."""
    box_args = {"ack_seconds": BUSY} | box_args
    async with Sandbox(example_cast(), manifest(LISTENERS), **box_args) as box:
        async with connected(box, database) as bot:
            stage = Stage(box, bot)
            await stage.set_up()
            forms = await filled_in(stage)
            await stage.settle()
        box.events_url = None
        yield forms


class Service:
    """The real `serve`, in a process of its own."""

    def __init__(self, box: Sandbox, database_url: str, folder: Path, *, socket_mode: bool = False) -> None:
        self.box = box
        self.url = ""
        self.log: deque[str] = deque(maxlen=200)
        self._folder = folder
        self._environment = {
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ.get("PATH", ""),
            "DATABASE_URL": database_url,
            "SLACK_BOT_TOKEN": box.bot_token,
            "SLACK_SIGNING_SECRET": "" if socket_mode else box.signing_secret,
            "SLACK_APP_TOKEN": box.app_token if socket_mode else "",
            "SLACK_API_URL": box.api_url,
            "PORT": "0",
        }
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def begin(self) -> None:
        """Start the process."""
        self._ready.clear()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "serve", cwd=self._folder, env=self._environment,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read())

    async def start(self) -> None:
        """Start the process and wait until it serves."""
        await self.begin()
        await self.is_ready()

    async def is_ready(self) -> None:
        """Wait until it serves."""
        async with asyncio.timeout(PATIENCE):
            await self._ready.wait()
        assert self.process.returncode is None, "\n".join(self.log)

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            said = line.decode().rstrip()
            self.log.append(said)
            if found := LISTENING.search(said):
                self.url = found[1]
                self.box.events_url = f"{self.url}/slack/events" if self._environment["SLACK_SIGNING_SECRET"] else None
            elif "ready, by" in said:
                self._ready.set()
        self._ready.set()  # it ended: nobody waits for it any more

    async def kill(self) -> None:
        """End it at once, as a machine that loses its power does."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        if self._reading is not None:
            await self._reading

    async def status(self, path: str) -> int:
        """Ask one of its pages; 0 where it does not answer in a moment."""
        async with ClientSession(timeout=ClientTimeout(total=BUSY)) as session:
            try:
                async with session.get(self.url + path) as answer:
                    return answer.status
            except (ClientError, TimeoutError):
                return 0

    async def becomes(self, path: str, status: int) -> None:
        """Wait until one of its pages answers so."""
        async with asyncio.timeout(PATIENCE):
            while await self.status(path) != status:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(PAUSE)


@asynccontextmanager
async def serving(
    forms: Forms, database: Database, folder: Path, *, socket_mode: bool = False
) -> AsyncIterator[Service]:
    """Run `serve` while inside."""
    service = Service(forms.box, database.url, folder, socket_mode=socket_mode)
    await service.start()
    try:
        yield service
    finally:
        await service.kill()


def pass_lease(database: Database) -> None:
    """Let the time pass for which a process that died speaks and holds what it claimed."""
    now = datetime.now(UTC)
    with database.writing() as session:
        speaks, held = col(Partnership.speaking_until), col(Outgoing.claimed_until)
        session.execute(update(Partnership).where(speaks.is_not(None)).values(speaking_until=now))
        session.execute(update(Outgoing).where(held.is_not(None)).values(claimed_until=now))


async def deliver(forms: Forms, database: Database) -> None:
    """Let another process send all that waits, once the leases of the one that ended have run out."""
    async with asyncio.timeout(PATIENCE + len(forms.all)), connected(forms.box, database) as bot:
        while is_waiting(database):
            await forms.box.move_clock(forms.box.now() + LEASE + timedelta(seconds=1))
            await bot.delivery.send_due()


async def under_load(forms: Forms, fail: Callable[[], Any]) -> None:
    """Let something fail once some of many forms are acknowledged, and the others be answered or given up."""
    some = asyncio.Semaphore(0)
    submitting = asyncio.create_task(forms.submit_all(forms.new(16), some.release))
    async with asyncio.timeout(PATIENCE):
        for _ in range(AT_ONCE):
            await some.acquire()
    await fail()
    await submitting


async def finished(forms: Forms, database: Database) -> None:
    """Let all be sent, and check it."""
    assert forms.unanswered == []
    await deliver(forms, database)
    check(forms, database)


def is_waiting(database: Database) -> bool:
    """Whether anything is not sent."""
    with database.reading() as session:
        return session.exec(select(Outgoing.id).where(col(Outgoing.done_at).is_(None)).limit(1)).first() is not None


def check(forms: Forms, database: Database) -> None:
    """Hold the database and the channel against what was acknowledged: each once and whole, and nothing else."""
    assert [one.says for one in verify.check(database) if not one.well] == []
    with database.reading() as session:
        records = list(session.exec(select(Record).order_by(col(Record.id))).all())
        _check_records(session, forms, records)
        _check_parts(session, records)
        _check_sent(session, forms.box, records)


def _check_records(session: Session, forms: Forms, records: list[Record]) -> None:
    by_title = Counter(record.title for record in records)
    assert [title for title, number in by_title.items() if number > 1] == []
    assert set(by_title) <= {form.title for form in forms.all}
    assert {form.title for form in forms.all if form.acknowledged} <= set(by_title)
    assert sorted(int(record.number.split("-")[2]) for record in records) == [*range(1, len(records) + 1)]
    noted = set(session.exec(select(Receipt.key).where(col(Receipt.key).startswith("view:V0FAULT"))).all())
    assert noted == {form.receipt for form in forms.all if form.title in by_title}
    lots = {form.title: form.lot for form in forms.all}
    named = {(one.record_id, one.lot) for one in session.exec(select(RecordBatch)).all()}
    assert named == {(record.id, lots[record.title]) for record in records}


def _check_parts(session: Session, records: list[Record]) -> None:
    ids = [record.id for record in records]
    entries = session.exec(select(JournalEntry).where(col(JournalEntry.record_id).is_not(None))).all()
    assert Counter((one.record_id, one.event) for one in entries) == {(one, "deviation.logged"): 1 for one in ids}
    assert {one.record_id: one.content["record"] for one in entries} == {one.id: one.number for one in records}
    clocks = Counter((one.record_id, one.name) for one in session.exec(select(Clock)).all())
    assert clocks == {(one, name): 1 for one in ids for name in FIRST_CLOCKS}
    assert Counter(session.exec(select(Deviation.record_id)).all()) == dict.fromkeys(ids, 1)
    rows = session.exec(select(Outgoing)).all()
    about = Counter((row.about["record_id"], row.kind) for row in rows if "record_id" in row.about)
    assert about == {(one, kind): 1 for one in ids for kind in ("card", "similar")}


def _check_sent(session: Session, box: Sandbox, records: list[Record]) -> None:
    rows = session.exec(select(Outgoing)).all()
    assert {row.outcome for row in rows} <= {"sent", "not needed"}
    messages = [message for message in box.world.messages if message.metadata and not message.deleted]
    said = Counter(row for message in messages for row in message.metadata["event_payload"]["rows"])  # type: ignore[index]
    assert [row for row, number in said.items() if number > 1] == []
    sent = {row.id: row.kind for row in rows if row.outcome == "sent"}
    assert {row for row, kind in sent.items() if kind == "card"} <= said.keys() <= sent.keys()
    cards = [(found[0], one.ts) for one in messages if one.channel == SHARED and (found := CARD.match(one.words))]
    places = {one.subject: one.ts for one in session.exec(select(Posted)).all()}
    assert sorted(cards) == sorted((record.number, places[f"card:{record.id}"]) for record in records)
