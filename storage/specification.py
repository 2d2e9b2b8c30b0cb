"""Specifications: what a product has to be, version by version, and the tests that show whether it is."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Index, UniqueConstraint, func, or_, text
from sqlmodel import Field, Session, col, select

from storage.record import Record, State, lot_key
from storage.table import Table
from storage.upsert import Row, insert_all

ENDING = text("retires_on IS NOT NULL")
IN_FORCE = (State.EFFECTIVE, State.SUPERSEDED)


class Specification(Table, table=True):
    """One version of the specification of a product and a type of sample."""

    __table_args__ = (
        UniqueConstraint("partnership_id", "product_key", "sample_type", "version"),
        Index("ix_specification_retiring", "retires_on", sqlite_where=ENDING, postgresql_where=ENDING),
    )

    record_id: int = Field(primary_key=True, foreign_key="record.id")
    partnership_id: int = Field(foreign_key="partnership.id")
    product_key: str = Field(max_length=300)  # the product as names are compared
    sample_type: str = Field(max_length=40)
    version: int
    effective_on: date  # as it was proposed and signed
    in_force_from: date | None = None  # the day it was proposed for, or that of the last signature where that is later
    in_force_until: date | None = None  # the day from which a later version is in force
    retires_on: date | None = None  # that day, as long as the record is still Effective


class SpecificationTest(Table, table=True):
    """A test of a specification; limits stand as they were written, digit by digit, for they say how to round."""

    __tablename__ = "specification_test"
    __table_args__ = (UniqueConstraint("record_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    record_id: int = Field(foreign_key="record.id")
    number: int  # in the order in which they were entered
    test: str = Field(max_length=100)
    test_key: str = Field(max_length=200)
    category: str = Field(default="", max_length=40)
    method: str = Field(default="", max_length=150)
    lower: str = Field(default="", max_length=40)
    upper: str = Field(default="", max_length=40)
    lower_inclusive: bool = True
    upper_inclusive: bool = True
    criterion: str = Field(default="", max_length=300)  # a text, in place of limits
    unit: str = Field(default="", max_length=40)
    decimals: int | None = None  # to which results are reported
    alert_lower: str = Field(default="", max_length=40)
    alert_upper: str = Field(default="", max_length=40)
    action_lower: str = Field(default="", max_length=40)
    action_upper: str = Field(default="", max_length=40)
    quantitation: str = Field(default="", max_length=40)
    removed_by_id: int | None = Field(default=None, foreign_key="person.id")  # while it was proposed


def add_tests(session: Session, rows: Sequence[Row]) -> None:
    """Add tests, all with the same columns."""
    insert_all(session, SpecificationTest, rows)


def list_tests(session: Session, record_id: int) -> list[SpecificationTest]:
    """List the tests of a specification in order, without those that were taken out of it."""
    tests = select(SpecificationTest).where(SpecificationTest.record_id == record_id)
    tests = tests.where(col(SpecificationTest.removed_by_id).is_(None))
    return list(session.exec(tests.order_by(col(SpecificationTest.number))).all())


def list_tests_of_all(session: Session, record_ids: Sequence[int]) -> list[SpecificationTest]:
    """List the tests of some specifications, by specification and in order."""
    tests = select(SpecificationTest).where(col(SpecificationTest.record_id).in_(record_ids))
    tests = tests.where(col(SpecificationTest.removed_by_id).is_(None))
    order = (col(SpecificationTest.record_id), col(SpecificationTest.number))
    return list(session.exec(tests.order_by(*order)).all())


def last_number(session: Session, record_id: int) -> int:
    """Give the number of the last test that was entered, taken out or not."""
    last = select(func.max(SpecificationTest.number)).where(SpecificationTest.record_id == record_id)
    return session.exec(last).one() or 0


def find_test(session: Session, partnership_id: int, test_id: int) -> SpecificationTest | None:
    """Find a test of a partnership."""
    found = session.get(SpecificationTest, test_id)
    return found if found is not None and found.partnership_id == partnership_id else None


def get(session: Session, record_id: int) -> Specification:
    """Get the specification of a record."""
    return session.get_one(Specification, record_id)


def list_versions(
    session: Session, partnership_id: int, product: str, sample_type: str
) -> list[tuple[Specification, Record]]:
    """List the versions of a product's specification for a type of sample, the newest first."""
    of = select(Specification, Record).join(Record, col(Record.id) == Specification.record_id)
    of = of.where(
        Specification.partnership_id == partnership_id,
        Specification.product_key == lot_key(product),
        Specification.sample_type == sample_type,
    )
    return list(session.exec(of.order_by(col(Specification.version).desc())).all())


def is_in_force(found: Specification, record: Record, on: date) -> bool:
    """Whether a version is in force on a day."""
    begun = found.in_force_from is not None and found.in_force_from <= on
    return record.state in IN_FORCE and begun and (found.in_force_until is None or on < found.in_force_until)


def list_in_force(
    session: Session, partnership_id: int, on: date, limit: int, words: str = ""
) -> list[tuple[Specification, Record]]:
    """List the specifications in force on a day, by product; those whose product or number holds the words."""
    of = select(Specification, Record).join(Record, col(Record.id) == Specification.record_id)
    of = of.where(
        Specification.partnership_id == partnership_id,
        col(Record.state).in_(IN_FORCE),
        col(Specification.in_force_from) <= on,
        or_(col(Specification.in_force_until).is_(None), col(Specification.in_force_until) > on),
    )
    if words:
        typed = lot_key(words)
        of = of.where(
            or_(
                col(Specification.product_key).contains(typed, autoescape=True),
                func.lower(Record.number).contains(typed, autoescape=True),
            )
        )
    order = (col(Specification.product_key), col(Specification.sample_type), col(Specification.record_id))
    return list(session.exec(of.order_by(*order).limit(limit)).all())


def list_retiring(session: Session, on: date, limit: int) -> list[tuple[Specification, Record]]:
    """List the specifications of everybody that a later version takes the place of by a day."""
    due = select(Specification, Record).join(Record, col(Record.id) == Specification.record_id)
    due = due.where(ENDING, col(Specification.retires_on) <= on).order_by(col(Specification.retires_on))
    return list(session.exec(due.limit(limit).with_for_update(of=Specification, skip_locked=True)).all())
