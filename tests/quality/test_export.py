"""Exports as use cases: who may have a pack, what they are told, and what the journal says of it."""

from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session

from quality import change, events, export, result
from quality.pack import scope
from quality.pack.make import Made
from quality.pack.scope import Scope, What
from quality.refusal import Refusal
from quality.result import ResultForm
from storage import bulk
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Record
from tests import support
from tests.packs import ALL, one
from tests.support import ANNA, BEN, CARLA, ELIF, GITA, NOW, actor

BATCH = Scope(What.BATCH, lot="AB-1001")
YEAR = Scope(What.PERIOD, start=date(2026, 1, 1), end=date(2026, 12, 31))
DEV = "DEV-2026-0001"


@pytest.fixture
def made(session: Session, there: Partnership) -> Record:
    """Log a deviation."""
    return support.log_deviation(session)


def pack(session: Session) -> Made:
    end = bulk.end_of(session, 1)
    assert end is not None
    return Made("a" * 64, 1234, end, {"records": 1})


@pytest.mark.parametrize("wanted", [one(DEV), BATCH, YEAR, ALL], ids=lambda wanted: wanted.what)
@pytest.mark.parametrize("roles", [(Role.QA,), (Role.HEAD,), (Role.VIEWER,), (Role.MEMBER,), (Role.MEMBER, Role.HEAD)])
def test_who_may_have_what(session: Session, made: Record, wanted: Scope, roles: tuple[Role, ...]) -> None:
    """A record and a batch: everybody on the roster; a period and everything: QA, heads of quality and viewers."""
    support.give_roles(session, CARLA, *roles)
    session.flush()
    if roles == (Role.MEMBER,) and wanted in (YEAR, ALL):
        says = support.refused(session, export.ask, actor(session, CARLA), wanted, NOW)
        assert says.startswith("Only QA or head of quality or viewer may have the pack of")
        return
    found = export.ask(session, actor(session, CARLA), wanted, NOW)
    assert (found.scope, found.there.id) == (wanted, made.partnership_id)


def test_another_channel_s_people_have_none_of_it(session: Session, made: Record) -> None:
    """Neither by number nor by id; a batch of the same name is another one there."""
    support.set_up(session, "C0OTHER")
    elsewhere = actor(session, GITA, "C0OTHER")
    support.refused(session, export.ask, elsewhere, one(DEV), NOW)
    support.refused(session, export.ask, elsewhere, BATCH, NOW)
    support.refused(session, export.ask_of, elsewhere, made.id, NOW)
    assert export.number_of(session, export.ask(session, actor(session, ANNA, "C0OTHER"), ALL, NOW)) == 0


def test_a_batch_that_results_alone_name(session: Session, there: Partnership) -> None:
    """A batch whose results all comply has no record, and its pack has them."""
    specified = support.effective(session, now=NOW)
    form = ResultForm(specified.id, "Assay", "CD-1", "99.6", NOW)
    result.record(session, actor(session, GITA), form, NOW)
    wanted = export.ask(session, actor(session, ANNA), Scope(What.BATCH, lot="cd-1"), NOW)
    assert export.number_of(session, wanted) == 0
    support.refused(session, export.ask, actor(session, ANNA), Scope(What.BATCH, lot="CD-2"), NOW)


def test_who_is_off_the_roster_has_none(session: Session, made: Record) -> None:
    """Asked at the act and once more when the pack is handed over."""
    ben = actor(session, BEN)
    wanted = export.ask(session, ben, ALL, NOW).scope
    support.give_roles(session, BEN, Role.MEMBER)
    support.refused(session, export.hand_over, actor(session, BEN), wanted, pack(session), NOW)
    assert "partnership.exported" not in support.events(session)


def test_a_record_s_export_is_an_entry_of_the_record(session: Session, made: Record) -> None:
    """With the pack's hash and who has it; version and signatures stay, nothing is said in the thread."""
    support.empty_outbox(session)
    version = made.version
    export.hand_over(session, actor(session, CARLA), one(DEV), pack(session), NOW)
    entry = support.last_entry(session)
    assert (entry.event, entry.record_id, entry.content["by"]["name"]) == ("deviation.exported", made.id, "Carla Diaz")
    assert entry.content["changes"] == {
        "pack": [None, "a" * 64],
        "bytes": [None, 1234],
        "as of entry": [None, entry.seq - 1],
    }
    assert events.said_of(entry) == f"exported it: {'a' * 64} is the SHA-256 of the pack"
    assert (made.version, support.newly_queued(session)) == (version, [])


def test_other_exports_are_entries_of_the_partnership(session: Session, made: Record) -> None:
    """With the scope in words, the number of records and the hash."""
    export.hand_over(session, actor(session, ELIF), YEAR, pack(session), NOW)
    entry = support.last_entry(session)
    assert (entry.event, entry.record_id) == ("partnership.exported", None)
    assert entry.content["changes"]["scope"] == [None, "Thu 1 Jan 2026 to Thu 31 Dec 2026"]
    assert entry.content["changes"]["pack"] == [None, "a" * 64]


def test_an_entry_of_an_earlier_version_reads_too(session: Session, made: Record) -> None:
    """Exports were journaled before packs had hashes."""
    change.note(session, actor(session, GITA), made, "exported", NOW)
    assert events.said_of(support.last_entry(session)) == "exported it"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("DEV-2026-0001", one(DEV)),
        (" capa-2026-0012 ", one("CAPA-2026-0012")),
        ("SPEC-2026-0001", one("SPEC-2026-0001")),
        ("batch AB  1001", Scope(What.BATCH, lot="AB 1001")),
        ("Batch 2026-01-01", Scope(What.BATCH, lot="2026-01-01")),
        ("2026-01-01 2026-12-31", YEAR),
        ("from 2026-01-01 to 2026-12-31", YEAR),
        ("2026-01-01, 2026-12-31", YEAR),
        ("ALL", ALL),
    ],
)
def test_what_can_stand_after_the_command(words: str, wanted: Scope) -> None:
    """A record, a batch, two days, or all; in whatever case."""
    assert scope.parse(words) == wanted


@pytest.mark.parametrize(
    "words", ["", "batch", "all of it", "2026-01-01", "1.1.2026 31.12.2026", "DEV-1", "DEV-2026-0001 x"]
)
def test_what_cannot(words: str) -> None:
    """The refusal says how each is written."""
    with pytest.raises(Refusal) as caught:
        scope.parse(words)
    assert "2026-01-" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (one(DEV), "inspection-pack-DEV-2026-0001"),
        (Scope(What.BATCH, lot="../A B:1\u202e"), "inspection-pack-batch-..-A-B-1"),
        (YEAR, "inspection-pack-2026-01-01-to-2026-12-31"),
        (ALL, "inspection-pack-all"),
    ],
)
def test_the_name_of_its_file_is_harmless(wanted: Scope, name: str) -> None:
    """Letters, digits, dots and dashes."""
    assert wanted.name == name
    assert not Path(wanted.name).is_absolute()
    assert "/" not in wanted.name
