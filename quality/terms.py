"""Terms: how long each clock runs, for which kind and class of record, and whose it is.

The defaults are common practice between sponsors and CMOs, not law; each partnership's quality agreement has its own.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlmodel import Session

from quality.working_time import DAY_ENDS, Calendar
from storage import agreement
from storage.agreement import Agreement
from storage.clock import ClockName, Duty
from storage.record import Class, Kind


class Unit(StrEnum):
    """How a term counts."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar days"
    WORKING_DAYS = "working days"


CHECK_AGAIN = "check again"  # the one term that is not named like its clock
NOUN = {
    Kind.DEVIATION: "deviation",
    Kind.OOS: "OOS result",
    Kind.CAPA: "CAPA",
    Kind.SPECIFICATION: "specification",
    Kind.DISPOSITION: "disposition",
}


@dataclass(frozen=True)
class Due:
    """When something is due, by which rule, since when it counts, and whose it is."""

    at: datetime
    rule: str
    duty: Duty
    since: datetime
    version: int | None = None  # of the agreement, with its row, where it made the rule
    row: int | None = None


@dataclass(frozen=True)
class Term:
    """A length of time, counted from an event."""

    length: int
    unit: Unit
    since: str
    at_most_hours: int | None = None

    @property
    def measure(self) -> str:
        """The length in words: `1 working day, at most 24 hours`."""
        unit = self.unit.value if self.length != 1 else self.unit.value.removesuffix("s")
        return f"{self.length} {unit}" + (f", at most {self.at_most_hours} hours" if self.at_most_hours else "")

    @property
    def rule(self) -> str:
        """The term in words: `30 calendar days from detection`."""
        return f"{self.measure} from {self.since}"

    def due(self, start: datetime, calendar: Calendar) -> datetime:
        """Give the end of a term that starts at a moment: of its last day; of hours, to the minute."""
        end = self._end(start, calendar)
        return min(end, start + timedelta(hours=self.at_most_hours)) if self.at_most_hours else end

    def _end(self, start: datetime, calendar: Calendar) -> datetime:
        day = calendar.day_of(start)
        if self.unit is Unit.HOURS:
            return start + timedelta(hours=self.length)
        if self.unit is Unit.WORKING_DAYS:
            return calendar.at(calendar.add_working_days(day, self.length), DAY_ENDS)
        return calendar.at(day + timedelta(days=self.length), DAY_ENDS)


@dataclass(frozen=True)
class Row:
    """A row of an agreement: the term of a clock of a kind and class of record, and whose it is."""

    row: int
    kind: Kind
    class_: Class | None  # None: of every class
    clock: str
    term: Term
    duty: Duty

    @property
    def title(self) -> str:
        """`Major deviation: close`."""
        whose = f"{self.class_} {NOUN[self.kind]}" if self.class_ else NOUN[self.kind]
        return f"{whose[0].upper()}{whose[1:]}: {self.clock}"

    @property
    def words(self) -> str:
        """`45 calendar days from detection, the owner`."""
        return f"{self.term.rule}, {self.duty}"


@dataclass(frozen=True)
class Terms:
    """The terms of one version of an agreement."""

    version: int
    rows: tuple[Row, ...]

    def find(self, kind: Kind, clock: str, class_: Class | None = None) -> Row | None:
        """Find the row for a clock of a record."""
        fits = (one for one in self.rows if one.kind is kind and one.clock == clock)
        return next((one for one in fits if one.class_ in (None, class_)), None)

    def due(self, row: Row, since: datetime, calendar: Calendar, instead: str = "") -> Due:
        """Give when something is due by a row; instead names another event that it counts from this time."""
        term = replace(row.term, since=instead) if instead else row.term
        return Due(term.due(since, calendar), term.rule, row.duty, since, self.version, row.row)


def _default(row: int, kind: Kind, class_: Class | None, clock: str, term: Term, duty: Duty) -> Row:
    return Row(row, kind, class_, str(clock), term, duty)


WORKING, CALENDAR = Unit.WORKING_DAYS, Unit.CALENDAR_DAYS
# 30 days to close, 45 where the sponsor has to approve as well.
DEFAULTS = (
    _default(1, Kind.DEVIATION, Class.CRITICAL, ClockName.NOTIFY, Term(1, WORKING, "awareness", 24), Duty.CMO),
    _default(2, Kind.DEVIATION, Class.MAJOR, ClockName.NOTIFY, Term(2, WORKING, "awareness"), Duty.CMO),
    _default(3, Kind.OOS, None, ClockName.NOTIFY, Term(1, WORKING, "awareness"), Duty.CMO),
    _default(4, Kind.DEVIATION, None, ClockName.ACKNOWLEDGE, Term(1, WORKING, "logging"), Duty.OTHER),
    _default(5, Kind.OOS, None, ClockName.ACKNOWLEDGE, Term(1, WORKING, "logging"), Duty.OTHER),
    _default(6, Kind.DEVIATION, Class.CRITICAL, ClockName.CLOSE, Term(45, CALENDAR, "detection"), Duty.OWNER),
    _default(7, Kind.DEVIATION, Class.MAJOR, ClockName.CLOSE, Term(45, CALENDAR, "detection"), Duty.OWNER),
    _default(8, Kind.DEVIATION, Class.MINOR, ClockName.CLOSE, Term(30, CALENDAR, "detection"), Duty.OWNER),
    _default(9, Kind.DEVIATION, None, ClockName.REVIEW, Term(5, WORKING, "submission"), Duty.APPROVER),
    _default(10, Kind.OOS, None, ClockName.PHASE_1, Term(5, WORKING, "the result"), Duty.OWNER),
    _default(11, Kind.OOS, None, ClockName.CLOSE, Term(30, WORKING, "the result"), Duty.OWNER),
    _default(12, Kind.OOS, None, ClockName.REVIEW, Term(5, WORKING, "submission"), Duty.APPROVER),
    _default(13, Kind.CAPA, None, ClockName.ACCEPT, Term(2, WORKING, "assignment"), Duty.OWNER),
    _default(14, Kind.CAPA, None, ClockName.PLAN, Term(5, WORKING, "approval of the source"), Duty.OWNER),
    _default(15, Kind.CAPA, Class.CRITICAL, ClockName.CLOSE, Term(30, CALENDAR, "the plan"), Duty.OWNER),
    _default(16, Kind.CAPA, Class.MAJOR, ClockName.CLOSE, Term(60, CALENDAR, "the plan"), Duty.OWNER),
    _default(17, Kind.CAPA, Class.MINOR, ClockName.CLOSE, Term(90, CALENDAR, "the plan"), Duty.OWNER),
    _default(18, Kind.CAPA, None, ClockName.CHECK, Term(90, CALENDAR, "implementation"), Duty.CHECKER),
    _default(19, Kind.CAPA, None, CHECK_AGAIN, Term(30, CALENDAR, "an inconclusive check"), Duty.CHECKER),
)

NAMES = ("row", "kind", "class", "clock", "length", "unit", "at_most_hours", "since", "duty")


def as_data(row: Row) -> dict[str, Any]:
    """Give a row as an agreement keeps it."""
    values = {**asdict(row), **asdict(row.term), "class": row.class_}
    return {name: values[name] for name in NAMES}


def from_data(data: Mapping[str, Any]) -> Row:
    """Read a row that an agreement keeps."""
    class_ = Class(data["class"]) if data["class"] else None
    term = Term(data["length"], Unit(data["unit"]), data["since"], data["at_most_hours"])
    return Row(data["row"], Kind(data["kind"]), class_, data["clock"], term, Duty(data["duty"]))


def of(session: Session, partnership_id: int) -> Terms:
    """Give the terms in force in a partnership."""
    return asked(session, partnership_id)()


def asked(session: Session, partnership_id: int) -> Callable[[], Terms]:
    """Ask for the terms in force together with the next question; gives what gives them."""
    found = agreement.text_in_force(session, partnership_id)
    return lambda: _read(*found())


@lru_cache(1024)  # every record that is logged asks for them, and to read them costs more than to find them
def _read(version: int, content: str) -> Terms:
    return _terms(version, json.loads(content))


def read(found: Agreement) -> Terms:
    """Read the terms of a version, or of a proposal of the next."""
    return _terms(found.version or 0, found.content)


def _terms(version: int, content: Mapping[str, Any]) -> Terms:
    return Terms(version, tuple(from_data(row) for row in content["terms"]))


CAPA_RULE = "set with the CAPA"
TO_BE_WRITTEN = "To be written"  # how the plan of a follow-up begins until somebody writes it
CAPA_DAYS = 60  # the due date that New CAPA proposes where no source says how urgent it is

LONGEST_AGO = timedelta(days=5 * 366)  # beyond it a date is a slip of the pen
LONG_AGO = "This is more than five years ago. Check the year."
