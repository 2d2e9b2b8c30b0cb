"""The default terms: how long each clock runs, for which kind and class of record.

They are common practice between sponsors and CMOs, not law; a quality agreement may set others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from quality.working_time import DAY_ENDS, Calendar
from storage.record import Class, Kind


class Unit(StrEnum):
    """How a term counts."""

    CALENDAR_DAYS = "calendar days"
    WORKING_DAYS = "working days"


@dataclass(frozen=True)
class Term:
    """A length of time, counted from an event."""

    length: int
    unit: Unit
    since: str

    @property
    def rule(self) -> str:
        """The term in words: `30 calendar days from detection`."""
        unit = self.unit.value if self.length != 1 else self.unit.value.removesuffix("s")
        return f"{self.length} {unit} from {self.since}"

    def due(self, start: datetime, calendar: Calendar) -> datetime:
        """Give the end of the last day of a term that starts at a moment."""
        day = calendar.day_of(start)
        if self.unit is Unit.WORKING_DAYS:
            return calendar.at(calendar.add_working_days(day, self.length), DAY_ENDS)
        return calendar.at(day + timedelta(days=self.length), DAY_ENDS)


ACKNOWLEDGE = Term(1, Unit.WORKING_DAYS, "logging")
ACCEPT = Term(2, Unit.WORKING_DAYS, "assignment")
CHECK = Term(90, Unit.CALENDAR_DAYS, "implementation")
CHECK_AGAIN = Term(30, Unit.CALENDAR_DAYS, "an inconclusive check")

# 30 days to close, 45 where the sponsor has to approve as well.
CLOSE: Mapping[tuple[Kind, Class | None], Term] = MappingProxyType(
    {
        (Kind.DEVIATION, Class.MINOR): Term(30, Unit.CALENDAR_DAYS, "detection"),
        (Kind.DEVIATION, Class.MAJOR): Term(45, Unit.CALENDAR_DAYS, "detection"),
        (Kind.DEVIATION, Class.CRITICAL): Term(45, Unit.CALENDAR_DAYS, "detection"),
        (Kind.OOS, None): Term(30, Unit.WORKING_DAYS, "the result"),
    }
)
CAPA_RULE = "set with the CAPA"
TO_BE_WRITTEN = "To be written"  # how the plan of a follow-up begins until somebody writes it
CAPA_DAYS = 60  # what New CAPA proposes

LONGEST_AGO = timedelta(days=5 * 366)  # beyond it a date is a slip of the pen
LONG_AGO = "This is more than five years ago. Check the year."
