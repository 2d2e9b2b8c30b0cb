"""What of a record is found by its words: all that was typed into it, from its first report to its last comment."""

from collections.abc import Iterator

from sqlmodel import Session

from quality.sheet import Sheet, of_record
from storage import journal, reply, search
from storage.record import Record
from storage.table import Table

# After these there is more to find than before.
EVENTS = frozenset(
    {
        "submitted",
        "phase_1",
        "retests_planned",
        "retested",
        "phase_2",
        "plan_changed",
        "proposal_changed",
        "decided",
        "tests_added",
        "test_removed",
        "implemented",
        "checked",
        "closed",
        "commented",
        "numbered",
        "replied",
        "reply_changed",
        "reply_deleted",
        "evidence_added",
        "evidence_kept",
    }
)
MOST_COMMENTS = 200  # the newest


def renew(session: Session, record: Record) -> None:
    """Let a record be found by what it says now."""
    session.flush()
    found = of_record(session, record.partnership_id, record.id)
    comments = journal.list_of_event(session, record.id, f"{record.kind}.commented", MOST_COMMENTS)
    said = [*_texts(found), *(str(one.content["reason"]) for one in comments)]
    said += reply.texts_of_record(session, record.id, MOST_COMMENTS)
    said += [word for one in found.files for word in (one.name, one.description)]
    search.replace(session, record.partnership_id, record.id, " ".join(said))


def _texts(found: Sheet) -> Iterator[str]:
    record = found.record
    yield from (
        record.number,
        record.title,
        record.product,
        str(record.class_ or ""),
        *found.lots,
        *found.own_numbers.values(),
    )
    rows: list[Table] = [*found.parts.values(), *found.retests, *found.checks, *found.tests]
    for row in rows:
        for value in row.model_dump().values():
            yield from [value] if isinstance(value, str) else value if isinstance(value, list) else []
