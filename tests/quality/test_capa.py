"""Logging a CAPA: its sources, its owner, its due date."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from quality import capa
from quality.capa import CapaForm
from quality.terms import LONGEST_AGO
from storage import clock, record
from storage.capa import ActionType
from storage.clock import ClockName
from storage.partnership import Partnership
from storage.person import Role
from storage.record import State
from tests import support
from tests.support import FINN, GITA, NOW, actor


def form(session: Session, **changes: Any) -> CapaForm:
    made = CapaForm(
        title="Replace",
        problem="Leak",
        action_type=ActionType.CORRECTIVE,
        owner_id=support.row_of(session, FINN).id,
        due_on=date(2026, 12, 22),
        plan="Order.",
    )
    return replace(made, **changes)


def test_a_capa_is_planned_owned_and_due(session: Session, there: Partnership) -> None:
    """It is due at the end of the day that was set, and nobody has to acknowledge it."""
    logged = support.log_capa(session)
    assert (logged.number, logged.state, logged.holds_batches) == ("CAPA-2026-0001", State.PLANNED, False)
    assert logged.owner_id == support.row_of(session, FINN).id
    close = clock.find(session, logged.id, ClockName.CLOSE)
    assert close is not None
    assert (close.due_at, close.rule) == (datetime(2026, 12, 22, 16, tzinfo=UTC), "set with the CAPA")
    assert clock.find(session, logged.id, ClockName.ACKNOWLEDGE) is None


def test_sources_are_linked_and_say_so(session: Session, there: Partnership) -> None:
    """Each source's history, version and card show the CAPA."""
    sources = [support.log_deviation(session), support.log_oos(session)]
    logged = support.log_capa(session, sources=("DEV-2026-0001", "oos-2026-0001"))
    assert record.sources_of(session, logged.id) == sources
    assert [source.version for source in sources] == [2, 2]
    assert support.events(session, sources[0])[-1] == "deviation.linked"
    assert support.events(session, logged) == ["capa.logged", "capa.linked", "capa.linked"]
    assert support.last_entry(session).content["changes"] == {"link": [None, "CAPA-2026-0001"]}


def test_logging_is_journalled_and_queued(session: Session, there: Partnership) -> None:
    """The CAPA's card, both cards and lines of the link, and the owner's message."""
    source = support.log_deviation(session)
    support.empty_outbox(session)
    logged = support.log_capa(session, sources=(source.number,))
    assert support.events(session, logged) == ["capa.logged", "capa.linked"]
    found = {(row.kind, row.about["record_id"]) for row in support.newly_queued(session)}
    both = {(kind, one.id) for kind in ("card", "line") for one in (logged, source)}
    assert found == both | {("owner", logged.id)}


FARTHEST = NOW.date() + LONGEST_AGO
DUE_ON = [
    (NOW.date(), True),
    (NOW.date() - timedelta(days=1), False),
    (FARTHEST, True),
    (FARTHEST + timedelta(days=1), False),
]


@pytest.mark.parametrize(("due_on", "allowed"), DUE_ON)
def test_a_due_date_is_today_or_within_five_years(
    session: Session, there: Partnership, due_on: date, *, allowed: bool
) -> None:
    """A day that is past, or so far ahead that the year is a slip, is refused at its field."""
    given = form(session, due_on=due_on)
    if allowed:
        assert capa.log(session, actor(session, GITA), given, NOW).number == "CAPA-2026-0001"
    else:
        assert set(support.field_errors(session, capa.log, actor(session, GITA), given, NOW)) == {"due_on"}


def test_a_source_named_twice_is_linked_once(session: Session, there: Partnership) -> None:
    """It has one line in its history."""
    source = support.log_deviation(session)
    logged = support.log_capa(session, sources=(source.number, source.number))
    assert record.sources_of(session, logged.id) == [source]
    assert support.events(session, source) == ["deviation.logged", "deviation.linked"]


def test_an_unknown_source_is_refused(session: Session, there: Partnership) -> None:
    """Nothing is saved when one of the sources is not there, and the message names it."""
    support.log_deviation(session)
    given = form(session, sources=("DEV-2026-0001", "DEV-2026-0009"))
    errors = support.field_errors(session, capa.log, actor(session, GITA), given, NOW)
    assert "DEV-2026-0009" in errors["sources"]


def test_another_channels_record_is_no_source(session: Session, there: Partnership) -> None:
    """Numbers are looked for in this partnership alone."""
    support.set_up(session, "C0OTHER")
    support.log_deviation(session, channel_id="C0OTHER")
    given = form(session, sources=("DEV-2026-0001",))
    assert set(support.field_errors(session, capa.log, actor(session, GITA), given, NOW)) == {"sources"}


def test_the_owner_has_to_take_part(session: Session, there: Partnership) -> None:
    """A viewer, a removed person and an unknown one cannot own."""
    support.give_roles(session, FINN, Role.VIEWER)
    gone = support.remove(session, support.ELIF).id
    for owner_id in (support.row_of(session, FINN).id, gone, 999):
        given = form(session, owner_id=owner_id) if owner_id != 999 else replace(form(session), owner_id=999)
        assert set(support.field_errors(session, capa.log, actor(session, GITA), given, NOW)) == {"owner"}


def test_a_viewer_cannot_log(session: Session, there: Partnership) -> None:
    """A viewer is told who may."""
    support.give_roles(session, GITA, Role.VIEWER)
    assert "may log CAPAs" in support.refused(session, capa.log, actor(session, GITA), form(session), NOW)
