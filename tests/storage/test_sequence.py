"""Numbers are given without gaps or doubles, whoever asks at the same time."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import Session

from storage import sequence
from storage.database import Database
from storage.partnership import Partnership
from tests import support

pytestmark = pytest.mark.both_engines

TAKE_TEN = """
import sys
from storage import schema, sequence
from storage.database import Database
database = Database(sys.argv[1])
for _ in range(10):
    with database.writing() as session:
        print(sequence.take(session, int(sys.argv[2]), "DEV", 2026)[0])
database.close()
"""


def test_numbers_count_from_one(session: Session, there: Partnership) -> None:
    """The first number of a year is 0001, the next 0002."""
    taken = [sequence.take(session, there.id, "DEV", 2026)[0] for _ in range(3)]
    assert taken == ["DEV-2026-0001", "DEV-2026-0002", "DEV-2026-0003"]


@pytest.mark.parametrize(
    ("prefix", "year", "expected"),
    [("DEV", 2026, "DEV-2026-0002"), ("OOS", 2026, "OOS-2026-0001"), ("DEV", 2027, "DEV-2027-0001")],
)
def test_each_kind_and_year_counts_alone(
    session: Session, there: Partnership, prefix: str, year: int, expected: str
) -> None:
    """Kinds and years have counters of their own."""
    sequence.take(session, there.id, "DEV", 2026)
    assert sequence.take(session, there.id, prefix, year)[0] == expected


def test_each_partnership_counts_alone(session: Session, there: Partnership) -> None:
    """A number taken by one partnership is still free in another."""
    other = support.set_up(session, "C0OTHER")
    sequence.take(session, there.id, "DEV", 2026)
    assert sequence.take(session, other.id, "DEV", 2026)[0] == "DEV-2026-0001"


def test_more_than_four_digits_go_on(session: Session, there: Partnership) -> None:
    """After 9999 comes 10000."""
    session.add(sequence.Sequence(partnership_id=there.id, prefix="DEV", year=2026, last=9999))
    assert sequence.take(session, there.id, "DEV", 2026)[0] == "DEV-2026-10000"


def test_a_failed_transaction_gives_its_number_back(database: Database, there: Partnership) -> None:
    """A rollback leaves no gap."""

    def fail() -> None:
        with database.writing() as session:
            assert sequence.take(session, there.id, "DEV", 2026)[0] == "DEV-2026-0001"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.writing() as session:
        assert sequence.take(session, there.id, "DEV", 2026)[0] == "DEV-2026-0001"


def test_threads_share_the_numbers_out(database: Database, there: Partnership) -> None:
    """Eight threads that ask at once get forty numbers, each once, none left out."""

    def take(_: int) -> str:
        with database.writing() as session:
            return sequence.take(session, there.id, "DEV", 2026)[0]

    with ThreadPoolExecutor(8) as pool:
        taken = sorted(pool.map(take, range(40)))
    assert taken == [f"DEV-2026-{n:04d}" for n in range(1, 41)]


def test_the_first_number_of_a_year_is_given_once(database: Database, there: Partnership) -> None:
    """Whoever asks while it is being taken waits, and gets the next one."""
    taken = support.one_after_the_other(database, lambda session: sequence.take(session, there.id, "DEV", 2027)[0])
    assert taken == ("DEV-2027-0001", "DEV-2027-0002")


def test_processes_share_the_numbers_out(database: Database, there: Partnership) -> None:
    """Three processes that ask at once get thirty numbers, each once, none left out."""
    command = [sys.executable, "-c", TAKE_TEN, database.url, str(there.id)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]  # noqa: S603 - our own
    outputs = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sorted("".join(outputs).split()) == [f"DEV-2026-{n:04d}" for n in range(1, 31)]
