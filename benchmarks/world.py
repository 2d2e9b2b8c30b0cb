"""Databases to measure on: channels of two companies with six people each, and as many records as are wanted.

The rows are made by the database itself, from one statement for each table that both engines read; only the journal's
chain is reckoned here. Each channel has so many open records, half of them owned by the same person, and the rest of
its share closed: a channel's history grows, its open work does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, insert, text
from sqlmodel import Session

from quality.terms import DEFAULTS, as_data
from storage import journal
from storage.agreement import Agreement
from storage.database import Database
from storage.migrate import migrate
from storage.partnership import Company, Partnership, Side
from storage.person import Person, Role
from storage.table import Moment

TODAY = datetime.now(UTC).date()
# The last Tuesday's working hours: what is due is decided in them.
NOW = datetime.combine(TODAY - timedelta(days=(TODAY.weekday() - 1) % 7), time(9), UTC)
TEAMS = {Side.SPONSOR: "T0SPONSOR", Side.CMO: "T0CMO"}
PEOPLE = (Side.SPONSOR, Side.SPONSOR, Side.SPONSOR, Side.CMO, Side.CMO, Side.CMO)
CHUNK = 10_000
OPEN = 50  # in a channel
LOT = "TB-7"  # the batch that is asked for; as many records name it in each world
OF_LOT = 20
RARE = "zirconium"  # a word that as many records hold in each world
OF_RARE = 10


@dataclass(frozen=True)
class World:
    """How large a database is."""

    channels: int
    records: int
    open_each: int = OPEN  # in a channel
    with_texts: bool = True  # journal, search and batches as well

    @property
    def still_open(self) -> int:
        """How many records are open in all: the first ones."""
        return min(self.records, self.channels * self.open_each)


# n: a record, from 1; its channel is n % channels + 1. Written so that SQLite and PostgreSQL read the same.
NUMBERS = "WITH RECURSIVE r(n) AS (SELECT CAST(:first AS INTEGER) UNION ALL SELECT n + 1 FROM r WHERE n < :last) "
RECORDS = NUMBERS + (
    "INSERT INTO record (id, partnership_id, kind, number, version, state, class_, title, product, logged_side, "
    "logged_by_id, owner_id, holds_batches, turn, detected_at, recorded_at, closed_at, closed_by_id) "
    "SELECT n, n % :channels + 1, 'deviation', 'DEV-2026-' || n, 1, "
    "CASE WHEN n <= :still_open THEN 'Open' ELSE 'Closed' END, 'Major', "
    "'Yield below the limit in run ' || n, '', 'CMO', "
    "(n % :channels) * 6 + 4, (n % :channels) * 6 + 4 + (n / :channels) % 2, n <= :still_open, "
    "CASE WHEN n <= :still_open THEN 'CMO' END, {logged}, {logged}, "
    "CASE WHEN n > :still_open THEN CAST(:past AS {moment}) END, "
    "CASE WHEN n > :still_open THEN (n % :channels) * 6 + 1 END FROM r"
)
DEVIATIONS = NUMBERS + (
    "INSERT INTO deviation (record_id, happened, expected, location, distributed, immediate_action) "
    "SELECT n, '87.9 % against at least 90.0 %', '', '', 'No', '' FROM r"
)
CLOCKS = NUMBERS + (
    "INSERT INTO clock (id, partnership_id, record_id, name, rule, duty, agreement_version, agreement_row, started_at, "
    "due_at, first_due_at, extensions, paused_seconds, stopped_at, next_at) "
    "SELECT n, n % :channels + 1, n, 'close', '45 calendar days from detection', 'the owner', 1, 7, {logged}, "
    ":due, :due, 0, 0, "
    "CASE WHEN n > :still_open THEN CAST(:past AS {moment}) END, "
    "CASE WHEN n <= :still_open THEN CAST(:later AS {moment}) END FROM r"
)
# Of the open ones, so that they can be acknowledged.
ACKNOWLEDGE = NUMBERS + (
    "INSERT INTO clock (id, partnership_id, record_id, name, rule, duty, agreement_version, agreement_row, started_at, "
    "due_at, first_due_at, extensions, paused_seconds, next_at) "
    "SELECT :records + n, n % :channels + 1, n, 'acknowledge', '1 working day from notification', "
    "'the other company', 1, 5, {logged}, :due, :due, 0, 0, CAST(:later AS {moment}) FROM r WHERE n <= :still_open"
)
LOTS = NUMBERS + (
    "INSERT INTO record_batch (record_id, lot_key, lot, partnership_id) "
    "SELECT n, CASE WHEN {of_lot} THEN 'tb-7' ELSE 'tb-' || (n + 100) END, "
    "CASE WHEN {of_lot} THEN 'TB-7' ELSE 'TB-' || (n + 100) END, n % :channels + 1 FROM r"
)
WORDS_SQLITE = NUMBERS + (
    "INSERT INTO record_text (rowid, partnership, content) "
    "SELECT n, 'p' || (n % :channels + 1), 'DEV-2026-' || n || ' yield below the limit in run ' || n || {rare} FROM r"
)
WORDS_POSTGRES = NUMBERS + (
    "INSERT INTO record_text (record_id, words) SELECT n, array_to_tsvector(ARRAY("
    "SELECT DISTINCT (n % :channels + 1) || ':' || w FROM unnest("
    "string_to_array('dev 2026 ' || n || ' yield below the limit in run' || {rare}, ' ')) AS w)) FROM r"
)
# What is open was logged an hour ago; what is closed, in the past that no figure looks back to.
LOGGED = "CASE WHEN n <= :still_open THEN CAST(:now AS {moment}) ELSE CAST(:past AS {moment}) END"
# The first records of the first channel have the rare word, and the batch.
OF_FIRST = "(n % :channels = 0 AND n <= :channels * {many})"


def fill(database: Database, world: World) -> None:
    """Migrate a new database and fill it."""
    migrate(database)
    with database.writing() as session:
        for table, rows in ((Partnership, _partnerships), (Company, _companies), (Person, _people)):
            session.execute(insert(table), [*rows(world)])
        session.execute(insert(Agreement), [*_agreements(world)])
    sqlite = database.engine.dialect.name == "sqlite"
    rare = f"CASE WHEN {OF_FIRST.format(many=OF_RARE)} THEN ' {RARE}' ELSE '' END"
    statements = [RECORDS, DEVIATIONS, CLOCKS]
    statements += [ACKNOWLEDGE, LOTS, WORDS_SQLITE if sqlite else WORDS_POSTGRES] if world.with_texts else []
    moment = "TEXT" if sqlite else "TIMESTAMP WITH TIME ZONE"
    for statement in statements:
        ready = statement.format(
            moment=moment, logged=LOGGED.format(moment=moment), of_lot=OF_FIRST.format(many=OF_LOT), rare=rare
        )
        for first in range(1, world.records + 1, CHUNK * 10):
            with database.writing() as session:
                _run(session, ready, world, first)
    if world.with_texts:
        _chain(database, world)
    with database.writing() as session:
        if not sqlite:  # ids were given: the next ones are after them
            for table in ("record", "clock", "journal", "person", "partnership"):
                wanted = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}) + 1)"
                session.connection().exec_driver_sql(wanted)
        session.execute(
            text("INSERT INTO sequence (partnership_id, prefix, year, last) VALUES (1, 'DEV', :year, :last)"),
            {"year": NOW.year, "last": world.records + 100},
        )
        session.connection().exec_driver_sql("ANALYZE")


def _run(session: Session, statement: str, world: World, first: int) -> None:
    values = {
        "first": first, "last": min(first + CHUNK * 10 - 1, world.records), "channels": world.channels,
        "records": world.records, "still_open": world.still_open, "now": NOW - timedelta(hours=1),
        "past": NOW - timedelta(days=300), "due": NOW + timedelta(days=60),
        "later": NOW + timedelta(days=50),
    }  # fmt: skip
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    moments = [bindparam(name, type_=Moment) for name in ("now", "past", "due", "later") if name in used]
    session.connection().execute(text(statement).bindparams(*moments), used)


def _chain(database: Database, world: World) -> None:
    """Journal each record as logged: every channel's chain whole."""
    heads = dict.fromkeys(range(1, world.channels + 1), (0, journal.FIRST))
    at = NOW - timedelta(hours=1)
    rows = _entries(world, heads, at)
    while some := list(islice(rows, CHUNK)):
        with database.writing() as session:
            session.connection().execute(insert(journal.JournalEntry.__table__), some)  # type: ignore[attr-defined]
    ends = [{"partnership_id": pid, "seq": seq, "hash": end} for pid, (seq, end) in heads.items()]
    with database.writing() as session:
        session.execute(insert(journal.JournalHead), ends)


def _entries(world: World, heads: dict[int, tuple[int, str]], at: datetime) -> Iterator[dict[str, Any]]:
    by = {"name": "Person 3", "company": "CMO", "side": "CMO", "team": TEAMS[Side.CMO], "user": "U"}
    for number in range(1, world.records + 1):
        pid = number % world.channels + 1
        seq, before = heads[pid]
        told = {"record": f"DEV-2026-{number}", "version": 1, "by": by, "reason": None}
        told |= {"changes": {"title": [None, f"Yield below the limit in run {number}"], "class": [None, "Major"]}}
        body = journal.canonical({"seq": seq + 1, "event": "deviation.logged", "at": at.isoformat(), **told})
        heads[pid] = seq + 1, journal.link(before, body)
        yield {
            "id": number, "partnership_id": pid, "seq": seq + 1, "record_id": number, "event": "deviation.logged",
            "at": at, "body": body, "hash": heads[pid][1],
        }  # fmt: skip


def _partnerships(world: World) -> Iterator[dict[str, Any]]:
    for number in range(1, world.channels + 1):
        yield {
            "id": number, "channel_id": channel(number), "home_team_id": "T0SPONSOR", "time_zone": "Europe/Berlin",
            "digest_at": NOW.time(), "digest_days": "Mon Tue Wed Thu Fri", "figures_on": "Mon",
            "set_up_at": NOW - timedelta(days=30), "next_digest_at": NOW + timedelta(days=30),
        }  # fmt: skip


def channel(number: int) -> str:
    """Give the channel of a partnership; the first is the one that is acted in."""
    return "C0SHARED" if number == 1 else f"C0{number}"


def user(partnership_id: int, place: int) -> str:
    """Give the user id of a person; the first of the first partnership is Anna, of the sponsor's QA."""
    return "U0ANNA" if (partnership_id, place) == (1, 0) else f"U0{partnership_id}P{place}"


def _companies(world: World) -> Iterator[dict[str, Any]]:
    for number in range(1, world.channels + 1):
        for side, country in ((Side.SPONSOR, "US"), (Side.CMO, "DE")):
            yield {
                "partnership_id": number, "side": side, "name": f"{side} {number} (example)", "team_id": TEAMS[side],
                "country": country, "region": "", "closing_days": "", "confirmed_at": NOW,
            }  # fmt: skip


def _people(world: World) -> Iterator[dict[str, Any]]:
    for number in range(1, world.channels + 1):
        for place, side in enumerate(PEOPLE):
            yield {
                "id": (number - 1) * len(PEOPLE) + place + 1, "partnership_id": number, "team_id": TEAMS[side],
                "user_id": user(number, place), "side": side, "name": f"Person {place}", "joined_at": NOW,
                "roles": [Role.QA if place % 3 == 0 else Role.MEMBER], "time_zone": "Europe/Berlin", "active": True,
            }  # fmt: skip


def _agreements(world: World) -> Iterator[dict[str, Any]]:
    content = {"terms": [as_data(row) for row in DEFAULTS], "settings": {}}
    for number in range(1, world.channels + 1):
        yield {
            "partnership_id": number, "version": 1, "revision": 1, "content": content, "reason": "",
            "moves_clocks": False, "proposed_at": NOW, "in_force_at": NOW,
        }  # fmt: skip
