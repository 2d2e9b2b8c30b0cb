"""Partnerships with their companies and rosters, read together, for whoever decides about many records at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from quality import ladder
from quality.working_time import Calendar, calendar_at
from storage import partnership, person
from storage.clock import ClockName
from storage.partnership import Company, Partnership, Side
from storage.person import Person, Role

MOST_STAND_INS = 5  # a stand-in may be away as well, and so on; a ring of them ends here


@dataclass(frozen=True)
class Setting:
    """A partnership with its companies and its whole roster."""

    partnership: Partnership
    companies: dict[Side, Company]
    people: dict[int, Person]

    def reminding(self, name: ClockName, owner: Person | None) -> Calendar:
        """Give the working days by which a clock of somebody's record is reminded of."""
        return ladder.calendar_for(name, self.partnership, self.companies, owner.time_zone if owner else None)

    def find(self, person_id: int | None) -> Person | None:
        """Find somebody who is on the roster now."""
        found = self.people.get(person_id or 0)
        return found if found is not None and found.active else None

    def holding(self, role: Role, side: Side | None = None) -> list[Person]:
        """List who holds a role, of one company or of both."""
        able = (who for who in self.people.values() if who.has(role) and side in (None, who.side))
        return sorted(able, key=lambda who: who.id)

    def qa_of(self, side: Side) -> list[Person]:
        """List QA of a company; where none is left, the other company's, so that nothing is forgotten."""
        return self.holding(Role.QA, side) or self.holding(Role.QA)

    def own_calendar(self, who: Person) -> Calendar:
        """Give the working days of a person's own company, in their time zone."""
        return calendar_at(self.companies[who.side], who.time_zone)

    def stand_in(self, who: Person, now: datetime) -> Person:
        """Give who gets a person's messages now: themselves, or while they are away their stand-in."""
        for _ in range(MOST_STAND_INS):
            instead = self.find(who.stand_in_id)
            if instead is None or not is_away(who, self.own_calendar(who), now):
                break
            who = instead
        return who

    def reached(self, whom: Iterable[Person], now: datetime) -> list[int]:
        """Give the ids of who gets what is said to some people now, each once."""
        return list(dict.fromkeys(self.stand_in(who, now).id for who in whom))


def is_away(who: Person, calendar: Calendar, now: datetime) -> bool:
    """Whether a person is out of office."""
    return who.away_until is not None and calendar.day_of(now) <= who.away_until


def of(session: Session, partnership_id: int) -> Setting:
    """Read one partnership."""
    return read(session, [partnership_id])[partnership_id]


def read(session: Session, partnership_ids: Iterable[int]) -> dict[int, Setting]:
    """Read some partnerships: three statements, however many; none for none."""
    ids = set(partnership_ids)
    if not ids:
        return {}
    people = person.list_of_all(session, ids)
    return {
        there.id: Setting(there, both, people.get(there.id, {}))
        for there, both in partnership.list_by_ids(session, ids)
    }
