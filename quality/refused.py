"""What is told to whoever may not do something with a record, or comes too late: who may, who did what, what to do."""

from collections.abc import Sequence

from sqlmodel import Session

from quality import approval, transitions
from quality.events import QUIET, said_of
from quality.people import named
from quality.refusal import Overtaken
from quality.sheet import Sheet
from quality.transitions import Act
from quality.who import ANSWERER, APPROVER, stands_in
from quality.words import moment
from storage import journal
from storage.partnership import Side
from storage.person import Role
from storage.record import Record

MOST_NAMED = 8  # people in a refusal
MOST_LOOKED_AT = 50  # entries of a journal in which the one that counts is looked for


def too_late(session: Session, record: Record, act: Act) -> Overtaken:
    """Tell why a button is no longer there: who did what instead."""
    said = last_words(session, record, act.done)
    if record.state not in act.states:
        where = " or ".join(act.states)
        text = f"{record.number} is {record.state}: {said} *{act.button}* is for records that are {where}."
    else:
        text = f"*{act.button}* is not open on {record.number}: {said}"
    return Overtaken(text, record.id)


def who_may(found: Sheet, act: Act) -> str:
    """Say who may do an act; where nobody may, why, and what to do."""
    able = [who for who in found.roster if act.who.allows(who, found)]
    names = named(able[:MOST_NAMED], found.companies)
    names += f" and {len(able) - MOST_NAMED} more" if len(able) > MOST_NAMED else ""
    instead = next((who for who in able if stands_in(who, found)), None) if "owner" in act.who.words else None
    told = f" {instead.name} stands in for {found.owner.name}." if instead and found.owner else ""
    return f"*{act.button}* on {found.record.number} is for {act.who.words}: {names or _nobody(found, act)}.{told}"


def _nobody(found: Sheet, act: Act) -> str:
    """Say why there is nobody who may, and what to do about it."""
    if found.owner is None and "owner" in act.who.words and act.who is not APPROVER:
        return "nobody owns it yet, QA assigns an owner first"
    if act.who is ANSWERER and (sides := approval.answering(found)):
        return f"nobody yet. {' or '.join(found.companies[side].name for side in sides)} answers, and needs a QA for it"
    if act.who is APPROVER and (sides := approval.open_sides(found)):
        return f"nobody yet. {_no_signer(found, sides[0])}"
    return "nobody yet"


def _no_signer(found: Sheet, side: Side) -> str:
    """Say why nobody of the company whose signature is next can give it."""
    company, scope = found.companies[side].name, wanted.scope if (wanted := approval.wanted(found)) else approval.RECORD
    able = [who for who in found.roster if who.side is side and who.has(Role.QA)]
    if not able:
        return f"{company} signs next, and has no QA here: it names one first"
    if len(able) > 1 or able[0].id != found.record.owner_id:
        return f"{company} signs next, and its QA worked on it or signed already: it needs another QA"
    only = f"{company} signs next, and {able[0].name}, its only QA, owns it"
    free = able[0].id not in {one.person_id for one in found.authors if one.scope == scope}
    if free and (scope == approval.PLAN or found.record.state in transitions.NOT_BEGUN):
        return f"{only}: assign another owner first"
    why = f"{only} and worked on it: it needs another QA"
    return f"{why}. With one QA only, assign another owner first, before the work begins"


def last_words(session: Session, record: Record, events: Sequence[str] = ()) -> str:
    """Tell who changed a record last, or who last did one of the events."""
    quiet = [f"{record.kind}.{event}" for event in QUIET]
    loud = journal.list_of_record(session, record.id, MOST_LOOKED_AT, but=quiet)
    wanted = [entry for entry in loud if entry.event.partition(".")[2] in events]
    entry = (wanted or loud)[0]
    who = entry.content["by"]
    whose = f" ({who['company']})" if who["company"] else ""
    return f"{who['name']}{whose} {said_of(entry)} on {moment(entry.at)}."
