"""Logging a laboratory result: its kind has to agree with its limits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from quality import oos
from quality.refusal import FieldErrors
from quality.terms import LONGEST_AGO
from storage import clock
from storage import oos as stored
from storage.clock import ClockName
from storage.oos import ResultKind
from storage.partnership import Partnership
from storage.person import Role
from storage.record import State
from tests import support
from tests.support import GITA, NOW, OOS, actor

BOTH_KINDS = [ResultKind.OOS, ResultKind.OOT]


def errors_of(**changes: Any) -> dict[str, str]:
    try:
        oos.check(replace(OOS, **changes), NOW)
    except FieldErrors as refused:
        return refused.errors
    return {}


def test_a_result_is_in_phase_one(session: Session, there: Partnership) -> None:
    """Its title says what was found, and its clock counts working days from the result."""
    logged = support.log_oos(session)
    assert (logged.number, logged.state, logged.title) == ("OOS-2026-0001", State.PHASE_1, "Assay: 94.2 %")
    close = clock.find(session, logged.id, ClockName.CLOSE)
    assert close is not None
    assert (close.rule, close.due_at) == ("30 working days from the result", datetime(2027, 1, 8, 16, tzinfo=UTC))


def test_numbers_are_kept_as_they_were_reported(session: Session, there: Partnership) -> None:
    """A comma and trailing zeros stay."""
    logged = support.log_oos(session, result="94,20")
    assert stored.get(session, logged.id).result == "94,20"


@pytest.mark.parametrize(("kind", "result", "holds"), [("OOS", "94.2", True), ("OOT", "96.0", False)])
def test_only_an_oos_holds_its_batches(
    session: Session, there: Partnership, kind: str, result: str, *, holds: bool
) -> None:
    """Out of trend is still within the limits."""
    assert support.log_oos(session, result_kind=ResultKind(kind), result=result).holds_batches is holds


def test_logging_is_journalled_and_queued(session: Session, there: Partnership) -> None:
    """One entry with the values, one card, and one look for similar ones."""
    support.empty_outbox(session)
    support.log_oos(session)
    entry = support.last_entry(session)
    assert entry.event == "oos.logged"
    assert entry.content["changes"]["result"] == [None, "94.2"]
    assert entry.content["changes"]["upper"] == [None, "105.0"]
    assert [row.kind for row in support.newly_queued(session)] == ["card", "similar"]


@pytest.mark.parametrize(
    ("kind", "result", "field"),
    [
        (ResultKind.OOS, "94.94", None),
        (ResultKind.OOS, "94.95", "result"),  # rounds to 95.0 and complies
        (ResultKind.OOS, "95.0", "result"),
        (ResultKind.OOS, "105.04", "result"),
        (ResultKind.OOS, "105.05", None),
        (ResultKind.OOT, "94.94", "result_kind"),
        (ResultKind.OOT, "94.95", None),
        (ResultKind.OOT, "105.0", None),
        (ResultKind.OOT, "105.05", "result_kind"),
    ],
)
def test_the_kind_agrees_with_the_limits(kind: ResultKind, result: str, field: str | None) -> None:
    """An OOS within limits and an OOT outside are refused at the field to correct."""
    assert list(errors_of(result_kind=kind, result=result)) == ([field] if field else [])


@pytest.mark.parametrize("kind", BOTH_KINDS)
def test_without_limits_the_kind_is_believed(kind: ResultKind) -> None:
    """Where no limit is given there is nothing to compare."""
    assert errors_of(result_kind=kind, lower="", upper="") == {}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"result": "low"}, ["result"]),
        ({"lower": "x"}, ["lower"]),
        ({"upper": "105 %"}, ["upper"]),
        ({"result": "a", "lower": "b", "upper": "c"}, ["result", "lower", "upper"]),
        ({"lower": "105.0", "upper": "95.0"}, ["upper"]),
        ({"analysed_at": NOW + timedelta(minutes=1)}, ["analysed_at"]),
        ({"analysed_at": NOW + timedelta(minutes=1), "result": "low"}, ["result", "analysed_at"]),
        ({"analysed_at": NOW - LONGEST_AGO}, []),
        ({"analysed_at": NOW - LONGEST_AGO - timedelta(minutes=1)}, ["analysed_at"]),  # a slip of the year
        ({"lower": ""}, ["result"]),  # 94.2 is not above 105.0
        ({"upper": ""}, []),
    ],
)
def test_each_wrong_field_is_named(changes: dict[str, Any], fields: list[str]) -> None:
    """All that is wrong is said at once, each at its field."""
    assert list(errors_of(**changes)) == fields


def test_a_refused_result_writes_nothing(session: Session, there: Partnership) -> None:
    """The number is not used up."""
    support.field_errors(session, oos.log, actor(session, GITA), replace(OOS, result="low"), NOW)
    assert support.log_oos(session).number == "OOS-2026-0001"


def test_a_viewer_cannot_log(session: Session, there: Partnership) -> None:
    """A viewer is told who may."""
    support.give_roles(session, GITA, Role.VIEWER)
    told = support.refused(session, oos.log, actor(session, GITA), OOS, NOW)
    assert told.startswith("Only QA or member may log OOS results")
