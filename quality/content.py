"""The canonical content of a record: what a signature signs, the same bytes for everybody who recomputes it.

Canonical JSON (sorted keys, no spaces, UTF-8), hashed by SHA-256. People stand in it by their Slack ids and companies
by their side, so that a new name changes nothing. Comments, links, owners, due dates and clocks are no part of it: they
may change while the content that was signed stands; the journal keeps them. Of the files, those are part of it that
were kept before the last part was submitted; the key is there only where there is such a file.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from quality.approval import PLAN, RECORD
from quality.sheet import PARTS, Sheet
from storage.evidence import Evidence
from storage.journal import canonical
from storage.oos import RetestPlan
from storage.record import Kind
from storage.table import Table

FORMAT = 1
FILE = ("name", "media_type", "size", "sha256", "description", "added_by_id", "added_at", "kept_at")  # of each file
LEFT_OUT = {"id", "record_id", "approved_at"}
# Where a row belongs, and what follows from the signatures themselves.
OF_SPECIFICATION = {
    *(
        "partnership_id",
        "product_key",
        "test_key",
        "lot_key",
        "in_force_from",
        "in_force_until",
        "retires_on",
        "removed_by_id",
    ),
}
NO_PLAN = frozenset({"distributed"})  # may become known after a plan was signed, and changes nothing of the plan


def content(sheet: Sheet, scope: str = RECORD) -> str:
    """Give the canonical content of a record as it is; of its plan alone, or up to a check, where that is the scope."""
    record = sheet.record
    first, *later = tables(record.kind, scope)
    told: dict[str, Any] = {
        "format": FORMAT,
        "scope": scope,
        "record": record.number,
        "class": record.class_,
        "title": record.title,
        "product": record.product,
        "batches": sorted(sheet.lots),  # by code points, whatever a database sorts by
        "logged_by": _person(sheet, record.logged_by_id),
        "logged_side": record.logged_side,
        "detected_at": _plain(record.detected_at),
        "recorded_at": _plain(record.recorded_at),
        "report": _columns(sheet, sheet.parts[first], NO_PLAN if scope == PLAN else frozenset()),
    }
    told |= {_name(table): _columns(sheet, sheet.parts[table]) for table in later if table in sheet.parts}
    if scope != PLAN:
        told["retests"] = [_columns(sheet, one) for one in sheet.retests]
        told["effectiveness_checks"] = [_columns(sheet, one) for one in sheet.checks[: _checks(scope)]]
    if record.kind is Kind.SPECIFICATION:
        told["tests"] = [_columns(sheet, one) for one in sheet.tests]
    files = [_file(sheet, one) for one in submitted_files(sheet, scope)]
    return canonical(told | ({"evidence": files} if files else {}))


def submitted_at(sheet: Sheet, scope: str = RECORD) -> datetime | None:
    """Give when the last of the parts was submitted that a scope takes in; None where none was."""
    parts = [sheet.parts[table] for table in tables(sheet.record.kind, scope) if table in sheet.parts]
    parts += [*sheet.retests, *sheet.checks[: _checks(scope)]]
    moments = [at for part in parts if (at := getattr(part, "submitted_at", None)) is not None]
    return max(moments, default=None)


def submitted_files(sheet: Sheet, scope: str = RECORD) -> list[Evidence]:
    """List the files that are part of the content: those kept before the last part was submitted; none of a plan."""
    last = submitted_at(sheet, scope) if scope != PLAN else None
    return [one for one in sheet.files if last is not None and one.kept_at < last]


def tables(kind: Kind, scope: str) -> list[type[Table]]:
    """List the parts of a record that a scope takes in, its first report first."""
    if scope != PLAN:
        return list(PARTS[kind])
    return [PARTS[kind][0], *([RetestPlan] if kind is Kind.OOS else [])]


def digest(text: str) -> str:
    """Give the SHA-256 of a canonical content."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checks(scope: str) -> int | None:
    """Tell how many checks a scope takes in: `check 2` the first two, the record all."""
    return int(scope.removeprefix("check ")) if scope.startswith("check ") else None


def _name(table: type[Table]) -> str:
    return str(table.__tablename__)


def _columns(sheet: Sheet, part: Table, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in part.model_dump(exclude=LEFT_OUT | OF_SPECIFICATION | leave_out).items():
        if name.endswith("_by_id"):
            values[name.removesuffix("_id")] = _person(sheet, value)
        else:
            values[name] = _plain(value)
    return values


def _file(sheet: Sheet, file: Evidence) -> dict[str, Any]:
    values = {name: getattr(file, name) for name in FILE}
    values["added_by"] = _person(sheet, values.pop("added_by_id"))
    return {name: _plain(value) for name, value in values.items()}


def _person(sheet: Sheet, person_id: int) -> str:
    who = sheet.people[person_id]
    return f"{who.team_id}/{who.user_id}"


def _plain(value: Any) -> Any:
    """Give a value as JSON has it: a moment in UTC, a day as ISO 8601 writes it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
