"""Who may press which button in which state: every button, in every state, by every kind of person, really tried.

What is expected stands here in words of the product, apart from the tables of quality.transitions.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from quality import change, people, request, transitions
from quality import record as records
from quality.approval import PLAN, RECORD
from quality.people import Profile
from quality.refusal import Refusal
from storage import author, partnership, person
from storage.investigation import Disposition
from storage.partnership import Partnership, Side
from storage.person import Role
from storage.record import Asked, Class, Kind, Outcome, Record
from tests import support
from tests.support import ANNA, BEN, CARLA, CMO_TEAM, ELIF, FINN, GITA, NOBODY, NOW, SPONSOR_TEAM, STRANGER

# ---- People ---------------------------------------------------------------------------------------------------------

LENA, OLAF = support.profile("Lena Ask", SPONSOR_TEAM), support.profile("Olaf Inve", SPONSOR_TEAM)
PIA, QUIN = support.profile("Pia Own", SPONSOR_TEAM), support.profile("Quin Head", SPONSOR_TEAM)
RUTH, SVEN = support.profile("Ruth View", SPONSOR_TEAM), support.profile("Sven View", SPONSOR_TEAM)
TESS = support.profile("Tess Gone", SPONSOR_TEAM)
KIM, UWE = support.profile("Kim Ask", CMO_TEAM), support.profile("Uwe Inve", CMO_TEAM)
VERA, WIM = support.profile("Vera Member", CMO_TEAM), support.profile("Wim Head", CMO_TEAM)
XENA, YURI = support.profile("Xena View", CMO_TEAM), support.profile("Yuri View", CMO_TEAM)
ZOE = support.profile("Zoe Gone", CMO_TEAM)

PERSONAS: dict[str, Profile] = {
    "sponsor QA": ANNA,
    "sponsor QA who asked": LENA,
    "sponsor QA who owns": BEN,
    "sponsor QA who worked on it": OLAF,
    "sponsor member": CARLA,
    "sponsor member who owns": PIA,
    "sponsor head of quality": QUIN,
    "sponsor viewer": RUTH,
    "sponsor viewer who owns": SVEN,
    "sponsor owner who was removed": TESS,
    "CMO QA": ELIF,
    "CMO QA who asked": KIM,
    "CMO QA who owns": FINN,
    "CMO QA who worked on it": UWE,
    "CMO member": VERA,
    "CMO member who owns": GITA,
    "CMO head of quality": WIM,
    "CMO viewer": XENA,
    "CMO viewer who owns": YURI,
    "CMO owner who was removed": ZOE,
    "sponsor QA, not confirmed": ANNA,
    "CMO QA, not confirmed": ELIF,
    "CMO employee on no roster": NOBODY,
    "stranger": STRANGER,
}
JOINING: list[tuple[Profile, Role]] = [
    (LENA, Role.QA),
    (OLAF, Role.QA),
    (PIA, Role.MEMBER),
    (QUIN, Role.HEAD),
    (RUTH, Role.VIEWER),
    (SVEN, Role.VIEWER),
    (TESS, Role.QA),
    (KIM, Role.QA),
    (UWE, Role.QA),
    (VERA, Role.MEMBER),
    (WIM, Role.HEAD),
    (XENA, Role.VIEWER),
    (YURI, Role.VIEWER),
    (ZOE, Role.QA),
]
OWNING = {
    "sponsor QA who owns",
    "sponsor member who owns",
    "sponsor viewer who owns",
    "sponsor owner who was removed",
    "CMO QA who owns",
    "CMO member who owns",
    "CMO viewer who owns",
    "CMO owner who was removed",
}
NOT_CONFIRMED = {"sponsor QA, not confirmed": "sponsor QA", "CMO QA, not confirmed": "CMO QA"}
WORKED = {"sponsor QA who worked on it", "CMO QA who worked on it"}

SPONSOR_QA = {"sponsor QA", "sponsor QA who asked", "sponsor QA who owns", "sponsor QA who worked on it"}
CMO_QA = {"CMO QA", "CMO QA who asked", "CMO QA who owns", "CMO QA who worked on it"}
QA = SPONSOR_QA | CMO_QA
SPONSOR = SPONSOR_QA | {"sponsor member", "sponsor member who owns", "sponsor head of quality"}
CMO = CMO_QA | {"CMO member", "CMO member who owns", "CMO head of quality"}
ANYBODY = SPONSOR | CMO  # "anyone on the roster", where a viewer only reads
EVERYBODY = ANYBODY | {"sponsor viewer", "sponsor viewer who owns", "CMO viewer", "CMO viewer who owns"}
OWNERS = {"sponsor QA who owns", "sponsor member who owns", "CMO QA who owns", "CMO member who owns"}
# Nobody approves their own work: neither the owner nor who investigated.
SPONSOR_APPROVERS = {"sponsor QA", "sponsor QA who asked"}
CMO_APPROVERS = {"CMO QA", "CMO QA who asked"}
APPROVERS = SPONSOR_APPROVERS | CMO_APPROVERS
KIM_WHO_ASKED, LENA_WHO_ASKED = {"CMO QA who asked"}, {"sponsor QA who asked"}
GITA_WHO_ACCEPTED = {"CMO member who owns"}
# Nobody grants more time to themselves.
GRANT_KIM, GRANT_LENA = QA - OWNERS - KIM_WHO_ASKED, QA - OWNERS - LENA_WHO_ASKED

# ---- What is expected -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A button may be pressed in these states by these people; only when facts hold, and unless one of others does."""

    button: str
    who: set[str]
    states: tuple[str, ...]
    when: set[str] = field(default_factory=set)
    unless: set[str] = field(default_factory=set)


EXTENSION, CONSENT, HALF = "an extension is asked", "consent is asked", "half an extension is granted"
BY_SPONSOR = "the sponsor asked"
ASKED = {EXTENSION, CONSENT, HALF}
CMO_TURN, SPONSOR_TURN, BOTH_TURN = "the CMO signs", "the sponsor signs", "both may sign"
FILES = "files are kept with it"
STOPPED, LATE = "its clock is stopped", "late"
ACKNOWLEDGED, LOGGED_BY_SPONSOR, CONFIRMED = "acknowledged", "the sponsor logged it", "confirmed"
NO_TESTS, FOLLOWED = "it has no test", "a later version follows"
HELD = "its batch is on hold"
PLAN_APPROVED, RETESTS_DONE, CHECK_DATE = "the plan is approved", "no retest is left", "the check date is reached"


def requests(alive: tuple[str, ...], extended: tuple[str, ...], closed: tuple[str, ...] = ("Closed",)) -> list[Row]:
    """Give who answers what is asked of a record, and who takes it back."""
    late = (*alive, *closed)
    return [
        Row("Grant", GRANT_KIM, extended, {EXTENSION}, {BY_SPONSOR}),
        Row("Grant", GRANT_LENA, extended, {EXTENSION, BY_SPONSOR}),
        Row("Grant", SPONSOR_QA - OWNERS, extended, {HALF}),
        Row("Agree", SPONSOR_QA, late, {CONSENT}, {BY_SPONSOR}),
        Row("Agree", CMO_QA, late, {CONSENT, BY_SPONSOR}),
        Row("Refuse", GRANT_KIM, extended, {EXTENSION}, {BY_SPONSOR}),
        Row("Refuse", GRANT_LENA, extended, {EXTENSION, BY_SPONSOR}),
        Row("Refuse", SPONSOR_QA - OWNERS, extended, {HALF}),
        Row("Refuse", SPONSOR_QA, late, {CONSENT}, {BY_SPONSOR}),
        Row("Refuse", CMO_QA, late, {CONSENT, BY_SPONSOR}),
        Row("Withdraw", KIM_WHO_ASKED, extended, {EXTENSION}, {BY_SPONSOR}),
        Row("Withdraw", KIM_WHO_ASKED, extended, {HALF}),
        Row("Withdraw", KIM_WHO_ASKED, late, {CONSENT}, {BY_SPONSOR}),
        Row("Withdraw", LENA_WHO_ASKED, extended, {EXTENSION, BY_SPONSOR}),
        Row("Withdraw", LENA_WHO_ASKED, late, {CONSENT, BY_SPONSOR}),
        # A clock that stands is neither extended nor stopped; nothing late is.
        Row("Extend due date", OWNERS, extended, unless=ASKED | {STOPPED, LATE}),
        Row("Stop clock", OWNERS | QA, extended, unless=ASKED | {STOPPED, LATE}),
        Row("Resume clock", OWNERS | QA, extended, {STOPPED}),
        Row("Void", QA, alive, unless=ASKED),
    ]


def always(alive: tuple[str, ...], ends: tuple[str, ...] = ("Closed",)) -> list[Row]:
    """Give what everybody may do with a record."""
    return [
        Row("Link record", ANYBODY, (*alive, *ends)),
        Row("Comment", ANYBODY, (*alive, *ends, "Void")),
        Row("QMS number", ANYBODY, (*alive, *ends, "Void")),
        Row("Private notes", ANYBODY, (*alive, *ends, "Void")),
        Row("Add evidence", ANYBODY, (*alive, *ends, "Void")),
        Row("Evidence", EVERYBODY, (*alive, *ends, "Void"), {FILES}),
        Row("History", EVERYBODY, (*alive, *ends, "Void")),
        Row("Export", EVERYBODY, (*alive, *ends, "Void")),
    ]


def timed(alive: tuple[str, ...]) -> list[Row]:
    """Give what everybody may do with a record that has clocks."""
    return [*always(alive), Row("Clocks", EVERYBODY, (*alive, "Closed", "Void"))]


def first_steps(alive: tuple[str, ...]) -> list[Row]:
    """Give what becomes of a deviation or an OOS that was just logged."""
    return [
        Row("Acknowledge", SPONSOR, alive, unless={ACKNOWLEDGED, LOGGED_BY_SPONSOR}),
        Row("Acknowledge", CMO, alive, {LOGGED_BY_SPONSOR}),
        Row("Assign owner", QA, alive),
        Row("Batch distributed", ANYBODY, alive),
    ]


def closing() -> list[Row]:
    """Give how a deviation or an OOS is closed, and opened again."""
    return [
        Row("Approve", CMO_APPROVERS, ("Pending approval",), {CMO_TURN}, {EXTENSION, HALF}),
        # Who asks for more time owned it then, and who owned it does not approve it.
        Row("Approve", CMO_APPROVERS - KIM_WHO_ASKED, ("Pending approval",), {CMO_TURN, EXTENSION}, {BY_SPONSOR}),
        Row("Approve", CMO_APPROVERS, ("Pending approval",), {CMO_TURN, EXTENSION, BY_SPONSOR}),
        Row("Approve", CMO_APPROVERS - KIM_WHO_ASKED, ("Pending approval",), {CMO_TURN, HALF}),
        Row("Approve", SPONSOR_APPROVERS, ("Pending approval",), {SPONSOR_TURN}),
        Row("Send back", QA, ("Pending approval",)),
        Row("Reopen", QA, ("Closed",), unless=ASKED),
    ]


SO_OPEN = ("Open", "Under investigation", "Pending approval")
OOS_OPEN = ("Phase I", "Phase II", "Pending approval")
CAPA_OPEN = ("Planned", "In progress", "Implemented")
IN_USE = ("Proposed", "Effective")
EXPECTED: dict[Kind, list[Row]] = {
    Kind.DEVIATION: [
        *first_steps(SO_OPEN),
        Row("Start investigation", OWNERS | QA, ("Open",)),
        Row("Submit for approval", OWNERS, ("Under investigation",)),
        *closing(),
        Row("Reclassify", QA, SO_OPEN, unless=ASKED | {STOPPED}),
        Row("Add CAPA", ANYBODY, (*SO_OPEN, "Closed")),
        *requests(SO_OPEN, SO_OPEN),
        *timed(SO_OPEN),
    ],
    Kind.OOS: [
        *first_steps(OOS_OPEN),
        Row("Phase I result", OWNERS, ("Phase I",)),
        Row("Retest plan", OWNERS, ("Phase II",), unless={PLAN_APPROVED}),
        Row("Approve plan", APPROVERS, ("Phase II",), {BOTH_TURN}),
        Row("Approve plan", SPONSOR_APPROVERS, ("Phase II",), {SPONSOR_TURN}),
        Row("Approve plan", CMO_APPROVERS, ("Phase II",), {CMO_TURN}),
        Row("Record retest", OWNERS, ("Phase II",), {PLAN_APPROVED}, {RETESTS_DONE}),
        Row("Phase II result", OWNERS, ("Phase II",)),
        *closing(),
        Row("Log deviation", ANYBODY, ("Pending approval", "Closed"), {CONFIRMED}),
        Row("Add CAPA", ANYBODY, (*OOS_OPEN, "Closed")),
        *requests(OOS_OPEN, OOS_OPEN),
        *timed(OOS_OPEN),
    ],
    Kind.CAPA: [
        Row("Accept", OWNERS, ("Planned", "In progress"), unless={ACKNOWLEDGED}),
        Row("Accept", OWNERS - GITA_WHO_ACCEPTED, ("Planned", "In progress"), {ACKNOWLEDGED}),
        Row("Reassign", QA, CAPA_OPEN),
        Row("Change plan", OWNERS | QA, ("Planned",)),
        Row("Approve plan", CMO_APPROVERS, ("Planned",), {CMO_TURN}),
        Row("Approve plan", SPONSOR_APPROVERS, ("Planned",), {SPONSOR_TURN}),
        Row("Approve plan", APPROVERS, ("Planned",), {BOTH_TURN}),
        Row("Mark implemented", OWNERS, ("In progress",)),
        Row("Check effectiveness", APPROVERS, ("Implemented",), {CHECK_DATE}),
        *requests(CAPA_OPEN, ("Planned", "In progress"), closed=()),
        *timed(CAPA_OPEN),
    ],
    Kind.SPECIFICATION: [
        Row("Approve", CMO_APPROVERS, ("Proposed",), {CMO_TURN}),
        Row("Approve", SPONSOR_APPROVERS, ("Proposed",), {SPONSOR_TURN}),
        Row("Approve", APPROVERS, ("Proposed",), {BOTH_TURN}),
        Row("Add test", ANYBODY, ("Proposed",)),
        Row("Upload tests", ANYBODY, ("Proposed",)),
        Row("Record result", ANYBODY, ("Effective",)),
        Row("Upload results", ANYBODY, ("Effective",)),
        Row("Remove test", ANYBODY, ("Proposed",), unless={NO_TESTS}),
        Row("Reassign", QA, ("Proposed",)),
        Row("Agree", SPONSOR_QA, IN_USE, {CONSENT}, {BY_SPONSOR}),
        Row("Agree", CMO_QA, IN_USE, {CONSENT, BY_SPONSOR}),
        Row("Refuse", SPONSOR_QA, IN_USE, {CONSENT}, {BY_SPONSOR}),
        Row("Refuse", CMO_QA, IN_USE, {CONSENT, BY_SPONSOR}),
        Row("Withdraw", KIM_WHO_ASKED, IN_USE, {CONSENT}, {BY_SPONSOR}),
        Row("Withdraw", LENA_WHO_ASKED, IN_USE, {CONSENT, BY_SPONSOR}),
        Row("Void", QA, IN_USE, unless={CONSENT, FOLLOWED}),
        *always(("Proposed",), ("Effective", "Superseded")),
    ],
    Kind.DISPOSITION: [
        Row("Approve", SPONSOR_APPROVERS, ("Proposed",), unless={HELD}),
        Row("Change proposal", QA, ("Proposed",)),
        Row("Reassign", QA, ("Proposed",)),
        Row("Void", QA, ("Proposed",)),
        *always(("Proposed",), ("Decided", "Superseded")),
    ],
}
# What speaks for a company needs its confirmation of the partnership; QA may do the rest without.
SPEAKS = {
    "Approve",
    "Approve plan",
    "Check effectiveness",
    "Send back",
    "Change proposal",
    "Reclassify",
    "Void",
    "Reopen",
    "Grant",
    "Agree",
    "Refuse",
}
STATES = {
    Kind.DEVIATION: {*SO_OPEN, "Closed", "Void"},
    Kind.OOS: {*OOS_OPEN, "Closed", "Void"},
    Kind.CAPA: {*CAPA_OPEN, "Closed", "Void"},
    Kind.SPECIFICATION: {"Proposed", "Effective", "Superseded", "Void"},
    Kind.DISPOSITION: {"Proposed", "Decided", "Superseded", "Void"},
}
BUTTONS = {Kind.DEVIATION: 27, Kind.OOS: 30, Kind.CAPA: 23, Kind.SPECIFICATION: 19, Kind.DISPOSITION: 12}

# ---- Records in every state -----------------------------------------------------------------------------------------

Made = Callable[[Session], Record]
CHECKED_AT = NOW + timedelta(days=120)
LATE_AT = NOW + timedelta(days=60)


@dataclass(frozen=True)
class Situation:
    """A record in a state, with what else is true of it, and how to make it."""

    state: str
    facts: frozenset[str]
    make: Made
    now: datetime = NOW

    def __str__(self) -> str:
        return ", ".join((self.state, *sorted(self.facts)))


def situation(state: str, make: Made, *facts: str, now: datetime = NOW) -> Situation:
    return Situation(state, frozenset(facts), make, now)


def opened(session: Session, **changes: Any) -> Record:
    """Log a major deviation, which Gita owns."""
    record = support.log_deviation(session, **changes)
    support.assign(session, record, GITA)
    return record


def investigated(session: Session, **changes: Any) -> Record:
    return support.investigate(session, opened(session, **changes))


def submitted(session: Session, **changes: Any) -> Record:
    return support.submit(session, opened(session, **changes))


def signed(session: Session) -> Record:
    return support.sign(session, ELIF, submitted(session))


def closed(session: Session) -> Record:
    return support.sign(session, ANNA, signed(session))


def resulted(session: Session, **changes: Any) -> Record:
    """Log an OOS result, which Gita owns."""
    record = support.log_oos(session, **changes)
    support.assign(session, record, GITA)
    return record


def second_phase(session: Session, **changes: Any) -> Record:
    return support.phase_1(session, resulted(session, **changes))


def retests_planned(session: Session) -> Record:
    return support.plan_retests(session, second_phase(session))


def plan_signed_by(who: Profile) -> Made:
    return lambda session: support.sign(session, who, retests_planned(session), "approve_plan")


def plan_approved(session: Session) -> Record:
    return support.sign(session, ANNA, plan_signed_by(ELIF)(session), "approve_plan")


def retested(session: Session) -> Record:
    return support.retest(session, support.retest(session, plan_approved(session)))


def confirmed(session: Session, **changes: Any) -> Record:
    return support.phase_2(session, second_phase(session, **changes))


def invalidated(session: Session) -> Record:
    return support.phase_1(session, resulted(session), support.CAUSE)


def confirmed_signed(session: Session) -> Record:
    return support.sign(session, ELIF, confirmed(session))


def closed_as(make: Made) -> Made:
    return lambda session: both_sign(session, make(session))


def both_sign(session: Session, record: Record) -> Record:
    return support.sign(session, ANNA, support.sign(session, ELIF, record))


def planned(session: Session, **changes: Any) -> Record:
    """Log a CAPA that Gita owns, from no source, so that her company approves it alone."""
    return support.log_capa(session, **{"owner": GITA, **changes})


def weighty(session: Session) -> Record:
    """Log a CAPA from a major deviation, which both companies approve."""
    source = support.log_deviation(session)
    return planned(session, sources=(source.number,))


def weighty_signed_by(who: Profile) -> Made:
    return lambda session: support.sign(session, who, weighty(session), "approve_plan")


def in_progress(session: Session) -> Record:
    return support.begin_capa(session, planned(session))


def implemented(session: Session) -> Record:
    return support.implement(session, in_progress(session), owner=GITA)


def checked(session: Session) -> Record:
    return support.check(session, ELIF, implemented(session), Outcome.EFFECTIVE, CHECKED_AT)


def acknowledged(make: Made) -> Made:
    """Have the sponsor's Carla acknowledge it; a CAPA is accepted by Gita, who owns it."""

    def made(session: Session) -> Record:
        record = make(session)
        if record.acknowledged_at is None and record.kind is Kind.CAPA:
            records.accept(session, support.actor(session, GITA), support.ref(record), NOW)
        if record.acknowledged_at is None:
            records.acknowledge(session, support.actor(session, CARLA), support.ref(record), NOW)
        return record

    return made


def accepted_and_done(session: Session) -> Record:
    return support.implement(session, support.begin_capa(session, acknowledged(planned)(session)), owner=GITA)


def no_tests(session: Session) -> Record:
    return support.propose(session, tests=())


def proposed_and_signed(session: Session) -> Record:
    return support.sign(session, ELIF, support.propose(session))


def signed_by_sponsor(session: Session) -> Record:
    return support.sign(session, ANNA, support.propose(session))


def followed(session: Session) -> Record:
    """Have a later version take its place next week."""
    record = support.effective(session)
    support.effective(session, effective_on=NOW.date() + timedelta(days=7))
    return record


def superseded(session: Session) -> Record:
    record = support.effective(session)
    support.effective(session)
    return record


def held(session: Session) -> Record:
    """Propose to release a batch that is put on hold afterwards."""
    record = support.dispose(session)
    support.log_deviation(session)
    return record


def rejected_while_held(session: Session) -> Record:
    support.log_deviation(session)
    return support.dispose(session, decision=Disposition.REJECT)


def decided(session: Session) -> Record:
    return support.sign(session, ANNA, support.dispose(session))


def held_since(session: Session) -> Record:
    record = decided(session)
    support.log_deviation(session)
    return record


def replaced(session: Session) -> Record:
    record = decided(session)
    decided(session)
    return record


def owned_by_sponsor(session: Session) -> Record:
    return planned(session, owner=PIA)


def voided(make: Made) -> Made:
    def made(session: Session) -> Record:
        record = make(session)
        return request.void(session, support.actor(session, ELIF), support.ref(record), "Logged twice.", NOW)

    return made


def asked(what: Asked, make: Made, by: Profile = KIM) -> Made:
    """Have Kim, or Lena, ask something; an extension as the owner, who is Gita again afterwards."""

    def made(session: Session) -> Record:
        record = make(session)
        if what is Asked.EXTEND:
            support.assign(session, record, by)
        support.ask(session, by, record, what)
        if what is Asked.EXTEND:
            support.assign(session, record, GITA)
        return record

    return made


def stopped(make: Made) -> Made:
    """Have Kim ask for the clock to stand still, and the sponsor agree."""

    def made(session: Session) -> Record:
        record = asked(Asked.STOP, make)(session)
        return request.agree(session, support.actor(session, ANNA), support.ref(record), NOW)

    return made


def half_granted(make: Made) -> Made:
    """Grant a first extension; of a second one, QA of the CMO alone."""

    def made(session: Session) -> Record:
        record = asked(Asked.EXTEND, make)(session)
        request.grant(session, support.actor(session, ANNA), support.ref(record), NOW)
        asked(Asked.EXTEND, lambda _session: record)(session)
        return request.grant(session, support.actor(session, ELIF), support.ref(record), NOW)

    return made


def with_file(make: Made) -> Made:
    """Have Gita give a file, which is kept."""

    def made(session: Session) -> Record:
        record = make(session)
        support.keep_file(session, GITA, record)
        return record

    return made


def minor(make: Callable[..., Record]) -> Made:
    return lambda session: make(session, class_=Class.MINOR)


def by_sponsor(make: Callable[..., Record]) -> Made:
    return lambda session: make(session, who=CARLA)


def being_asked(state: str, make: Made, *facts: str, extends: bool = True) -> list[Situation]:
    """Give a record of which each side asks something."""
    known = acknowledged(make)
    both: list[tuple[Profile, tuple[str, ...]]] = [(KIM, ()), (LENA, (BY_SPONSOR,))]
    consent = [situation(state, asked(Asked.VOID, known, by), *facts, ACKNOWLEDGED, CONSENT, *its) for by, its in both]
    if not extends:
        return consent
    consent.append(situation(state, asked(Asked.STOP, make), *facts, CONSENT))
    extension = [situation(state, asked(Asked.EXTEND, make, by), *facts, EXTENSION, *its) for by, its in both]
    standing = [
        situation(state, half_granted(make), *facts, HALF),
        situation(state, stopped(make), *facts, STOPPED),
        situation(state, make, *facts, LATE, now=LATE_AT),
    ]
    return [*consent, *extension, *standing]


SITUATIONS: dict[Kind, list[Situation]] = {
    Kind.DEVIATION: [
        situation("Open", opened),
        situation("Open", by_sponsor(opened), LOGGED_BY_SPONSOR),
        situation("Open", acknowledged(opened), ACKNOWLEDGED),
        situation("Open", asked(Asked.LOWER, opened), CONSENT),
        *being_asked("Open", opened),
        situation("Under investigation", investigated),
        situation("Under investigation", by_sponsor(investigated), LOGGED_BY_SPONSOR),
        *being_asked("Under investigation", investigated),
        situation("Pending approval", submitted, CMO_TURN),
        situation("Pending approval", minor(submitted), CMO_TURN),
        situation("Pending approval", signed, SPONSOR_TURN),
        situation("Pending approval", asked(Asked.LOWER, signed, by=LENA), SPONSOR_TURN, CONSENT, BY_SPONSOR),
        situation("Pending approval", by_sponsor(submitted), CMO_TURN, LOGGED_BY_SPONSOR),
        *being_asked("Pending approval", submitted, CMO_TURN),
        situation("Closed", closed),
        situation("Closed", asked(Asked.REOPEN, closed), CONSENT),
        situation("Closed", asked(Asked.REOPEN, closed, by=LENA), CONSENT, BY_SPONSOR),
        situation("Open", asked(Asked.STOP, opened, by=LENA), CONSENT, BY_SPONSOR),
        situation("Open", asked(Asked.VOID, stopped(acknowledged(opened))), ACKNOWLEDGED, CONSENT, STOPPED),
        situation("Void", voided(opened)),
    ],
    Kind.OOS: [
        situation("Phase I", resulted),
        situation("Phase I", by_sponsor(resulted), LOGGED_BY_SPONSOR),
        situation("Phase I", acknowledged(resulted), ACKNOWLEDGED),
        *being_asked("Phase I", resulted),
        situation("Phase II", second_phase),
        situation("Phase II", by_sponsor(second_phase), LOGGED_BY_SPONSOR),
        situation("Phase II", retests_planned, BOTH_TURN),
        situation("Phase II", plan_signed_by(ELIF), SPONSOR_TURN),
        situation("Phase II", plan_signed_by(ANNA), CMO_TURN),
        situation("Phase II", plan_approved, PLAN_APPROVED),
        situation("Phase II", retested, PLAN_APPROVED, RETESTS_DONE),
        *being_asked("Phase II", second_phase),
        situation("Pending approval", confirmed, CMO_TURN, CONFIRMED),
        situation("Pending approval", invalidated, CMO_TURN),
        situation("Pending approval", confirmed_signed, SPONSOR_TURN, CONFIRMED),
        situation("Pending approval", by_sponsor(confirmed), CMO_TURN, CONFIRMED, LOGGED_BY_SPONSOR),
        *being_asked("Pending approval", confirmed, CMO_TURN, CONFIRMED),
        situation("Closed", closed_as(confirmed), CONFIRMED),
        situation("Closed", closed_as(invalidated)),
        situation("Closed", asked(Asked.REOPEN, closed_as(confirmed)), CONFIRMED, CONSENT),
        situation("Closed", asked(Asked.REOPEN, closed_as(invalidated), by=LENA), CONSENT, BY_SPONSOR),
        situation("Phase I", asked(Asked.STOP, resulted, by=LENA), CONSENT, BY_SPONSOR),
        situation("Void", voided(resulted)),
    ],
    Kind.CAPA: [
        situation("Planned", planned, CMO_TURN),
        situation("Planned", owned_by_sponsor, SPONSOR_TURN),
        situation("Planned", weighty, BOTH_TURN),
        situation("Planned", weighty_signed_by(ELIF), SPONSOR_TURN),
        situation("Planned", weighty_signed_by(ANNA), CMO_TURN),
        situation("Planned", acknowledged(planned), CMO_TURN, ACKNOWLEDGED),
        *being_asked("Planned", planned, CMO_TURN),
        situation("In progress", in_progress),
        situation("In progress", acknowledged(in_progress), ACKNOWLEDGED),
        *being_asked("In progress", in_progress),
        situation("Implemented", implemented),
        situation("Implemented", implemented, CHECK_DATE, now=CHECKED_AT),
        *being_asked("Implemented", accepted_and_done, extends=False),
        situation("Closed", checked, now=CHECKED_AT),
        situation("In progress", asked(Asked.STOP, in_progress, by=LENA), CONSENT, BY_SPONSOR),
        situation("Void", voided(planned)),
    ],
    Kind.SPECIFICATION: [
        situation("Proposed", support.propose, BOTH_TURN),
        situation("Proposed", no_tests, NO_TESTS),
        situation("Proposed", proposed_and_signed, SPONSOR_TURN),
        situation("Proposed", signed_by_sponsor, CMO_TURN),
        situation("Proposed", asked(Asked.VOID, proposed_and_signed), SPONSOR_TURN, CONSENT),
        situation("Proposed", asked(Asked.VOID, proposed_and_signed, by=LENA), SPONSOR_TURN, CONSENT, BY_SPONSOR),
        situation("Effective", support.effective),
        situation("Effective", followed, FOLLOWED),
        situation("Effective", asked(Asked.VOID, support.effective), CONSENT),
        situation("Effective", asked(Asked.VOID, support.effective, by=LENA), CONSENT, BY_SPONSOR),
        situation("Superseded", superseded),
        situation("Void", voided(support.propose)),
    ],
    Kind.DISPOSITION: [
        situation("Proposed", support.dispose),
        situation("Proposed", held, HELD),
        situation("Proposed", rejected_while_held),
        situation("Decided", decided),
        situation("Decided", held_since),
        situation("Superseded", replaced),
        situation("Void", voided(support.dispose)),
    ],
}
for situations in SITUATIONS.values():  # one with a file in each state
    firsts = {found.state: found for found in reversed(situations)}
    situations += [replace(one, facts=one.facts | {FILES}, make=with_file(one.make)) for one in firsts.values()]
ALL = [pytest.param(kind, one, id=f"{kind}: {one}") for kind, situations in SITUATIONS.items() for one in situations]

# ---- The product ----------------------------------------------------------------------------------------------------


def expected(kind: Kind, found: Situation) -> dict[str, set[str]]:
    """Give who may press each button of a kind in a situation."""
    who: dict[str, set[str]] = {row.button: set() for row in EXPECTED[kind]}
    for row in EXPECTED[kind]:
        if found.state in row.states and row.when <= found.facts and not row.unless & found.facts:
            who[row.button] |= row.who
    for button in who.keys() - SPEAKS:
        who[button] = who[button] | {persona for persona, same in NOT_CONFIRMED.items() if same in who[button]}
    return who


@pytest.fixture
def roster(session: Session, there: Partnership) -> Partnership:
    """Put everybody on the roster; two of them were removed since."""
    both = partnership.companies(session, there.id)
    for who, role in JOINING:
        side = Side.SPONSOR if who.identity.team_id == SPONSOR_TEAM else Side.CMO
        people.add(session, there, both[side], who, [role], NOW)
    for who in (TESS, ZOE):
        support.remove(session, who)
    return there


@contextmanager
def in_the_part_of(session: Session, record: Record, persona: str) -> Iterator[None]:
    """Make the person own the record, or be who worked on it, for the time being."""
    who = PERSONAS[persona].identity
    with session.begin_nested() as for_the_time_being:
        row = person.find(session, record.partnership_id, who.team_id, who.user_id)
        if row is not None and persona in OWNING:
            record.owner_id = row.id
        if row is not None and persona in WORKED:
            for scope in (RECORD, PLAN):
                author.note(session, record.id, row.id, scope)
        if row is not None and persona in NOT_CONFIRMED:
            partnership.companies(session, record.partnership_id)[row.side].confirmed_at = None
        session.flush()
        yield
        for_the_time_being.rollback()


def may_press(session: Session, record: Record, persona: str, names: dict[str, str], now: datetime) -> set[str]:
    """Try every button as a person; gives those that they may press. Each person finds the record read once."""
    try:
        actor = support.actor(session, PERSONAS[persona])
    except Refusal:
        return set()
    found = support.sheet_of(session, record)
    pressed: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(change, "sheet", lambda *_: found)
        for button, name in names.items():
            with suppress(Refusal):
                change.may(session, actor, record.id, name, now)
                pressed.add(button)
    return pressed


@pytest.mark.parametrize(("kind", "found"), ALL)
def test_every_button_for_everybody(session: Session, roster: Partnership, kind: Kind, found: Situation) -> None:
    """Whoever may press a button may, and everybody else is refused."""
    record = found.make(session)
    assert (record.kind, record.state) == (kind, found.state)
    names = {act.button: act.name for act in transitions.LIVES[kind]}
    allowed: dict[str, set[str]] = {button: set() for button in names}
    for persona in PERSONAS:
        with in_the_part_of(session, record, persona):
            for button in may_press(session, record, persona, names, found.now):
                allowed[button].add(persona)
    assert allowed == expected(kind, found)


@pytest.mark.parametrize("kind", Kind)
def test_every_button_is_expected_somewhere(kind: Kind) -> None:
    """A button that the code has and these tables do not, or the other way round, or that nobody may ever press."""
    names = [act.button for act in transitions.LIVES[kind]]
    assert sorted(names) == sorted({row.button for row in EXPECTED[kind]})
    assert len(names) == BUTTONS[kind]
    pressed = {button for found in SITUATIONS[kind] for button, who in expected(kind, found).items() if who}
    assert pressed == set(names)


@pytest.mark.parametrize("kind", Kind)
def test_every_state_is_tried(kind: Kind) -> None:
    """No state that a record of a kind can come into is left out, and there is no other."""
    told = {state for act in transitions.LIVES[kind] for state in (*act.states, *act.to)}
    assert {found.state for found in SITUATIONS[kind]} == STATES[kind] == told


@pytest.mark.parametrize("kind", Kind)
def test_every_line_of_the_tables_is_tried(kind: Kind) -> None:
    """Each line holds in a situation in each of its states."""
    lines = [(row, state) for row in EXPECTED[kind] for state in row.states]
    held = [
        (row, state)
        for row, state in lines
        if any(
            found.state == state and row.when <= found.facts and not row.unless & found.facts
            for found in SITUATIONS[kind]
        )
    ]
    assert held == lines


def test_the_number_of_combinations() -> None:
    """States and what else is true of a record, times buttons, times people."""
    tried = {kind: len(SITUATIONS[kind]) * BUTTONS[kind] * len(PERSONAS) for kind in Kind}
    assert tried == {
        Kind.DEVIATION: 29808,
        Kind.OOS: 35280,
        Kind.CAPA: 19872,
        Kind.SPECIFICATION: 7296,
        Kind.DISPOSITION: 3168,
    }
    plain = {kind: len(STATES[kind]) * BUTTONS[kind] * len(PERSONAS) for kind in Kind}
    assert plain == {
        Kind.DEVIATION: 3240,
        Kind.OOS: 3600,
        Kind.CAPA: 2760,
        Kind.SPECIFICATION: 1824,
        Kind.DISPOSITION: 1152,
    }
