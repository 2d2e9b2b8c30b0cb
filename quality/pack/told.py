"""A record as data: what stands in `records.jsonl`, and what pages and tables are made from.

Moments are ISO 8601 in UTC; people stand with their names and companies, as they are called now. A company's private
notes are no part of it, nor is anything that follows from the moment of the export.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from quality import words
from quality.content import content, digest, submitted_files
from quality.pack.gather import Gathered
from quality.sheet import PARTS, Sheet
from storage.capa import EffectivenessCheck
from storage.clock import Clock
from storage.evidence import Evidence
from storage.oos import Retest
from storage.record import Record
from storage.reply import Reply
from storage.signature import Signature
from storage.specification import SpecificationTest
from storage.table import Table

FACTS = ("number", "kind", "version", "state", "class_", "title", "product", "outcome", "void_reason")
MOMENTS = ("detected_at", "recorded_at", "acknowledged_at", "distributed_at", "closed_at")
CLOCK = (
    "name", "rule", "duty", "agreement_version", "agreement_row", "started_at", "due_at", "first_due_at", "extensions",
    "paused_seconds", "paused_at", "pause_ends_on", "stopped_at",
)  # fmt: skip
SIGNATURE = (
    "name", "company", "side", "role", "team_id", "user_id", "at", "zone", "meaning", "scope", "method", "version",
    "hash", "content", "voided_at", "voided_because",
)  # fmt: skip
FILE = ("name", "media_type", "size", "sha256", "description", "added_at", "kept_at")
REPORT = ("name", "answer", "reason", "answered_at", "filed_at")
LONGEST_NAME = 80
# Of the content, what there may be several of.
ALIKE: dict[str, type[Table]] = {
    "retests": Retest,
    "effectiveness_checks": EffectivenessCheck,
    "tests": SpecificationTest,
}


def told(found: Gathered, as_of: datetime) -> dict[str, Any]:
    """Give a record with all that belongs to it, as it was when the journal had its last entry."""
    sheet, record = found.sheet, found.sheet.record
    text = content(sheet)
    return {
        **_columns(record, FACTS),
        "batches": sheet.lots,
        "holds_batches": record.holds_batches,
        "logged_by": sheet.who(record.logged_by_id),
        "owner": sheet.who(record.owner_id) or None,
        **_columns(record, MOMENTS),
        "acknowledged_by": sheet.who(record.acknowledged_by_id) or None,
        "closed_by": sheet.who(record.closed_by_id) or None,
        "own_numbers": {str(side): number for side, number in sheet.own_numbers.items()},
        "links": [*_links(sheet.sources, "comes from"), *_links(sheet.followers, "led to")],
        "content": _in_fields_order(sheet, json.loads(text)),
        "content_sha256": digest(text),
        "signatures": [_signature(one) for one in sheet.signatures],
        "clocks": [_clock(one, as_of) for one in _by_due(sheet.clocks.values())],
        "reports_to_authorities": [_report(sheet, one) for one in sheet.reports],
        "request": _request(sheet),
        "evidence": _files(sheet),
        "thread": [_reply(one) for one in found.replies],
        "journal": [entry.seq for entry in found.entries],
    }


def _columns(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name.rstrip("_"): plain(getattr(row, name)) for name in names}


def plain(value: Any) -> Any:
    """Give a value as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _in_fields_order(sheet: Sheet, told: dict[str, Any]) -> dict[str, Any]:
    """Give a content in the order of its parts and their fields, for people; as data the order means nothing."""
    first, *later = PARTS[sheet.record.kind]
    parts = {"report": first} | {str(table.__tablename__): table for table in later}
    order = [*(name for name in parts if name in told), *(name for name in told if name not in parts)]
    alike = {name: [_in_order_of(table, one) for one in told.get(name, [])] for name, table in ALIKE.items()}
    ordered = {name: _in_order_of(table, told[name]) for name, table in parts.items() if name in told} | alike
    return {name: ordered.get(name, told[name]) for name in order}


def _in_order_of(table: type[Table], part: dict[str, Any]) -> dict[str, Any]:
    fields = [name.removesuffix("_id") for name in table.model_fields]
    return dict(sorted(part.items(), key=lambda one: fields.index(one[0]) if one[0] in fields else len(fields)))


def people_of(sheet: Sheet) -> dict[str, str]:
    """Give the names, with companies, of those whom the content names by Slack's ids."""
    return {f"{who.team_id}/{who.user_id}": sheet.named(who) for who in sheet.people.values()}


def _links(linked: Iterable[Record], how: str) -> list[dict[str, Any]]:
    return [{"how": how, "number": one.number, "title": one.title, "state": one.state} for one in linked]


def _signature(one: Signature) -> dict[str, Any]:
    return {**_columns(one, SIGNATURE), "signed": words.signed(one.at, one.zone), "counts": one.counts}


def _by_due(clocks: Iterable[Clock]) -> list[Clock]:
    return sorted(clocks, key=lambda one: (one.due_at, one.name))


def _clock(one: Clock, as_of: datetime) -> dict[str, Any]:
    return {**_columns(one, CLOCK), "state": one.state(as_of)}


def _report(sheet: Sheet, one: Any) -> dict[str, Any]:
    by = {"answered_by": sheet.who(one.answered_by_id) or None, "filed_by": sheet.who(one.filed_by_id) or None}
    return {**_columns(one, REPORT), **by}


def _request(sheet: Sheet) -> dict[str, Any] | None:
    asked = sheet.request
    if asked is None:
        return None
    said = words.request(asked.what, asked.wanted)
    by = sheet.who(asked.asked_by_id)
    return {"asked": said, "by": by, "at": plain(asked.asked_at), "reason": asked.reason}


def _files(sheet: Sheet) -> list[dict[str, Any]]:
    signed = {one.id for one in submitted_files(sheet)}
    return [
        {
            **_columns(one, FILE),
            "added_by": sheet.who(one.added_by_id),
            "submitted": one.id in signed,
            "file": place_of(sheet.record.number, place, one),
        }
        for place, one in enumerate(sheet.files, 1)
    ]


def place_of(number: str, place: int, file: Evidence) -> str:
    """Give where a file lies in the pack: its record, its place there, and what is harmless of its name."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", file.name).strip("._")
    stem, dot, ending = safe.rpartition(".")
    short = f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}" if dot and len(ending) < LONGEST_NAME else safe
    return f"attachments/{number}/{place:03}-{short[:LONGEST_NAME] or 'file'}"


def _reply(one: Reply) -> dict[str, Any]:
    return {
        "said_at": plain(one.said_at),
        "name": one.name,
        "team_id": one.team_id,
        "user_id": one.user_id,
        "text": one.text,
        "deleted_at": plain(one.deleted_at),
    }
