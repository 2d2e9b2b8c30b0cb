"""The journal: each partnership's append-only, hash-chained audit trail.

An entry's body is canonical JSON and holds the whole entry; the columns beside it only find entries.
hash = SHA-256(previous hash, as hexadecimal text, followed by the body), the first entry's previous hash
being 64 zeros. Triggers refuse every UPDATE and DELETE.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ClauseElement, UniqueConstraint, and_, bindparam, update
from sqlalchemy import select as sql_select
from sqlalchemy.exc import OperationalError
from sqlmodel import Field, Session, col, select

from storage import prepared
from storage.partnership import Partnership
from storage.record import Record
from storage.table import Moment, Table
from storage.upsert import coming_id, insert_missing, insert_one

FIRST = "0" * 64
FEW = 500  # entries read at once


class JournalHead(Table, table=True):
    """Where a partnership's chain ends; also the lock under which it grows."""

    __tablename__ = "journal_head"

    partnership_id: int = Field(primary_key=True, foreign_key="partnership.id")
    seq: int = 0
    hash: str = Field(default=FIRST, max_length=64)


class JournalEntry(Table, table=True):
    """One entry of the journal."""

    __tablename__ = "journal"
    __table_args__ = (UniqueConstraint("partnership_id", "seq"),)

    id: int = Field(default=None, primary_key=True)
    partnership_id: int = Field(foreign_key="partnership.id")
    seq: int
    record_id: int | None = Field(default=None, foreign_key="record.id", index=True)
    event: str = Field(max_length=64)
    at: datetime = Field(sa_type=Moment)
    body: str
    hash: str = Field(max_length=64)

    @property
    def content(self) -> dict[str, Any]:
        """The entry as data: seq, at, event, record, by, changes, reason."""
        content: dict[str, Any] = json.loads(self.body)
        return content


@dataclass(frozen=True)
class Break:
    """The first link of a chain that does not hold."""

    partnership_id: int
    seq: int
    why: str


def canonical(content: dict[str, Any]) -> str:
    """Write data as canonical JSON: sorted keys, no spaces, UTF-8 kept as it is."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def link(previous: str, body: str) -> str:
    """Give the hash of an entry from the hash before it and its body."""
    return hashlib.sha256((previous + body).encode()).hexdigest()


def append(
    session: Session,
    partnership_id: int,
    event: str,
    at: datetime,
    content: dict[str, Any],
    record_id: int | None = None,
) -> int:
    """Add an entry at the end of a partnership's chain, in the caller's transaction; gives its id."""
    before, previous, coming = _locked_head(session, partnership_id)
    seq = before + 1
    body = canonical({"seq": seq, "event": event, "at": at.astimezone(UTC).isoformat(), **content})
    end = {"seq": seq, "hash": link(previous, body)}
    about = {"partnership_id": partnership_id, "record_id": record_id, "event": event, "at": at, "body": body}
    entry_id = insert_one(session, JournalEntry, about | end, coming)
    prepared.write(session, LENGTHENED, {"of": partnership_id, **end})
    return entry_id


def lock(session: Session, partnership_id: int) -> None:
    """Lock the end of a chain: what others change is in the journal by now, or comes after this transaction."""
    _locked_head(session, partnership_id)


OF = col(JournalHead.partnership_id) == bindparam("of")
LENGTHENED = update(JournalHead).where(OF)


@cache
def _end(dialect: str) -> ClauseElement:
    found = sql_select(col(JournalHead.seq), col(JournalHead.hash), coming_id(dialect, JournalEntry))
    return found.where(OF).with_for_update()


def _locked_head(session: Session, partnership_id: int) -> tuple[int, str, int | None]:
    """Give the end of a chain, locked: the seq and hash of the last entry, and the id coming to the next."""
    asked = _end(session.connection().dialect.name)
    end: list[tuple[int, str, int | None]] = prepared.ask(session, asked, {"of": partnership_id})
    if not end:
        insert_missing(session, JournalHead, [{"partnership_id": partnership_id}])
        return _locked_head(session, partnership_id)
    return end[0]


def head_of(session: Session, partnership_id: int) -> JournalHead:
    """Give the end of a partnership's chain."""
    found = session.get(JournalHead, partnership_id, populate_existing=True)
    return found or JournalHead(partnership_id=partnership_id)


def get(session: Session, entry_id: int) -> JournalEntry:
    """Get an entry; LookupError when there is none."""
    entry = session.get(JournalEntry, entry_id)
    if entry is None:
        raise LookupError(f"journal entry {entry_id}")
    return entry


def list_of_record(
    session: Session, record_id: int, limit: int, before: int | None = None, *, but: Sequence[str] = ()
) -> list[JournalEntry]:
    """List a record's entries, newest first, those before a seq where one is given, but some events."""
    entries = select(JournalEntry).where(JournalEntry.record_id == record_id)
    if but:
        entries = entries.where(col(JournalEntry.event).not_in(but))
    if before is not None:
        entries = entries.where(JournalEntry.seq < before)
    return list(session.exec(entries.order_by(col(JournalEntry.seq).desc()).limit(limit)).all())


def list_of_event(session: Session, record_id: int, event: str, limit: int) -> list[JournalEntry]:
    """List a record's entries of one event, newest first."""
    told = (JournalEntry.record_id == record_id, JournalEntry.event == event)
    newest = select(JournalEntry).where(*told).order_by(col(JournalEntry.seq).desc())
    return list(session.exec(newest.limit(limit)).all())


def list_signed(session: Session, after: int, limit: int) -> list[JournalEntry]:
    """List the entries that tell of a signature, by id, those after an id."""
    return _list_with(session, '"signature":{', after, limit)


def list_files(session: Session, after: int, limit: int) -> list[JournalEntry]:
    """List the entries that tell of a file that was kept, by id, those after an id."""
    return _list_with(session, '"sha256":[', after, limit)


def _list_with(session: Session, mark: str, after: int, limit: int) -> list[JournalEntry]:
    marked = select(JournalEntry).where(JournalEntry.id > after, col(JournalEntry.body).contains(mark))
    return list(session.exec(marked.order_by(col(JournalEntry.id)).limit(limit)).all())


def each(session: Session, page: Callable[[Session, int, int], list[JournalEntry]]) -> Iterator[JournalEntry]:
    """Give the entries of one of these lists, from the first to the last."""
    after = 0
    while entries := page(session, after, FEW):
        yield from entries
        after = entries[-1].id
        session.expunge_all()  # memory stays flat whatever their number


def verify(session: Session) -> Iterator[JournalHead | Break]:
    """Check every partnership's chain link by link; gives each whole chain's head, or its first break."""
    for partnership_id in session.exec(select(Partnership.id).order_by(col(Partnership.id))).all():
        head = head_of(session, partnership_id)
        yield _broken_link(session, head) or head


def newest_at(session: Session) -> datetime | None:
    """Give when the newest entry of all journals was made; None where there is none."""
    return session.exec(select(JournalEntry.at).order_by(col(JournalEntry.id).desc()).limit(1)).first()


def has_hash(session: Session, begins: str) -> bool:
    """Whether an entry's hash is this one, or begins so; asks every entry, so it is for checking alone."""
    said = select(JournalEntry.id).where(col(JournalEntry.hash).startswith(begins, autoescape=True)).limit(1)
    return session.exec(said).first() is not None


def _broken_link(session: Session, head: JournalHead) -> Break | None:
    seq, previous = 0, FIRST
    for most in (FEW, 1):  # one by one, where bytes that are no text, which SQLite keeps, spoil a page
        try:
            for entry in _entries(session, head.partnership_id, seq, most):
                why = _fault(entry, seq + 1, previous)
                if why:
                    return Break(head.partnership_id, seq + 1, why)
                seq, previous = entry[0], entry[4]
            break
        except OperationalError as error:
            if session.get_bind().dialect.name != "sqlite":  # a server keeps to its types
                raise
            if most == 1:
                return Break(head.partnership_id, seq + 1, f"it cannot be read ({type(error).__name__})")
    if (seq, previous) != (head.seq, head.hash):
        return Break(head.partnership_id, seq + 1, f"the journal ends here, its head says {head.seq} entries")
    if seq == 0:  # every partnership has at least the entry that set it up
        return Break(head.partnership_id, 1, "there is no entry at all")
    return None


# An entry as it is checked, and as the driver gives it: seq, event, moment (text, with SQLite), body and hash, and the
# id and number of the record it stands with.
Kept = tuple[int, str, datetime | str, str, str, int | None, str | None]
COLUMNS_DIFFER = "its columns differ from its body"


@dataclass
class Said:
    """What a body says that the columns beside it say too."""

    seq: int
    event: str
    at: str
    record: str | None = None


SAID = TypeAdapter(Said).validator.validate_json  # itself, for a million entries


def _fault(entry: Kept, due: int, previous: str) -> str | None:
    seq, event, at, body, hash_, record_id, number = entry
    if seq != due:
        return f"entry {due} is missing"
    if not (isinstance(body, str) and isinstance(hash_, str)):
        return "its content is no text"
    if link(previous, body) != hash_:
        return "its content or the link before it was changed"
    try:
        said = SAID(body, strict=True)
        is_same = (said.seq, said.event, said.record) == (seq, event, number)
        is_same = is_same and datetime.fromisoformat(said.at) == _moment(at)
    except (ValueError, TypeError, AttributeError):
        return COLUMNS_DIFFER  # or a body with a matching hash that was never an entry's
    return None if is_same and (record_id is None) is (number is None) else COLUMNS_DIFFER


def _moment(kept: datetime | str) -> datetime:
    return kept if isinstance(kept, datetime) else datetime.fromisoformat(kept + "+00:00")


def _entries(session: Session, partnership_id: int, after: int, most: int) -> Iterator[Kept]:
    """Give a chain's entries after one as plain rows, read so many at a time: objects would cost more than to check."""
    page = _page(session, partnership_id, after, most)()
    while len(page) == most:
        try:
            following = _page(session, partnership_id, page[-1][0], most)
        except OperationalError:
            yield from page  # it comes before what cannot be read
            raise
        yield from page
        page = following()
    yield from page


def _page(session: Session, partnership_id: int, after: int, most: int) -> Callable[[], list[Kept]]:
    # A server looks for a page while the one before it is checked.
    return prepared.begin(session, CHAIN, {"of": partnership_id, "after": after, "most": most})


CHECKED: tuple[Any, ...] = (
    JournalEntry.seq, JournalEntry.event, JournalEntry.at, JournalEntry.body, JournalEntry.hash,
    JournalEntry.record_id, Record.number,
)  # fmt: skip
CHAIN = (
    sql_select(*(col(one) for one in CHECKED))
    # Numbers are counted by partnership: another one's record may have the same.
    .outerjoin(
        Record,
        and_(col(Record.id) == JournalEntry.record_id, col(Record.partnership_id) == JournalEntry.partnership_id),
    )
    .where(col(JournalEntry.partnership_id) == bindparam("of"), col(JournalEntry.seq) > bindparam("after"))
    .order_by(col(JournalEntry.seq))
    .limit(bindparam("most"))
)
