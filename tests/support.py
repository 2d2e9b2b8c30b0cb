"""A partnership of two example companies and its people, and short ways to act in it; no test stands here."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from typing import Any, TypeVar

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from quality import capa, deviation, disposition, evidence, oos, partnership, people, request, signature, specification
from quality import record as records
from quality.capa import CapaForm
from quality.change import Ref
from quality.criteria import TestForm
from quality.deviation import DeviationForm, InvestigationForm
from quality.disposition import DispositionForm
from quality.evidence import SharedFile
from quality.oos import OosForm, PhaseOneForm, PhaseTwoForm, RetestForm, RetestPlanForm
from quality.partnership import SetUpForm
from quality.people import Actor, Identity, Profile
from quality.refusal import FieldErrors, Refusal, Witnessed
from quality.sheet import Sheet, of_record
from quality.signature import Attempt
from quality.specification import SpecificationForm
from storage import draft, person, scope
from storage.capa import ActionType
from storage.database import Database, Piece
from storage.download import Download
from storage.evidence import Evidence
from storage.investigation import Cause, Disposition
from storage.journal import JournalEntry
from storage.migrate import migrate
from storage.oos import ResultKind
from storage.outbox import Outgoing
from storage.partnership import Partnership
from storage.person import Person, Role
from storage.prepared import Prepared
from storage.record import Asked, Class, Distributed, Kind, Outcome, Record, State
from storage.schema import METADATA

Result = TypeVar("Result")
_MADE = TemporaryDirectory(prefix="qualbridge-")  # gone when the process ends

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Berlin
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
CHANNEL = "C0QUALITY"
SPONSOR_TEAM, CMO_TEAM = "T0AURORA", "T0BOREALIS"


@cache
def migrated() -> Path:
    """Bring an SQLite file to the present schema, once for all tests of a process, which copy it."""
    path = Path(_MADE.name) / "migrated.db"
    made = Database(f"sqlite:///{path}")
    migrate(made)
    made.close()
    return path


def profile(name: str, team_id: str, *, time_zone: str = "Europe/Berlin", guest: bool = False) -> Profile:
    """Give a Slack person, whose user id is made of the first name."""
    user_id = "U0" + name.split(maxsplit=1)[0].upper()
    return Profile(Identity(team_id, user_id), name, time_zone, guest)


ANNA = profile("Anna Berg", SPONSOR_TEAM)  # sponsor QA
BEN = profile("Ben Ortiz", SPONSOR_TEAM)  # sponsor QA
CARLA = profile("Carla Diaz", SPONSOR_TEAM)  # sponsor member
ELIF = profile("Elif Kaya", CMO_TEAM)  # CMO QA
FINN = profile("Finn Larsen", CMO_TEAM)  # CMO QA
GITA = profile("Gita Rao", CMO_TEAM)  # CMO member
NOBODY = profile("Nora Quist", CMO_TEAM)  # of the CMO's workspace, on no roster
STRANGER = profile("Sam Stone", "T0ELSEWHERE")

SET_UP = SetUpForm(
    channel_id=CHANNEL,
    home_team_id=SPONSOR_TEAM,
    sponsor="Aurora",
    cmo="Borealis",
    sponsor_team_id=SPONSOR_TEAM,
    sponsor_qa=(ANNA, BEN),
    cmo_qa=(ELIF, FINN),
    time_zone="Europe/Berlin",
    digest_at=time(8),
    sponsor_country="US",
    cmo_country="DE",
)
DEVIATION = DeviationForm(
    title="Filter integrity test failed",
    happened="The bubble point of filter 2 was 2.1 bar.",
    detected_at=NOW,
    class_=Class.MAJOR,
    distributed=Distributed.NO,
    lots=("AB-1001",),
)
OOS = OosForm(
    test="Assay",
    result_kind=ResultKind.OOS,
    sample_type="Finished product",
    lots=("AB-1001",),
    result="94.2",
    unit="%",
    lower="95.0",
    upper="105.0",
    analysed_at=NOW,
    distributed=Distributed.NO,
)
INVESTIGATION = InvestigationForm(
    category=Cause.MACHINE,
    root_cause="The housing leaks at its seal.",
    other_batches="AB-1000 and AB-1002 ran on another housing.",
    impact="None on the batch: it was filtered again.",
    disposition=Disposition.RELEASE,
    capa_needed=False,
    no_capa_reason="The seal was replaced at once.",
    conclusion="A worn seal.",
)
ASSAY = TestForm("Assay", "Assay or potency", "HPLC-01", lower="95.0", upper="105.0", unit="%", alert_lower="97.0")
IMPURITY = TestForm("Impurity A", "Purity or impurity", upper="0.05", unit="%", quantitation="0.02")
APPEARANCE = TestForm("Appearance", "Identity", criterion="White tablets")
NO_CAUSE = PhaseOneForm(cause_found=False, evidence="Nothing in the laboratory explains it.")
CAUSE = PhaseOneForm(cause_found=True, evidence="The standard was weighed wrongly.", checklist=("Balance",))
RETESTS = RetestPlanForm(hypothesis="The sample was not mixed.", number=2, second_analyst="Max Mint")
PHASE_TWO = PhaseTwoForm(
    manufacturing_review="The batch record is complete.",
    root_cause="Not mixed long enough.",
    other_batches="AB-1000 was mixed long enough.",
    outcome=Outcome.CONFIRMED,
    cause_found=True,
    evidence="Two of two retests failed.",
    disposition=Disposition.REJECT,
)
DISPOSITION = DispositionForm(
    lot="AB-1001",
    decision=Disposition.RELEASE,
    justification="It complies, and nothing about it is open.",
    certificate="CoA 77",
)
CODE = "424242"


def set_up(session: Session, channel_id: str = CHANNEL, *, confirmed: bool = True) -> Partnership:
    """Set a channel up by Anna with all the people; Elif confirms."""
    there = partnership.set_up(session, ANNA, replace(SET_UP, channel_id=channel_id), NOW)
    for member in (CARLA, GITA):
        people.enrol(session, there.id, member, NOW)
    if confirmed:
        partnership.confirm(session, actor(session, ELIF, channel_id), NOW)
    return there


def actor(session: Session, who: Profile, channel_id: str = CHANNEL) -> Actor:
    """Give a person as an actor in a channel; the session is let out again, for tests look at several."""
    found = people.actor_in_channel(session, channel_id, who.identity)
    scope.leave(session)
    return found


def row_of(session: Session, who: Profile, channel_id: str = CHANNEL) -> Person:
    """Give a person's row on the roster."""
    return actor(session, who, channel_id).person


def give_roles(session: Session, who: Profile, *roles: Role) -> Person:
    """Give a person on the roster other roles than they had."""
    row = row_of(session, who)
    row.roles = list(roles)
    session.flush()
    return row


def remove(session: Session, who: Profile) -> Person:
    """Take a person off the roster."""
    row = row_of(session, who)
    row.active = False
    session.flush()
    return row


def log_deviation(
    session: Session, who: Profile = GITA, now: datetime = NOW, channel_id: str = CHANNEL, **changes: Any
) -> Record:
    """Log a deviation, a major one detected now unless told otherwise."""
    form = replace(DEVIATION, **{"detected_at": now, **changes})
    return deviation.log(session, actor(session, who, channel_id), form, now)


def log_oos(session: Session, who: Profile = GITA, now: datetime = NOW, **changes: Any) -> Record:
    """Log an OOS result."""
    return oos.log(session, actor(session, who), replace(OOS, **{"analysed_at": now, **changes}), now)


def log_capa(
    session: Session, who: Profile = GITA, now: datetime = NOW, *, owner: Profile = FINN, **changes: Any
) -> Record:
    """Log a CAPA that Finn owns, due in four weeks."""
    form = CapaForm(
        title="Replace the filter housing",
        problem="The housing leaks.",
        action_type=ActionType.CORRECTIVE,
        owner_id=row_of(session, owner).id,
        due_on=date(2026, 12, 22),
        plan="Order, fit, qualify.",
    )
    return capa.log(session, actor(session, who), replace(form, **changes), now)


def propose(
    session: Session, who: Profile = GITA, now: datetime = NOW, *, tests: tuple[TestForm, ...] = (ASSAY, IMPURITY),
    **changes: Any,
) -> Record:  # fmt: skip
    """Propose the specification of a tablet, in force from today."""
    form = SpecificationForm(product="Tablet 10 mg", sample_type="Finished product", effective_on=now.date())
    return specification.propose(session, actor(session, who), replace(form, **changes), now, tests)


def dispose(session: Session, who: Profile = ELIF, now: datetime = NOW, **changes: Any) -> Record:
    """Propose the disposition of a batch, its release unless told otherwise."""
    return disposition.propose(session, actor(session, who), replace(DISPOSITION, **changes), now)


def effective(session: Session, now: datetime = NOW, **changes: Any) -> Record:
    """Propose a specification that QA of both companies sign."""
    record = propose(session, now=now, **changes)
    return sign(session, ANNA, sign(session, ELIF, record, now=now), now=now)


def assign(session: Session, record: Record, owner: Profile, who: Profile = ELIF, now: datetime = NOW) -> Record:
    """Give a record an owner."""
    return records.assign_owner(session, actor(session, who), ref(record), row_of(session, owner).id, now)


class Nod:
    """A signing method for tests that are not about codes: one code is right, always."""

    name = "one-time code"

    def check(self, _session: Session, _actor: Actor, given: str, _now: datetime) -> None:
        if given != CODE:
            raise FieldErrors({"code": "This code is not the one your device shows now."})


def sign(
    session: Session, who: Profile, record: Record, act: str = "approve", now: datetime = NOW, **changes: Any
) -> Record:
    """Sign a record as it stands."""
    attempt = Attempt(record.partnership_id, ref(record), act, CODE, who.identity.user_id)
    return signature.sign(session, who.identity, replace(attempt, **changes), Nod(), now)


def check(
    session: Session, who: Profile, record: Record, outcome: Outcome = Outcome.EFFECTIVE, now: datetime = NOW
) -> Record:
    """Fill in a check of effectiveness and sign it."""
    given = {"outcome": outcome, "evidence": "No leak since."}
    draft_id = draft.save(session, record.id, row_of(session, who).id, given, now)
    return sign(session, who, record, "check", now, draft_id=draft_id)


def sign_refused(
    session: Session, who: Profile, record: Record, act: str = "approve", now: datetime = NOW, **changes: Any
) -> str:
    """Try to sign, which has to be refused and journaled and to change nothing else; gives what the person is told."""
    session.flush()
    before, number = everything(session), len(entries(session))
    with pytest.raises(Witnessed) as caught:
        sign(session, who, record, act, now, **changes)
    session.flush()
    assert everything(session) == before, "a refused signature changed something"
    assert len(entries(session)) == number + 1
    entry = last_entry(session)
    assert (entry.event, entry.record_id) == (f"{record.kind}.signature_refused", record.id)
    assert entry.content["reason"] == str(caught.value)
    assert entry.content["by"]["user"] == who.identity.user_id
    return str(caught.value)


def everything(session: Session) -> dict[str, list[Any]]:
    """Read all tables but the journal."""
    kept = [table for table in METADATA.sorted_tables if not table.name.startswith("journal")]
    return {table.name: [tuple(row) for row in session.execute(table.select())] for table in kept}


def sheet_of(session: Session, record: Record) -> Sheet:
    """Gather everything about a record."""
    session.flush()
    return of_record(session, record.partnership_id, record.id)


def own(session: Session, record: Record, owner: Profile, now: datetime = NOW) -> None:
    """Give a record that nobody owns its owner."""
    if record.owner_id is None:
        assign(session, record, owner, now=now)


def investigate(session: Session, record: Record, now: datetime = NOW, *, owner: Profile = GITA) -> Record:
    """Bring a deviation under investigation, owned by Gita unless somebody owns it."""
    own(session, record, owner, now)
    if record.state is State.OPEN:
        deviation.begin_investigation(session, actor(session, owner), ref(record), now)
    return record


def submit(session: Session, record: Record, now: datetime = NOW, *, owner: Profile = GITA, **changes: Any) -> Record:
    """Bring a deviation to its approval."""
    investigate(session, record, now, owner=owner)
    form = replace(INVESTIGATION, **changes)
    return deviation.submit(session, actor(session, owner), ref(record), form, now)


def phase_1(session: Session, record: Record, form: PhaseOneForm = NO_CAUSE, now: datetime = NOW) -> Record:
    """Give an OOS its phase I result, by Gita."""
    own(session, record, GITA, now)
    return oos.finish_phase_1(session, actor(session, GITA), ref(record), form, now)


def plan_retests(session: Session, record: Record, now: datetime = NOW, **changes: Any) -> Record:
    """Write the retest plan."""
    return oos.plan_retests(session, actor(session, GITA), ref(record), replace(RETESTS, **changes), now)


def retest(session: Session, record: Record, result: str = "94.4", now: datetime = NOW) -> Record:
    """Record one retest."""
    return oos.record_retest(session, actor(session, GITA), ref(record), RetestForm(result, "Max Mint"), now)


def phase_2(session: Session, record: Record, now: datetime = NOW, **changes: Any) -> Record:
    """Give an OOS its phase II result."""
    return oos.finish_phase_2(session, actor(session, GITA), ref(record), replace(PHASE_TWO, **changes), now)


def begin_capa(session: Session, record: Record, now: datetime = NOW) -> Record:
    """Bring a CAPA of Finn's into progress; Anna signs as well where that is needed."""
    sign(session, ELIF, record, "approve_plan", now)
    if record.state is State.PLANNED:
        sign(session, ANNA, record, "approve_plan", now)
    return record


def implement(session: Session, record: Record, now: datetime = NOW, *, owner: Profile = FINN) -> Record:
    """Mark a CAPA in progress as implemented today."""
    on = now.date()
    return capa.implement(session, actor(session, owner), ref(record), "Report 7.", on, now)


def close(session: Session, record: Record, now: datetime = NOW) -> Record:
    """Bring a record that was just logged to its closing, through all its states."""
    if record.kind is Kind.DISPOSITION:
        return sign(session, ANNA, record, now=now)
    if record.kind is Kind.SPECIFICATION:
        return sign(session, ANNA, sign(session, ELIF, record, now=now), now=now)
    if record.kind is Kind.CAPA:
        implement(session, begin_capa(session, record, now), now)
        return check(session, ELIF, record, now=now + timedelta(days=90))
    if record.kind is Kind.DEVIATION:
        submit(session, record, now)
    else:
        phase_2(session, phase_1(session, record, now=now), now)
    sign(session, ELIF, record, now=now)
    return record if record.state is State.CLOSED else sign(session, ANNA, record, now=now)


def ask(session: Session, who: Profile, record: Record, what: Asked, now: datetime = NOW) -> Record:
    """Ask something about a record: three weeks more, class minor, to stop two weeks, to void it, to reopen it."""
    by, it = actor(session, who), ref(record)
    if what is Asked.EXTEND:
        due = sheet_of(session, record).due
        assert due is not None
        later = due.due_at.date() + timedelta(days=21)
        return request.ask_extension(session, by, it, later, "The part is late.", now)
    if what is Asked.LOWER:
        return request.reclassify(session, by, it, Class.MINOR, "No effect.", now)
    if what is Asked.STOP:
        return request.ask_stop(session, by, it, (now + 14 * DAY).date(), "The supplier is on strike.", now)
    asking = request.void if what is Asked.VOID else request.reopen
    return asking(session, by, it, "Logged twice.", now)


def ref(record: Record) -> Ref:
    """Name a record as a button drawn just now does."""
    return Ref(record.id, record.version)


def refused(session: Session, act: Callable[..., object], *args: object) -> str:
    """Run an act that has to be refused and to write nothing; gives what the person is told."""
    session.flush()
    before = _changes(session)
    with pytest.raises(Refusal) as caught:
        act(session, *args)
    assert not isinstance(caught.value, FieldErrors), "a field error was not expected"
    session.flush()
    assert _changes(session) == before, "a refused act wrote something"
    return str(caught.value)


def field_errors(session: Session, act: Callable[..., object], *args: object) -> dict[str, str]:
    """Run an act whose form has to be refused and to write nothing; gives the errors by field."""
    session.flush()
    before = _changes(session)
    with pytest.raises(FieldErrors) as caught:
        act(session, *args)
    session.flush()
    assert _changes(session) == before, "a refused form wrote something"
    return caught.value.errors


def _changes(session: Session) -> int:
    changes: int = session.connection().connection.driver_connection.total_changes  # type: ignore[union-attr]
    return changes


def entries(session: Session, record: Record | None = None) -> list[JournalEntry]:
    """Give the journal's entries in order, those of one record or all."""
    found = select(JournalEntry).order_by(JournalEntry.id)  # type: ignore[arg-type]
    if record is not None:
        found = found.where(JournalEntry.record_id == record.id)
    return list(session.exec(found).all())


def events(session: Session, record: Record | None = None) -> list[str]:
    """Give the journal's events in order, those of one record or all."""
    return [entry.event for entry in entries(session, record)]


def last_entry(session: Session) -> JournalEntry:
    """Give the newest entry of all journals."""
    return session.exec(select(JournalEntry).order_by(JournalEntry.id.desc())).first()  # type: ignore[union-attr, return-value, attr-defined]


def queued(session: Session, kind: str | None = None) -> list[Outgoing]:
    """Give what stands in the outbox, of one kind or all, in order."""
    rows = session.exec(select(Outgoing).order_by(Outgoing.id)).all()  # type: ignore[arg-type]
    return [row for row in rows if kind in (None, row.kind)]


def empty_outbox(session: Session, now: datetime = NOW) -> None:
    """Mark everything in the outbox as sent."""
    for row in queued(session):
        row.done_at, row.outcome = now, "sent"
    session.flush()


def newly_queued(session: Session) -> list[Outgoing]:
    """Give what stands in the outbox unsent."""
    return [row for row in queued(session) if row.done_at is None]


def told(session: Session, row: Outgoing) -> str:
    """Give the name of the person a row of the outbox is for."""
    found = session.get_one(Person, row.person_id)
    return person.get(session, found.partnership_id, found.id).name


@contextmanager
def statements(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """Collect the SQL that a session runs, with its parameters."""
    session.flush()
    session.connection()
    seen: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        seen.append((sql, parameters))

    execute = Prepared._execute

    def noted(self: Prepared, cursor: Any, rows: Any) -> None:
        seen.append((self._sql, [*map(self._given, rows)]))
        execute(self, cursor, rows)

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Prepared, "_execute", noted)
            yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def together(database: Database, *works: Callable[[Session], Any]) -> list[Piece]:
    """Let the writer find several pieces of work waiting."""
    pieces = [Piece(work, Future()) for work in works]
    database._waiting.extend(pieces)
    database._writer = ThreadPoolExecutor(1)
    database._within = 10.0  # on a machine that runs other things
    for _ in pieces:
        database._writer.submit(database._write_waiting)
    return pieces


def at_once(database: Database, number: int, work: Callable[[Session], Result]) -> list[Result]:
    """Let several transactions do the same work at the same time; gives what each of them answered."""
    start = Barrier(number)

    def run(_: int) -> Result:
        start.wait(10)
        with database.writing() as session:
            return work(session)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def one_after_the_other(database: Database, work: Callable[[Session], Result]) -> tuple[Result, Result]:
    """Begin the same work while a first transaction that did it is still open, which has to make it wait."""

    def run() -> Result:
        with database.writing() as session:
            return work(session)

    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            first = work(session)
            session.flush()
            second = pool.submit(run)
            with pytest.raises(TimeoutError):
                second.result(0.2)
        return first, second.result(20)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


def keep_file(
    session: Session, who: Profile, record: Record, name: str = "gauge.png", content: bytes = PNG, *,
    file_id: str = "F0GAUGE", now: datetime = NOW,
) -> Evidence:  # fmt: skip
    """Give a file with a record by a form, and keep it as if Slack had given it."""
    evidence.add(session, actor(session, who), ref(record), [SharedFile(file_id, name, len(content))], "A gauge.", now)
    waiting = session.exec(select(Download).where(Download.file_id == file_id, Download.record_id == record.id)).one()
    kept = evidence.keep(session, waiting.id, evidence.examined(name, "image/png", content), now)
    assert kept is not None
    return kept
