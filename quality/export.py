"""A record as a file: its content, its signatures with what each signed, and its journal."""

import json
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import change
from quality.content import content
from quality.people import Actor
from quality.sheet import Sheet
from storage import journal

FORMAT = 1
MOST_ENTRIES = 10_000
INNER = {"id", "partnership_id", "record_id", "person_id"}  # ids that mean nothing outside the database


def of_record(session: Session, actor: Actor, record_id: int, now: datetime) -> tuple[Sheet, str]:
    """Export a record; that it was done is journaled."""
    found = change.may(session, actor, record_id, "export", now)
    change.note(session, actor, found.record, "exported", now)
    return found, _written(session, found, now)


def _written(session: Session, found: Sheet, now: datetime) -> str:
    record = found.record
    entries = journal.list_of_record(session, record.id, MOST_ENTRIES)[::-1]
    told: dict[str, Any] = {
        "format": FORMAT,
        "record": record.number,
        "version": record.version,
        "state": record.state,
        "outcome": record.outcome,
        "companies": {side: company.name for side, company in found.companies.items()},
        "own_numbers": found.own_numbers,
        "owner": found.who(record.owner_id) or None,
        "links": [link.number for link in found.links],
        "exported_at": now.isoformat(),
        "content": json.loads(content(found)),
        "signatures": [one.model_dump(exclude=INNER) for one in found.signatures],
        "journal": [{"body": entry.body, "hash": entry.hash} for entry in entries],
    }
    return json.dumps(told, indent=2, ensure_ascii=False, default=str)
