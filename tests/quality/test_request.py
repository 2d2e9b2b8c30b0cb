"""What is asked and has to be agreed to: extensions, lower classes, voiding, reopening; and sending back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, select

from quality import record as records
from quality import request
from quality.people import Profile
from storage import clock
from storage import request as stored
from storage.clock import Clock, ClockName, ClockState
from storage.partnership import Partnership
from storage.record import Asked, Class, Distributed, Outcome, Record, State
from storage.request import Request
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, FINN, GITA, HOUR, NOW, actor, ask, ref

LATER = date(2027, 1, 29)
PEOPLE = {"sponsor QA": ANNA, "sponsor member": CARLA, "CMO QA": ELIF, "CMO member": GITA}


@pytest.fixture
def logged(session: Session, there: Partnership) -> Record:
    """Log a major deviation that Gita owns and investigates, due on 8 January 2027."""
    return support.investigate(session, support.log_deviation(session))


def extend(session: Session, who: Profile, record: Record, due_on: date = LATER, now: datetime = NOW) -> Record:
    return request.ask_extension(session, actor(session, who), ref(record), due_on, "The part is late.", now)


def grant(session: Session, who: Profile, record: Record, now: datetime = NOW) -> Record:
    return request.grant(session, actor(session, who), ref(record), now)


def agree(session: Session, who: Profile, record: Record, now: datetime = NOW) -> Record:
    return request.agree(session, actor(session, who), ref(record), now)


def refuse(session: Session, who: Profile, record: Record) -> Record:
    return request.refuse(session, actor(session, who), ref(record), NOW)


def withdraw(session: Session, who: Profile, record: Record) -> Record:
    return request.withdraw(session, actor(session, who), ref(record), NOW)


def void(session: Session, who: Profile, record: Record) -> Record:
    return request.void(session, actor(session, who), ref(record), "Logged twice.", NOW)


def reclassify(session: Session, who: Profile, record: Record, class_: Class) -> Record:
    return request.reclassify(session, actor(session, who), ref(record), class_, "No effect.", NOW)


def close_clock(session: Session, record: Record) -> Clock:
    found = clock.find(session, record.id, ClockName.CLOSE)
    assert found is not None
    return found


def requests(session: Session, record: Record) -> list[Request]:
    session.flush()
    return list(session.exec(select(Request).where(Request.record_id == record.id).order_by(Request.id)).all())  # type: ignore[arg-type]


# Extensions


@pytest.mark.parametrize("who", ["sponsor QA", "sponsor member", "CMO QA"])
def test_only_the_owner_asks_for_an_extension(session: Session, logged: Record, who: str) -> None:
    """Others are told who that is."""
    told = support.refused(session, extend, PEOPLE[who], logged)
    assert told.endswith("is for the owner: Gita Rao (Borealis).")


def test_an_extension_is_asked_and_nothing_moves_yet(session: Session, logged: Record) -> None:
    """The request is journaled with its reason; the due date is what it was."""
    due_at = close_clock(session, logged).due_at
    extend(session, GITA, logged)
    assert (logged.asked, close_clock(session, logged).due_at) == (Asked.EXTEND, due_at)
    entry = support.last_entry(session)
    assert (entry.event, entry.content["reason"]) == ("deviation.asked", "The part is late.")
    assert entry.content["changes"] == {"asked": [None, "extend the due date to Fri 29 Jan 2027"]}


@pytest.mark.parametrize("who", [ANNA, ELIF], ids=["sponsor QA", "CMO QA"])
def test_qa_of_either_company_grants_the_first(session: Session, logged: Record, who: Profile) -> None:
    """The clock runs to the end of the new day and reminds anew; its rule and its first due time are kept."""
    extend(session, GITA, logged)
    grant(session, who, logged)
    due = close_clock(session, logged)
    assert (due.due_at, due.extensions) == (datetime(2027, 1, 29, 16, tzinfo=UTC), 1)
    assert (due.first_due_at, due.rule) == (datetime(2027, 1, 8, 16, tzinfo=UTC), "45 calendar days from detection")
    assert due.state(NOW) is ClockState.EXTENDED
    assert due.next_at == datetime(2027, 1, 22, 7, tzinfo=UTC)
    assert logged.asked is None
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("deviation.extended", who.name)
    assert entry.content["changes"]["due"] == ["2027-01-08T16:00:00+00:00", "2027-01-29T16:00:00+00:00"]
    assert entry.content["reason"] == "asked by Gita Rao (Borealis): The part is late."


def test_a_day_that_has_passed_is_not_granted(session: Session, logged: Record) -> None:
    """An answer that comes too late extends nothing backwards; on the day itself it still does."""
    extend(session, GITA, logged)
    told = support.refused(session, grant, ANNA, logged, datetime(2027, 1, 30, 9, tzinfo=UTC))
    assert told.startswith("The day asked for, Fri 29 Jan 2027, has come: nothing is done backwards. Press *Refuse*.")
    grant(session, ANNA, logged, datetime(2027, 1, 29, 9, tzinfo=UTC))


def test_who_owns_it_by_then_grants_nothing(session: Session, logged: Record) -> None:
    """The new owner has the advantage of it, even when somebody else asked."""
    extend(session, GITA, logged)
    support.assign(session, logged, ELIF, ANNA)
    support.refused(session, grant, ELIF, logged)
    grant(session, FINN, logged)


def test_an_answer_is_to_what_was_seen(session: Session, logged: Record) -> None:
    """Consent given on an old card is not consent to what the record is now."""
    records.acknowledge(session, actor(session, CARLA), ref(logged), NOW)
    void(session, ELIF, logged)
    old = ref(logged)
    support.submit(session, logged)
    for answer in (request.agree, request.refuse):
        told = support.refused(session, answer, actor(session, ANNA), old, NOW)
        assert "was changed meanwhile: Gita Rao (Borealis) submitted it" in told
    agree(session, ANNA, logged)


def test_the_asker_never_grants(session: Session, logged: Record) -> None:
    """Not even as QA."""
    support.assign(session, logged, ELIF)
    extend(session, ELIF, logged)
    told = support.refused(session, grant, ELIF, logged)
    assert told.endswith("Anna Berg (Aurora), Ben Ortiz (Aurora), Finn Larsen (Borealis).")
    support.refused(session, refuse, ELIF, logged)
    grant(session, FINN, logged)


@pytest.mark.parametrize("who", ["sponsor member", "CMO member"])
def test_members_answer_nothing(session: Session, logged: Record, who: str) -> None:
    """Neither grant nor refuse."""
    extend(session, GITA, logged)
    for answer in (grant, refuse):
        support.refused(session, answer, PEOPLE[who], logged)


@pytest.mark.parametrize(("first", "second"), [(ANNA, ELIF), (ELIF, BEN)], ids=["sponsor first", "CMO first"])
def test_the_second_extension_takes_both_companies(
    session: Session, logged: Record, first: Profile, second: Profile
) -> None:
    """One grant is half of it; a colleague of the first cannot be the other half."""
    extend(session, GITA, logged)
    grant(session, ANNA, logged)
    extend(session, GITA, logged, LATER + timedelta(days=7))
    grant(session, first, logged)
    assert (logged.asked, close_clock(session, logged).due_at) == (Asked.EXTEND, datetime(2027, 1, 29, 16, tzinfo=UTC))
    assert support.last_entry(session).event == "deviation.half_granted"
    colleague = {"Anna Berg": BEN, "Elif Kaya": FINN}[first.name]
    for who in (first, colleague):
        support.refused(session, grant, who, logged)
    grant(session, second, logged)
    assert (logged.asked, close_clock(session, logged).due_at) == (None, datetime(2027, 2, 5, 16, tzinfo=UTC))
    assert requests(session, logged)[-1].agreed


def test_a_refused_extension_is_no_first_one(session: Session, logged: Record) -> None:
    """Only granted ones count."""
    extend(session, GITA, logged)
    refuse(session, ANNA, logged)
    extend(session, GITA, logged)
    grant(session, ANNA, logged)
    assert logged.asked is None


DUE = datetime(2027, 1, 8, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "late"), [(DUE - timedelta(seconds=1), False), (DUE, True), (DUE + DAY, True)], ids=str
)
def test_a_late_record_is_not_extended(session: Session, logged: Record, now: datetime, *, late: bool) -> None:
    """It is asked before the due date, to the second."""
    if late:
        told = support.refused(session, extend, GITA, logged, LATER, now)
        assert "A late record cannot be extended" in told
    else:
        assert extend(session, GITA, logged, LATER, now).asked is Asked.EXTEND


@pytest.mark.parametrize("due_on", [date(2027, 1, 8), date(2027, 1, 7), date(2020, 1, 1), date(2036, 1, 1)], ids=str)
def test_a_new_due_date_is_later_and_within_five_years(session: Session, logged: Record, due_on: date) -> None:
    """Else the field says what is wrong."""
    assert set(support.field_errors(session, extend, GITA, logged, due_on)) == {"due_on"}


def test_a_capa_is_extended_by_its_owner(session: Session, there: Partnership) -> None:
    """While it is planned or in progress; once implemented there is nothing to extend."""
    made = support.log_capa(session)
    extend(session, FINN, made)
    grant(session, ELIF, made)
    assert close_clock(session, made).due_at == datetime(2027, 1, 29, 16, tzinfo=UTC)
    support.implement(session, support.begin_capa(session, made))
    support.refused(session, extend, FINN, made, date(2027, 3, 1))


# Classes


@pytest.mark.parametrize(
    ("before", "after"), [(Class.MINOR, Class.MAJOR), (Class.MINOR, Class.CRITICAL), (Class.MAJOR, Class.CRITICAL)]
)
@pytest.mark.parametrize("who", [ANNA, ELIF], ids=["sponsor", "CMO"])
def test_raising_happens_at_once(
    session: Session, there: Partnership, who: Profile, before: Class, after: Class
) -> None:
    """Either company's QA; the clock runs anew from awareness, and the batch is on hold."""
    made = support.log_deviation(session, class_=before, detected_at=NOW - 3 * DAY)
    reclassify(session, who, made, after)
    due = close_clock(session, made)
    assert (made.class_, made.asked, made.holds_batches) == (after, None, True)
    assert (due.due_at, due.rule) == (datetime(2027, 1, 5, 16, tzinfo=UTC), "45 calendar days from detection")
    entry = support.last_entry(session)
    assert (entry.event, entry.content["changes"]["class"]) == ("deviation.reclassified", [before, after])
    assert entry.content["reason"] == "No effect."


@pytest.mark.parametrize(
    ("before", "after"), [(Class.CRITICAL, Class.MAJOR), (Class.CRITICAL, Class.MINOR), (Class.MAJOR, Class.MINOR)]
)
@pytest.mark.parametrize(("who", "answers"), [(ANNA, ELIF), (ELIF, ANNA)], ids=["sponsor asks", "CMO asks"])
def test_lowering_needs_the_other_companys_qa(
    session: Session, there: Partnership, who: Profile, answers: Profile, before: Class, after: Class
) -> None:
    """Until they agree the class is what it was; a colleague's yes is not enough."""
    made = support.log_deviation(session, class_=before)
    reclassify(session, who, made, after)
    assert (made.class_, made.asked, made.holds_batches) == (before, Asked.LOWER, True)
    colleague = {"Anna Berg": BEN, "Elif Kaya": FINN}[who.name]
    for nobody in (who, colleague, CARLA, GITA):
        support.refused(session, agree, nobody, made)
    agree(session, answers, made)
    assert (made.class_, made.asked, made.holds_batches) == (after, None, after is not Class.MINOR)
    assert close_clock(session, made).started_at == NOW


def test_the_same_class_is_no_change(session: Session, logged: Record) -> None:
    """The field says so."""
    assert set(support.field_errors(session, reclassify, ELIF, logged, Class.MAJOR)) == {"class_"}


@pytest.mark.parametrize("who", ["sponsor member", "CMO member"])
def test_members_reclassify_nothing(session: Session, logged: Record, who: str) -> None:
    """Not even the owner."""
    support.refused(session, reclassify, PEOPLE[who], logged, Class.CRITICAL)


# Voiding


@pytest.mark.parametrize("who", [ANNA, ELIF], ids=["sponsor", "CMO"])
def test_before_the_acknowledgement_qa_voids_alone(session: Session, logged: Record, who: Profile) -> None:
    """Its clocks stop, its batch is released, its reason stays, and it is never deleted."""
    void(session, who, logged)
    assert (logged.state, logged.void_reason, logged.closed_at) == (State.VOID, "Logged twice.", NOW)
    assert (logged.holds_batches, logged.closed_by_id) == (False, support.row_of(session, who).id)
    assert clock.list_running(session, logged.id) == []
    entry = support.last_entry(session)
    assert (entry.event, entry.content["reason"]) == ("deviation.voided", "Logged twice.")


@pytest.mark.parametrize(("who", "answers"), [(ANNA, ELIF), (ELIF, ANNA)], ids=["sponsor asks", "CMO asks"])
def test_after_the_acknowledgement_both_companies_void(
    session: Session, logged: Record, who: Profile, answers: Profile
) -> None:
    """The other company's QA agrees, and the reason says who asked."""
    records.acknowledge(session, actor(session, CARLA), ref(logged), NOW)
    void(session, who, logged)
    assert (logged.state, logged.asked) == (State.UNDER_INVESTIGATION, Asked.VOID)
    colleague = {"Anna Berg": BEN, "Elif Kaya": FINN}[who.name]
    support.refused(session, agree, colleague, logged)
    agree(session, answers, logged)
    assert (logged.state, logged.asked) == (State.VOID, None)
    company = {"Anna Berg": "Aurora", "Elif Kaya": "Borealis"}[who.name]
    assert logged.void_reason == f"asked by {who.name} ({company}): Logged twice."


def test_an_accepted_capa_is_voided_by_both(session: Session, there: Partnership) -> None:
    """Its acceptance counts as an acknowledgement does; before it, QA voids alone."""
    alone, both = support.log_capa(session), support.log_capa(session)
    void(session, ELIF, alone)
    records.accept(session, actor(session, FINN), ref(both), NOW)
    void(session, ELIF, both)
    assert (alone.state, both.state) == (State.VOID, State.PLANNED)
    agree(session, ANNA, both)
    assert both.state is State.VOID


def test_what_was_signed_is_voided_by_both(session: Session, logged: Record) -> None:
    """Also where the other company acknowledged nothing, and where the signatures are void."""
    support.submit(session, logged)
    support.sign(session, ELIF, logged)
    request.send_back(session, actor(session, ELIF), ref(logged), "A second look.", NOW)
    void(session, ELIF, logged)
    assert (logged.state, logged.asked) == (State.UNDER_INVESTIGATION, Asked.VOID)


@pytest.mark.parametrize("who", ["sponsor member", "CMO member"])
def test_members_void_nothing(session: Session, logged: Record, who: str) -> None:
    """They are told who may."""
    assert "is for QA of either company" in support.refused(session, void, PEOPLE[who], logged)


def test_a_capa_on_which_a_closed_record_rests_is_not_voided(session: Session, there: Partnership) -> None:
    """The deviation would be left without what it was closed with."""
    source = support.log_deviation(session)
    made = support.log_capa(session, sources=(source.number,))
    support.submit(session, source, capa_needed=True, no_capa_reason="")
    for who in (ELIF, ANNA):
        support.sign(session, who, source)
    assert source.state is State.CLOSED
    told = support.refused(session, void, ELIF, made)
    assert told == "DEV-2026-0001 was closed with CAPA-2026-0001. Reopen it first, or carry the CAPA out."


# Conditions that changed between the question and its answer


def test_agreeing_to_void_asks_again_whether_it_may_be(session: Session, logged: Record) -> None:
    """A report to an authority that was called for since keeps the record from being voided."""
    records.acknowledge(session, actor(session, CARLA), ref(logged), NOW)
    void(session, ELIF, logged)
    support.submit(session, logged, distributed=Distributed.YES)
    assert "A report to an authority" in support.refused(session, agree, ANNA, logged)
    refuse(session, ANNA, logged)


def test_agreeing_to_void_a_capa_asks_again_too(session: Session, there: Partnership) -> None:
    """The source was closed with it since."""
    source = support.log_deviation(session)
    made = support.log_capa(session, sources=(source.number,))
    records.accept(session, actor(session, FINN), ref(made), NOW)
    void(session, ELIF, made)
    support.submit(session, source, capa_needed=True, no_capa_reason="")
    for who in (ELIF, ANNA):
        support.sign(session, who, source)
    assert "was closed with CAPA-2026-0001" in support.refused(session, agree, ANNA, made)


# Reopening


@pytest.mark.parametrize(("who", "answers"), [(ANNA, ELIF), (ELIF, ANNA)], ids=["sponsor asks", "CMO asks"])
def test_a_closed_deviation_is_reopened_by_both(
    session: Session, logged: Record, who: Profile, answers: Profile
) -> None:
    """It is investigated again, holds its batch again, and is due anew from that day on."""
    support.close(session, logged)
    assert not logged.holds_batches
    ask(session, who, logged, Asked.REOPEN)
    assert (logged.state, logged.asked) == (State.CLOSED, Asked.REOPEN)
    support.refused(session, agree, who, logged)
    agree(session, answers, logged, NOW + DAY)
    assert (logged.state, logged.closed_at, logged.closed_by_id) == (State.UNDER_INVESTIGATION, None, None)
    assert logged.holds_batches
    due = close_clock(session, logged)
    assert (due.due_at, due.stopped_at) == (datetime(2027, 1, 9, 16, tzinfo=UTC), None)
    assert due.rule == "45 calendar days from reopening"
    acknowledge = clock.find(session, logged.id, ClockName.ACKNOWLEDGE)
    assert acknowledge is not None
    assert (acknowledge.stopped_at, acknowledge.rule) == (None, "1 working day from reopening")


@pytest.mark.parametrize(("cause", "state"), [(support.CAUSE, State.PHASE_1), (support.NO_CAUSE, State.PHASE_2)])
def test_an_oos_is_reopened_in_the_phase_it_came_from(
    session: Session, there: Partnership, cause: support.PhaseOneForm, state: State
) -> None:
    """Its outcome is open again, and its batch on hold."""
    made = support.phase_1(session, support.log_oos(session), cause)
    if made.state is State.PHASE_2:
        support.phase_2(session, made, outcome=Outcome.INVALIDATED)
    for who in (ELIF, ANNA):
        support.sign(session, who, made)
    assert (made.state, made.outcome, made.holds_batches) == (State.CLOSED, Outcome.INVALIDATED, False)
    ask(session, ELIF, made, Asked.REOPEN)
    agree(session, ANNA, made)
    assert (made.state, made.outcome, made.holds_batches) == (state, None, True)


def test_a_capa_is_not_reopened(session: Session, there: Partnership) -> None:
    """What it left undone is a new one's."""
    made = support.close(session, support.log_capa(session))
    assert "That cannot be done" in support.refused(session, ask, ELIF, made, Asked.REOPEN)


# Refusing, withdrawing, and one at a time

ASKERS = {Asked.EXTEND: GITA, Asked.LOWER: ELIF, Asked.VOID: ELIF, Asked.REOPEN: ELIF, Asked.STOP: GITA}


def asked_for(session: Session, logged: Record, what: Asked) -> Record:
    """Ask something of a record that was acknowledged."""
    records.acknowledge(session, actor(session, CARLA), ref(logged), NOW)
    if what is Asked.REOPEN:
        support.close(session, logged)
    return ask(session, ASKERS[what], logged, what)


@pytest.mark.parametrize("what", Asked)
@pytest.mark.parametrize(
    ("answer", "who", "event"), [(refuse, ANNA, "refused"), (withdraw, None, "withdrew")], ids=["refuse", "withdraw"]
)
def test_what_is_refused_or_taken_back_does_not_happen(
    session: Session, logged: Record, what: Asked, answer: object, who: Profile | None, event: str
) -> None:
    """State, class, due date and signatures are what they were; it may be asked again."""
    asked_for(session, logged, what)
    before = (logged.state, logged.class_, close_clock(session, logged).due_at, logged.closed_at)
    answer(session, who or ASKERS[what], logged)  # type: ignore[operator]
    assert (logged.state, logged.class_, close_clock(session, logged).due_at, logged.closed_at) == before
    assert logged.asked is None
    entry = support.last_entry(session)
    assert (entry.event, entry.content["changes"]) == (f"deviation.{event}", {"asked": [None, what]})
    (one,) = requests(session, logged)
    assert (one.agreed, one.answered_at) == (False, NOW)
    ask(session, ASKERS[what], logged, what)


@pytest.mark.parametrize("what", Asked)
def test_only_the_asker_takes_it_back(session: Session, logged: Record, what: Asked) -> None:
    """Nobody else, whichever role."""
    asked_for(session, logged, what)
    for who in (ANNA, FINN, CARLA):
        assert support.refused(session, withdraw, who, logged).startswith("*Withdraw* on DEV-2026-0001 is for who ask")


@pytest.mark.parametrize("first", [Asked.EXTEND, Asked.LOWER, Asked.VOID, Asked.STOP])
@pytest.mark.parametrize("second", [Asked.EXTEND, Asked.LOWER, Asked.VOID, Asked.STOP])
def test_one_request_at_a_time(session: Session, logged: Record, first: Asked, second: Asked) -> None:
    """Whoever asks while something is open is told what was done last."""
    asked_for(session, logged, first)
    told = support.refused(session, ask, ASKERS[second], logged, second)
    assert f"asked to {first}" in told
    assert len(requests(session, logged)) == 1


def test_raising_waits_for_the_answer_too(session: Session, logged: Record) -> None:
    """What is being voided or lowered is not changed under its answerer."""
    asked_for(session, logged, Asked.LOWER)
    support.refused(session, reclassify, ANNA, logged, Class.CRITICAL)


def test_an_answer_comes_once(session: Session, logged: Record) -> None:
    """The second of two who press at once is told who answered and when."""
    extend(session, GITA, logged)
    grant(session, ANNA, logged)
    records.comment(session, actor(session, GITA), ref(logged), "Thanks.", NOW)
    told = support.refused(session, grant, ELIF, logged)
    assert told == (
        "*Grant* is not open on DEV-2026-0001: Anna Berg (Aurora) granted the due date 29 Jan 2027 16:00 UTC on "
        "24 Nov 2026 09:00 UTC."
    )


@pytest.mark.parametrize(("what", "wrong"), [(Asked.EXTEND, agree), (Asked.VOID, grant), (Asked.STOP, grant)])
def test_grant_is_for_extensions_and_agree_for_the_rest(
    session: Session, logged: Record, what: Asked, wrong: object
) -> None:
    """The other button is not there."""
    asked_for(session, logged, what)
    support.refused(session, wrong, ANNA, logged)  # type: ignore[arg-type]


# Nothing is left open


@pytest.mark.parametrize("what", [Asked.EXTEND, Asked.LOWER, Asked.VOID, Asked.STOP])
def test_closing_leaves_no_request_open(session: Session, logged: Record, what: Asked) -> None:
    """What was asked lapses with the closing, and the next question can be asked."""
    support.submit(session, logged)
    asked_for(session, logged, what)
    for who in (ELIF, ANNA):
        support.sign(session, who, logged, now=NOW + HOUR)
    assert (logged.state, logged.asked) == (State.CLOSED, None)
    assert stored.find_open(session, logged.id) is None
    (one,) = requests(session, logged)
    assert (one.agreed, one.answered_at) == (False, NOW + HOUR)
    ask(session, ELIF, logged, Asked.REOPEN)
    session.flush()


@pytest.mark.parametrize("what", [Asked.EXTEND, Asked.VOID])
def test_implementing_leaves_no_request_open(session: Session, there: Partnership, what: Asked) -> None:
    """The journal says that it lapsed, and the clock to the check is the only one that runs."""
    made = support.begin_capa(session, support.log_capa(session))
    ask(session, FINN if what is Asked.EXTEND else ELIF, made, what)
    support.implement(session, made)
    assert (made.asked, stored.find_open(session, made.id)) == (None, None)
    assert support.last_entry(session).content["changes"]["lapsed"] == [what, None]
    support.refused(session, grant if what is Asked.EXTEND else agree, ANNA, made)
    assert [one.name for one in clock.list_running(session, made.id)] == [ClockName.CHECK]


# Sending back


@pytest.mark.parametrize("who", PEOPLE)
def test_qa_sends_back(session: Session, logged: Record, who: str) -> None:
    """Of either company, with a reason."""
    support.submit(session, logged)
    args = (actor(session, PEOPLE[who]), ref(logged), "Other batches?", NOW)
    if who.endswith("QA"):
        assert request.send_back(session, *args).state is State.UNDER_INVESTIGATION
        entry = support.last_entry(session)
        assert (entry.event, entry.content["reason"]) == ("deviation.sent_back", "Other batches?")
        assert (logged.awaits_cmo, logged.awaits_sponsor) == (False, False)
    else:
        support.refused(session, request.send_back, *args)


def test_a_request_drawn_from_an_old_version_is_not_saved(session: Session, logged: Record) -> None:
    """Who filled it in is told what changed."""
    old = ref(logged)
    records.acknowledge(session, actor(session, CARLA), old, NOW)
    by = actor(session, GITA)
    told = support.refused(session, request.ask_extension, by, old, LATER, "The part is late.", NOW)
    assert "was changed meanwhile" in told


# Stopping a clock


UNTIL = date(2026, 12, 8)  # two weeks from now


def stop(session: Session, who: Profile, record: Record, until: date = UNTIL, now: datetime = NOW) -> Record:
    return request.ask_stop(session, actor(session, who), ref(record), until, "The supplier is on strike.", now)


def resume(session: Session, who: Profile, record: Record, now: datetime) -> Record:
    return request.resume(session, actor(session, who), ref(record), now)


def test_a_stop_is_asked_and_the_clock_runs_on(session: Session, logged: Record) -> None:
    """Nothing stands before the other company agrees."""
    stop(session, GITA, logged)
    due = close_clock(session, logged)
    assert (logged.asked, logged.clock_stands, due.paused_at) == (Asked.STOP, False, None)
    entry = support.last_entry(session)
    assert entry.content["changes"] == {"asked": [None, "stop the clock until Tue 8 Dec 2026"]}


@pytest.mark.parametrize(("asker", "answerer"), [(GITA, ANNA), (ELIF, BEN), (ANNA, ELIF)])
def test_the_other_companys_qa_stops_it(session: Session, logged: Record, asker: Profile, answerer: Profile) -> None:
    """It stands until the day, is nobody's turn, and reminds of nothing before."""
    stop(session, asker, logged)
    agree(session, answerer, logged, NOW + HOUR)
    due = close_clock(session, logged)
    assert (due.paused_at, due.pause_ends_on) == (NOW + HOUR, UNTIL)
    assert due.next_at == datetime(2026, 12, 8, 7, tzinfo=UTC)
    assert due.due_at == datetime(2027, 1, 8, 16, tzinfo=UTC)
    assert due.state(NOW + 90 * DAY) is ClockState.STOPPED
    assert (logged.asked, logged.clock_stands, logged.turn) == (None, True, None)
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("deviation.clock_stopped", answerer.name)
    assert entry.content["changes"] == {"stopped_until": [None, "Tue 8 Dec 2026"]}
    assert entry.content["reason"].endswith("The supplier is on strike.")


def test_ones_own_company_does_not_stop_it(session: Session, logged: Record) -> None:
    """Neither who asked nor their colleagues, nor a member of the other company."""
    stop(session, ELIF, logged)
    for who in (ELIF, FINN, CARLA):
        support.refused(session, agree, who, logged)


@pytest.mark.parametrize(
    ("until", "told"),
    [
        (date(2026, 11, 24), "Give a day after today: on it the clock goes on."),
        (date(2026, 11, 20), "Give a day after today: on it the clock goes on."),
        (date(2027, 5, 24), "A clock stands still for 180 days at most. Give an earlier day."),
    ],
)
def test_a_stop_ends_within_half_a_year(session: Session, logged: Record, until: date, told: str) -> None:
    """Neither in the past nor for ever; a day less, and it is asked."""
    assert support.field_errors(session, stop, GITA, logged, until) == {"until": told}
    stop(session, GITA, logged, date(2027, 5, 23))


@pytest.mark.parametrize("day", [8, 9])
def test_a_stop_whose_day_has_come_is_not_agreed_to(session: Session, logged: Record, day: int) -> None:
    """Nothing is done backwards."""
    stop(session, GITA, logged)
    told = support.refused(session, agree, ANNA, logged, datetime(2026, 12, day, 9, tzinfo=UTC))
    assert told == "The day asked for, Tue 8 Dec 2026, has come: nothing is done backwards. Press *Refuse*."


def test_what_is_late_is_not_stopped(session: Session, logged: Record) -> None:
    """Like an extension, it is asked before the due date."""
    late = datetime(2027, 1, 8, 16, 0, 1, tzinfo=UTC)
    assert "was due Fri 8 Jan 2027, 17:00 Berlin" in support.refused(
        session, stop, GITA, logged, date(2027, 1, 20), late
    )


def test_who_neither_owns_nor_is_qa_stops_nothing(session: Session, logged: Record) -> None:
    """They are told who may."""
    told = support.refused(session, stop, CARLA, logged)
    assert told.startswith("*Stop clock* on DEV-2026-0001 is for the owner or QA: ")


@pytest.fixture
def standing(session: Session, logged: Record) -> Record:
    """Stop the clock on Tuesday 24 November."""
    stop(session, GITA, logged)
    return agree(session, ANNA, logged)


def test_a_clock_that_stands_is_neither_extended_nor_stopped(session: Session, standing: Record) -> None:
    """It goes on first."""
    for ask_for in (extend, stop):
        told = support.refused(session, ask_for, GITA, standing)
        assert "is not open on DEV-2026-0001" in told


@pytest.mark.parametrize("who", [GITA, ELIF, ANNA], ids=["owner", "QA", "other QA"])
def test_the_clock_goes_on_by_a_button(session: Session, standing: Record, who: Profile) -> None:
    """It is due later by the days for which it stood, and on time is measured by that too."""
    resume(session, who, standing, NOW + 5 * DAY + HOUR)
    due = close_clock(session, standing)
    assert due.due_at == due.first_due_at == datetime(2027, 1, 13, 16, tzinfo=UTC)
    assert (due.paused_at, due.pause_ends_on, due.paused_seconds) == (None, None, 5 * 86400 + 3600)
    assert due.next_at == datetime(2027, 1, 6, 7, tzinfo=UTC)
    assert (standing.clock_stands, due.extensions, due.rule) == (False, 0, "45 calendar days from detection")
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("deviation.resumed", who.name)
    assert entry.content["changes"] == {
        "due": ["2027-01-08T16:00:00+00:00", "2027-01-13T16:00:00+00:00"],
        "stopped_days": [None, 5],
    }


def test_a_clock_that_runs_is_not_resumed(session: Session, logged: Record) -> None:
    """The button is not there; nor for a member who does not own it."""
    support.refused(session, resume, GITA, logged, NOW)
    stop(session, GITA, logged)
    agree(session, ANNA, logged)
    support.refused(session, resume, CARLA, logged, NOW + DAY)


def test_working_days_stood_are_working_days_later(session: Session, there: Partnership) -> None:
    """A term of working days is due later by the working days that passed: no weekend counts, nor Thanksgiving."""
    made = support.log_oos(session)  # due on 8 January, 30 working days from the result
    support.assign(session, made, GITA)
    stop(session, GITA, made)
    agree(session, ANNA, made)
    resume(session, GITA, made, NOW + 6 * DAY)  # Monday: the 25th, 27th and 30th passed
    assert close_clock(session, made).due_at == datetime(2027, 1, 13, 16, tzinfo=UTC)


def test_a_stop_over_a_change_of_clocks_ends_at_five(session: Session, there: Partnership) -> None:
    """The due time stays the end of the working day, summer and winter."""
    now = datetime(2027, 3, 25, 9, tzinfo=UTC)
    made = support.log_deviation(session, now=now, class_=Class.MINOR)  # due on 24 April, 17:00
    support.assign(session, made, GITA, now=now)
    stop(session, GITA, made, date(2027, 4, 20), now)
    agree(session, ANNA, made, now)
    resume(session, GITA, made, now + 10 * DAY)
    assert close_clock(session, made).due_at == datetime(2027, 5, 4, 15, tzinfo=UTC)


def test_stopped_twice_stands_twice(session: Session, standing: Record) -> None:
    """Each stop is added."""
    resume(session, GITA, standing, NOW + 2 * DAY)
    stop(session, GITA, standing, date(2026, 12, 20), NOW + 3 * DAY)
    agree(session, ANNA, standing, NOW + 3 * DAY)
    resume(session, GITA, standing, NOW + 6 * DAY)
    due = close_clock(session, standing)
    assert (due.due_at, due.paused_seconds) == (datetime(2027, 1, 13, 16, tzinfo=UTC), 5 * 86400)


def test_what_is_done_while_its_clock_stands_is_on_time(session: Session, logged: Record) -> None:
    """The days for which it stood are not held against it, though its due date passed meanwhile."""
    stop(session, GITA, logged, date(2027, 2, 26))
    agree(session, ANNA, logged)
    support.close(session, logged, datetime(2027, 2, 1, 9, tzinfo=UTC))
    due = close_clock(session, logged)
    assert due.state(datetime(2027, 2, 2, tzinfo=UTC)) is ClockState.MET
    assert due.first_due_at == due.due_at == datetime(2027, 3, 18, 16, tzinfo=UTC)  # it stood for 69 days
    assert (due.paused_at, due.pause_ends_on, due.next_at) == (None, None, None)


def test_a_stopped_record_gets_no_other_class(session: Session, standing: Record) -> None:
    """What the companies agreed on would end without a word: first the clock goes on."""
    told = support.refused(session, reclassify, ELIF, standing, Class.CRITICAL)
    assert told == "The clock of DEV-2026-0001 is stopped. Press *Resume clock* first."


def test_another_class_grants_the_days_that_it_stood(session: Session, standing: Record) -> None:
    """It runs anew from awareness, due later by as many days; back again, as it was."""
    later = NOW + 3 * DAY
    resume(session, GITA, standing, later)
    before = close_clock(session, standing).due_at
    for class_ in (Class.CRITICAL, Class.MAJOR):
        request.reclassify(session, actor(session, ELIF), ref(standing), class_, "Looked at again.", later)
        if standing.asked:
            request.agree(session, actor(session, ANNA), ref(standing), later)
        due = close_clock(session, standing)
        assert (due.due_at, due.first_due_at, due.paused_seconds) == (before, before, 3 * 86400)
    assert support.last_entry(session).content["changes"]["due"] == [before.isoformat(), before.isoformat()]


def test_an_extension_that_was_overtaken_is_not_granted(session: Session, logged: Record) -> None:
    """The due date moved beyond what was asked for: granted, it would be an earlier one."""
    request.ask_extension(session, actor(session, GITA), ref(logged), date(2027, 1, 20), "More time.", NOW)
    close_clock(session, logged).due_at = datetime(2027, 2, 1, 16, tzinfo=UTC)
    told = support.refused(session, request.grant, actor(session, ANNA), ref(logged), NOW)
    assert told.endswith("by now, not earlier than was asked for. Press *Refuse*.")


def test_the_authoritys_clocks_do_not_stand(session: Session, there: Partnership) -> None:
    """What a law asks for is not stopped by two companies: only the due date of the record stands."""
    made = support.log_oos(session, distributed=Distributed.YES)
    support.assign(session, made, GITA)
    stop(session, GITA, made)
    agree(session, ANNA, made)
    standing = {one.name for one in clock.list_running(session, made.id) if one.paused_at is not None}
    assert standing == {ClockName.CLOSE}


def test_a_clock_that_is_late_by_now_is_not_stopped(session: Session, there: Partnership) -> None:
    """What was asked in time and is late when it is answered is refused: nothing is done backwards."""
    made = support.log_deviation(session)
    support.assign(session, made, GITA)
    later = NOW + 44 * DAY
    request.ask_stop(session, actor(session, GITA), ref(made), (later + 20 * DAY).date(), "The part is late.", later)
    told = support.refused(session, request.agree, actor(session, ANNA), ref(made), later + 2 * DAY)
    assert told.endswith("Press *Refuse*.")
    assert "was due Fri 8 Jan 2027" in told


def test_a_stand_in_grants_nothing_of_what_they_stand_in_for(session: Session, there: Partnership) -> None:
    """Who acts for the owner does not answer the owner."""
    made = support.log_deviation(session)
    support.assign(session, made, GITA)
    gita = support.row_of(session, GITA)
    gita.stand_in_id, gita.away_until = support.row_of(session, ELIF).id, LATER
    ask(session, GITA, made, Asked.EXTEND)
    assert "Elif Kaya" not in support.refused(session, request.grant, actor(session, ELIF), ref(made), NOW)
    assert request.grant(session, actor(session, FINN), ref(made), NOW).asked is None
