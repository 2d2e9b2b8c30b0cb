"""The command `export`: an inspection pack into a file, by whoever runs the bot."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from bot.backup import CannotCopy, part_of
from quality import export
from quality.pack.make import Made
from quality.pack.scope import Scope, What, of_batch, of_period, of_review
from quality.people import Machine
from quality.refusal import Refusal
from storage import record as stored
from storage.database import Database
from storage.migrate import newest, revision

BY = "qualbridge export, on the machine that runs the bot"


def scope_of(
    record: str, batch: str, start: datetime | None, end: datetime | None, product: str = "", year: int | None = None
) -> Scope:  # fmt: skip
    """Give the scope that the options name: one of record, batch, period and product's year, or everything."""
    if sum(map(bool, (record, batch, start or end, product or year))) > 1:
        raise CannotCopy(
            "Give one of --record, --batch, --from with --to, and --product with --year; without any the pack holds "
            "everything."
        )
    if record:
        return Scope(What.RECORD, record=record.strip().upper())
    if batch:
        return of_batch(batch)
    if product or year is not None:
        return _review(product, year)
    if start is None and end is None:
        return Scope(What.ALL)
    if start is None or end is None:
        raise CannotCopy("A period has two days: give --from and --to.")
    try:
        return of_period(start.date(), end.date())
    except Refusal as refusal:
        raise CannotCopy(str(refusal)) from refusal


def _review(product: str, year: int | None) -> Scope:
    if not product or year is None:
        raise CannotCopy("The review of a product's year has both: give --product and --year.")
    try:
        return of_review(product, year)
    except Refusal as refusal:
        raise CannotCopy(str(refusal)) from refusal


def export_to(
    url: str, channel_id: str, wanted: Scope, out: Path, now: Callable[[], datetime], say: Callable[[int, int], None]
) -> Made:
    """Write a pack into a new file and journal it; a file that is there is not replaced."""
    if out.exists():
        raise CannotCopy(f"{out} is there already. Give a new name; a pack replaces none.")
    if not out.absolute().parent.is_dir():
        raise CannotCopy(f"There is no folder {out.absolute().parent}. Make it first.")
    with closing(Database(url)) as database, part_of(out.absolute()) as part:
        _require_ours(database)
        try:
            with database.reading() as session:
                made_of = export.of_channel(session, channel_id, wanted)
                made = export.write(session, made_of, part, say)
        except Refusal as refusal:
            raise CannotCopy(str(refusal)) from refusal
        with database.writing() as session:
            there = export.of_channel(session, channel_id, made_of.scope).there
            of_record = wanted.what is What.RECORD
            record = stored.find(session, there.id, wanted.record) if of_record else None
            export.note(session, Machine(), there.id, made_of.scope, made, now(), record, BY)
        part.rename(out)
    return made


def _require_ours(database: Database) -> None:
    if not database.exists:
        raise CannotCopy(
            "DATABASE_URL names a file that does not exist. Give that of the running bot, or a restored one."
        )
    found = revision(database)
    if found != newest():
        why = "holds nothing of QualBridge" if found is None else "has an older schema: run `qualbridge migrate` first"
        raise CannotCopy(f"The database {why}.")
