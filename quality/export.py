"""A record as a file: its content, its signatures with what each signed, what files are kept with it, its journal."""

import json
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import change
from quality.content import content, submitted_files
from quality.people import Actor
from quality.sheet import Sheet
from storage import journal
from storage.evidence import Evidence

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
        "evidence": [_file(found, one) for one in found.files],
        "journal": [{"body": entry.body, "hash": entry.hash} for entry in entries],
    }
    return json.dumps(told, indent=2, ensure_ascii=False, default=str)


def _file(found: Sheet, kept: Evidence) -> dict[str, Any]:
    """Say what a file is, whose, and whether it is part of what is signed; its bytes stay in the database."""
    told = kept.model_dump(exclude={*INNER, "added_by_id"})
    return told | {"added_by": found.who(kept.added_by_id), "submitted": kept in submitted_files(found)}
