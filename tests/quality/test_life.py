"""Random walks: people of both companies press buttons as they like, and no record ever breaks a rule.

LIVES=500 walks that often, each time another way; without it the walks are few and always the same.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyotp
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlmodel import Session, select

from quality import (
    approval,
    authority,
    capa,
    change,
    deviation,
    evidence,
    oos,
    own,
    people,
    request,
    signature,
    transitions,
)
from quality import record as records
from quality.authority import Question
from quality.beat import beat
from quality.capa import PlanForm
from quality.change import Ref
from quality.device import STEP, OneTimeCodes
from quality.evidence import SharedFile
from quality.oos import RetestForm
from quality.people import Actor, Profile
from quality.refusal import Refusal, Witnessed
from quality.sheet import Sheet, of_record
from quality.signature import Attempt
from storage import download, draft, partnership, person
from storage.authority import Answer, AuthorityReport
from storage.clock import ClockName
from storage.database import Database
from storage.device import Device
from storage.investigation import Cause, Investigation
from storage.journal import JournalEntry
from storage.oos import ResultKind
from storage.partnership import Partnership, Side
from storage.person import Person, Role
from storage.record import Class, Distributed, Kind, Outcome, Record, State
from storage.schema import METADATA
from storage.secret import Safe
from tests import support
from tests.quality import life
from tests.support import ANNA, BEN, CARLA, CMO_TEAM, ELIF, FINN, GITA, NOBODY, NOW, SPONSOR_TEAM, STRANGER

HUGO = support.profile("Hugo Meyer", CMO_TEAM)
IDA = support.profile("Ida Hart", SPONSOR_TEAM)
VITO = support.profile("Vito Look", CMO_TEAM)
ROLES: dict[Profile, list[Role]] = {
    ANNA: [Role.QA],
    BEN: [Role.QA],
    CARLA: [Role.MEMBER],
    IDA: [Role.HEAD, Role.QA],
    ELIF: [Role.QA],
    FINN: [Role.QA],
    GITA: [Role.MEMBER],
    HUGO: [Role.MEMBER, Role.QA],
    VITO: [Role.VIEWER],
}
# A specification has two states and no clock: tests/quality/test_specification.py goes through its life.
WALKED = (Kind.DEVIATION, Kind.OOS, Kind.CAPA)
EVERYBODY = [*ROLES, NOBODY, STRANGER]
QUIET = {"comment", "evidence", "files", "number", "notes", "clocks", "history", "export"}
ACTS = sorted({act.name for kind in WALKED for act in transitions.LIVES[kind]})
CHANGES = [name for name in ACTS if name not in QUIET]
CODES = OneTimeCodes(Safe("a key for tests that is long enough for all of them"))
HAPPENS = {
    "go_on": 6,
    "finish": 1,
    "press_what_stands_there": 6,
    "press_anything": 3,
    "ask_and_answer": 2,
    "more_time": 2,
    "log": 2,
    "meanwhile": 3,
}  # what, and how often
MOST_OPEN = 6  # records at a time
MOST_TOLD = 60
EXAMPLES = int(os.environ.get("LIVES", "0"))
REACHED: Counter[str] = Counter()
STORY: list[str] = []  # of the present walk, for whoever has to find out what went wrong

OFTEN, SELDOM = [True, True, True, False], [False, False, False, True]
TEXTS = ["Because.", "Another reason."]
SOMETIMES_BLANK = ["Found.", "Found.", "Found.", "Found.", ""]
TIMES = [timedelta(seconds=31), timedelta(minutes=16), timedelta(hours=9), *map(timedelta, (1, 4, 40))]
GIVEN_CODES = ["right"] * 8 + ["wrong", "used", "old", "another's", "none"]


def key_of(who: Profile) -> str:
    """Give the key of a person's device, always the same."""
    return (who.identity.user_id.replace("0", "A").replace("_", "A") + "A" * 32)[:32]


def prepared(path: Path) -> Path:
    """Set a partnership up with everybody on its roster, each with a signing device."""
    database = Database(f"sqlite:///{shutil.copy(support.migrated(), path)}")
    with database.writing() as session:
        there = support.set_up(session)
        both = partnership.companies(session, there.id)
        for who, roles in ROLES.items():
            row = person.find(session, there.id, who.identity.team_id, who.identity.user_id)
            side = Side.SPONSOR if who.identity.team_id == SPONSOR_TEAM else Side.CMO
            row = row or people.add(session, there, both[side], who, roles, NOW)
            row.roles = roles
            session.add(
                Device(
                    team_id=row.team_id,
                    user_id=row.user_id,
                    partnership_id=there.id,
                    secret=CODES.safe.lock(key_of(who)),
                    set_up_at=NOW,
                    confirmed_at=NOW,
                )
            )
    database.close()
    return path


class Walk(RuleBasedStateMachine):
    """What people do in one channel, in whatever order."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="walk")
        path = shutil.copy(self.template, Path(self.folder.name) / "walk.db")
        self.database = Database(f"sqlite:///{path}")
        STORY.clear()
        REACHED["walks"] += 1
        self.now: datetime = NOW
        self.open: set[int] = set()  # of those that are not done
        self.states: dict[int, str] = {}  # as they were when last looked at
        self.seen = 0  # entries of the journal that were looked at
        self.used: dict[Profile, str] = {}  # the last code that each gave
        self.signed: dict[int, dict[str, Any]] = {}
        with self.database.reading() as session:
            there = partnership.find_in_channel(session, support.CHANNEL)
            assert there is not None
            self.there = there.id

    # ---- What can be done -------------------------------------------------------------------------------------------

    @initialize(seed=st.integers(0, 2**64))
    def begin(self, seed: int) -> None:
        """One record of each kind is there from the start; a seed decides all the rest of the walk."""
        self.dice = Random(seed)  # noqa: S311 - nothing secret
        with self.database.writing() as session:
            source = support.log_deviation(session)
            support.log_oos(session)
            support.log_capa(session, sources=(source.number,))
        self.look()

    @rule()
    def happen(self) -> None:
        """Something happens."""
        names, weights = zip(*HAPPENS.items(), strict=True)
        getattr(self, *self.dice.choices(names, weights))()

    def log(self) -> None:
        """Somebody logs something, well or badly."""
        if len(self.open) >= MOST_OPEN:
            return
        what = self.dice.choice([self.log_deviation, self.log_oos, self.log_capa])
        what(self.dice.choice([*EVERYBODY, GITA, GITA]))

    def go_on(self) -> None:
        """The right people do the right next things."""
        self.next_things(self.some_id(), self.dice.randint(1, 7))

    def finish(self) -> None:
        """All that is left to do with a record is done."""
        self.next_things(self.some_id(), 15)

    def press_anything(self) -> None:
        """Anybody presses anything."""
        for _ in range(self.dice.randint(1, 5)):
            who, name = self.dice.choice(EVERYBODY), self.dice.choice(ACTS)
            self.act(who, self.some_id(), name, stale=self.dice.choice(SELDOM))

    def press_what_stands_there(self) -> None:
        """People who may do something with a record do it."""
        record_id = self.some_id()
        for _ in range(self.dice.randint(1, 5)):
            who = self.dice.choice(list(ROLES))
            with self.database.reading() as session:
                found, row = of_record(session, self.there, record_id), self.row_of(session, who)
                names = [name for name in CHANGES if could(row, found, name, self.now)]
            if names:
                self.act(who, record_id, self.dice.choice(names), stale=self.dice.choice(SELDOM))

    def ask_and_answer(self) -> None:
        """One asks something, perhaps something happens in between, and another answers."""
        record_id, (first, second) = self.some_id(), self.dice.sample([ANNA, ELIF], 2)
        asks = ["reopen", "reopen", "reclassify", "reclassify", "stop_clock", "stop_clock", "void"]
        if self.act(first, record_id, self.dice.choice(asks)):
            self.next_things(record_id, self.dice.choice([0, 0, 1, 5]))
            self.act(second, record_id, self.dice.choice(["agree", "agree", "refuse"]))

    def more_time(self) -> None:
        """The owner asks for more time, perhaps something happens in between, and QA answer."""
        record_id = self.some_id()
        with self.database.reading() as session:
            owner_id = session.get_one(Record, record_id).owner_id
            owner = [who for who in ROLES if self.row_of(session, who).id == owner_id]
        if not owner or not self.act(owner[0], record_id, "extend"):
            return
        self.next_things(record_id, self.dice.choice([0, 0, 1, 5]))
        for who in self.dice.sample([ANNA, BEN, ELIF, FINN], 3):
            self.act(who, record_id, "grant")

    def meanwhile(self) -> None:
        """Time goes by; people come, go, change their work and their names, and come back."""
        self.now += self.dice.choice(TIMES)
        if self.dice.choice(OFTEN):
            self.pass_over_what_is_due()
        happens = [self.change_roster] * 2 + [self.restore_roster] + [self.answer_for_authorities] * 3
        self.dice.choice(happens)()

    def pass_over_what_is_due(self) -> None:
        """Let reminders be decided, and stopped clocks go on whose day has come."""
        STORY.append(f"    a beat at {self.now}")
        with self.database.writing() as session:
            while beat(session, self.now):
                pass

    def change_roster(self) -> None:
        who = self.dice.choice(list(ROLES))
        what = self.dice.choice(["roles", "removed", "name", "company"])
        STORY.append(f"    {who.name}: {what} changed")
        with self.database.writing() as session:
            row = self.row_of(session, who)
            if what == "roles":
                row.roles = [self.dice.choice(list(Role))]
            elif what == "removed":
                row.active = not row.active
            elif what == "name":
                row.name = f"{who.name} {self.now:%H%M}"
            else:
                company = partnership.companies(session, self.there)[row.side]
                company.name = f"{company.name.split()[0]} {self.now:%H%M}"

    def restore_roster(self) -> None:
        STORY.append("    everybody is back")
        with self.database.writing() as session:
            for who, roles in ROLES.items():
                row = self.row_of(session, who)
                row.roles, row.active = roles, True

    def answer_for_authorities(self) -> None:
        """Somebody answers whether a report is needed, or records its filing."""
        who, filed = self.dice.choice([*EVERYBODY, ANNA, BEN]), self.dice.choice(SELDOM)
        with self.database.reading() as session:
            asked = session.exec(select(AuthorityReport)).all()
        if not asked:
            return
        one = self.dice.choice(asked)
        question = Question(one.record_id, one.name, (one.answer or "") if self.dice.choice(OFTEN) else "")
        if filed:
            at = self.now - timedelta(hours=self.dice.choice([-1, 0, 1]))
            self.do(who, authority.file, question, at)
        else:
            said, reason = self.dice.choice(list(Answer)), self.dice.choice(SOMETIMES_BLANK)
            self.do(who, authority.answer, question, said, reason)

    # ---- How it is done ---------------------------------------------------------------------------------------------

    def some_id(self) -> int:
        """Give a record, of each kind as often, and more often one that is still open."""
        REACHED["rules"] += 1
        kind = self.dice.choice(WALKED)
        ids = [one for one, state in self.states.items() if state.startswith(kind)]
        alive = [one for one in ids if one in self.open]
        return self.dice.choice(alive if alive and self.dice.choice(OFTEN) else ids)

    def row_of(self, session: Session, who: Profile) -> Person:
        row = person.find(session, self.there, who.identity.team_id, who.identity.user_id)
        assert row is not None
        return row

    def do(self, who: Profile, use_case: Callable[..., object], *args: object) -> bool:
        """Do something in one transaction, as a handler does; what is refused must not have written anything."""
        self.now += timedelta(seconds=STEP + 1)
        REACHED["acts"] += 1
        with self.database.writing() as session:
            before = support._changes(session)
            try:
                use_case(session, people.actor_of(session, self.there, who.identity), *args, self.now)
                done = True
            except Refusal:
                session.flush()
                done = False
            self.tell(who, use_case.__name__, args, done)
            assert done or support._changes(session) == before, "refused, and wrote something"
        self.look()
        return done

    def act(self, who: Profile, record_id: int, name: str, *, stale: bool = False, code: str | None = None) -> bool:
        """Press a button, fill in what it opens, and send it, perhaps from a card that is out of date."""
        with self.database.reading() as session:
            version = session.get_one(Record, record_id).version
        ref = Ref(record_id, version - 1 if stale else version)
        if name in signature.SIGNED:
            return self.sign(who, ref, name, code)
        return self.do(who, FORMS[name](self, ref))

    def sign(self, who: Profile, ref: Ref, name: str, kind: str | None = None) -> bool:
        """Sign with some code; a refused signature leaves a line in the journal and nothing else."""
        self.now += timedelta(seconds=STEP + 1)
        REACHED["acts"] += 1
        drafted = self.fill_in_check(who, ref) if name == "check" else None
        kind = kind or self.dice.choice(GIVEN_CODES)
        code = self.code(who, kind)
        opened_by = who if self.dice.choice([True] * 9 + [False]) else ANNA
        attempt = Attempt(self.there, ref, name, code, opened_by.identity.user_id, drafted)
        before = self.everything()
        with self.database.writing() as session:
            try:
                signature.sign(session, who.identity, attempt, CODES, self.now)
            except Witnessed:
                done = False
            else:
                done = True
        self.tell(who, name, (ref, kind), done)
        if done:
            assert kind == "right", f"signed with a code that is {kind}"
            self.used[who] = code
            self.look()
            return True
        assert self.everything() == before, "a refused signature changed something"
        with self.database.reading() as session:
            told = session.exec(select(JournalEntry.event).where(JournalEntry.id > self.seen)).all()
        assert [entry.partition(".")[2] for entry in told if entry != "person.signing_locked"] == ["signature_refused"]
        self.look()
        return False

    def tell(self, who: Profile, what: str, about: tuple[object, ...], done: bool) -> None:
        STORY.append(f"{self.now:%Y-%m-%d %H:%M:%S} {who.name}: {what} {about} {'' if done else 'REFUSED'}")

    def code(self, who: Profile, kind: str) -> str:
        """Give a code of a person's device: the right one, or another."""
        shown = pyotp.TOTP(key_of(who))
        if kind == "right":
            return shown.at(self.now)
        if kind == "used":
            return self.used.get(who, "")
        if kind == "old":
            return shown.at(self.now - timedelta(seconds=4 * STEP))
        if kind == "another's":
            return pyotp.TOTP(key_of(ANNA if who is not ANNA else ELIF)).at(self.now)
        right = shown.at(self.now)
        return f"{(int(right[0]) + 5) % 10}{right[1:]}" if kind == "wrong" else "12 34"

    def fill_in_check(self, who: Profile, ref: Ref) -> int:
        outcome = self.dice.choice([Outcome.EFFECTIVE, Outcome.NOT_EFFECTIVE, Outcome.INCONCLUSIVE])
        with self.database.writing() as session:
            row = person.find(session, self.there, who.identity.team_id, who.identity.user_id)
            whose = row.id if row else self.row_of(session, ELIF).id
            return draft.save(session, ref.record_id, whose, {"outcome": outcome, "evidence": "Measured."}, self.now)

    def everything(self) -> dict[str, list[Any]]:
        """Read what a refused signature may not change: all but the journal, failed codes and who is told of them."""
        spared = {"journal", "journal_head", "signing_device", "outbox"}
        with self.database.reading() as session:
            kept = [table for table in METADATA.sorted_tables if table.name not in spared]
            return {table.name: [tuple(row) for row in session.execute(table.select())] for table in kept}

    def log_deviation(self, who: Profile) -> bool:
        form = replace(
            support.DEVIATION,
            detected_at=self.now - timedelta(hours=self.dice.choice([0, 0, 30, -2])),
            class_=self.dice.choice(list(Class)),
            distributed=self.dice.choice(list(Distributed)),
            lots=self.dice.choice(LOTS),
            sources=self.some_numbers(),
        )
        return self.do(who, deviation.log, form)

    def log_oos(self, who: Profile) -> bool:
        kind = self.dice.choice([ResultKind.OOS, ResultKind.OOS, ResultKind.OOT])
        form = replace(
            support.OOS,
            result_kind=kind,
            result=self.dice.choice(["99.1", "x"]) if kind is ResultKind.OOT else "94.2",
            analysed_at=self.now,
            distributed=self.dice.choice(list(Distributed)),
            lots=self.dice.choice(LOTS) or ("AB-1",),
        )
        return self.do(who, oos.log, form)

    def log_capa(self, who: Profile, *sources: str) -> bool:
        log, given = self.new_capa(), sources or self.some_numbers()
        return self.do(who, lambda session, actor, now: log(session, actor, now, given))

    def new_capa(self) -> Callable[..., Record]:
        owner_id = _owner(self)
        due_on = self.now.date() + timedelta(days=self.dice.choice([30, 60, -1]))

        def log(session: Session, actor: Actor, now: datetime, sources: tuple[str, ...]) -> Record:
            form = capa.CapaForm(
                title="Replace the housing",
                problem="It leaks.",
                action_type=capa.ActionType.CORRECTIVE,
                owner_id=owner_id,
                due_on=due_on,
                plan="Order, fit, qualify.",
                sources=sources,
            )
            return capa.log(session, actor, form, now)

        return log

    def some_numbers(self) -> tuple[str, ...]:
        """Give the numbers of some records, or of one that is not there."""
        with self.database.reading() as session:
            numbers = list(session.exec(select(Record.number)).all())
        return tuple(self.dice.sample([*numbers, "DEV-2026-0999"], self.dice.choice([0, 1, 1, 2])))

    # ---- The right next thing ---------------------------------------------------------------------------------------

    def next_things(self, record_id: int, most: int) -> None:
        """Do what a record waits for, by people who may do it; so many acts at most."""
        for _ in range(most):
            with self.database.reading() as session:
                found = of_record(session, self.there, record_id)
                rows = [(who, self.row_of(session, who)) for who in ROLES]
            if found.record.state is State.IMPLEMENTED:
                self.now = max(self.now, found.clocks[ClockName.CHECK].due_at)
            names = self.next_names(found)
            able = [(who, name) for name in names for who, row in rows if could(row, found, name, self.now)]
            if _needs_capa(found):
                self.log_capa(FINN, found.record.number)
            elif able:
                who, name = self.dice.choice([one for one in able if one[1] == able[0][1]])
                code = "right" if self.dice.choice(OFTEN) else None
                self.act(who, record_id, name, code=code)
            elif names:
                self.restore_roster()  # there was nobody left who may
            else:
                return

    def next_names(self, found: Sheet) -> list[str]:
        """Name what may be the next thing, the first that anybody may do counts."""
        if found.record.asked is not None and self.dice.choice(SELDOM):
            return self.dice.sample(["grant", "agree", "refuse", "withdraw"], 4)
        owner = found.owner
        if found.record.is_open and (owner is None or not people.may_take_part(owner)):
            return ["assign"]
        begun = self.dice.choice(BEFORE.get(found.record.state, [[]]))
        return [*begun, *NEXT.get((found.record.kind, found.record.state), [])]

    # ---- What must be true afterwards -------------------------------------------------------------------------------

    def look(self) -> None:
        """Hold what changed, and what is linked with it, against every rule."""
        with self.database.reading() as session:
            entries = session.exec(select(JournalEntry).where(JournalEntry.id > self.seen)).all()
            if not entries:
                return
            self.seen = entries[-1].id
            touched = {entry.record_id for entry in entries if entry.record_id}
            for record_id in list(touched):
                touched |= {one.id for one in of_record(session, self.there, record_id).links}
            life.check(session, self.there, sorted(touched))
            for record_id in sorted(touched):
                record = session.get_one(Record, record_id)
                self.open = self.open | {record_id} if record.is_open else self.open - {record_id}
                state = f"{record.kind} {record.state} {record.outcome or ''}".strip()
                REACHED[state] += self.states.get(record_id) != state
                self.states[record_id] = state
        with self.database.reading() as session:
            life.check_journal(session)

    def teardown(self) -> None:
        """At the end of a walk, hold everything against every rule."""
        try:
            with self.database.reading() as session:
                life.check_all(session, self.there)
        finally:
            self.database.close()
            self.folder.cleanup()


# What is done before that, now and then.
BEFORE: dict[State, list[list[str]]] = {
    State.OPEN: [[], ["acknowledge"]],
    State.PHASE_2: [[], ["plan_retests"]],
    State.PLANNED: [[], ["accept"], ["assign"]],
    State.IN_PROGRESS: [[], [], ["accept"], ["assign"]],
}
LOTS = [(), ("AB-1",), ("ab-1", "AB-2"), ("AB-2", "AB-1", "ab-1")]
NEXT: dict[tuple[Kind, State], list[str]] = {
    (Kind.DEVIATION, State.OPEN): ["start"],
    (Kind.DEVIATION, State.UNDER_INVESTIGATION): ["submit"],
    (Kind.DEVIATION, State.PENDING_APPROVAL): ["approve", "send_back"],
    (Kind.OOS, State.PHASE_1): ["phase_1"],
    (Kind.OOS, State.PHASE_2): ["approve_plan", "record_retest", "phase_2"],
    (Kind.OOS, State.PENDING_APPROVAL): ["approve", "send_back"],
    (Kind.CAPA, State.PLANNED): ["approve_plan", "change_plan"],
    (Kind.CAPA, State.IN_PROGRESS): ["implement"],
    (Kind.CAPA, State.IMPLEMENTED): ["check"],
}


def could(who: Person, found: Sheet, name: str, now: datetime) -> bool:
    """Whether pressing it makes sense; whether it is allowed is decided where it is pressed."""
    act = transitions.find(found.record.kind, name)
    stands = act is not None and found.record.state in act.states and act.shown(found.record)
    return stands and act.who.allows(who, found) and not any(guard.fails(found, now) for guard in act.guards)


def _needs_capa(found: Sheet) -> bool:
    done = found.part(Investigation)
    waits = found.record.state is State.PENDING_APPROVAL and done is not None and done.capa_needed
    return waits and not approval.covering(found) and approval.is_last(found)


# ---- Forms, well and badly filled in --------------------------------------------------------------------------------

Filled = Callable[..., object]


def _number(walk: Walk, ref: Ref) -> Filled:
    """Give a number in place of the present one."""
    number = f"QMS-{walk.dice.randrange(1000)}"
    STORY.append(f"    set_number {ref} {number}")

    def filled(session: Session, actor: Actor, now: datetime) -> Record:
        seen = of_record(session, actor.partnership.id, ref.record_id).own_numbers.get(actor.person.side)
        return own.set_number(session, actor, ref, number, seen, now)

    return filled


def _with(use_case: Filled, *given: Callable[[Walk], object]) -> Callable[[Walk, Ref], Filled]:
    """Give a form whose fields are filled in one by one."""

    def filled(walk: Walk, ref: Ref) -> Filled:
        values = [one(walk) for one in given]
        STORY.append(f"    {use_case.__name__} {ref} {values}")
        return lambda session, actor, now: use_case(session, actor, ref, *values, now)

    return filled


def _looked(name: str) -> Callable[[Walk, Ref], Filled]:
    return lambda _walk, ref: lambda session, actor, now: change.may(session, actor, ref.record_id, name, now)


def _reason(walk: Walk) -> str:
    return walk.dice.choice(TEXTS)


def _owner(walk: Walk) -> int:
    who = walk.dice.choice([*ROLES, GITA, GITA, HUGO, CARLA])
    with walk.database.reading() as session:
        return walk.row_of(session, who).id


def _day(*days: int) -> Callable[[Walk], date]:
    return lambda walk: walk.now.date() + timedelta(days=walk.dice.choice(days))


def _investigation(walk: Walk) -> object:
    category = walk.dice.choice([Cause.MACHINE, Cause.PEOPLE])
    return replace(
        support.INVESTIGATION,
        category=category,
        human_error=walk.dice.choice(SOMETIMES_BLANK),
        root_cause=walk.dice.choice(SOMETIMES_BLANK),
        capa_needed=walk.dice.choice([True, False]),
        no_capa_reason=walk.dice.choice(SOMETIMES_BLANK),
        distributed=walk.dice.choice([None, *Distributed]),
    )


def _phase_1(walk: Walk) -> object:
    return replace(walk.dice.choice([support.NO_CAUSE, support.NO_CAUSE, support.NO_CAUSE, support.CAUSE]))


def _retests(walk: Walk) -> object:
    return replace(support.RETESTS, number=walk.dice.choice([1, 2, 3, 0, 13]))


def _phase_2(walk: Walk) -> object:
    outcome = walk.dice.choice([*oos.OUTCOMES, Outcome.INVALIDATED, Outcome.EFFECTIVE])
    cause_found = (outcome is Outcome.INVALIDATED) is walk.dice.choice(OFTEN)
    distributed = walk.dice.choice([None, *Distributed])
    return replace(support.PHASE_TWO, outcome=outcome, cause_found=cause_found, distributed=distributed)


def _capa(walk: Walk, ref: Ref) -> Filled:
    log = walk.new_capa()

    def log_one(session: Session, actor: Actor, now: datetime) -> Record:
        found = change.may(session, actor, ref.record_id, "capa", now)
        return log(session, actor, now, (found.record.number,))

    return log_one


def _follow(walk: Walk, ref: Ref) -> Filled:
    class_ = walk.dice.choice(list(Class))

    def log_one(session: Session, actor: Actor, now: datetime) -> Record:
        found = change.may(session, actor, ref.record_id, "deviation", now)
        form = replace(support.DEVIATION, detected_at=now, class_=class_, sources=(found.record.number,))
        return deviation.log(session, actor, form, now)

    return log_one


def _evidence(walk: Walk, ref: Ref) -> Filled:
    file_id = f"F0{walk.dice.randint(1, 10**9)}"

    def give_one(session: Session, actor: Actor, now: datetime) -> Record:
        shared = SharedFile(file_id, "gauge.png", len(support.PNG))
        record = evidence.add(session, actor, ref, [shared], "", now)
        for one in download.claim(session, now, 9):
            evidence.keep(session, one.id, evidence.examined("gauge.png", "image/png", support.PNG), now)
        return record

    return give_one


FORMS: dict[str, Callable[[Walk, Ref], Filled]] = {
    "acknowledge": _with(records.acknowledge),
    "accept": _with(records.accept),
    "start": _with(deviation.begin_investigation),
    "grant": _with(request.grant),
    "agree": _with(request.agree),
    "refuse": _with(request.refuse),
    "withdraw": _with(request.withdraw),
    "clocks": _looked("clocks"),
    "history": _looked("history"),
    "export": _looked("export"),
    "assign": _with(records.assign_owner, _owner),
    "comment": _with(records.comment, _reason),
    "number": _number,
    "notes": _with(own.keep_note, _reason),
    "evidence": _evidence,
    "files": _looked("files"),
    "link": _with(records.link_records, lambda walk: walk.some_numbers()),
    "submit": _with(deviation.submit, _investigation),
    "distributed": _with(authority.tell_distribution, lambda walk: walk.dice.choice(list(Distributed)), _reason),
    "send_back": _with(request.send_back, _reason),
    "reclassify": _with(request.reclassify, lambda walk: walk.dice.choice(list(Class)), _reason),
    "extend": _with(request.ask_extension, _day(-1, 20, 50, 90, 3000), _reason),
    "stop_clock": _with(request.ask_stop, _day(0, 1, 10, 40, 400), _reason),
    "resume": _with(request.resume),
    "void": _with(request.void, _reason),
    "reopen": _with(request.reopen, _reason),
    "phase_1": _with(oos.finish_phase_1, _phase_1),
    "plan_retests": _with(oos.plan_retests, _retests),
    "record_retest": _with(oos.record_retest, lambda _walk: RetestForm("94.4", "Max Mint")),
    "phase_2": _with(oos.finish_phase_2, _phase_2),
    "change_plan": _with(capa.change_plan, lambda walk: PlanForm(walk.dice.choice(TEXTS))),
    "implement": _with(capa.implement, _reason, _day(0, 0, -30, 1)),
    "capa": _capa,
    "deviation": _follow,
}

# ---- The walks ------------------------------------------------------------------------------------------------------

ENDS = {
    "deviation Closed",
    "deviation Void",
    "oos Closed Confirmed",
    "oos Closed Invalidated",
    "oos Closed Inconclusive",
    "oos Void",
    "capa Closed Effective",
    "capa Closed Not effective",
    "capa Void",
}


MOST_SEEDS = 40


@pytest.fixture
def prepared_walk(tmp_path: Path) -> type[Walk]:
    """Give walks a channel to begin in."""
    Walk.template = prepared(tmp_path / "prepared.db")
    REACHED.clear()
    return Walk


@pytest.mark.timeout(0 if EXAMPLES else 600)
def test_no_walk_breaks_a_rule(prepared_walk: type[Walk]) -> None:
    """Whatever people do, in whatever order, every rule holds after each step."""
    chosen = settings(
        max_examples=EXAMPLES or 8,
        stateful_step_count=40,
        deadline=None,
        derandomize=not EXAMPLES,
        database=None,
        phases=[Phase.generate],  # to make a failing walk shorter, or to explain it, takes many minutes
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(prepared_walk, settings=chosen)
    except Exception as problem:  # noqa: BLE001 - whatever it was, it is told
        pytest.fail("\n".join([*STORY[-MOST_TOLD:], f"{type(problem).__name__}: {problem}"]))
    print(*sorted(REACHED.items()), sep="\n")  # noqa: T201 - how far they came: pytest -s
    closed = {reached.partition(" Closed")[0] for reached in REACHED if " Closed" in reached}
    assert closed == set(WALKED)


def test_walks_come_to_every_end(prepared_walk: type[Walk]) -> None:
    """Closed with each outcome, and void: the steps of which walks are made lead there."""
    for seed in range(MOST_SEEDS):
        walk = prepared_walk()
        walk.begin(seed)
        for record_id in sorted(walk.states):
            walk.next_things(record_id, 20 * (seed % 3))
            if walk.act(ANNA, record_id, "void"):
                walk.act(ELIF, record_id, "agree")
        walk.teardown()
        if REACHED.keys() >= ENDS:
            return
    pytest.fail(f"not reached: {ENDS - REACHED.keys()}")


# ---- What walks found -----------------------------------------------------------------------------------------------


def test_a_capa_given_back_to_who_accepted_it_waits_for_nobody(session: Session, there: Partnership) -> None:
    """It is accepted already, so no clock to its acceptance runs."""
    made = support.log_capa(session, owner=GITA)
    records.accept(session, support.actor(session, GITA), support.ref(made), NOW)
    for owner, is_waiting in ((FINN, True), (GITA, False)):
        support.assign(session, made, owner)
        assert (support.sheet_of(session, made).clocks[ClockName.ACCEPT].stopped_at is None) is is_waiting


def test_every_button_has_a_form() -> None:
    """The walks know what each button opens."""
    assert FORMS.keys() | set(signature.SIGNED) == set(ACTS)
