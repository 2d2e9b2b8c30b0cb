"""The annual review of a product: its year by the twelve points, all of which are always told.

QA of either company may state something to a point, such as where the missing is kept; a statement is never changed.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from quality import period, words
from quality.measure import Scope
from quality.people import Actor, require, require_confirmed
from quality.refusal import FieldErrors, Refusal
from quality.review_points import BY_NUMBER, POINTS, Gathered, Material, Point, Table
from storage import bulk, journal, person, review
from storage.partnership import Company, Partnership, Side
from storage.person import Role
from storage.record import Kind, RecordBatch, State, lot_key
from storage.review import ReviewStatement

FIRST_YEAR = 2000
MOST_NAMED = 10  # products in an answer
MOST_PRODUCTS = 500  # in a list to choose from
EVENT = "review.stated"
HOW = "Say which product and year: `/quality review Tablet 10 mg 2026`."


class Standing(StrEnum):
    """How a point stands."""

    KEPT = "Kept"
    NONE = "None"
    MISSING = "Missing"
    IN_PART = "Missing in part"
    STATED = "Stated"


@dataclass(frozen=True)
class Stated:
    """A statement with who made it."""

    row: ReviewStatement
    by: str

    @property
    def words(self) -> str:
        """Who stated it, and when."""
        return f"Stated by {self.by}, {words.moment(self.row.stated_at)}"


@dataclass(frozen=True)
class Found:
    """A point of a review with what was found for it."""

    point: Point
    gathered: Gathered
    stated: tuple[Stated, ...] = ()  # the newest first; it is the one that counts

    @property
    def standing(self) -> Standing:
        """How it stands."""
        if self.stated:
            return Standing.STATED
        if self.point.missing:
            return Standing.IN_PART if self.gathered.tables else Standing.MISSING
        return Standing.KEPT if self.gathered.tables else Standing.NONE


@dataclass(frozen=True)
class Review:
    """A product's year."""

    scope: Scope
    year: int
    points: tuple[Found, ...]
    batches: Table

    @property
    def product(self) -> str:
        """The product."""
        return self.scope.product

    @property
    def missing(self) -> list[Found]:
        """The points of which something is missing, and nobody stated anything."""
        return [one for one in self.points if one.standing in (Standing.MISSING, Standing.IN_PART)]


def parse(text: str, today_year: int) -> tuple[str, int]:
    """Read a product and a year; a Refusal says what can be said. Without a year it is the present one."""
    product, _, last = text.strip().rpartition(" ")
    if not product or not (last.isascii() and last.isdecimal() and len(last) == len("2026")):
        product, last = text.strip(), str(today_year)
    if not product:
        raise Refusal(HOW)
    return product, check_year(int(last), today_year)


def check_year(year: int, today_year: int) -> int:
    """Give a year that a review can be of; a Refusal for another one."""
    if not FIRST_YEAR <= year <= today_year:
        raise Refusal(f"A review is of a year from {FIRST_YEAR} to {today_year}, not of {year}.")
    return year


def scope_of(there: Partnership, companies: dict[Side, Company], product: str, year: int, now: datetime) -> Scope:
    """Give the scope of a product's year."""
    return Scope(there, companies, period.of_year(year), now, " ".join(product.split()))


def known_as(session: Session, partnership_id: int, product: str) -> str:
    """Give how a product is written here; a Refusal where no record, result or specification names it."""
    found = review.find_product(session, partnership_id, " ".join(product.split()))
    if found is None:
        known = review.list_products(session, partnership_id, MOST_NAMED)
        these = f"Products that are named here: {', '.join(known)}." if known else "No product is named here yet."
        raise Refusal(f"No record, result or specification names the product “{product[:60]}”. {these}")
    return found


def products(session: Session, actor: Actor) -> list[str]:
    """List the products that a review can be of; a Refusal where no record names one."""
    found = review.list_products(session, actor.partnership.id, MOST_PRODUCTS)
    if not found:
        raise Refusal(
            "No record names a product yet, and a review is of one. Propose its specification with "
            "`/quality specification new`, or log a record that names it."
        )
    return found


def find_scope(session: Session, actor: Actor, product: str, year: int, now: datetime) -> Scope:
    """Give the scope of a product of the actor's partnership; a Refusal where nothing names it, or for a wrong year."""
    check_year(year, actor.calendar.day_of(now).year)
    written = known_as(session, actor.partnership.id, product)
    return scope_of(actor.partnership, actor.companies, written, year, now)


def find(session: Session, actor: Actor, product: str, year: int, now: datetime) -> Review:
    """Gather the year of a product of the actor's partnership."""
    return gather(session, find_scope(session, actor, product, year, now))


def gather(session: Session, scope: Scope) -> Review:
    """Gather a product's year."""
    year = scope.period.first.year
    of = Material(session, scope, year, review.list_tested(session, scope.within))
    for kind in review.OF_PRODUCT:
        of.records[kind] = review.list_records(session, scope.within, kind)
    sources = [one for kind in review.SOURCES for one in of.ids(kind)]
    of.records[Kind.CAPA] = review.list_capas(session, scope.within, sources)
    stated = _statements(session, scope, year)
    points = (Found(one, one.gather(of) if one.gather else Gathered(), stated.get(one.number, ())) for one in POINTS)
    return Review(scope, year, tuple(points), _batches(of))


def entries(session: Session, scope: Scope, until: int) -> list[int]:
    """List which entries of the journal, up to a seq, hold the statements to a review."""
    year = scope.period.first.year
    if not review.list_statements(session, scope.there.id, scope.product, year):
        return []  # most reviews; the journal is long
    return review.list_entries(session, scope.within, year, EVENT, until)


def _statements(session: Session, scope: Scope, year: int) -> dict[int, tuple[Stated, ...]]:
    rows = review.list_statements(session, scope.there.id, scope.product, year)
    people = {who.id: who for who in person.list_by_ids(session, {one.stated_by_id for one in rows})}
    told: dict[int, tuple[Stated, ...]] = {}
    for one in rows:
        who = people[one.stated_by_id]
        by = f"{who.name} ({scope.companies[who.side].name})"
        told[one.point] = (Stated(one, by), *told.get(one.point, ()))
    return told


def _batches(of: Material) -> Table:
    """Tell the batches of the year: those with results, and those that its records and dispositions name."""
    within = of.scope.within
    lots = {lot_key(lot): [lot, str(number), "", ""] for lot, number in review.list_lots(of.session, within)}
    known = {one.id: one for kind in review.SOURCES for one in of.records[kind] if one.state is not State.VOID}
    for named in bulk.rows_of(of.session, RecordBatch, list(known)).values():
        for lot in named:
            row = lots.setdefault(lot.lot_key, [lot.lot, "0", "", ""])
            row[2] = f"{row[2]}\n{known[lot.record_id].number}".strip()
    tested = [lot for lot, *_ in lots.values()]
    for one, record in review.list_dispositions(of.session, within, tested, of.ids(Kind.DISPOSITION)):
        row = lots.setdefault(one.lot_key, [one.lot, "0", "", ""])
        came = ", ".join(part for part in (str(record.outcome or record.state), of.day(record.closed_at)) if part)
        row[3] = f"{row[3]}\n{record.number}: {came}".strip()
    rows = [(*told, decided or "none") for *told, decided in (lots[key] for key in sorted(lots))]
    head = ("Batch", "Results", "Deviations, OOS", "Dispositions")
    return Table("Batches of the year", head, (2, 1, 2, 4), rows)


def require_stater(session: Session, actor: Actor) -> None:
    """Refuse who may not state something to a review."""
    require(session, actor, (Role.QA,), "state something to a product review")
    require_confirmed(actor, "state something to a product review")


def state(session: Session, actor: Actor, product: str, year: int, point: int, text: str, now: datetime) -> Review:
    """State something to a point, as QA of either company; the journal has it, and it is never changed."""
    require_stater(session, actor)
    if point not in BY_NUMBER:
        raise FieldErrors({"text": "There is no such point. A review has twelve."})
    scope = find_scope(session, actor, product, year, now)
    session.add(
        ReviewStatement(
            partnership_id=actor.partnership.id, product=scope.product, product_key=lot_key(scope.product), year=year,
            point=point, text=text, stated_by_id=actor.person.id, stated_at=now,
        )
    )  # fmt: skip
    told = {"product": scope.product, "year": year, "point": point, "text": text}
    changes = {name: [None, value] for name, value in told.items()}
    body = {"by": actor.signature(), "changes": changes, "reason": None}
    journal.append(session, actor.partnership.id, EVENT, now, body)
    session.flush()
    return gather(session, scope)
