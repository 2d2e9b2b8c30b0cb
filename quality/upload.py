"""Reading the files of tests and results that people give: asked for by a form, read when Slack has given them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import change, evidence, people, result, specification, uploads
from quality.change import Ref
from quality.evidence import SharedFile
from quality.files import check_known, clean_name, measure
from quality.people import Actor, require_part
from quality.refusal import FieldErrors, Refusal
from quality.tabular import MOST_BYTES, Table
from quality.uploads import Given
from storage import download, journal, outbox, partnership, person
from storage import record as stored
from storage import specification as kept
from storage.download import RESULTS, TESTS, Download
from storage.record import Kind, Record
from storage.result import ResultState, Verdict

FIELD = "file"
ENDINGS = ("csv", "xlsx")
MOST_TOLD = 25  # faults in a message; the rest is counted
MOST_DRAFTS = 8  # results to confirm that are shown with their buttons
COLUMNS = {TESTS: uploads.TEST_COLUMNS, RESULTS: uploads.RESULT_COLUMNS}


def ask_tests(session: Session, actor: Actor, ref: Ref, shared: Sequence[SharedFile], now: datetime) -> Record:
    """Take a file of tests for a proposed specification."""
    record = change.may(session, actor, ref.record_id, "upload_tests", now).record
    _ask(session, actor, record, shared, TESTS, {}, now)
    return record


def ask_results(
    session: Session, actor: Actor, specification_id: int, shared: Sequence[SharedFile], analysed_at: datetime | None,
    analyst: str, now: datetime,
) -> Record:  # fmt: skip
    """Take a file of results, which are judged against a specification."""
    require_part(session, actor, "record results")
    try:
        record = stored.get(session, actor.partnership.id, specification_id)
    except LookupError:
        record = None
    if record is None or record.kind is not Kind.SPECIFICATION or record.state not in kept.IN_FORCE:
        raise FieldErrors({"specification": "This is no specification in force here. Choose one of the list."})
    if analysed_at is not None and analysed_at > now:
        raise FieldErrors({"analysed_at": "This lies in the future. Give the time of the analysis."})
    given = {"analysed_at": analysed_at.isoformat() if analysed_at else None, "analyst": analyst}
    _ask(session, actor, record, shared, RESULTS, given, now)
    return record


def _ask(
    session: Session, actor: Actor, record: Record, shared: Sequence[SharedFile], purpose: str, given: dict[str, Any],
    now: datetime,
) -> None:  # fmt: skip
    for one in shared:
        if one.name and (fault := _fault(one)):
            raise FieldErrors({FIELD: fault})
        key = f"{purpose}:{record.id}:{one.file_id}"
        row = evidence.to_fetch(actor, record, one, key, now, purpose=purpose, given=given)
        if not download.put(session, [row]):
            raise FieldErrors({FIELD: "This file was given already. What became of it was told you by direct message."})


def _fault(shared: SharedFile) -> str | None:
    """Say what is wrong with a file by what is known of it before it is fetched."""
    name = clean_name(shared.name)
    if name.rpartition(".")[2].lower() not in ENDINGS:
        return f"“{name}” is neither a CSV nor an XLSX file. Save it as one of these."
    if shared.size is not None and shared.size > MOST_BYTES:
        return f"“{name}” has {measure(shared.size)}, and {measure(MOST_BYTES)} is the most that is read. Part it."
    try:
        check_known(name, shared.size)
    except Refusal as unfit:
        return str(unfit)
    return None


def unreadable(name: str, size: int) -> str | None:
    """Say why a file that was fetched is not read; None where it is."""
    return _fault(SharedFile("", name, size))


def going_on(session: Session, download_id: int, rows: int, judged: int, wrong: int, now: datetime) -> None:
    """Note how far the reading of a file has come, and tell who gave it."""
    wanted = download.find_waiting(session, download_id)
    if wanted is not None:
        before = (wanted.given or {}).get("wrong", 0)
        wanted.given = (wanted.given or {}) | {"rows": rows, "judged": judged, "wrong": before + wrong}
        _tell(session, wanted, f"upload:{wanted.id}:{judged}", now)


def _tell(session: Session, wanted: Download, key: str, now: datetime) -> None:
    outbox.put(session, wanted.partnership_id, "upload", key, now, to=wanted.person_id, download_id=wanted.id)


def count_faults(session: Session, download_id: int, table: Table, first: int, last: int, now: datetime) -> int:
    """Judge some rows of a file of results beforehand; gives in how many ways they are wrong."""
    wanted = download.find_waiting(session, download_id)
    return len(_judged(session, wanted, Table(table.lines[first:last]), now)[1]) if wanted is not None else 0


def _actor(session: Session, wanted: Download) -> Actor:
    there = partnership.get(session, wanted.partnership_id)
    both = partnership.companies(session, there.id)
    return Actor(there, both, person.get(session, there.id, wanted.person_id))


def _judged(session: Session, wanted: Download, table: Table, now: datetime) -> tuple[list[result.Held], list[str]]:
    record = stored.get(session, wanted.partnership_id, wanted.record_id)
    said = wanted.given or {}
    at = datetime.fromisoformat(said["analysed_at"]) if said.get("analysed_at") else None
    given = Given(record.id, at, said.get("analyst") or "")
    details, tests = kept.get(session, record.id), kept.list_tests(session, record.id)
    return uploads.results(wanted.name, table, given, _actor(session, wanted), record, details, tests, now)


def load_tests(session: Session, download_id: int, table: Table, source: str, now: datetime) -> None:
    """Add the tests of a file to its specification, all of them or none."""
    wanted = download.find_waiting(session, download_id)
    if wanted is None:
        return
    record = stored.get(session, wanted.partnership_id, wanted.record_id)
    forms, faults = uploads.tests(table, kept.list_tests(session, record.id))
    if not faults:
        faults = _added(session, wanted, record, forms, source, now)
    _done(session, wanted, faults, {"rows": len(table.lines)}, now)


def _added(
    session: Session, wanted: Download, record: Record, forms: Sequence[Any], source: str, now: datetime
) -> list[str]:
    try:
        with session.begin_nested():
            ref = Ref(record.id, record.version)
            specification.add_tests(session, _actor(session, wanted), ref, forms, source, now)
    except Refusal as refusal:
        return [str(refusal)]
    return []


def load_results(session: Session, download_id: int, table: Table, sha256: str, now: datetime) -> None:
    """Keep the results of a file, all of them or none; those outside their limits wait for a person to confirm them."""
    wanted = download.find_waiting(session, download_id)
    if wanted is None:
        return
    actor, counted = _actor(session, wanted), dict.fromkeys(map(str, Verdict), 0)
    held, wrong = _judged(session, wanted, table, now)
    wrong += [told for one in held if (told := _again(session, actor, one, now))]
    if not people.may_take_part(actor.person):
        wrong = ["You may not record results here any more."]
    if not wrong:
        rows = result.keep(session, actor, held, now)
        for one in rows:
            counted[str(one.verdict)] += 1
        drafts = [one.id for one in rows if one.state is ResultState.TO_CONFIRM]
        wanted.given = (wanted.given or {}) | {"waiting": drafts[:MOST_DRAFTS], "drafts": len(drafts)}
        _note_file(session, wanted, actor, {"rows": len(rows), "to confirm": len(drafts)}, sha256, now)
    _done(session, wanted, wrong, {"rows": len(table.lines), **counted}, now)


def _note_file(
    session: Session, wanted: Download, actor: Actor, counted: dict[str, int], sha256: str, now: datetime
) -> None:
    """Journal which file the results came from, so that the original can be told from any other."""
    told = {"file": wanted.name, "sha256 of the file": sha256, "slack_file": wanted.file_id, **counted}
    body = {"by": actor.signature(), "changes": change.told(told), "reason": None}
    journal.append(session, wanted.partnership_id, "result.loaded", now, body)


def _again(session: Session, actor: Actor, held: result.Held, now: datetime) -> str:
    """Say that a result is there already; nothing for a new one."""
    same = result.find_same(session, actor, held, now)
    where = held.form.source.rpartition(", ")[2].capitalize()
    return f"{where}, Result: {result.already(session, actor, same)} Take it out." if same else ""


def _done(session: Session, wanted: Download, faults: Sequence[str], counted: dict[str, int], now: datetime) -> None:
    told = {"faults": [one[:300] for one in faults[:MOST_TOLD]], "more": max(0, len(faults) - MOST_TOLD)}
    wanted.given = (wanted.given or {}) | counted | told
    wanted.done_at, wanted.outcome = now, "not kept" if faults else "kept"
    wanted.last_error, wanted.claimed_until = None, None
    _tell(session, wanted, f"upload:{wanted.id}:done", now)
