"""Reports to authorities: which records call for them, since when, by whose days, and what the sponsor's QA says."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from quality import authority, request
from quality.authority import REPORTS, Question
from quality.people import Profile
from storage import authority as stored
from storage import clock
from storage.authority import Answer, AuthorityReport
from storage.clock import Clock, ClockName
from storage.oos import ResultKind
from storage.partnership import Partnership, Side
from storage.person import Role
from storage.record import Asked, Class, Distributed, Outcome, Record, State
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, GITA, HOUR, NOW, actor, ref

FIELD_ALERT, BIOLOGIC, EU_DEFECT = REPORTS
YES, NO, UNKNOWN = Distributed.YES, Distributed.NO, Distributed.UNKNOWN


@pytest.fixture
def logged(session: Session, there: Partnership) -> Record:
    """Log an OOS of a distributed batch, everything so far sent."""
    made = support.log_oos(session, distributed=YES)
    support.empty_outbox(session)
    return made


def clock_of(session: Session, record: Record, name: ClockName) -> Clock:
    found = clock.find(session, record.id, name)
    assert found is not None
    return found


def running(session: Session, record: Record) -> set[ClockName]:
    session.flush()
    return {one.name for one in clock.list_running(session, record.id)} & set(REPORTS)


def report(session: Session, record: Record, name: ClockName = FIELD_ALERT) -> AuthorityReport:
    found = stored.find(session, record.id, name)
    assert found is not None
    return found


def asked(session: Session, record: Record, name: ClockName = FIELD_ALERT) -> Question:
    """Name a question as a button drawn just now does."""
    return Question(record.id, name, report(session, record, name).answer or "")


def answer(
    session: Session, record: Record, said: Answer, name: ClockName = FIELD_ALERT,
    *, who: Profile = ANNA, reason: str = "", now: datetime = NOW,
) -> None:  # fmt: skip
    question = asked(session, record, name)
    authority.answer(session, actor(session, who), question, said, reason, now)
    session.flush()


def file(
    session: Session, record: Record, name: ClockName = FIELD_ALERT, *, who: Profile = ANNA, now: datetime = NOW
) -> None:
    authority.file(session, actor(session, who), asked(session, record, name), now, now)
    session.flush()


# Which records call for reports


@pytest.mark.parametrize(
    ("class_", "distributed", "calls"),
    [
        (Class.MINOR, YES, False),
        (Class.MAJOR, YES, True),
        (Class.CRITICAL, YES, True),
        (Class.MAJOR, NO, False),
        (Class.CRITICAL, UNKNOWN, False),
    ],
)
def test_a_serious_deviation_of_a_distributed_batch_calls_for_reports(
    session: Session, there: Partnership, class_: Class, distributed: Distributed, *, calls: bool
) -> None:
    """Suspected is enough: the clocks start as it is logged."""
    made = support.log_deviation(session, class_=class_, distributed=distributed)
    assert running(session, made) == (set(REPORTS) if calls else set())


@pytest.mark.parametrize(
    ("kind", "result", "distributed", "calls"),
    [
        (ResultKind.OOS, "94.2", YES, True),
        (ResultKind.OOS, "94.2", NO, False),
        (ResultKind.OOS, "94.2", UNKNOWN, False),
        (ResultKind.OOT, "96.0", YES, False),
    ],
)
def test_an_oos_of_a_distributed_batch_calls_for_reports(
    session: Session, there: Partnership, kind: ResultKind, result: str, distributed: Distributed, *, calls: bool
) -> None:
    """A result out of trend is within its limits."""
    made = support.log_oos(session, result_kind=kind, result=result, distributed=distributed)
    assert running(session, made) == (set(REPORTS) if calls else set())


def test_a_capa_calls_for_none(session: Session, there: Partnership) -> None:
    """Its sources do."""
    assert running(session, support.log_capa(session)) == set()


# How long the sponsor has

FIRST_NOTICES = [
    # 21 CFR 314.81(b)(1): three working days of the US federal calendar, whatever is closed in Germany.
    (datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC)),  # over Thanksgiving and a weekend
    (datetime(2026, 11, 25, 9, tzinfo=UTC), datetime(2026, 12, 1, 16, tzinfo=UTC)),
    (datetime(2026, 11, 28, 9, tzinfo=UTC), datetime(2026, 12, 2, 16, tzinfo=UTC)),  # a Saturday
    (datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 4, 16, tzinfo=UTC)),
    (datetime(2026, 12, 24, 9, tzinfo=UTC), datetime(2026, 12, 30, 16, tzinfo=UTC)),  # Christmas
    (datetime(2027, 3, 24, 9, tzinfo=UTC), datetime(2027, 3, 29, 15, tzinfo=UTC)),  # Easter is no federal holiday
    (datetime(2027, 7, 1, 9, tzinfo=UTC), datetime(2027, 7, 7, 15, tzinfo=UTC)),  # Independence Day, observed on Monday
    (datetime(2026, 11, 10, 9, tzinfo=UTC), datetime(2026, 11, 16, 16, tzinfo=UTC)),  # Veterans Day
]


@pytest.mark.parametrize(("notice", "due_at"), FIRST_NOTICES, ids=[str(notice.date()) for notice, _ in FIRST_NOTICES])
def test_a_field_alert_is_due_in_three_federal_working_days(
    session: Session, there: Partnership, notice: datetime, due_at: datetime
) -> None:
    """From the sponsor's first notice, which is the post in the channel."""
    made = support.log_oos(session, now=notice, distributed=YES)
    found = clock_of(session, made, FIELD_ALERT)
    assert (found.started_at, found.due_at) == (notice, due_at)
    assert found.rule == "21 CFR 314.81(b)(1): 3 working days from the sponsor's first notice"


def test_a_biologic_has_45_days_from_awareness(session: Session, there: Partnership) -> None:
    """Calendar days, from when either company learned of it, not from when it was logged."""
    made = support.log_deviation(session, distributed=YES, detected_at=NOW - 10 * DAY)
    found = clock_of(session, made, BIOLOGIC)
    assert (found.started_at, found.due_at) == (NOW - 10 * DAY, datetime(2026, 12, 29, 16, tzinfo=UTC))
    assert found.rule == "21 CFR 600.14: 45 calendar days from awareness"


def test_an_eu_defect_counts_from_the_answer_that_it_is_needed(session: Session, there: Partnership) -> None:
    """One working day of both companies; until it is answered, from the first notice."""
    notice = datetime(2027, 3, 24, 9, tzinfo=UTC)
    made = support.log_oos(session, now=notice, distributed=YES)
    assert clock_of(session, made, EU_DEFECT).due_at == datetime(2027, 3, 25, 16, tzinfo=UTC)
    answer(session, made, Answer.NEEDED, EU_DEFECT, now=notice + DAY)
    # Good Friday and Easter Monday are no working days in Germany.
    assert clock_of(session, made, EU_DEFECT).due_at == datetime(2027, 3, 30, 15, tzinfo=UTC)
    due = support.last_entry(session).content["changes"]["due"]
    assert due == ["2027-03-25T16:00:00+00:00", "2027-03-30T15:00:00+00:00"]


def test_a_changed_mind_buys_no_time(session: Session, there: Partnership, logged: Record) -> None:
    """The first confirmation sets the EU's clock, whatever is said afterwards."""
    answer(session, logged, Answer.NEEDED, EU_DEFECT, now=NOW + HOUR)
    due_at = clock_of(session, logged, EU_DEFECT).due_at
    for days, said in enumerate((Answer.NOT_NEEDED, Answer.UNKNOWN, Answer.NEEDED), start=1):
        answer(session, logged, said, EU_DEFECT, reason="On second thoughts.", now=NOW + days * DAY)
    assert clock_of(session, logged, EU_DEFECT).due_at == due_at
    assert EU_DEFECT in running(session, logged)


@pytest.mark.parametrize("name", [FIELD_ALERT, BIOLOGIC])
def test_the_other_clocks_do_not_wait_for_an_answer(session: Session, logged: Record, name: ClockName) -> None:
    """They run from the notice, not from its confirmation."""
    due_at = clock_of(session, logged, name).due_at
    answer(session, logged, Answer.NEEDED, name, now=NOW + DAY)
    assert clock_of(session, logged, name).due_at == due_at


# What is learned later


def test_distribution_learned_with_the_investigation_counts_from_that_notice(
    session: Session, there: Partnership
) -> None:
    """Until then there was no information about a distributed batch; the biologic counts from awareness in any case."""
    made = support.log_deviation(session, distributed=UNKNOWN)
    later = NOW + 10 * DAY
    support.submit(session, made, later, distributed=YES)
    found = clock_of(session, made, FIELD_ALERT)
    assert (found.started_at, found.due_at) == (later, datetime(2026, 12, 9, 16, tzinfo=UTC))
    assert clock_of(session, made, EU_DEFECT).started_at == later
    assert clock_of(session, made, BIOLOGIC).started_at == NOW
    changes = [entry.content["changes"] for entry in support.entries(session, made)]
    assert ["Unknown", "Yes"] in [change.get("distributed") for change in changes]


def test_distribution_learned_in_phase_2_starts_the_clocks(session: Session, there: Partnership) -> None:
    """An OOS has the same question there."""
    made = support.phase_1(session, support.log_oos(session, distributed=NO))
    support.phase_2(session, made, NOW + 2 * DAY, distributed=YES)
    assert running(session, made) == set(REPORTS)
    assert clock_of(session, made, FIELD_ALERT).started_at == NOW + 2 * DAY


def test_raising_the_class_starts_the_clocks(session: Session, there: Partnership) -> None:
    """A minor deviation of a distributed batch that turns out to be major."""
    made = support.log_deviation(session, class_=Class.MINOR, distributed=YES)
    request.reclassify(session, actor(session, ELIF), ref(made), Class.MAJOR, "Worse.", NOW + DAY)
    assert running(session, made) == set(REPORTS)
    assert clock_of(session, made, FIELD_ALERT).started_at == NOW


def test_lowering_the_class_stops_none(session: Session, there: Partnership) -> None:
    """Only an answer or a filing does."""
    made = support.log_deviation(session, distributed=YES)
    support.ask(session, ELIF, made, Asked.LOWER)
    request.agree(session, actor(session, ANNA), ref(made), NOW)
    assert (made.class_, running(session, made)) == (Class.MINOR, set(REPORTS))


def test_the_clocks_start_once(session: Session, logged: Record) -> None:
    """What was answered is not asked again when the record moves on."""
    answer(session, logged, Answer.NOT_NEEDED, reason="No NDA.")
    support.phase_2(session, support.phase_1(session, logged), distributed=YES)
    assert running(session, logged) == {BIOLOGIC, EU_DEFECT}
    assert support.events(session, logged).count("oos.reports_asked") == 1


# Who is asked, and who answers


def test_the_sponsors_qa_are_asked(session: Session, there: Partnership) -> None:
    """In the thread, one question for each report; each of the sponsor's QA by one direct message."""
    support.empty_outbox(session)
    made = support.log_oos(session, distributed=YES)
    rows = support.newly_queued(session)
    assert [row.about["name"] for row in rows if row.kind == "question"] == list(REPORTS)
    assert [support.told(session, row) for row in rows if row.kind == "questions"] == ["Anna Berg", "Ben Ortiz"]
    entry = support.last_entry(session)
    assert (entry.event, set(entry.content["changes"])) == ("oos.reports_asked", set(REPORTS))
    assert report(session, made).answer is None


@pytest.mark.parametrize("who", [CARLA, ELIF, GITA], ids=["sponsor member", "CMO QA", "CMO member"])
def test_only_the_sponsors_qa_answers(session: Session, logged: Record, who: Profile) -> None:
    """A CMO never takes the sponsor's decision."""
    by, question = actor(session, who), asked(session, logged)
    told = support.refused(session, authority.answer, by, question, Answer.NEEDED, "", NOW)
    assert "Anna Berg (Aurora), Ben Ortiz (Aurora)" in told or "only QA of Aurora" in told
    support.refused(session, authority.file, by, question, NOW, NOW)


def test_an_unconfirmed_sponsor_answers_nothing(session: Session, logged: Record) -> None:
    """It confirms the partnership first."""
    anna = actor(session, ANNA)
    anna.companies[Side.SPONSOR].confirmed_at = None
    told = support.refused(session, authority.answer, anna, asked(session, logged), Answer.NEEDED, "", NOW)
    assert told.startswith("Aurora has not confirmed this partnership yet")


def test_a_viewer_of_the_sponsor_answers_nothing(session: Session, logged: Record) -> None:
    """Whoever they were before."""
    support.give_roles(session, ANNA, Role.VIEWER)
    by, question = actor(session, ANNA), asked(session, logged)
    support.refused(session, authority.answer, by, question, Answer.NEEDED, "", NOW)


def test_not_needed_needs_a_reason(session: Session, logged: Record) -> None:
    """It stops the clock and its reminders, and the reason is kept."""
    by, question = actor(session, ANNA), asked(session, logged)
    errors = support.field_errors(session, authority.answer, by, question, Answer.NOT_NEEDED, "", NOW)
    assert errors == {"reason": "Say why the report is not needed."}
    answer(session, logged, Answer.NOT_NEEDED, reason="Not under an NDA.")
    found = clock_of(session, logged, FIELD_ALERT)
    assert (found.stopped_at, found.next_at) == (NOW, None)
    assert (report(session, logged).reason, report(session, logged).is_settled) == ("Not under an NDA.", True)
    entry = support.last_entry(session)
    assert (entry.event, entry.content["reason"]) == ("oos.report_answered", "Not under an NDA.")
    assert entry.content["changes"] == {"report": [None, "field alert"], "answer": [None, "Not needed"]}


@pytest.mark.parametrize("said", [None, Answer.UNKNOWN, Answer.NEEDED])
def test_what_is_not_settled_runs_on(session: Session, logged: Record, said: Answer | None) -> None:
    """An unanswered question counts as running, and so does an unknown."""
    if said is not None:
        answer(session, logged, said)
    assert FIELD_ALERT in running(session, logged)
    assert not report(session, logged).is_settled


def test_an_answer_can_be_corrected(session: Session, logged: Record) -> None:
    """From not needed to needed the clock runs again, for the date it always had."""
    due_at = clock_of(session, logged, FIELD_ALERT).due_at
    answer(session, logged, Answer.NOT_NEEDED, reason="No NDA.")
    answer(session, logged, Answer.NEEDED, who=BEN, now=NOW + HOUR)
    found = clock_of(session, logged, FIELD_ALERT)
    assert (found.stopped_at, found.due_at) == (None, due_at)
    assert support.last_entry(session).content["changes"]["answer"] == ["Not needed", "Needed"]


def test_an_answer_given_meanwhile_is_told(session: Session, logged: Record) -> None:
    """Two who answer at once: the second sees what the first said, and when."""
    old = asked(session, logged)
    answer(session, logged, Answer.NEEDED, who=BEN)
    by = actor(session, ANNA)
    told = support.refused(session, authority.answer, by, old, Answer.NOT_NEEDED, "No NDA.", NOW)
    assert told == "Ben Ortiz answered meanwhile: Needed on 24 Nov 2026 09:00 UTC. Look at it first."
    support.refused(session, authority.file, by, old, NOW, NOW)


# Filing


def test_filing_stops_the_clock(session: Session, logged: Record) -> None:
    """The journal keeps when it was filed and who recorded it; it answers the question, too."""
    filed_at = NOW + DAY
    question = asked(session, logged)
    authority.file(session, actor(session, BEN), question, filed_at, filed_at + HOUR)
    found = report(session, logged)
    assert (found.filed_at, found.answer, found.is_settled) == (filed_at, Answer.NEEDED, True)
    assert found.filed_by_id == support.row_of(session, BEN).id
    assert clock_of(session, logged, FIELD_ALERT).stopped_at == filed_at + HOUR
    assert running(session, logged) == {BIOLOGIC, EU_DEFECT}
    entry = support.last_entry(session)
    assert entry.content["changes"] == {"report": [None, "field alert"], "filed": [None, "25 Nov 2026 09:00 UTC"]}


def test_what_was_filed_is_answered_no_more(session: Session, logged: Record) -> None:
    """Whoever comes later is told who filed it and when."""
    file(session, logged)
    by, question = actor(session, BEN), asked(session, logged)
    for act in (
        lambda s: authority.answer(s, by, question, Answer.NOT_NEEDED, "No NDA.", NOW),
        lambda s: authority.file(s, by, question, NOW, NOW),
    ):
        told = support.refused(session, act)
        assert told == "Anna Berg recorded the filing of the field alert already: 24 Nov 2026 09:00 UTC."


@pytest.mark.parametrize("filed_at", [NOW + timedelta(minutes=1), NOW - 2 * DAY], ids=["future", "before the event"])
def test_a_filing_has_a_time_that_can_be(session: Session, logged: Record, filed_at: datetime) -> None:
    """Neither to come nor before the event."""
    by, question = actor(session, ANNA), asked(session, logged)
    assert set(support.field_errors(session, authority.file, by, question, filed_at, NOW)) == {"filed_at"}


def test_what_no_record_calls_for_is_not_answered(session: Session, there: Partnership) -> None:
    """Nor in another channel's."""
    made = support.log_oos(session)
    by, question = actor(session, ANNA), Question(made.id, FIELD_ALERT, "")
    support.refused(session, authority.answer, by, question, Answer.NEEDED, "", NOW)
    support.set_up(session, "C0OTHER")
    foreign = support.log_deviation(session, channel_id="C0OTHER", distributed=YES)
    elsewhere = Question(foreign.id, FIELD_ALERT, "")
    support.refused(session, authority.answer, by, elsewhere, Answer.NEEDED, "", NOW)


# Closing and voiding


def test_closing_the_record_stops_no_report(session: Session, logged: Record) -> None:
    """A report is due even when the matter was solved sooner, and is answered and filed afterwards."""
    support.phase_1(session, logged, support.CAUSE)
    for who in (ELIF, ANNA):
        support.sign(session, who, logged)
    assert (logged.state, logged.outcome) == (State.CLOSED, Outcome.INVALIDATED)
    assert running(session, logged) == set(REPORTS)
    assert clock_of(session, logged, FIELD_ALERT).next_at is not None
    file(session, logged)
    assert running(session, logged) == {BIOLOGIC, EU_DEFECT}


def test_a_record_with_an_open_report_is_not_voided(session: Session, logged: Record) -> None:
    """Each of its reports is filed or not needed first."""
    by = actor(session, ELIF)
    settle = [
        lambda: answer(session, logged, Answer.NOT_NEEDED, FIELD_ALERT, reason="No NDA."),
        lambda: answer(session, logged, Answer.NOT_NEEDED, BIOLOGIC, reason="No biologic."),
        lambda: file(session, logged, EU_DEFECT),
    ]
    for one in settle:
        told = support.refused(session, request.void, by, ref(logged), "Logged twice.", NOW)
        assert told.startswith("A report to an authority about OOS-2026-0001 is still open.")
        one()
    assert request.void(session, by, ref(logged), "Logged twice.", NOW).state is State.VOID


def test_a_signature_stands_whatever_is_answered(session: Session, logged: Record) -> None:
    """Answers and filings are the sponsor's own, and no content of the investigation."""
    support.phase_1(session, logged, support.CAUSE)
    support.sign(session, ELIF, logged)
    answer(session, logged, Answer.NEEDED)
    file(session, logged, now=NOW + HOUR)
    assert [one.counts for one in support.sheet_of(session, logged).signatures] == [True]
