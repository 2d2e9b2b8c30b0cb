"""Everything about one record at one moment, gathered for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from quality import record as records
from quality.people import Actor
from storage import capa, clock, deviation, message, oos, partnership, person
from storage import record as stored
from storage.capa import Capa
from storage.clock import Clock, ClockName
from storage.deviation import Deviation
from storage.oos import Oos
from storage.partnership import Company, Partnership, Side
from storage.person import Person
from storage.record import Kind, Record

DETAILS: dict[Kind, Callable[[Session, int], Deviation | Oos | Capa]] = {
    Kind.DEVIATION: deviation.get,
    Kind.OOS: oos.get,
    Kind.CAPA: capa.get,
}


@dataclass(frozen=True)
class Sheet:
    """A record with its details, people, clocks, batches and links."""

    partnership: Partnership
    companies: dict[Side, Company]
    record: Record
    details: Deviation | Oos | Capa
    logged_by: Person
    owner: Person | None
    acknowledged_by: Person | None
    closed_by: Person | None
    close_by: Clock
    acknowledge_by: Clock | None
    lots: list[str]
    links: list[Record]
    permalink: str | None

    @property
    def waits_for_acknowledgement(self) -> bool:
        """Whether the other company still has to acknowledge."""
        return self.acknowledge_by is not None and self.acknowledge_by.stopped_at is None

    @property
    def other_company(self) -> Company:
        """The company that did not log the record."""
        return self.companies[self.record.logged_side.other]

    @property
    def owner_zone(self) -> str:
        """The time zone in which days to the due date are counted: the owner's, else the partnership's."""
        return self.owner.time_zone if self.owner and self.owner.active else self.partnership.time_zone

    def named(self, who: Person) -> str:
        """Name a person with their company."""
        return f"{who.name} ({self.companies[who.side].name})"


def of_record(session: Session, partnership_id: int, record_id: int) -> Sheet:
    """Gather a record of a partnership; LookupError when there is none."""
    record = stored.get(session, partnership_id, record_id)

    def who(person_id: int | None) -> Person | None:
        return person.get(session, partnership_id, person_id) if person_id else None

    close_by = clock.find(session, record.id, ClockName.CLOSE)
    if close_by is None:
        raise LookupError(f"record {record_id} has no clock")
    posted = message.find(session, partnership_id, f"card:{record.id}")
    is_capa = record.kind is Kind.CAPA
    return Sheet(
        partnership=partnership.get(session, partnership_id),
        companies=partnership.companies(session, partnership_id),
        record=record,
        details=DETAILS[record.kind](session, record.id),
        logged_by=person.get(session, partnership_id, record.logged_by_id),
        owner=who(record.owner_id),
        acknowledged_by=who(record.acknowledged_by_id),
        closed_by=who(record.closed_by_id),
        close_by=close_by,
        acknowledge_by=clock.find(session, record.id, ClockName.ACKNOWLEDGE),
        lots=stored.batches_of(session, record.id),
        links=(stored.sources_of if is_capa else stored.capas_of)(session, record.id),
        permalink=posted.permalink if posted else None,
    )


def by_id(session: Session, actor: Actor, record_id: int) -> Sheet:
    """Gather a record for an actor by its id."""
    return of_record(session, actor.partnership.id, records.get(session, actor, record_id).id)


def by_number(session: Session, actor: Actor, number: str) -> Sheet:
    """Gather a record for an actor by its number."""
    return of_record(session, actor.partnership.id, records.by_number(session, actor, number).id)
