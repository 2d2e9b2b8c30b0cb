"""Everything about one record at one moment, gathered once for whoever decides about it or shows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlmodel import Session

from quality import ladder
from quality.working_time import Calendar
from storage import (
    author,
    authority,
    capa,
    clock,
    evidence,
    message,
    oos,
    own,
    partnership,
    person,
    request,
    result,
    signature,
    specification,
)
from storage import record as stored
from storage.author import Author
from storage.authority import AuthorityReport
from storage.capa import Capa, EffectivenessCheck, Implementation
from storage.clock import DRIVING, Clock, ClockName
from storage.deviation import Deviation
from storage.disposition import BatchDisposition
from storage.evidence import Evidence
from storage.investigation import Investigation
from storage.oos import Oos, PhaseOne, PhaseTwo, Retest, RetestPlan
from storage.partnership import Company, Partnership, Side
from storage.person import Person
from storage.record import Kind, Outcome, Record, State
from storage.request import Request
from storage.result import LabResult
from storage.signature import Signature
from storage.specification import Specification, SpecificationTest
from storage.table import Table

Part = TypeVar("Part", bound=Table)
MOST_DOUBTFUL = 20

# What a record of each kind is made of: its first report, then what is added in the course of its life.
PARTS: dict[Kind, tuple[type[Table], ...]] = {
    Kind.DEVIATION: (Deviation, Investigation),
    Kind.OOS: (Oos, PhaseOne, RetestPlan, PhaseTwo),
    Kind.CAPA: (Capa, Implementation),
    Kind.SPECIFICATION: (Specification,),
    Kind.DISPOSITION: (BatchDisposition,),
}


@dataclass(frozen=True)
class Sheet:
    """A record with its parts, people, clocks, signatures, batches and links."""

    partnership: Partnership
    companies: dict[Side, Company]
    people: dict[int, Person]  # the active roster, and who else has a part in this record
    record: Record
    parts: Mapping[type[Table], Table]
    retests: list[Retest]
    checks: list[EffectivenessCheck]
    clocks: dict[ClockName, Clock]
    signatures: list[Signature]
    authors: list[Author]
    request: Request | None
    reports: list[AuthorityReport]
    files: list[Evidence]  # that are kept with it, without their bytes
    lots: list[str]
    own_numbers: dict[Side, str]  # in the companies' own quality systems
    sources: list[Record]
    followers: list[Record]
    plan_signatures: list[Signature]  # of the CAPAs that come from it
    permalink: str | None
    tests: list[SpecificationTest] = field(default_factory=list)  # of a specification
    result: LabResult | None = None  # judged by a specification, which led to it
    holders: list[Record] = field(default_factory=list)  # of a disposition: what has its lot on hold
    doubtful: list[LabResult] = field(default_factory=list)  # and its results out of limits that nobody confirmed yet

    def part(self, table: type[Part]) -> Part | None:
        """Give a part of the record, where it is there already."""
        found = self.parts.get(table)
        return found if isinstance(found, table) else None

    @property
    def details(self) -> Table:
        """The first report."""
        return self.parts[PARTS[self.record.kind][0]]

    @property
    def owner(self) -> Person | None:
        """Who owns the record."""
        return self.people.get(self.record.owner_id or 0)

    @property
    def roster(self) -> Iterator[Person]:
        """The people of both companies who may act now."""
        return (who for who in self.people.values() if who.active)

    @property
    def due(self) -> Clock | None:
        """The clock that drives the record now; the last one that did where none runs."""
        known = [self.clocks[name] for name in DRIVING if name in self.clocks]
        return next((one for one in known if one.stopped_at is None), known[-1] if known else None)

    @property
    def waits_for_acknowledgement(self) -> bool:
        """Whether the other company still has to acknowledge."""
        waiting = self.clocks.get(ClockName.ACKNOWLEDGE)
        return waiting is not None and waiting.stopped_at is None

    @property
    def other_company(self) -> Company:
        """The company that did not log the record."""
        return self.companies[self.record.logged_side.other]

    def reminding(self, name: ClockName) -> Calendar:
        """Give the working days by which a clock is reminded of: where the owner is, else where the partnership is."""
        zone = self.owner.time_zone if self.owner and self.owner.active else None
        return ladder.calendar_for(name, self.partnership, self.companies, zone)

    @property
    def links(self) -> list[Record]:
        """The records it comes from and those that come from it."""
        return [*self.sources, *self.followers]

    @property
    def capas(self) -> list[Record]:
        """The CAPAs that come from it, but void ones and those that did not help."""
        alive = (one for one in self.followers if one.kind is Kind.CAPA and one.state is not State.VOID)
        return [one for one in alive if one.outcome is not Outcome.NOT_EFFECTIVE]

    def named(self, who: Person) -> str:
        """Name a person with their company."""
        return f"{who.name} ({self.companies[who.side].name})"

    def who(self, person_id: int | None) -> str:
        """Name a person known by id with their company."""
        found = self.people.get(person_id or 0)
        return self.named(found) if found else ""


def of_record(session: Session, partnership_id: int, record_id: int) -> Sheet:
    """Gather a record of a partnership; LookupError when there is none."""
    record = stored.get(session, partnership_id, record_id)
    found = ((table, session.get(table, record.id)) for table in PARTS[record.kind])
    parts = {table: part for table, part in found if part is not None}
    retests = oos.list_retests(session, record.id) if record.kind is Kind.OOS else []
    checks = capa.list_checks(session, record.id) if record.kind is Kind.CAPA else []
    asked = request.find_open(session, record.id) if record.asked else None
    reports = authority.list_of_record(session, record.id)
    files = evidence.list_of_record(session, record.id) if record.files else []
    posted = message.find(session, partnership_id, f"card:{record.id}")
    followers = stored.followers_of(session, record.id)
    lots = stored.batches_of(session, record.id)
    decided = lots if record.kind is Kind.DISPOSITION else []
    capas = [one.id for one in followers if one.kind is Kind.CAPA]
    clocks = clock.list_of_record(session, record.id)
    rows = [record, *parts.values(), *retests, *checks, *reports, *files, *([asked] if asked else [])]
    return Sheet(
        partnership=partnership.get(session, partnership_id),
        companies=partnership.companies(session, partnership_id),
        people=_people(session, partnership_id, rows),
        record=record,
        parts=parts,
        retests=retests,
        checks=checks,
        clocks={one.name: one for one in clocks},
        signatures=signature.list_of_record(session, record.id),
        authors=author.list_of_record(session, record.id),
        request=asked,
        reports=reports,
        files=files,
        lots=lots,
        own_numbers=own.numbers_of(session, record.id),
        sources=stored.sources_of(session, record.id),
        followers=followers,
        plan_signatures=signature.list_of_records(session, capas),
        permalink=posted.permalink if posted else None,
        tests=specification.list_tests(session, record.id) if record.kind is Kind.SPECIFICATION else [],
        result=result.find_of_record(session, record.id) if record.kind is Kind.OOS else None,
        holders=[one for lot in decided for one in stored.holders_of(session, partnership_id, lot)],
        doubtful=[one for lot in decided for one in result.list_doubtful(session, partnership_id, lot, MOST_DOUBTFUL)],
    )


def of_many(session: Session, there: Partnership, both: dict[Side, Company], records: Sequence[Record]) -> list[Sheet]:
    """Gather of several records what the rules about persons ask: one statement for each thing, however many records.

    Their clocks, texts, results, files, batches, own numbers and followers are left out.
    """
    if not records:
        return []
    ids = [record.id for record in records]
    asked = {one.record_id: one for one in request.list_open(session, ids)}
    plans = {one.record_id: one for one in oos.list_plans(session, ids)}
    signed, worked = signature.list_of_records(session, ids), author.list_of_records(session, ids)
    sources = stored.sources_of_all(session, ids)
    people = {who.id: who for who in person.list_active(session, there.id)}
    named = {value for row in (*records, *asked.values()) for name, value in row if name.endswith("_by_id")}
    named |= {record.owner_id for record in records}
    people |= {who.id: who for who in person.list_by_ids(session, named - {None} - people.keys())}
    return [
        Sheet(
            partnership=there,
            companies=both,
            people=people,
            record=record,
            parts={RetestPlan: plans[record.id]} if record.id in plans else {},
            retests=[],
            checks=[],
            clocks={},
            signatures=[one for one in signed if one.record_id == record.id],
            authors=[one for one in worked if one.record_id == record.id],
            request=asked.get(record.id),
            reports=[],
            files=[],
            lots=[],
            own_numbers={},
            sources=sources.get(record.id, []),
            followers=[],
            plan_signatures=[],
            permalink=None,
        )
        for record in records
    ]


def _people(session: Session, partnership_id: int, rows: Sequence[Table]) -> dict[int, Person]:
    """Gather the active roster and everybody whom the rows name."""
    people = {who.id: who for who in person.list_active(session, partnership_id)}
    named = {value for row in rows for name, value in row if name.endswith("_by_id") or name == "owner_id"}
    for person_id in named - {None} - people.keys():
        people[person_id] = person.get(session, partnership_id, person_id)
    return people
