"""The lives of records, as data: what can be done in which state, by whom, on what conditions, to what effect.

Permission checks, cards and lists, the manual's tables and diagrams, and the tests all read these tables.
"""

from collections.abc import Callable
from dataclasses import dataclass

from quality import guards, who
from quality.guards import Guard
from quality.who import Who
from storage.record import Asked, Kind, Outcome, Record, State

SO_OPEN = (State.OPEN, State.UNDER_INVESTIGATION, State.PENDING_APPROVAL)
OOS_OPEN = (State.PHASE_1, State.PHASE_2, State.PENDING_APPROVAL)
CAPA_OPEN = (State.PLANNED, State.IN_PROGRESS, State.IMPLEMENTED)
# What must be true when a record is voided, and once more when the other company agrees to it.
VOIDABLE = {
    Kind.DEVIATION: guards.REPORTS_SETTLED,
    Kind.OOS: guards.REPORTS_SETTLED,
    Kind.CAPA: guards.SOURCES_COVERED,
    Kind.SPECIFICATION: guards.NEWEST,
    Kind.DISPOSITION: guards.UNDECIDED,
}
OPEN = {
    Kind.DEVIATION: SO_OPEN,
    Kind.OOS: OOS_OPEN,
    Kind.CAPA: CAPA_OPEN,
    Kind.SPECIFICATION: (State.PROPOSED,),
    Kind.DISPOSITION: (State.PROPOSED,),
}
# The states in which there is nothing left to do: how a record of each kind ends, but for being void.
ENDS = dict.fromkeys(OPEN, (State.CLOSED,)) | {
    Kind.SPECIFICATION: (State.EFFECTIVE, State.SUPERSEDED),
    Kind.DISPOSITION: (State.DECIDED, State.SUPERSEDED),
}
DONE = (State.CLOSED, State.EFFECTIVE, State.DECIDED, State.SUPERSEDED, State.VOID)
NOT_BEGUN = (State.OPEN, State.PLANNED)  # whoever owned a record in these did no work on it yet


@dataclass(frozen=True)
class Act:
    """Something that a person can do with a record."""

    name: str
    button: str
    states: tuple[State, ...]
    who: Who
    effect: str  # for the manual
    guards: tuple[Guard, ...] = ()
    to: tuple[State, ...] = ()  # where it can lead; nowhere: the state stays
    opens: str = ""  # the modal it opens
    is_step: bool = False  # it moves the record on, so it stands in reminders too
    is_aside: bool = False  # it stands on the record's own card alone, not in lists
    binds: bool = False  # it speaks for a company, which must have confirmed the partnership
    shown: Callable[[Record], bool] = lambda _record: True  # whether the button stands there, in these states
    done: tuple[str, ...] = ()  # the events after which it stands there no more


def _unacknowledged(record: Record) -> bool:
    return record.acknowledged_at is None


def _not_accepted(record: Record) -> bool:
    return record.acknowledged_by_id is None or record.acknowledged_by_id != record.owner_id


def _extension_asked(record: Record) -> bool:
    return record.asked is Asked.EXTEND


def _consent_asked(record: Record) -> bool:
    return record.asked not in (None, Asked.EXTEND)


def _awaits(record: Record) -> bool:
    return record.awaits_sponsor or record.awaits_cmo


def _may_stop(record: Record) -> bool:
    return record.asked is None and not record.clock_stands


def _nothing_asked(record: Record) -> bool:
    return record.asked is None


ANSWERED = ("extended", "clock_stopped", "reclassified", "voided", "reopened", "refused", "withdrew")


def _answers(states: tuple[State, ...]) -> tuple[Act, ...]:
    """Give what is done with a request that is open."""
    return (
        Act(
            "grant", "Grant", states, who.ANSWERER, "the due date moves; a second extension needs both companies' QA",
            (guards.EXTENSION_ASKED,), is_step=True, binds=True, shown=_extension_asked, done=ANSWERED,
        ),
        Act(
            "agree", "Agree", states, who.ANSWERER, "what was asked happens",
            (guards.CONSENT_ASKED,), is_step=True, binds=True, shown=_consent_asked, done=ANSWERED,
        ),
        Act(
            "refuse", "Refuse", states, who.ANSWERER, "what was asked does not happen",
            is_step=True, binds=True, shown=lambda record: record.asked is not None, done=ANSWERED,
        ),
        Act(
            "withdraw", "Withdraw", states, who.ASKER, "the request is taken back",
            shown=lambda record: record.asked is not None, done=ANSWERED,
        ),
    )  # fmt: skip


def _common(kind: Kind) -> tuple[Act, ...]:
    """Give what can be done with records of every kind."""
    alive = OPEN[kind]
    runs = (State.PLANNED, State.IN_PROGRESS) if kind is Kind.CAPA else alive
    seen = (*alive, *ENDS[kind])
    add_capa = Act("capa", "Add CAPA", seen, who.ANYBODY, "a new CAPA, linked to it", opens="New CAPA")
    distributed = Act(
        "distributed", "Batch distributed", alive, who.ANYBODY,
        "what is known by now; void are the signatures that signed something else; Yes starts the sponsor's clocks of "
        "reports to authorities",
        opens="Batch distributed", is_aside=True,
    )  # fmt: skip
    return (
        Act(
            "extend", "Extend due date", runs, who.OWNER, "QA is asked to grant a later due date",
            (guards.NOTHING_ASKED, guards.RUNS, guards.NOT_LATE), opens="Extend due date", shown=_may_stop,
        ),
        Act(
            "stop_clock", "Stop clock", runs, who.OWNER_OR_QA,
            "QA of the other company is asked to let it stand still until a day; it is due later by so long",
            (guards.NOTHING_ASKED, guards.NOT_LATE, guards.RUNS), opens="Stop clock", shown=_may_stop, is_aside=True,
        ),
        Act(
            "resume", "Resume clock", runs, who.OWNER_OR_QA, "the clock goes on",
            (guards.STANDS,), shown=lambda record: record.clock_stands, done=("resumed",),
        ),
        *(() if kind is Kind.CAPA else (distributed, add_capa)),
        *_kept_beside(seen),
        Act("clocks", "Clocks", (*seen, State.VOID), who.EVERYBODY,
            "shows each clock with its rule, whose it is, and who is reminded next", is_aside=True),
        *_shown(seen),
        _void(alive, VOIDABLE[kind], "visible for ever; once acknowledged, accepted or signed, the other company's QA "
              "agrees first"),
    )  # fmt: skip


def _kept_beside(seen: tuple[State, ...]) -> tuple[Act, ...]:
    """Give what is kept beside a record, whatever its kind."""
    return (
        Act("link", "Link record", seen, who.ANYBODY, "it is linked with records that exist", opens="Link record",
            is_aside=True),
        Act("comment", "Comment", (*seen, State.VOID), who.ANYBODY, "kept in the journal and the thread",
            opens="Comment"),
        Act("evidence", "Add evidence", (*seen, State.VOID), who.ANYBODY,
            "files, kept whole with their SHA-256; what is there when the record is submitted is signed with it",
            opens="Add evidence", is_aside=True),
        Act("files", "Evidence", (*seen, State.VOID), who.EVERYBODY, "lists the files that are kept, and sends them",
            shown=lambda record: record.files > 0, is_aside=True),
        Act("number", "QMS number", (*seen, State.VOID), who.ANYBODY,
            "its number in one's own company's quality system; both see it, and find the record by it",
            opens="QMS number", is_aside=True),
        Act("notes", "Private notes", (*seen, State.VOID), who.ANYBODY,
            "notes for one's own company alone", opens="Private notes", is_aside=True),
    )  # fmt: skip


def _shown(seen: tuple[State, ...]) -> tuple[Act, ...]:
    """Give how a record is read and taken along."""
    return (
        Act("history", "History", (*seen, State.VOID), who.EVERYBODY, "shows its journal"),
        Act("export", "Export", (*seen, State.VOID), who.EVERYBODY,
            "sends the record with signatures and journal as a file"),
    )  # fmt: skip


def _void(states: tuple[State, ...], voidable: Guard, effect: str) -> Act:
    return Act(
        "void", "Void", states, who.QA, effect, (guards.NOTHING_ASKED, voidable),
        to=(State.VOID,), opens="Void", binds=True, shown=_nothing_asked,
    )  # fmt: skip


ACKNOWLEDGE = "the notification clock stops; names the person and time"
REOPENED = "once QA of the other company agrees; its signatures are void"


def _acknowledge(states: tuple[State, ...]) -> Act:
    return Act(
        "acknowledge", "Acknowledge", states, who.OTHER_COMPANY, ACKNOWLEDGE,
        (guards.ACKNOWLEDGEABLE,), is_step=True, shown=_unacknowledged, done=("acknowledged",),
    )  # fmt: skip


def _assign(button: str, states: tuple[State, ...]) -> Act:
    return Act(
        "assign", button, states, who.QA, "the owner gets a direct message", opens="Assign owner",
        is_step=True,
    )  # fmt: skip


DEVIATION = (
    _acknowledge(SO_OPEN),
    _assign("Assign owner", SO_OPEN),
    Act(
        "start", "Start investigation", (State.OPEN,), who.OWNER_OR_QA, "Under investigation",
        to=(State.UNDER_INVESTIGATION,), is_step=True,
    ),
    Act(
        "submit", "Submit for approval", (State.UNDER_INVESTIGATION,), who.OWNER, "Pending approval",
        to=(State.PENDING_APPROVAL,), opens="Submit investigation", is_step=True,
    ),
    Act(
        "approve", "Approve", (State.PENDING_APPROVAL,), who.APPROVER,
        "a signature: minor, of the CMO's QA; major and critical, of the CMO's QA, then of the sponsor's. "
        "The last one closes it",
        (guards.WHOLE, guards.CAPA_LINKED), to=(State.CLOSED,), opens="Sign", is_step=True, binds=True,
    ),
    Act(
        "send_back", "Send back", (State.PENDING_APPROVAL,), who.QA,
        "the signatures of this round are void but kept", to=(State.UNDER_INVESTIGATION,), opens="Send back",
        is_step=True, binds=True,
    ),
    Act(
        "reclassify", "Reclassify", SO_OPEN, who.QA,
        "its clocks run anew from awareness; lowering needs the other company's QA to agree",
        (guards.NOTHING_ASKED, guards.RUNS), opens="Reclassify", binds=True, shown=_nothing_asked,
    ),
    *_answers((*SO_OPEN, State.CLOSED)),
    *_common(Kind.DEVIATION),
    Act(
        "reopen", "Reopen", (State.CLOSED,), who.QA, REOPENED, (guards.NOTHING_ASKED,),
        to=(State.UNDER_INVESTIGATION,), opens="Reopen", binds=True, shown=_nothing_asked,
    ),
)  # fmt: skip

OOS = (
    _acknowledge(OOS_OPEN),
    _assign("Assign owner", OOS_OPEN),
    Act(
        "phase_1", "Phase I result", (State.PHASE_1,), who.OWNER,
        "a laboratory cause with evidence: Pending approval as Invalidated; none: Phase II",
        to=(State.PHASE_2, State.PENDING_APPROVAL), opens="Phase I result", is_step=True,
    ),
    Act(
        "plan_retests", "Retest plan", (State.PHASE_2,), who.OWNER, "both companies' QA are asked to approve it",
        (guards.PLAN_OPEN,), opens="Retest plan", is_step=True,
    ),
    Act(
        "approve_plan", "Approve plan", (State.PHASE_2,), who.APPROVER,
        "a signature; with both companies' the retests may begin", opens="Sign", is_step=True, binds=True,
        shown=_awaits,
    ),
    Act(
        "record_retest", "Record retest", (State.PHASE_2,), who.OWNER, "the result is kept, whatever it is",
        (guards.PLAN_APPROVED, guards.RETESTS_LEFT), opens="Record retest", is_step=True,
    ),
    Act(
        "phase_2", "Phase II result", (State.PHASE_2,), who.OWNER,
        "Pending approval as Confirmed, Invalidated or Inconclusive",
        to=(State.PENDING_APPROVAL,), opens="Phase II result", is_step=True,
    ),
    Act(
        "approve", "Approve", (State.PENDING_APPROVAL,), who.APPROVER,
        "a signature: of the CMO's QA, then of the sponsor's. The last one closes it",
        to=(State.CLOSED,), opens="Sign", is_step=True, binds=True,
    ),
    Act(
        "send_back", "Send back", (State.PENDING_APPROVAL,), who.QA,
        "to the phase it came from; the signatures of this round are void but kept",
        to=(State.PHASE_1, State.PHASE_2), opens="Send back", is_step=True, binds=True,
    ),
    Act(
        "deviation", "Log deviation", (State.PENDING_APPROVAL, State.CLOSED), who.ANYBODY,
        "a new deviation, linked to it", (guards.CONFIRMED,), opens="Log deviation",
        shown=lambda record: record.outcome is Outcome.CONFIRMED,
    ),
    *_answers((*OOS_OPEN, State.CLOSED)),
    *_common(Kind.OOS),
    Act(
        "reopen", "Reopen", (State.CLOSED,), who.QA, REOPENED, (guards.NOTHING_ASKED,),
        to=(State.PHASE_1, State.PHASE_2), opens="Reopen", binds=True, shown=_nothing_asked,
    ),
)  # fmt: skip

CAPA = (
    Act(
        "accept", "Accept", (State.PLANNED, State.IN_PROGRESS), who.OWNER_IN_PERSON,
        "the owner takes it on, in person",
        (guards.NOT_ACCEPTED,), is_step=True, shown=_not_accepted, done=("accepted",),
    ),
    _assign("Reassign", (State.PLANNED, State.IN_PROGRESS, State.IMPLEMENTED)),
    Act(
        "change_plan", "Change plan", (State.PLANNED,), who.OWNER_OR_QA,
        "the plan or its criterion changes; signatures already given to it are void", opens="Change plan",
    ),
    Act(
        "approve_plan", "Approve plan", (State.PLANNED,), who.APPROVER,
        "a signature: of QA of the owner's company, and of the other company's where a source is major, critical or "
        "an OOS result. The last one starts it",
        (guards.PLAN_WRITTEN,), to=(State.IN_PROGRESS,), opens="Sign", is_step=True, binds=True,
    ),
    Act(
        "implement", "Mark implemented", (State.IN_PROGRESS,), who.OWNER, "its effectiveness is checked 90 days later",
        to=(State.IMPLEMENTED,), opens="Mark implemented", is_step=True,
    ),
    Act(
        "check", "Check effectiveness", (State.IMPLEMENTED,), who.CHECKER,
        "signed: Effective closes it; Not effective closes it and opens a new one; Inconclusive is checked again",
        (guards.CHECK_DATE,), to=(State.CLOSED,), opens="Check effectiveness, then Sign", is_step=True, binds=True,
    ),
    *_answers(CAPA_OPEN),
    *_common(Kind.CAPA),
)  # fmt: skip

SPECIFICATION_SEEN = (*OPEN[Kind.SPECIFICATION], *ENDS[Kind.SPECIFICATION])
SPECIFICATION = (
    Act(
        "approve", "Approve", (State.PROPOSED,), who.APPROVER,
        "a signature: of QA of both companies. The last one makes it effective, from its day on, and the version "
        "before it is superseded from then",
        (guards.HAS_TESTS,), to=(State.EFFECTIVE,), opens="Sign", is_step=True, binds=True,
    ),
    Act(
        "add_test", "Add test", (State.PROPOSED,), who.ANYBODY,
        "a test with its limits; signatures already given are void", opens="Add test", is_step=True,
    ),
    Act(
        "upload_tests", "Upload tests", (State.PROPOSED,), who.ANYBODY,
        "the tests of a CSV or XLSX file, all or none; signatures already given are void", opens="Upload tests",
    ),
    Act(
        "remove_test", "Remove test", (State.PROPOSED,), who.ANYBODY,
        "a test is taken out, with a reason; signatures already given are void",
        (guards.HAS_TESTS,), opens="Remove test",
    ),
    Act(
        "result", "Record result", (State.EFFECTIVE,), who.ANYBODY,
        "a result is judged by it: one that complies is recorded, another waits to be confirmed", opens="Record result",
    ),
    Act(
        "results", "Upload results", (State.EFFECTIVE,), who.ANYBODY,
        "the results of a CSV or XLSX file are judged, all or none", opens="Upload results",
    ),
    _assign("Reassign", (State.PROPOSED,)),
    *(act for act in _answers((State.PROPOSED, State.EFFECTIVE)) if act.name != "grant"),
    *_kept_beside(SPECIFICATION_SEEN),
    *_shown(SPECIFICATION_SEEN),
    _void((State.PROPOSED, State.EFFECTIVE), VOIDABLE[Kind.SPECIFICATION],
          "visible for ever, and no result is judged by it any more; once signed, the other company's QA agrees first"),
)  # fmt: skip

DISPOSITION_SEEN = (*OPEN[Kind.DISPOSITION], *ENDS[Kind.DISPOSITION])
DISPOSITION = (
    Act(
        "approve", "Approve", (State.PROPOSED,), who.APPROVER,
        "a signature, of the sponsor's QA alone: it is decided, and the disposition before it is superseded",
        (guards.RELEASABLE,), to=(State.DECIDED,), opens="Sign", is_step=True, binds=True,
    ),
    Act(
        "change_proposal", "Change proposal", (State.PROPOSED,), who.QA,
        "another decision, reason or certificate; whoever changes it does not sign it", opens="Change proposal",
        binds=True,
    ),
    _assign("Reassign", (State.PROPOSED,)),
    *_kept_beside(DISPOSITION_SEEN),
    *_shown(DISPOSITION_SEEN),
    _void((State.PROPOSED,), VOIDABLE[Kind.DISPOSITION], "visible for ever; the batch waits for another disposition"),
)  # fmt: skip

LIVES = {
    Kind.DEVIATION: DEVIATION,
    Kind.OOS: OOS,
    Kind.CAPA: CAPA,
    Kind.SPECIFICATION: SPECIFICATION,
    Kind.DISPOSITION: DISPOSITION,
}
_BY_NAME = {(kind, act.name): act for kind, life in LIVES.items() for act in life}


def find(kind: Kind, name: str) -> Act | None:
    """Find an act of a kind of record by its name."""
    return _BY_NAME.get((kind, name))


def offered(record: Record, *, steps: bool = False) -> list[Act]:
    """List the acts whose buttons stand on a record now; of steps only those that move it on."""
    return [
        act
        for act in LIVES[record.kind]
        if record.state in act.states and act.shown(record) and (act.is_step or not steps)
    ]
