"""Inspection packs in tests: made of a database, opened, and a world with every kind of record in many states."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from sqlmodel import Session

from quality import capture, export, own, request
from quality import result as results
from quality.capture import Said
from quality.pack.make import Made
from quality.pack.scope import Scope, What
from quality.result import ResultForm
from sandbox import Driver
from storage import message
from storage.database import Database
from storage.message import Message
from storage.partnership import Partnership
from storage.record import Asked, Class, Distributed, Record
from tests import support
from tests.support import ANNA, DAY, ELIF, GITA, HOUR, NOW, actor, ref

ALL = Scope(What.ALL)
FORMULA = '=HYPERLINK("http://example.com","press") and more'
MARKUP = "#eval(sys.inputs) *bold* $x^2$ @cite <tag> \\u{1F600} [link](x) <!channel>"
SECRET = "Aurora alone knows of the zebra."


def one(record: str) -> Scope:
    return Scope(What.RECORD, record=record)


def pack(database: Database, target: Path, scope: Scope = ALL, channel: str = support.CHANNEL) -> Made:
    """Make a pack."""
    with database.reading() as session:
        return export.write(session, export.of_channel(session, channel, scope), target, lambda *_: None)


def read(content: bytes) -> dict[str, bytes]:
    """Read the files of a pack."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


class Opened:
    """What stands in a pack."""

    def __init__(self, path: Path | bytes) -> None:
        self.files = read(path if isinstance(path, bytes) else path.read_bytes())

    def text(self, name: str) -> str:
        return self.files[name].decode("utf-8-sig")

    def data(self, name: str) -> Any:
        return json.loads(self.files[name])

    def lines(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self.text(name).splitlines()]

    def table(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.text(f"csv/{name}.csv"), newline="")))

    @property
    def records(self) -> dict[str, Any]:
        return {told["number"]: told for told in self.lines("records.jsonl")}

    @property
    def journal(self) -> list[Any]:
        return [json.loads(entry["body"]) for entry in self.lines("journal.jsonl")]


def received(who: Driver) -> Opened:
    """Open the pack of a person's last direct message."""
    (file,) = who.files(who.direct_messages[-1])
    assert file.name.endswith(".zip")
    return Opened(file.content)


def opened(database: Database, target: Path, scope: Scope = ALL) -> Opened:
    """Make a pack and open it."""
    pack(database, target, scope)
    return Opened(target)


def fill(session: Session, there: Partnership) -> None:
    """Log records of every kind and bring them into many states, with files, talk, own numbers and notes."""
    capture.switch(there, NOW, on=True)
    made = support.log_deviation(
        session, title="Füllstraße: Überdruck", class_=Class.CRITICAL, happened=f"{FORMULA}\n{MARKUP}",
        distributed=Distributed.YES,
    )  # fmt: skip
    support.keep_file(session, GITA, made, "../../=cmd|A0.png", file_id="F1")
    support.keep_file(session, GITA, made, "结果.csv", b"a,b\n1,2\n", file_id="F2", now=NOW + HOUR)
    talk(session, made)
    support.submit(session, made, NOW + 2 * HOUR)
    support.sign(session, ELIF, made, now=NOW + 2 * HOUR)
    request.send_back(session, actor(session, ANNA), ref(made), "Other batches?", NOW + 3 * HOUR)
    action = support.log_capa(session, now=NOW + 3 * HOUR, sources=(made.number,))
    support.submit(session, made, NOW + 4 * HOUR)
    for who in (ELIF, ANNA):
        support.sign(session, who, made, now=NOW + 5 * HOUR)
    support.close(session, action, NOW + DAY)
    result = support.phase_1(session, support.log_oos(session, lots=("AB-2002",)))
    support.plan_retests(session, result)
    for who in (ELIF, ANNA):
        support.sign(session, who, result, "approve_plan")
    support.retest(session, result)
    support.phase_2(session, result)
    mistaken = support.log_deviation(session, title="中文", class_=Class.MINOR)
    request.void(session, actor(session, ELIF), ref(mistaken), "Logged twice.", NOW)
    specified = support.effective(session, now=NOW)
    for reported in ("99.6", "90.1"):
        form = ResultForm(specified.id, "Assay", "AB-1001", reported, NOW, analyst="=G. Rao")
        results.record(session, actor(session, GITA), form, NOW)
    support.sign(session, ANNA, support.dispose(session, lot="AB-3003"))
    still = support.investigate(session, support.log_deviation(session, title="Open", now=NOW + 9 * DAY))
    own.set_number(session, actor(session, ANNA), ref(still), "QMS-77", None, NOW)
    own.keep_note(session, actor(session, ANNA), ref(still), SECRET, NOW)
    support.ask(session, GITA, still, Asked.EXTEND, NOW + 9 * DAY)


def talk(session: Session, record: Record) -> None:
    """Let Gita say something in a record's thread, change it, and delete something else."""
    posted = Message(
        partnership_id=record.partnership_id, subject=f"card:{record.id}", team_id="T0", channel_id=support.CHANNEL,
        ts=f"{record.id}.1",
    )  # fmt: skip
    message.save(session, posted)
    for ts, text in (("7.1", f"First. {MARKUP}"), ("7.2", "Second.")):
        said = Said(support.CHANNEL, posted.ts, ts, GITA.identity, text, NOW + HOUR)
        assert capture.hear(session, said, NOW + HOUR)
    assert capture.change_reply(session, support.CHANNEL, "7.1", "First, corrected.", NOW + HOUR)
    assert capture.delete_reply(session, support.CHANNEL, "7.2", NOW + HOUR)
