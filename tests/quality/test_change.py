"""How any record changes: on which version, what stops with it, whose cards follow, what the journal tells of it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from quality import change, events, refused, request
from quality import record as records
from quality.events import EVENTS, QUIET
from quality.people import Profile
from quality.refusal import Overtaken
from storage import clock, journal
from storage.clock import ClockName
from storage.partnership import Partnership, Side
from storage.record import Asked, Record, State
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, FINN, GITA, NOW, actor, ref

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def logged(session: Session, there: Partnership) -> Record:
    """Log a deviation by the CMO's Gita, everything so far sent."""
    made = support.log_deviation(session)
    support.empty_outbox(session)
    return made


def test_a_form_drawn_from_an_older_version_saves_nothing(session: Session, logged: Record) -> None:
    """The person is told who changed the record since."""
    old = ref(logged)
    records.acknowledge(session, actor(session, CARLA), ref(logged), LATER)
    owner_id = support.row_of(session, GITA).id
    told = support.refused(session, records.assign_owner, actor(session, ELIF), old, owner_id, LATER)
    assert "was changed meanwhile: Carla Diaz (Aurora) acknowledged it" in told
    assert "Nothing of yours was saved" in told


def test_who_is_overtaken_may_send_again(session: Session, logged: Record) -> None:
    """What was filled in is kept for the record's present version; a button that is gone is not offered again."""
    old = ref(logged)
    records.acknowledge(session, actor(session, CARLA), ref(logged), LATER)
    owner_id = support.row_of(session, GITA).id
    with pytest.raises(Overtaken) as form:
        records.assign_owner(session, actor(session, ELIF), old, owner_id, LATER)
    with pytest.raises(Overtaken) as button:
        records.acknowledge(session, actor(session, ANNA), old, LATER)
    assert [(one.value.record_id, one.value.again) for one in (form, button)] == [(logged.id, True), (logged.id, False)]
    assert records.assign_owner(session, actor(session, ELIF), ref(logged), owner_id, LATER).owner_id == owner_id


def test_closing_stops_every_clock(session: Session, logged: Record) -> None:
    """State, person and time are kept, and nothing is reminded of any more."""
    support.close(session, logged, LATER)
    assert (logged.state, logged.closed_at, logged.is_open) == (State.CLOSED, LATER, False)
    assert logged.closed_by_id == support.row_of(session, ANNA).id
    for name in (ClockName.CLOSE, ClockName.ACKNOWLEDGE):
        found = clock.find(session, logged.id, name)
        assert found is not None
        assert (found.stopped_at, found.next_at) == (LATER, None)
    assert support.last_entry(session).content["changes"] == {"state": ["Pending approval", "Closed"]}


def test_a_change_redraws_the_cards_of_linked_records(session: Session, logged: Record) -> None:
    """They name its state."""
    action = support.log_capa(session, sources=(logged.number,))
    support.empty_outbox(session)
    support.investigate(session, logged)
    drawn = {row.about["record_id"] for row in support.newly_queued(session) if row.kind == "card"}
    assert drawn == {logged.id, action.id}


def test_every_version_has_one_entry(session: Session, logged: Record) -> None:
    """A life's journal counts the versions up by one; comments and exports leave the version as it is."""
    records.acknowledge(session, actor(session, ANNA), ref(logged), LATER)
    support.close(session, logged, LATER)
    records.comment(session, actor(session, GITA), ref(logged), "Seen.", LATER)
    entries = journal.list_of_record(session, logged.id, 50)[::-1]
    versions = [entry.content["version"] for entry in entries]
    assert versions == [*range(1, logged.version + 1), logged.version]


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_can_be_told(session: Session, logged: Record, event: str) -> None:
    """Also an entry that lacks a value of its sentence, as an earlier version may have written it."""
    entry_id = journal.append(session, 1, f"deviation.{event}", NOW, {"changes": {}, "by": {}}, logged.id)
    said = events.said_of(journal.get(session, entry_id))
    assert said
    assert not set("{}") & set(said)


@pytest.mark.parametrize("quiet", QUIET)
def test_what_changes_nothing_hides_no_change(session: Session, logged: Record, quiet: str) -> None:
    """Whoever comes too late is told of the change, however many comments came since."""
    records.acknowledge(session, actor(session, CARLA), ref(logged), NOW)
    for _ in range(refused.MOST_LOOKED_AT + 1):
        change.note(session, actor(session, GITA), logged, quiet, LATER)
    told = support.refused(session, records.acknowledge, actor(session, ANNA), ref(logged), LATER)
    assert "Carla Diaz (Aurora) acknowledged it on 24 Nov 2026 09:00 UTC" in told


def test_a_refusal_names_the_first_of_many(session: Session, logged: Record) -> None:
    """And says how many more there are."""
    for number in range(9):
        support.people.enrol(session, 1, support.profile(f"Sponsor{number} Person", support.SPONSOR_TEAM), NOW)
    told = support.refused(session, records.acknowledge, actor(session, GITA), ref(logged), NOW)
    assert told.count("(Aurora)") == refused.MOST_NAMED
    assert told.endswith(" and 4 more.")


ENDS: dict[str, Callable[[Session, Record], object]] = {
    "closed": support.close,
    "voided": lambda s, r: request.void(s, actor(s, ELIF), ref(r), "Logged twice.", NOW),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("log", [support.log_deviation, support.log_oos, support.log_capa], ids=lambda f: f.__name__)
def test_what_is_done_waits_for_nothing(
    session: Session, there: Partnership, log: Callable[[Session], Record], end: Callable[[Session, Record], object]
) -> None:
    """No clock, no signature, no request, and only who stands there stays."""
    made = log(session)
    end(session, made)
    session.flush()
    assert made.state in {State.CLOSED, State.VOID}
    assert (made.awaits_sponsor, made.awaits_cmo, made.asked) == (False, False, None)
    assert clock.list_running(session, made.id) == []


def test_a_lapsed_request_is_told(session: Session, logged: Record) -> None:
    """The entry that ended it names it."""
    support.investigate(session, logged)
    support.ask(session, GITA, logged, Asked.EXTEND)
    support.submit(session, logged)
    for who in (ELIF, ANNA):
        support.sign(session, who, logged)
    assert support.last_entry(session).content["changes"]["lapsed"] == [Asked.EXTEND, None]


# Fair time: how long each company has had a record


def seconds(record: Record) -> tuple[int, int]:
    return record.sponsor_seconds, record.cmo_seconds


def test_a_whole_life_is_counted_to_who_was_waited_for(session: Session, there: Partnership) -> None:
    """A deviation of the CMO's, day by day from its logging to its closing."""
    made = support.log_deviation(session)
    told = [(made.turn, *seconds(made))]

    def after(days: int, happens: Callable[[datetime], object]) -> None:
        happens(NOW + days * DAY)
        told.append((made.turn, *(spent // 86400 for spent in seconds(made))))

    after(1, lambda now: support.assign(session, made, GITA, now=now))
    after(5, lambda now: support.submit(session, made, now))  # the CMO's QA signs next
    after(7, lambda now: support.sign(session, ELIF, made, now=now))  # then the sponsor's
    after(10, lambda now: request.send_back(session, actor(session, ANNA), ref(made), "Why?", now))
    after(11, lambda now: support.submit(session, made, now))
    after(12, lambda now: support.sign(session, ELIF, made, now=now))
    after(20, lambda now: support.sign(session, ANNA, made, now=now))
    assert told == [
        (Side.CMO, 0, 0),
        (Side.CMO, 0, 0),
        (Side.CMO, 0, 0),
        (Side.SPONSOR, 0, 7),
        (Side.CMO, 3, 7),
        (Side.CMO, 3, 7),
        (Side.SPONSOR, 3, 9),
        (None, 11, 9),
    ]
    assert made.turn_since == made.closed_at


def test_what_is_asked_is_the_answerers_time(session: Session, there: Partnership) -> None:
    """While the other company's QA has to answer, it is theirs; then it is the owner's again."""
    made = support.investigate(session, support.log_deviation(session))
    support.ask(session, ELIF, made, Asked.LOWER, NOW + DAY)
    assert (made.turn, *seconds(made)) == (Side.SPONSOR, 0, 86400)
    request.refuse(session, actor(session, ANNA), ref(made), NOW + 4 * DAY)
    assert (made.turn, *seconds(made)) == (Side.CMO, 3 * 86400, 86400)


def test_a_question_that_either_company_answers_is_the_owners_time(session: Session, there: Partnership) -> None:
    """A first extension is granted by QA of either: nobody else is waited for."""
    made = support.investigate(session, support.log_deviation(session))
    support.ask(session, GITA, made, Asked.EXTEND, NOW + DAY)
    assert made.turn is Side.CMO


def test_a_clock_that_stands_is_nobodys_time(session: Session, there: Partnership) -> None:
    """From the agreement to the stop until it goes on, and what happens meanwhile, counts to no company."""
    made = support.investigate(session, support.log_deviation(session))
    support.ask(session, ELIF, made, Asked.STOP, NOW + DAY)
    request.agree(session, actor(session, ANNA), ref(made), NOW + 2 * DAY)
    assert (made.turn, *seconds(made)) == (None, 86400, 86400)
    support.submit(session, made, NOW + 4 * DAY)
    assert (made.turn, *seconds(made)) == (None, 86400, 86400)
    request.resume(session, actor(session, GITA), ref(made), NOW + 9 * DAY)
    assert (made.turn, *seconds(made)) == (Side.CMO, 86400, 86400)
    support.sign(session, ELIF, made, now=NOW + 10 * DAY)
    support.sign(session, ANNA, made, now=NOW + 13 * DAY)
    assert (made.turn, *seconds(made)) == (None, 4 * 86400, 2 * 86400)


def test_time_after_the_end_counts_to_nobody(session: Session, there: Partnership) -> None:
    """A record that is reopened goes on where it stood; the time in which it was closed is nobody's."""
    made = support.close(session, support.log_deviation(session), NOW + DAY)
    support.ask(session, ELIF, made, Asked.REOPEN, NOW + 30 * DAY)
    before = seconds(made)
    request.agree(session, actor(session, ANNA), ref(made), NOW + 40 * DAY)
    assert (made.turn, seconds(made)) == (Side.CMO, before)
    assert sum(before) == 86400


@pytest.mark.parametrize(("owner", "side"), [(FINN, Side.CMO), (BEN, Side.SPONSOR)], ids=["CMO", "sponsor"])
def test_work_is_the_owners_companys_time(session: Session, there: Partnership, owner: Profile, side: Side) -> None:
    """Whoever logged it; until somebody owns it, it is the company's that logged it."""
    made = support.log_deviation(session)
    assert made.turn is Side.CMO
    support.assign(session, made, owner, ANNA, NOW + DAY)
    assert (made.turn, *seconds(made)) == (side, 0, 86400 if side is Side.SPONSOR else 0)


def test_both_companies_signatures_are_the_owners_companys_time(session: Session, there: Partnership) -> None:
    """A plan that both have to sign is the owner's until one has; then it is the other one's."""
    source = support.log_deviation(session)
    made = support.log_capa(session, sources=(source.number,))
    assert made.turn is Side.CMO
    support.sign(session, ELIF, made, "approve_plan", NOW + DAY)
    assert made.turn is Side.SPONSOR


def test_a_turn_that_passes_back_in_time_counts_nothing(session: Session, there: Partnership) -> None:
    """Where a server's clock was set back, no company gets less than nothing."""
    made = support.log_deviation(session)
    change.pass_turn(made, Side.SPONSOR, NOW - DAY)
    assert (made.turn, made.turn_since, *seconds(made)) == (Side.SPONSOR, NOW - DAY, 0, 0)
