"""Exports: an inspection pack is asked for, made, and handed over; nothing leaves without an entry in the journal."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from quality import change, review
from quality import record as records
from quality.pack.make import Made, Progress, make
from quality.pack.scope import Scope, What, ids_of, may_have
from quality.people import Actor, Doer
from quality.refusal import Refusal
from storage import journal, partnership, scope
from storage import record as stored
from storage.partnership import Company, Partnership, Side
from storage.record import Record

EVENT = "partnership.exported"


@dataclass(frozen=True)
class Wanted:
    """The pack that somebody may have: of which partnership, and what it holds."""

    there: Partnership
    companies: dict[Side, Company]
    scope: Scope


def ask(session: Session, actor: Actor, wanted: Scope, now: datetime) -> Wanted:
    """Say what the actor may have; a Refusal where they may not, or there is nothing."""
    return Wanted(actor.partnership, actor.companies, may_have(session, actor, wanted, now))


def ask_of(session: Session, actor: Actor, record_id: int, now: datetime) -> Wanted:
    """Say that the actor may have a record's pack, by its id."""
    found = change.may(session, actor, record_id, "export", now)
    return Wanted(actor.partnership, actor.companies, Scope(What.RECORD, record=found.record.number))


def of_channel(session: Session, channel_id: str, wanted: Scope) -> Wanted:
    """Say what whoever runs the bot makes a pack of: the operator, who has the database anyway."""
    there = partnership.find_in_channel(session, channel_id)
    if there is None:
        raise Refusal(f"No channel {channel_id} is set up here. Give the id of one that is, such as C0123ABCDEF.")
    scope.enter(session, there.id)
    if wanted.what is What.RECORD and stored.find(session, there.id, wanted.record) is None:
        raise Refusal(f"There is no record {wanted.record} in channel {channel_id}.")
    both = partnership.companies(session, there.id)
    if wanted.what is What.REVIEW:
        wanted = replace(wanted, product=review.known_as(session, there.id, wanted.product))
    return Wanted(there, both, wanted)


def number_of(session: Session, wanted: Wanted) -> int:
    """Count the records of a pack."""
    scope.enter(session, wanted.there.id)
    return len(ids_of(session, wanted.there, wanted.scope))


def write(session: Session, wanted: Wanted, target: Path, progress: Progress) -> Made:
    """Write a pack into a file, from one moment of the database."""
    scope.enter(session, wanted.there.id)
    return make(session, wanted.there, wanted.companies, wanted.scope, target, progress)


def hand_over(session: Session, actor: Actor, wanted: Scope, made: Made, now: datetime) -> None:
    """Journal that a person gets a pack, with its hash; asked once more whether they may."""
    may_have(session, actor, wanted, now)
    record = records.by_number(session, actor, wanted.record) if wanted.what is What.RECORD else None
    note(session, actor, actor.partnership.id, wanted, made, now, record)


def note(
    session: Session, doer: Doer, partnership_id: int, wanted: Scope, made: Made, now: datetime,
    record: Record | None = None, reason: str | None = None,
) -> None:  # fmt: skip
    """Journal a pack: with its record's entries where it is of one, else with the partnership's."""
    told = {"pack": made.sha256, "bytes": made.size, "as of entry": made.end.seq}
    if record is not None:
        change.note(session, doer, record, "exported", now, changes=change.told(told), reason=reason)
        return
    changes = change.told({"scope": wanted.words, "records": made.counts["records"], **told})
    body = {"by": doer.signature(), "changes": changes, "reason": reason}
    journal.append(session, partnership_id, EVENT, now, body)
