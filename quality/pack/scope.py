"""What a pack holds: a record, a batch, a period, a product's year or everything; and who may have it."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlmodel import Session

from quality import change, people, period, words
from quality import record as records
from quality import review as reviews
from quality.people import Actor
from quality.refusal import Refusal
from storage import bulk, result, review
from storage import record as stored
from storage.measure import Within
from storage.partnership import Partnership
from storage.person import Role
from storage.record import LONGEST_LOT

LONGEST_PRODUCT = 150
NUMBER = re.compile(r"[A-Z]+-\d{4}-\d+", re.IGNORECASE)
HOW = (
    "Say what the pack should hold: `/quality export DEV-2026-0001` a record, `/quality export batch AB-1001` a batch, "
    "`/quality export 2026-01-01 2026-12-31` what was logged in a period, `/quality export all` everything."
)
# A record or a batch is what everybody on the roster sees and works with; what leaves the house as a whole is the
# quality units' to hand out, and a viewer is there to read.
WHOLE = (Role.QA, Role.HEAD, Role.VIEWER)


class What(StrEnum):
    """The kinds of scope."""

    RECORD = "record"
    BATCH = "batch"
    PERIOD = "period"
    REVIEW = "review"  # of a product's year
    ALL = "all"


@dataclass(frozen=True)
class Scope:
    """What a pack holds; a period's days are those of the partnership's time zone, both included."""

    what: What
    record: str = ""
    lot: str = ""
    start: date | None = None
    end: date | None = None
    product: str = ""

    @property
    def words(self) -> str:
        """`DEV-2026-0001`, `batch AB-1001`, `1 Jan 2026 to 31 Dec 2026`, `Tablet, 2026`, `everything`."""
        if self.what is What.RECORD:
            return self.record
        if self.what is What.BATCH:
            return f"batch {self.lot}"
        if self.what is What.REVIEW:
            return f"{self.product}, {self.year}"
        if self.start and self.end:
            return f"{words.day(self.start)} to {words.day(self.end)}"
        return "everything"

    @property
    def year(self) -> int:
        """The year of a review."""
        return self.start.year if self.start else 0

    @property
    def name(self) -> str:
        """The name of its file, without an ending: of letters, digits and dashes alone."""
        told = {What.RECORD: self.record, What.BATCH: f"batch-{self.lot}", What.ALL: "all"}
        told[What.REVIEW] = f"{self.product}-{self.year}"
        leads = "product-quality-review" if self.what is What.REVIEW else "inspection-pack"
        period = f"{self.start}-to-{self.end}"
        return f"{leads}-" + re.sub(r"[^A-Za-z0-9.-]+", "-", told.get(self.what, period)).strip("-.")

    def told(self) -> dict[str, str | None]:
        """Give it as data."""
        days: dict[str, str | None] = {
            "from": self.start.isoformat() if self.start else None,
            "to": self.end.isoformat() if self.end else None,
        }
        return {
            "what": self.what,
            "record": self.record or None,
            "batch": self.lot or None,
            "product": self.product or None,
            **days,
        }


def parse(text: str) -> Scope:
    """Read what stands after `/quality export`; a Refusal says what can stand there."""
    first, _, rest = text.strip().partition(" ")
    if first.lower() == What.ALL and not rest:
        return Scope(What.ALL)
    if first.lower() == What.BATCH and rest.strip():
        return of_batch(rest)
    if NUMBER.fullmatch(first) and not rest:
        return Scope(What.RECORD, record=first.upper())
    days = [word for word in re.split(r"[\s,]+", text.strip()) if word not in ("from", "to")]
    if len(days) == 2 and all(re.match(r"\d", one) for one in days):  # noqa: PLR2004 - from and to
        return of_period(*map(_day, days))
    raise Refusal(HOW)


def of_batch(lot: str) -> Scope:
    """Give the scope of a batch."""
    lot = " ".join(lot.split())[:LONGEST_LOT]
    return Scope(What.BATCH, lot=lot)


def of_period(start: date, end: date) -> Scope:
    """Give the scope of a period; a Refusal where it ends before it begins."""
    if end < start:
        raise Refusal(f"The period ends on {end}, before it begins on {start}. Give the earlier day first.")
    return Scope(What.PERIOD, start=start, end=end)


def of_review(product: str, year: int) -> Scope:
    """Give the scope of a product's year; a Refusal for one that is none."""
    if not reviews.FIRST_YEAR <= year < date.max.year:
        raise Refusal(f"A review is of a year from {reviews.FIRST_YEAR} on, not of {year}.")
    days = period.of_year(year)
    return Scope(What.REVIEW, start=days.first, end=days.last, product=" ".join(product.split())[:LONGEST_PRODUCT])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(f"“{text[:40]}” is no date. Write days as 2026-01-31: year, month, day.") from None


def may_have(session: Session, actor: Actor, scope: Scope, now: datetime) -> Scope:
    """Give the scope where the actor may have its pack and there is something in it; a Refusal says who may."""
    if scope.what is What.RECORD:
        record = records.by_number(session, actor, scope.record)
        change.may(session, actor, record.id, "export", now)
        return Scope(What.RECORD, record=record.number)
    if scope.what is What.REVIEW:
        people.require(session, actor, WHOLE, f"have the review of {scope.words}")
        scope = replace(scope, product=reviews.find_scope(session, actor, scope.product, scope.year, now).product)
    elif scope.what is not What.BATCH:
        people.require(session, actor, WHOLE, f"have the pack of {scope.words}")
    elif not _is_known(session, actor.partnership, scope):
        raise Refusal(f"No record names batch {scope.lot}. Check how it is written: `/quality batch <lot>` shows one.")
    return scope


def _within(there: Partnership, scope: Scope) -> Within:
    start, end = _span(there, scope)
    return Within(there.id, start, end, end, scope.product)


def _span(there: Partnership, scope: Scope) -> tuple[datetime, datetime]:
    """Give the span of a scope's days, where the partnership is."""
    if scope.start is None or scope.end is None:
        raise ValueError(f"{scope.what} has no days")
    zone = ZoneInfo(there.time_zone)
    return datetime.combine(scope.start, time(), zone), datetime.combine(scope.end + timedelta(days=1), time(), zone)


def _is_known(session: Session, there: Partnership, scope: Scope) -> bool:
    """Whether a record or a result names a batch."""
    return bool(ids_of(session, there, scope) or result.list_of_lot(session, there.id, scope.lot, 1))


def ids_of(session: Session, there: Partnership, scope: Scope) -> list[int]:
    """List the records of a scope by kind and number: of a batch the CAPAs too that come from its records."""
    if scope.what is What.RECORD:
        found = stored.find(session, there.id, scope.record)
        return [found.id] if found else []
    if scope.what is What.BATCH:
        named = bulk.list_ids(session, there.id, lot=scope.lot)
        capas = bulk.list_capas_of(session, named)
        return [*named, *(one for one in capas if one not in set(named))]
    if scope.what is What.REVIEW:
        return review.list_ids(session, _within(there, scope))
    if scope.what is What.ALL:
        return bulk.list_ids(session, there.id)
    start, end = _span(there, scope)
    return bulk.list_ids(session, there.id, start=start, end=end)
