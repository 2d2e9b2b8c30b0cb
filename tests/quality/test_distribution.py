"""Whether a batch is distributed, said at any time: who says it, what it voids, and which clocks it starts."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from quality import authority, request
from quality.authority import REPORTS
from quality.people import Profile
from storage import clock
from storage.clock import ClockName
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Class, Distributed, Record, State
from tests import support
from tests.support import ANNA, CARLA, DAY, ELIF, GITA, NOW, actor, ref

YES, NO, UNKNOWN = Distributed.YES, Distributed.NO, Distributed.UNKNOWN
FIELD_ALERT, BIOLOGIC, EU_DEFECT = REPORTS
REASON = "Shipped to the wholesaler in October."


def tell(
    session: Session, record: Record, now: datetime = NOW, *, who: Profile = CARLA, said: Distributed = YES
) -> Record:
    return authority.tell_distribution(session, actor(session, who), ref(record), said, REASON, now)


def started(session: Session, record: Record) -> dict[ClockName, datetime]:
    session.flush()
    return {one.name: one.started_at for one in clock.list_running(session, record.id) if one.name in REPORTS}


@pytest.mark.parametrize("who", [ANNA, CARLA, ELIF, GITA], ids=["sponsor QA", "sponsor", "CMO QA", "CMO"])
def test_everybody_may_say_it(session: Session, there: Partnership, who: Profile) -> None:
    """Whoever learns it first says it; the journal keeps who, before and after, and why."""
    made = tell(session, support.log_deviation(session, distributed=UNKNOWN), who=who)
    entry = next(one for one in support.entries(session, made) if one.event == "deviation.distributed")
    assert (entry.content["changes"], entry.content["reason"]) == ({"distributed": ["Unknown", "Yes"]}, REASON)
    assert entry.content["by"]["name"] == who.name


def test_a_viewer_may_not_say_it(session: Session, there: Partnership) -> None:
    """A viewer reads."""
    made = support.log_deviation(session, distributed=UNKNOWN)
    support.give_roles(session, CARLA, Role.VIEWER)
    told = support.refused(session, authority.tell_distribution, actor(session, CARLA), ref(made), YES, REASON, NOW)
    assert told.startswith("*Batch distributed* on DEV-2026-0001 is for everybody on the roster (but viewers)")


def test_the_field_alert_counts_from_that_notice(session: Session, there: Partnership) -> None:
    """The information is whole when the sponsor hears that the batch is distributed; awareness stays what it was."""
    made, later = support.log_oos(session, distributed=UNKNOWN), NOW + 6 * DAY
    assert started(session, made) == {}
    tell(session, made, later)
    assert started(session, made) == {FIELD_ALERT: later, EU_DEFECT: later, BIOLOGIC: NOW}
    due = clock.find(session, made.id, FIELD_ALERT)
    assert due is not None
    assert due.due_at == datetime(2026, 12, 3, 16, tzinfo=UTC)


def test_a_later_no_and_yes_buys_no_time(session: Session, there: Partnership) -> None:
    """The first notice counts, whatever was said between."""
    made = support.log_deviation(session, class_=Class.MINOR, distributed=YES)
    tell(session, made, NOW + DAY, said=NO)
    tell(session, made, NOW + 2 * DAY, said=YES)
    assert started(session, made) == {}
    request.reclassify(session, actor(session, ELIF), ref(made), Class.MAJOR, "Worse.", NOW + 3 * DAY)
    assert started(session, made)[FIELD_ALERT] == NOW


def test_a_minor_deviation_raised_later_counts_from_the_notice(session: Session, there: Partnership) -> None:
    """A higher class starts the clocks from the day on which the batch was known to be distributed."""
    made = tell(session, support.log_deviation(session, class_=Class.MINOR, distributed=NO), NOW + DAY)
    request.reclassify(session, actor(session, ELIF), ref(made), Class.MAJOR, "Worse.", NOW + 3 * DAY)
    assert started(session, made)[FIELD_ALERT] == NOW + DAY


def test_it_voids_the_signatures_of_what_changed(session: Session, there: Partnership) -> None:
    """It is part of what was signed, so the first company signs anew; the record stays where it is."""
    made = support.submit(session, support.log_deviation(session, distributed=UNKNOWN))
    support.sign(session, ELIF, made)
    tell(session, made)
    (signed,) = support.sheet_of(session, made).signatures
    assert not signed.counts
    assert (made.state, made.awaits_cmo, made.awaits_sponsor) == (State.PENDING_APPROVAL, True, False)


def test_the_signatures_of_a_retest_plan_stand(session: Session, there: Partnership) -> None:
    """A plan does not hold it."""
    made = support.plan_retests(session, support.phase_1(session, support.log_oos(session, distributed=UNKNOWN)))
    support.sign(session, ELIF, made, "approve_plan")
    tell(session, made)
    assert [one.counts for one in support.sheet_of(session, made).signatures] == [True]


def test_what_is_said_already_is_refused_at_its_field(session: Session, there: Partnership) -> None:
    """Nothing is journaled that changes nothing."""
    made = support.log_deviation(session, distributed=NO)
    told = support.field_errors(session, authority.tell_distribution, actor(session, CARLA), ref(made), NO, REASON, NOW)
    assert told == {"distributed": "DEV-2026-0001 says No already. Choose another, or cancel."}


def test_phase_1_asks_for_it_too(session: Session, there: Partnership) -> None:
    """A laboratory cause ends an OOS in phase I, so it is asked there."""
    made = support.log_oos(session, distributed=UNKNOWN)
    form = support.replace(support.CAUSE, distributed=YES)
    support.phase_1(session, made, form, NOW + DAY)
    assert started(session, made)[FIELD_ALERT] == NOW + DAY
    assert support.last_entry(session).event == "oos.reports_asked"
