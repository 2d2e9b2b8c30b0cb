"""A record as a file: whole, readable, and enough to recompute every signature and the journal's links."""

import hashlib
import json
from typing import Any

import pytest
from sqlmodel import Session

from quality import export, request
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Record, State
from tests import support
from tests.support import ANNA, CARLA, ELIF, GITA, HOUR, NOW, actor, ref


@pytest.fixture
def closed(session: Session, there: Partnership) -> Record:
    """Log a deviation, send it back once and close it."""
    made = support.submit(session, support.log_deviation(session, title="Füllstraße: Überdruck"))
    support.sign(session, ELIF, made)
    request.send_back(session, actor(session, ANNA), ref(made), "Other batches?", NOW)
    support.log_capa(session, sources=(made.number,))
    support.submit(session, made, NOW + HOUR)
    for who in (ELIF, ANNA):
        support.sign(session, who, made, now=NOW + HOUR)
    return made


def exported(session: Session, record: Record) -> dict[str, Any]:
    _, text = export.of_record(session, actor(session, CARLA), record.id, NOW + 2 * HOUR)
    told: dict[str, Any] = json.loads(text)
    return told


def canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_a_file_says_what_the_record_is(session: Session, closed: Record) -> None:
    """Number, state, owner, companies, links and content, as they are now."""
    told = exported(session, closed)
    assert (told["record"], told["state"], told["version"]) == ("DEV-2026-0001", "Closed", closed.version)
    assert (told["owner"], told["links"]) == ("Gita Rao (Borealis)", ["CAPA-2026-0001"])
    assert told["companies"] == {"sponsor": "Aurora", "CMO": "Borealis"}
    assert told["content"]["title"] == "Füllstraße: Überdruck"
    assert told["content"]["investigation"]["root_cause"] == "The housing leaks at its seal."
    assert told["exported_at"] == (NOW + 2 * HOUR).isoformat()


def test_every_signature_can_be_recomputed_from_the_file(session: Session, closed: Record) -> None:
    """Those that count have the hash of the content beside them; the void ones, of what they keep themselves."""
    told = exported(session, closed)
    assert [(one["name"], one["voided_because"]) for one in told["signatures"]] == [
        ("Elif Kaya", "sent back by Anna Berg"),
        ("Elif Kaya", None),
        ("Anna Berg", None),
    ]
    present = hashlib.sha256(canonical(told["content"]).encode()).hexdigest()
    for one in told["signatures"]:
        assert one["hash"] == hashlib.sha256(one["content"].encode()).hexdigest()
        assert (one["hash"] == present) is (one["voided_at"] is None)


def test_a_signature_reads_whole(session: Session, closed: Record) -> None:
    """Printed name, company, role, time, zone and meaning; no ids of the database."""
    one = exported(session, closed)["signatures"][-1]
    assert (one["name"], one["company"], one["role"], one["zone"]) == ("Anna Berg", "Aurora", "QA", "Europe/Berlin")
    assert one["at"].startswith("2026-11-24 10:00:00")
    assert not {"id", "partnership_id", "record_id", "person_id"} & set(one)


def test_the_file_holds_the_whole_journal_of_the_record(session: Session, closed: Record) -> None:
    """From its logging on, in order, with what each entry's hash was made from, and that it was exported."""
    told = exported(session, closed)
    bodies = [json.loads(entry["body"]) for entry in told["journal"]]
    assert [body["event"] for body in bodies] == support.events(session, closed)
    assert (bodies[0]["event"], bodies[-1]["event"]) == ("deviation.logged", "deviation.exported")
    assert all(canonical(body) == entry["body"] for body, entry in zip(bodies, told["journal"], strict=True))


def test_exporting_changes_nothing_but_the_journal(session: Session, closed: Record) -> None:
    """Version and signatures stay, no card is drawn, nothing is said in the thread."""
    support.empty_outbox(session)
    version = closed.version
    exported(session, closed)
    assert (closed.version, support.newly_queued(session)) == (version, [])
    assert support.last_entry(session).content["by"]["name"] == "Carla Diaz"


def test_everybody_on_the_roster_exports(session: Session, closed: Record) -> None:
    """A viewer as well, and a void record as well; another channel's people do not."""
    support.give_roles(session, CARLA, Role.VIEWER)
    exported(session, closed)
    mistaken = support.log_deviation(session)
    request.void(session, actor(session, ELIF), ref(mistaken), "Logged twice.", NOW)
    assert exported(session, mistaken)["state"] == State.VOID
    support.set_up(session, "C0OTHER")
    elsewhere = actor(session, GITA, "C0OTHER")
    support.refused(session, export.of_record, elsewhere, closed.id, NOW)


def test_every_part_of_an_oos_and_of_a_capa_is_in_its_file(session: Session, there: Partnership) -> None:
    """Phases, plan and every retest; plan, implementation and every check."""
    made = support.phase_1(session, support.log_oos(session))
    support.plan_retests(session, made)
    for who in (ELIF, ANNA):
        support.sign(session, who, made, "approve_plan")
    support.retest(session, made)
    support.phase_2(session, made)
    content = exported(session, made)["content"]
    assert {"report", "phase_one", "retest_plan", "phase_two"} <= set(content)
    assert [one["result"] for one in content["retests"]] == ["94.4"]
    action = support.close(session, support.log_capa(session))
    content = exported(session, action)["content"]
    assert {"report", "implementation"} <= set(content)
    assert [one["outcome"] for one in content["effectiveness_checks"]] == ["Effective"]
