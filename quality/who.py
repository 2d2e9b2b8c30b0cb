"""Who may do something with a record: each rule in words for people, and as a question about a person."""

from collections.abc import Callable
from dataclasses import dataclass

from quality import approval
from quality.people import may_take_part
from quality.sheet import Sheet
from storage.person import Person, Role
from storage.record import Asked


@dataclass(frozen=True)
class Who:
    """A rule about persons; allows asks it of one, who is on the roster and active."""

    words: str
    allows: Callable[[Person, Sheet], bool]


def _is_qa(who: Person, _sheet: Sheet) -> bool:
    return who.has(Role.QA)


def _is_owner_in_person(who: Person, sheet: Sheet) -> bool:
    return who.id == sheet.record.owner_id and may_take_part(who)


def _is_owner(who: Person, sheet: Sheet) -> bool:
    return may_take_part(who) and (who.id == sheet.record.owner_id or stands_in(who, sheet))


def stands_in(who: Person, sheet: Sheet) -> bool:
    """Whether somebody acts for the owner, who is out of office: when the absence ends, nobody stands in any more."""
    owner = sheet.owner
    return owner is not None and owner.active and who.active and owner.stand_in_id == who.id


def _may_approve(who: Person, sheet: Sheet) -> bool:
    wanted = approval.wanted(sheet)
    if wanted is None or not who.has(Role.QA) or who.side not in approval.open_sides(sheet):
        return False
    scope = wanted.scope
    return who.id not in approval.authors(sheet, scope) and who.user_id not in approval.signers(sheet, scope)


def _may_check(who: Person, sheet: Sheet) -> bool:
    return who.has(Role.QA) and who.id not in approval.authors(sheet, approval.RECORD)


def _may_answer(who: Person, sheet: Sheet) -> bool:
    asked = sheet.request
    if asked is None or not who.has(Role.QA) or who.id == asked.asked_by_id:
        return False
    asker = sheet.people.get(asked.asked_by_id)
    if asked.what is not Asked.EXTEND:
        return asker is None or who.side is not asker.side
    if who.id == sheet.record.owner_id or stands_in(who, sheet):
        return False
    first = sheet.people.get(asked.first_yes_by_id or 0)
    return first is None or who.side is not first.side


EVERYBODY = Who("everybody on the roster", lambda who, _sheet: who.active)
ANYBODY = Who("everybody on the roster (but viewers)", lambda who, _sheet: may_take_part(who))
OTHER_COMPANY = Who(
    "the company that did not log it (but viewers)",
    lambda who, sheet: may_take_part(who) and who.side is not sheet.record.logged_side,
)
QA = Who("QA of either company", _is_qa)
OWNER = Who("the owner", _is_owner)
OWNER_IN_PERSON = Who("the owner", _is_owner_in_person)  # what nobody promises for somebody else
OWNER_OR_QA = Who("the owner or QA", lambda who, sheet: _is_owner(who, sheet) or _is_qa(who, sheet))
APPROVER = Who("QA of the company whose signature is next (never the owner, nor who worked on it)", _may_approve)
CHECKER = Who("QA (never the owner, nor who worked on it)", _may_check)
ANSWERER = Who("QA of the other company (for an extension: QA who neither asked nor owns it)", _may_answer)
ASKER = Who("who asked", lambda who, sheet: sheet.request is not None and who.id == sheet.request.asked_by_id)
