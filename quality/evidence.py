"""Evidence: files given with a record, noted at once, fetched from Slack afterwards, kept whole or not at all.

What was kept before the record was submitted is part of what is signed; what comes later is kept and journaled, and is
no part of it until the record is submitted again. So a file voids no signature.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from quality import change, people
from quality.change import Ref
from quality.content import submitted_at
from quality.files import LONGEST_NAME, Unfit, check_known, clean_name, examine, measure
from quality.people import Actor, Machine
from quality.refusal import FieldErrors, Refusal
from quality.sheet import Sheet, of_record
from storage import download, evidence, journal, outbox, partnership, person, receipt
from storage import record as records
from storage.download import Download
from storage.evidence import Evidence
from storage.journal import JournalEntry
from storage.record import Record

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
TOLD_AT = 2  # attempts that failed, before who uploaded a table is told
MOST_ATTEMPTS = 12  # with growing pauses: some seven hours
FIELD = "files"
SOON = timedelta(microseconds=1)


@dataclass(frozen=True)
class SharedFile:
    """A file as Slack names it when somebody shares it; of the other company's it may say no more than the id."""

    file_id: str
    name: str = ""
    size: int | None = None


@dataclass(frozen=True)
class Fetched:
    """A file with its bytes, as Slack gave it, that was looked into and may be kept."""

    name: str
    declared_type: str
    media_type: str
    sha256: str
    content: bytes


def examined(name: str, declared_type: str, content: bytes) -> Fetched:
    """Look into a file, which may take a while and so belongs into no transaction; Unfit where it may not be kept."""
    name = clean_name(name)
    kind = examine(name, content)
    return Fetched(name, declared_type[:LONGEST_NAME], kind.media_type, hashlib.sha256(content).hexdigest(), content)


def add(
    session: Session, actor: Actor, ref: Ref, shared: Sequence[SharedFile], description: str, now: datetime
) -> Record:
    """Take files from a form: what can be told at once is told at the field, the rest is fetched afterwards."""
    record = change.may(session, actor, ref.record_id, "evidence", now).record
    faults = [fault for fault in map(_fault, shared) if fault]
    if faults:
        raise FieldErrors({FIELD: " ".join(faults)})
    known = [one.name for one in shared if evidence.find(session, record.id, one.file_id)]
    if known:
        raise FieldErrors({FIELD: f"{clean_name(known[0])} is kept with {record.number} already. Leave it out."})
    ask(session, actor, record, shared, now, description=description)
    return record


def _fault(shared: SharedFile) -> str | None:
    if not shared.name:
        return None  # Slack says more when it is asked
    try:
        check_known(clean_name(shared.name), shared.size)
    except Unfit as unfit:
        return str(unfit)
    return None


def ask(
    session: Session, actor: Actor, record: Record, shared: Sequence[SharedFile], now: datetime, *,
    description: str = "", message_ts: str | None = None,
) -> int:  # fmt: skip
    """Note files to be fetched, each once with a record; gives how many are. One that failed before is tried anew."""
    told = {"description": description, "message_ts": message_ts}
    rows = [to_fetch(actor, record, one, f"{record.id}:{one.file_id}", now, **told) for one in shared]
    return download.put(session, rows) + sum(download.put_anew(session, row) for row in rows)


def to_fetch(actor: Actor, record: Record, shared: SharedFile, key: str, now: datetime, **told: Any) -> Download:
    """Give the note of a file that is to be fetched for a record, once by its key."""
    return Download(
        key=key[:80],
        partnership_id=record.partnership_id,
        record_id=record.id,
        person_id=actor.person.id,
        file_id=shared.file_id[:32],
        name=clean_name(shared.name),
        asked_at=now,
        next_at=now,
        **told,
    )


def keep(session: Session, download_id: int, fetched: Fetched, now: datetime) -> Evidence | None:
    """Keep a file that was fetched, and journal it; None when that was done before."""
    wanted = download.find_waiting(session, download_id)
    if wanted is None:
        return None
    found = of_record(session, wanted.partnership_id, wanted.record_id)
    last = submitted_at(found)
    kept = Evidence(
        partnership_id=wanted.partnership_id,
        record_id=wanted.record_id,
        name=fetched.name,
        declared_type=fetched.declared_type,
        media_type=fetched.media_type,
        size=len(fetched.content),
        sha256=fetched.sha256,
        description=wanted.description,
        added_by_id=wanted.person_id,
        added_at=wanted.asked_at,
        # Never before a submission that was there first, whatever another machine's clock says.
        kept_at=max(now, last + SOON) if last else now,
        file_id=wanted.file_id,
        message_ts=wanted.message_ts,
    )
    evidence.add(session, kept, fetched.content)
    found.record.files += 1
    wanted.done_at, wanted.outcome, wanted.last_error, wanted.claimed_until = now, "kept", None, None
    event = "evidence_added" if wanted.message_ts is None else "evidence_kept"
    told: dict[str, Any] = {"file": kept.name, "size": kept.size, "sha256": kept.sha256, "type": kept.media_type}
    told |= {"slack_file": kept.file_id, "reply": kept.message_ts}
    change.note(
        session, _giver(session, wanted), found.record, event, now,
        changes=change.told(told), reason=wanted.description or None,
    )  # fmt: skip
    return kept


def put_off(session: Session, download_id: int, why: str, now: datetime) -> None:
    """Try a file again after a growing pause; after many attempts it is given up, and the person told."""
    wanted = download.find_waiting(session, download_id)
    if wanted is None:
        return
    if wanted.attempts >= MOST_ATTEMPTS:
        again = f"It could not be fetched from Slack in {wanted.attempts} attempts: {why} Share it again."
        _give_up(session, wanted, again, now)
        return
    pause = min(FIRST_PAUSE * 2 ** min(wanted.attempts - 1, 12), LONGEST_PAUSE)
    wanted.next_at, wanted.last_error, wanted.claimed_until = now + pause, why[:300], None
    if wanted.attempts == TOLD_AT and wanted.purpose != download.EVIDENCE:  # somebody waits for what is read of it
        about = {"download_id": wanted.id}
        key = f"upload:{wanted.id}:late"
        outbox.put(session, wanted.partnership_id, "upload", key, now, to=wanted.person_id, **about)


def give_up(session: Session, download_id: int, why: str, now: datetime) -> None:
    """Do not keep a file; the journal says why, and the person is told what to do."""
    wanted = download.find_waiting(session, download_id)
    if wanted is not None:
        _give_up(session, wanted, why, now)


def _give_up(session: Session, wanted: Download, why: str, now: datetime) -> None:
    wanted.done_at, wanted.outcome, wanted.last_error, wanted.claimed_until = now, "not kept", why[:300], None
    if wanted.purpose != download.EVIDENCE:  # it was to be read, and nothing of it was
        about = {"download_id": wanted.id}
        outbox.put(session, wanted.partnership_id, "upload", f"upload:{wanted.id}", now, to=wanted.person_id, **about)
        return
    record = records.get(session, wanted.partnership_id, wanted.record_id)
    told = {"file": [None, wanted.name], "slack_file": [None, wanted.file_id]}
    giver = _giver(session, wanted)
    entry_id = change.note(session, giver, record, "evidence_not_kept", now, changes=told, reason=why)
    key = f"not kept:{entry_id}"
    outbox.put(session, record.partnership_id, "not kept", key, now, to=wanted.person_id, download_id=wanted.id)


def _giver(session: Session, wanted: Download) -> Actor:
    there = partnership.get(session, wanted.partnership_id)
    both = partnership.companies(session, there.id)
    return Actor(there, both, person.get(session, there.id, wanted.person_id))


def kept_with(session: Session, actor: Actor, record_id: int, now: datetime) -> tuple[Sheet, int]:
    """Give a record with its files, and how many are still to be fetched."""
    found = change.may(session, actor, record_id, "files", now)
    return found, download.count_waiting(session, record_id)


def hand_out(session: Session, actor: Actor, record_id: int, evidence_id: int, now: datetime) -> tuple[Evidence, bytes]:
    """Give a kept file back to a person; that it was done is journaled."""
    found = change.may(session, actor, record_id, "files", now)
    try:
        kept = evidence.get(session, record_id, evidence_id)
    except LookupError:
        raise Refusal(f"That file is not kept with {found.record.number}.") from None
    content = evidence.find_content(session, kept.id)
    if content is None or hashlib.sha256(content).hexdigest() != kept.sha256:
        raise LookupError(f"the bytes of evidence {kept.id} do not match their SHA-256")
    change.note(session, actor, found.record, "evidence_sent", now, changes={"file": [None, kept.name]})
    return kept, content


def deleted_in_slack(session: Session, file_id: str, now: datetime) -> None:
    """Journal that Slack says of a kept file that it was deleted there; what is kept stays."""
    for kept in evidence.list_of_file(session, file_id):
        if receipt.note(session, f"file deleted:{kept.id}", now) is not None:
            continue  # told to the other company's installation as well
        record = records.get(session, kept.partnership_id, kept.record_id)
        change.note(session, Machine(), record, "evidence_deleted", now, changes={"file": [None, kept.name]})


def verify(session: Session) -> Iterator[str | None]:
    """Hold every file that the journal tells of against its bytes; gives each one's fault."""
    told_of = 0
    for entry in journal.each(session, journal.list_files):
        told_of += 1
        yield _fault_of(session, entry)
    kept = evidence.count(session)
    if kept != told_of:
        yield f"{kept} files are kept, the journal knows of {told_of}"


def _fault_of(session: Session, entry: JournalEntry) -> str | None:
    body = entry.content
    said = {name: after for name, (_, after) in body["changes"].items()}
    where = f"{body['record']}: the file {said['file']}"
    kept = evidence.find(session, entry.record_id or 0, said["slack_file"])
    content = evidence.find_content(session, kept.id) if kept else None
    if kept is None or content is None:
        return f"{where} is gone"
    if (kept.name, kept.size, kept.sha256) != (said["file"], said["size"], said["sha256"]):
        return f"{where} is not what the journal says"
    if (len(content), hashlib.sha256(content).hexdigest()) != (kept.size, kept.sha256):
        return f"{where} does not match its SHA-256"
    session.expunge_all()
    return None


def told(kept: Evidence) -> str:
    """`scan.pdf (24 kB, SHA-256 0123456789ab)`."""
    return f"{kept.name} ({measure(kept.size)}, SHA-256 {kept.sha256[:12]})"


def may_give(actor: Actor) -> bool:
    """Whether files that a person shares in a thread are kept: whoever may comment, not who only reads."""
    return people.may_take_part(actor.person)
