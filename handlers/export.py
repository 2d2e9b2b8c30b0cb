"""The inspection pack in Slack: asked for by a button, a command or a form, made beside all else, sent to who asked."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlmodel import Session

from handlers import blocks, slack_errors
from handlers.call import UNKNOWN, Call
from handlers.forms import Choice, Day, Form, Text
from handlers.listeners import Listeners
from handlers.request import REQUEST
from handlers.text import escape
from handlers.upload import LARGEST, upload
from quality import export, people
from quality.export import Wanted
from quality.files import measure
from quality.pack.make import Made
from quality.pack.scope import Scope, What, of_batch, of_period, parse
from quality.pack.worker import make_apart
from quality.people import Actor
from quality.refusal import FieldErrors, Refusal
from quality.words import moment
from storage.record import LONGEST_LOT

log = logging.getLogger(__name__)

SHOWN_AFTER = 3.0  # seconds, before progress is told and between two of its steps
FEW = 100  # records that are made in this process
RECORD, BATCH, PERIOD, ALL = "A record", "A batch", "A period", "Everything"
FORM = Form(
    "export.asked",
    "Export",
    "Export",
    (
        Choice("what", "What", required=True, options=(RECORD, BATCH, PERIOD, ALL)),
        Text("record", "Record", limit=24, hint="For a record: its number, such as DEV-2026-0001."),
        Text(
            "batch", "Batch or lot", limit=LONGEST_LOT, hint="For a batch: the records that name it, and their CAPAs."
        ),
        Day("start", "From", hint="For a period: its first day, by when records were logged."),
        Day("end", "To", hint="Its last day."),
    ),
)
INTRO = (
    "The inspection pack comes to you as one file: pages to read and print, tables, the journal, all kept files, and "
    "how to check it. A period and everything are for QA, heads of quality and viewers."
)
TELLS = {  # what Slack says, and what to do then
    "missing_scope": "Whoever runs QualBridge has to grant it files:write and install it anew.",
    "storage_limit_reached": "The workspace's room for files is used up. Make room, then try again.",
    "file_upload_size_restricted": "The workspace takes no file of this size. Ask for a shorter period.",
}
STOPS = "QualBridge is being restarted, and the pack of {what} was not finished. Ask for it once more in a minute."


class Stopped(Exception):  # noqa: N818 - nothing is wrong
    """The bot is to stop, and a pack is not finished."""


async def start(call: Call, text: str) -> None:
    """Export what the words name; without any, ask."""
    if not text:
        await on_form(call)
        return
    await begin(call, parse(text))


async def on_form(call: Call) -> None:
    """Open the form that asks what the pack is to hold."""
    actor = await call.look(lambda _session, actor: actor)
    data = {"p": actor.partnership.id, "c": call.channel_id}
    await call.open(FORM.view(data, {"what": ALL}, intro=[blocks.typed(INTRO)]))


async def on_asked(call: Call) -> None:
    """Export what the form names."""
    wanted = await call.do(export.ask, _chosen(FORM.read(call.view)))
    await call.ack()
    _later(call, wanted)


def _chosen(given: dict[str, Any]) -> Scope:
    """Read the form; errors stand at the fields that the choice needs."""
    what = given["what"]
    needed = {RECORD: ("record",), BATCH: ("batch",), PERIOD: ("start", "end")}.get(what, ())
    if missing := [name for name in needed if name not in given]:
        raise FieldErrors(dict.fromkeys(missing, f"{what} needs this. Fill it in, or choose something else above."))
    if what == RECORD:
        return Scope(What.RECORD, record=given["record"].upper())
    if what == BATCH:
        return of_batch(given["batch"])
    try:
        return of_period(given["start"], given["end"]) if what == PERIOD else Scope(What.ALL)
    except Refusal as refusal:
        raise FieldErrors({"end": str(refusal)}) from refusal


async def on_button(call: Call) -> None:
    """Export the record a button stands on."""
    record_id = call.number("r")

    def question(session: Session, actor: Actor) -> Wanted:
        return export.ask_of(session, actor, record_id, call.now)

    await _answered(call, await call.look(question))


async def on_batch(call: Call) -> None:
    """Export the batch a button stands on."""
    lot = call.data.get("b")
    if not isinstance(lot, str):
        raise Refusal(UNKNOWN)
    await begin(call, of_batch(lot))


async def begin(call: Call, scope: Scope) -> None:
    """Export a scope, where the person may have it."""
    await _answered(call, await call.look(export.ask, scope, call.now))


async def _answered(call: Call, wanted: Wanted) -> None:
    await call.answer(f"{_title(wanted.scope)} comes to you as a file, by direct message.")
    _later(call, wanted)


TITLES = {What.RECORD: "{}", What.REVIEW: "The product quality review of {}"}


def _title(scope: Scope) -> str:
    return TITLES.get(scope.what, "The inspection pack of {}").format(scope.words)


def _later(call: Call, wanted: Wanted) -> None:
    call.desk.later(_Making(call, wanted).run())


@dataclass
class Progress:
    """How far a pack is; written by the thread that waits for it, read by the one that tells."""

    done: int = 0
    of: int = 0


class _Making:
    """The making of one pack, from the first message about it to the file."""

    def __init__(self, call: Call, wanted: Wanted) -> None:
        self.call, self.wanted = call, wanted
        self.slack, self.desk = call.slack, call.desk
        self.progress = Progress()
        self.channel = ""
        self.message: str | None = None  # the one that tells of the progress

    async def run(self) -> None:
        """Make the pack, journal it, send it; whatever goes wrong, the person is told what to do."""
        opened = await self.slack.conversations_open(users=self.call.identity.user_id)
        self.channel = opened["channel"]["id"]
        what = _title(self.wanted.scope)
        try:
            with TemporaryDirectory(prefix="qualbridge-") as folder:
                await self._send(Path(folder) / "pack.zip")
        except Stopped:
            await self._say(STOPS.format(what=self.wanted.scope.words))
        except Refusal as refusal:
            await self._say(f"{what} was not sent: {refusal}")
        except slack_errors.FAILURES as error:
            why = slack_errors.word(error)
            await self._say(f"{what} could not be sent as a file: {why}. {TELLS.get(why, 'Try again.')}")
        except Exception:
            code = REQUEST.get()
            log.exception("error %s", code)
            await self._say(
                f"{what} could not be made (code {code}). Try again; if it happens again, give the code to whoever "
                "runs QualBridge."
            )

    async def _send(self, file: Path) -> None:
        made = await self._made(file)
        if made.size > LARGEST:
            raise Refusal(
                f"it has {measure(made.size)}, and Slack takes files of 1 GB at most. Ask for it in parts, by period; "
                "whoever runs QualBridge can make it whole by `qualbridge export`."
            )
        await self.desk.database.write(lambda session: self._hand_over(session, made))
        name = f"{self.wanted.scope.name}.zip"
        await upload(self.slack, self.channel, file, name, escape(_comment(self.wanted.scope, made)))

    def _hand_over(self, session: Session, made: Made) -> None:
        actor = people.actor_of(session, self.wanted.there.id, self.call.identity)
        export.hand_over(session, actor, self.wanted.scope, made, self.desk.now())

    async def _made(self, file: Path) -> Made:
        """Wait for the pack in a thread, telling now and then how far it is."""
        work = asyncio.ensure_future(asyncio.to_thread(self._make, file))
        while not (await asyncio.wait({work}, timeout=SHOWN_AFTER))[0]:
            await self._tell(
                f"{_title(self.wanted.scope)} is being made: {self.progress.done:,} of {self.progress.of:,} records."
            )
        if self.message is not None and not work.exception():
            await self._tell(f"{_title(self.wanted.scope)} is made: {self.progress.of:,} records. It is being sent.")
        return work.result()

    def _make(self, file: Path) -> Made:
        with self.desk.database.reading() as session:
            if export.number_of(session, self.wanted) <= FEW:
                return export.write(session, self.wanted, file, self._note)
        return make_apart(self.desk.database.url, self.wanted.there.id, self.wanted.scope, file, self._note)

    def _note(self, done: int, of: int) -> None:
        if self.desk.stopping.is_set():
            raise Stopped
        self.progress.done, self.progress.of = done, of

    async def _tell(self, text: str) -> None:
        """Say how far it is, in one message that is brought up to date; that Slack is in trouble stops no work."""
        try:
            if self.message is None:
                self.message = str((await self.slack.chat_postMessage(channel=self.channel, text=escape(text)))["ts"])
            else:
                await self.slack.chat_update(channel=self.channel, ts=self.message, text=escape(text))
        except slack_errors.FAILURES as error:
            log.warning("the progress of a pack was not told: %s", slack_errors.word(error))

    async def _say(self, text: str) -> None:
        await self.slack.chat_postMessage(channel=self.channel, text=escape(text))


def _comment(scope: Scope, made: Made) -> str:
    number = made.counts["records"]
    return (
        f"{_title(scope)}: {number:,} {'record' if number == 1 else 'records'}, {measure(made.size)}, as of "
        f"{moment(made.end.at)}, entry {made.end.seq} of the journal.\n"
        f"SHA-256 of the file: {made.sha256}\nHash of the journal's entry: {made.end.hash}\n"
        "HOW-TO-CHECK.md in it says how to check it. The journal tells that you have it."
    )


LISTENERS = Listeners(
    buttons={"record.export": on_button, "export.batch": on_batch, "export.start": on_form},
    modals={FORM.callback: on_asked},
)
