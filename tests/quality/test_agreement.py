"""The quality agreement: proposing, amending, agreeing, refusing; what comes into force, and which clocks follow."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from sqlmodel import Session, select

from quality import agreement, request, terms
from quality import beat as beats
from quality.agreement import Changes, Ref
from quality.beat import beat
from quality.people import Profile
from quality.refusal import FieldErrors, Refusal
from quality.terms import Row
from quality.working_time import Site, site_of
from storage import agreement as stored
from storage import clock, partnership
from storage.agreement import Agreement
from storage.clock import Clock, ClockName, Duty
from storage.partnership import Partnership, Side
from storage.person import Role
from storage.record import Asked, Class, Record
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, FINN, GITA, HOUR, NOW, actor, ref

LATER = NOW + DAY


def row(session: Session, there: Partnership, number: int, length: int, **changes: Any) -> Row:
    """Give a row of the agreement in force with another length."""
    found = next(one for one in terms.of(session, there.id).rows if one.row == number)
    return replace(found, term=replace(found.term, length=length), **changes)


def propose(session: Session, who: Profile, *rows: Row, version: int = 1, **changes: Any) -> Agreement:
    given = Changes("We are slower.", rows=rows, **changes)
    seen = replace(agreement.standing(session, actor(session, who)).seen, version=version)
    return agreement.propose(session, actor(session, who), seen, given, NOW)


def agree(session: Session, who: Profile, proposal: Agreement, now: datetime = LATER) -> Agreement:
    return agreement.agree(session, actor(session, who), Ref(proposal.id, proposal.revision), now)


def drop(session: Session, who: Profile, proposal: Agreement) -> Agreement:
    return agreement.drop(session, actor(session, who), Ref(proposal.id, proposal.revision), LATER)


@pytest.fixture
def proposal(session: Session, there: Partnership) -> Agreement:
    """Let Anna propose 40 days instead of 45 to close a major deviation."""
    return propose(session, ANNA, row(session, there, 7, 40))


# Proposing


def test_a_channel_begins_with_version_1(session: Session, there: Partnership) -> None:
    """The default terms and the settings it was set up with are in force at once, and nothing is proposed."""
    found = agreement.standing(session, actor(session, GITA))
    assert (found.in_force.version, found.in_force.in_force_at, found.proposal) == (1, NOW, None)
    assert len(found.terms.rows) == 19
    assert found.in_force.content["settings"] == {
        "time zone": "Europe/Berlin", "digest at": "08:00", "digest days": "Mon Tue Wed Thu Fri", "figures on": "Mon",
            "capture of threads": "Off",
        "sponsor country": "US", "sponsor region": "", "sponsor closing days": "",
        "CMO country": "DE", "CMO region": "", "CMO closing days": "",
    }  # fmt: skip


def test_a_proposal_changes_nothing_yet(session: Session, there: Partnership, proposal: Agreement) -> None:
    """It is journaled with what differs and why; who proposes agrees for their company."""
    assert (proposal.version, proposal.revision, proposal.in_force_at) == (None, 1, None)
    assert proposal.agreed_by(Side.SPONSOR) == support.row_of(session, ANNA).id
    assert proposal.agreed_by(Side.CMO) is None
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("agreement.proposed", "Anna Berg")
    assert entry.content["reason"] == "We are slower."
    assert entry.content["changes"] == {
        "row 7, Major deviation: close": [
            "45 calendar days from detection, the owner", "40 calendar days from detection, the owner",
        ],
        "moves_clocks": [None, False],
    }  # fmt: skip
    assert support.queued(session)[-1].about == {"agreement_id": proposal.id}
    assert terms.of(session, there.id).version == 1
    made = support.log_deviation(session)
    assert close_clock(session, made).due_at == datetime(2027, 1, 8, 16, tzinfo=UTC)


def test_how_it_stands_names_who_agreed(session: Session, there: Partnership, proposal: Agreement) -> None:
    """With their company, so that the channel sees for whom it waits."""
    found = agreement.standing(session, actor(session, GITA))
    assert found.proposal is proposal
    assert list(found.names.values()) == ["Anna Berg (Aurora)"]


@pytest.mark.parametrize("role", [Role.MEMBER, Role.HEAD, Role.VIEWER])
@pytest.mark.parametrize("act", [propose, agree, drop])
def test_only_qa_speaks_for_a_company(
    session: Session, proposal: Agreement, role: Role, act: Callable[..., object]
) -> None:
    """Members, heads of quality and viewers are told who may."""
    support.give_roles(session, GITA, role)
    told = support.refused(session, act, GITA, *([] if act is propose else [proposal]))
    assert told.startswith("Only QA may ")
    assert told.endswith("Anna Berg (Aurora), Ben Ortiz (Aurora), Elif Kaya (Borealis), Finn Larsen (Borealis).")


@pytest.mark.parametrize("act", [propose, agree, drop])
def test_a_company_that_has_not_confirmed_says_nothing(
    session: Session, proposal: Agreement, act: Callable[..., object]
) -> None:
    """Its QA confirms the partnership first."""
    partnership.companies(session, proposal.partnership_id)[Side.CMO].confirmed_at = None
    told = support.refused(session, act, ELIF, *([] if act is propose else [proposal]))
    assert told.startswith("Borealis has not confirmed this partnership yet, so it cannot ")


def test_what_changes_nothing_is_not_proposed(session: Session, there: Partnership) -> None:
    """Neither the same length nor the same setting is a change."""
    same = row(session, there, 7, 45)
    errors = support.field_errors(session, propose, ANNA, same)
    assert errors == {"reason": "Nothing is changed here. Change it, or cancel."}
    with pytest.raises(FieldErrors):
        propose(session, ANNA, settings={"digest at": "08:00"})


def test_what_was_filled_in_on_an_older_version_is_refused(session: Session, proposal: Agreement) -> None:
    """What came into force meanwhile is looked at first."""
    agree(session, ELIF, proposal)
    there = partnership.get(session, proposal.partnership_id)
    told = support.refused(session, lambda s: propose(s, ANNA, row(s, there, 7, 50)))
    assert told == "Version 2 came into force meanwhile. Look at it, then change it."


# Amending


def test_amending_resets_the_other_companys_consent(session: Session, there: Partnership, proposal: Agreement) -> None:
    """The other company changes a row: now it agrees, and who proposed has to agree to the new words."""
    amended = propose(session, ELIF, row(session, there, 9, 7))
    assert amended is proposal
    assert (amended.revision, amended.version) == (2, None)
    assert amended.agreed_by(Side.CMO) == support.row_of(session, ELIF).id
    assert amended.agreed_by(Side.SPONSOR) is None
    assert amended.reason == "We are slower.\nElif Kaya: We are slower."
    entry = support.last_entry(session)
    assert entry.event == "agreement.amended"
    assert entry.content["changes"] == {
        "row 9, Deviation: review": [
            "5 working days from submission, the approver", "7 working days from submission, the approver",
        ],
        "moves_clocks": [None, False],
    }  # fmt: skip
    agree(session, ANNA, amended)
    lengths = {one.row: one.term.length for one in terms.of(session, there.id).rows}
    assert (lengths[7], lengths[9]) == (40, 7)


def test_amending_by_ones_own_company_keeps_its_consent(
    session: Session, there: Partnership, proposal: Agreement
) -> None:
    """Ben changes what Anna proposed: Aurora still agrees, by him."""
    amended = propose(session, BEN, row(session, there, 7, 42))
    assert amended.agreed_by(Side.SPONSOR) == support.row_of(session, BEN).id
    assert amended.agreed_by(Side.CMO) is None


@pytest.mark.parametrize("act", [agree, drop])
def test_an_answer_is_to_the_words_that_were_read(
    session: Session, there: Partnership, proposal: Agreement, act: Callable[..., object]
) -> None:
    """A button drawn before the proposal was amended does nothing."""
    old = Agreement(id=proposal.id, partnership_id=there.id, content={}, revision=1, proposed_at=NOW)
    propose(session, BEN, row(session, there, 7, 42))
    told = support.refused(session, act, ELIF, old)
    assert told == "The proposal was changed meanwhile. Read it as it is now, then answer."


# Answering


def test_with_both_companies_consent_it_is_in_force(session: Session, there: Partnership, proposal: Agreement) -> None:
    """It is the next version; new clocks cite it, and those that run stay as they were."""
    before = support.log_deviation(session)
    agree(session, ELIF, proposal)
    assert (proposal.version, proposal.in_force_at, proposal.moved_up_to) == (2, LATER, None)
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("agreement.in_force", "Elif Kaya")
    assert entry.content["changes"]["version"] == [1, 2]
    assert entry.content["reason"] == "We are slower."
    due = close_clock(session, before)
    assert (due.due_at, due.agreement_version) == (datetime(2027, 1, 8, 16, tzinfo=UTC), 1)
    due = close_clock(session, support.log_deviation(session))
    assert (due.due_at, due.agreement_version, due.agreement_row) == (datetime(2027, 1, 3, 16, tzinfo=UTC), 2, 7)
    assert due.rule == "40 calendar days from detection"
    first = stored.before(session, proposal)
    assert (first.version, first.content["terms"][6]["length"]) == (1, 45)  # nothing of it was changed


@pytest.mark.parametrize("who", [ANNA, BEN], ids=["who proposed", "their colleague"])
def test_one_company_does_not_agree_twice(session: Session, proposal: Agreement, who: Profile) -> None:
    """It waits for the other one's QA."""
    told = support.refused(session, agree, who, proposal)
    assert told == "Anna Berg agreed for Aurora already. It waits for QA of Borealis."


@pytest.mark.parametrize(
    ("who", "event"), [(ELIF, "agreement.refused"), (ANNA, "agreement.withdrawn"), (BEN, "agreement.withdrawn")]
)
def test_a_proposal_is_refused_or_withdrawn(session: Session, proposal: Agreement, who: Profile, event: str) -> None:
    """By the other company, or by the one that made it; then another one can be made."""
    drop(session, who, proposal)
    assert (proposal.dropped_at, proposal.dropped_by_id) == (LATER, support.row_of(session, who).id)
    assert (proposal.version, support.last_entry(session).event) == (None, event)
    there = partnership.get(session, proposal.partnership_id)
    assert terms.of(session, there.id).version == 1
    assert propose(session, ELIF, row(session, there, 7, 60)).id != proposal.id


@pytest.mark.parametrize("act", [agree, drop])
@pytest.mark.parametrize(
    ("first", "how"), [(agree, "in force as version 2"), (drop, "refused or withdrawn")], ids=["agreed", "dropped"]
)
def test_an_answer_comes_once(
    session: Session, proposal: Agreement, first: Callable[..., object], how: str, act: Callable[..., object]
) -> None:
    """Whoever presses next is told how it ended."""
    first(session, ELIF, proposal)
    told = support.refused(session, act, FINN, proposal)
    assert told == f"This proposal is {how} already. `/quality agreement` shows how the agreement stands."


def test_a_proposal_is_of_its_own_channel(session: Session, there: Partnership, proposal: Agreement) -> None:
    """QA of two partnerships answer each in its own."""
    support.set_up(session, "C0OTHER")
    elsewhere = actor(session, ELIF, "C0OTHER")
    with pytest.raises(Refusal, match="not one of this channel's"):
        agreement.agree(session, elsewhere, Ref(proposal.id, 1), LATER)


def test_one_proposal_at_a_time_is_open(session: Session, there: Partnership, proposal: Agreement) -> None:
    """A second proposal is an amendment of the first."""
    propose(session, FINN, row(session, there, 9, 6))
    waiting = session.exec(select(Agreement).where(Agreement.version == None)).all()  # noqa: E711 - SQL
    assert [one.id for one in waiting] == [proposal.id]


# Settings


def test_agreed_settings_apply_at_once(session: Session, there: Partnership) -> None:
    """Zone, digest, countries, regions and closing days, and when the next digest comes."""
    settings = {
        "time zone": "Asia/Tokyo", "digest at": "09:30", "digest days": "Mon Thu", "figures on": "Thu",
        "sponsor country": "JP", "CMO region": "BY", "CMO closing days": "2026-12-28 2026-12-29",
    }  # fmt: skip
    proposal = propose(session, ANNA, settings=settings)
    assert there.time_zone == "Europe/Berlin"
    assert support.last_entry(session).content["changes"]["CMO region"] == ["none", "BY"]
    agree(session, ELIF, proposal)
    there = partnership.get(session, there.id)
    both = partnership.companies(session, there.id)
    assert (there.time_zone, there.digest_at, there.digest_days) == ("Asia/Tokyo", time(9, 30), "Mon Thu")
    assert there.figures_on == "Thu"
    assert site_of(both[Side.SPONSOR]) == Site("JP")
    assert site_of(both[Side.CMO]) == Site("DE", "BY", frozenset({date(2026, 12, 28), date(2026, 12, 29)}))
    # It is Wednesday, 18:00 in Tokyo: the next Monday or Thursday is tomorrow.
    assert there.next_digest_at == datetime(2026, 11, 26, 0, 30, tzinfo=UTC)
    made = support.log_oos(session, now=LATER)
    assert clock.find(session, made.id, ClockName.ACKNOWLEDGE).due_at == datetime(  # type: ignore[union-attr]
        2026, 11, 26, 8, tzinfo=UTC
    )  # Thanksgiving is a working day now, and ends at 17:00 in Tokyo


# Running clocks


def close_clock(session: Session, record: Record) -> Clock:
    found = clock.find(session, record.id, ClockName.CLOSE)
    assert found is not None
    return found


def move(session: Session, number: int, length: int, now: datetime = LATER, **changes: Any) -> Agreement:
    """Let both companies agree to another length that running clocks follow."""
    there = partnership.find_in_channel(session, support.CHANNEL)
    assert there is not None
    version = terms.of(session, there.id).version
    proposal = propose(
        session, ANNA, row(session, there, number, length, **changes), version=version, moves_clocks=True
    )
    return agree(session, ELIF, proposal, now)


def test_running_clocks_move_when_it_is_said(session: Session, there: Partnership) -> None:
    """To the new term from the moment that they count from; rule, row and whose it is follow, and it is journaled."""
    made, other = support.log_deviation(session), support.log_deviation(session, class_=Class.MINOR)
    found = move(session, 7, 60, duty=Duty.CMO)
    due = close_clock(session, made)
    assert (due.due_at, due.first_due_at) == (datetime(2027, 1, 23, 16, tzinfo=UTC),) * 2
    assert (due.rule, due.duty) == ("60 calendar days from detection", Duty.CMO)
    assert (due.agreement_version, due.agreement_row) == (2, 7)
    assert due.next_at == datetime(2027, 1, 15, 7, tzinfo=UTC)  # 7 days before is a Saturday
    entry = support.entries(session, made)[-1]
    assert (entry.event, entry.content["by"]["name"]) == ("deviation.clock_moved", "QualBridge")
    assert entry.content["changes"] == {
        "clock": [None, "close"],
        "due": ["2027-01-08T16:00:00+00:00", "2027-01-23T16:00:00+00:00"],
        "rule": ["45 calendar days from detection", "60 calendar days from detection"],
        "duty": [Duty.OWNER, Duty.CMO],
    }
    assert entry.content["reason"] == "agreement v2"
    # A clock whose term is what it was is not moved, and cites the version that made it.
    minor = close_clock(session, other)
    assert (minor.due_at, minor.agreement_version) == (datetime(2026, 12, 24, 16, tzinfo=UTC), 1)
    assert "deviation.clock_moved" not in support.events(session, other)
    assert found.moved_up_to is None


def test_only_what_a_version_changes_moves_clocks(session: Session, there: Partnership) -> None:
    """A row that an earlier version changed without moving clocks stays without effect on them, also by a later one."""
    made = support.log_deviation(session, class_=Class.MINOR)
    proposal = propose(session, ANNA, row(session, there, 8, 20), moves_clocks=False)
    agree(session, ELIF, proposal)
    move(session, 4, 2)
    assert close_clock(session, made).due_at == datetime(2026, 12, 24, 16, tzinfo=UTC)
    # Another working time moves it by its own row, not by the one that came meanwhile.
    before = close_clock(session, made)
    calendar = {"time zone": "America/New_York"}
    version = terms.of(session, there.id).version
    agree(session, ELIF, propose(session, ANNA, version=version, moves_clocks=True, settings=calendar))
    assert (before.due_at, before.agreement_version) == (datetime(2026, 12, 24, 22, tzinfo=UTC), 1)
    assert before.rule == "30 calendar days from detection"


def test_whose_a_clock_is_changes_with_a_word(session: Session, there: Partnership) -> None:
    """The due time stays; the journal says what changed, and whose it was."""
    made = support.log_deviation(session)
    move(session, 7, 45, duty=Duty.CMO)
    entry = support.entries(session, made)[-1]
    assert entry.event == "deviation.clock_changed"
    assert entry.content["changes"] == {"clock": [None, "close"], "duty": [Duty.OWNER, Duty.CMO]}
    assert (close_clock(session, made).duty, close_clock(session, made).agreement_version) == (Duty.CMO, 2)


def test_a_proposal_that_was_not_seen_is_not_amended(session: Session, there: Partnership) -> None:
    """Of the same revision, after the one that was seen was withdrawn."""
    proposal = propose(session, ANNA, row(session, there, 4, 2))
    seen = agreement.standing(session, actor(session, ANNA)).seen
    agreement.drop(session, actor(session, ANNA), agreement.Ref(proposal.id, proposal.revision), NOW)
    propose(session, ELIF, row(session, there, 7, 300))
    changes = agreement.Changes("More time.", rows=(row(session, there, 4, 3),))
    told = support.refused(session, agreement.propose, actor(session, ANNA), seen, changes, NOW)
    assert "was changed meanwhile" in told


def test_no_clock_moves_into_the_past(session: Session, there: Partnership) -> None:
    """A shorter term leaves at least the next working day to its end, or what was left before."""
    old = support.log_deviation(session, detected_at=NOW - 30 * DAY)  # due on 9 December
    late = support.log_deviation(session, detected_at=NOW - 50 * DAY)  # was due on 19 November
    tomorrow = support.log_deviation(session, detected_at=NOW - 44 * DAY)  # due on Wednesday, 25 November
    move(session, 7, 10)  # on Wednesday 25 November, before Thanksgiving
    assert close_clock(session, old).due_at == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert close_clock(session, late).due_at == datetime(2026, 11, 19, 16, tzinfo=UTC)
    assert close_clock(session, tomorrow).due_at == datetime(2026, 11, 25, 16, tzinfo=UTC)
    assert close_clock(session, late).rule == "45 calendar days from detection"  # what is late stays as it is
    moved = [one.number for one in (old, late, tomorrow) if "deviation.clock_moved" in support.events(session, one)]
    assert moved == [old.number]  # what was not moved is not said to be


def extended(session: Session, record: Record) -> None:
    support.ask(session, GITA, record, Asked.EXTEND)
    request.grant(session, actor(session, ANNA), ref(record), NOW)


def stopped(session: Session, record: Record) -> None:
    support.ask(session, GITA, record, Asked.STOP)
    request.agree(session, actor(session, ANNA), ref(record), NOW)


def stood(session: Session, record: Record) -> None:
    stopped(session, record)
    request.resume(session, actor(session, GITA), ref(record), NOW + DAY)


@pytest.mark.parametrize("happened", [extended, stopped, stood])
def test_what_people_agreed_about_one_record_stays(
    session: Session, there: Partnership, happened: Callable[[Session, Record], None]
) -> None:
    """A clock that was extended, stands or stood keeps what was agreed for it."""
    made = support.investigate(session, support.log_deviation(session))
    happened(session, made)
    due = close_clock(session, made)
    before = (due.due_at, due.rule, due.agreement_version)
    move(session, 7, 60, NOW + 2 * DAY)
    assert (due.due_at, due.rule, due.agreement_version) == before


def test_a_date_of_a_persons_own_stays(session: Session, there: Partnership) -> None:
    """The due date of a CAPA was set with it, by no row."""
    made = support.log_capa(session)
    move(session, 16, 10)
    assert close_clock(session, made).due_at == datetime(2026, 12, 22, 16, tzinfo=UTC)


def test_what_is_done_stays(session: Session, there: Partnership) -> None:
    """A clock that was met is history."""
    made = support.log_deviation(session)
    support.close(session, made)
    move(session, 7, 60)
    assert close_clock(session, made).due_at == datetime(2027, 1, 8, 16, tzinfo=UTC)


def test_a_clock_keeps_what_it_counts_from(session: Session, there: Partnership) -> None:
    """One that counts from the reopening goes on counting from it."""
    made = support.log_deviation(session)
    support.close(session, made)
    support.ask(session, ELIF, made, Asked.REOPEN)
    request.agree(session, actor(session, ANNA), ref(made), NOW + DAY)
    move(session, 7, 10, NOW + DAY)
    due = close_clock(session, made)
    assert (due.due_at, due.rule) == (datetime(2026, 12, 5, 16, tzinfo=UTC), "10 calendar days from reopening")


def test_more_than_a_batch_moves_over_several_passes(
    session: Session, there: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first at once, the others by the beat; another channel's are left alone."""
    monkeypatch.setattr(agreement, "AT_ONCE", 2)
    monkeypatch.setattr(beats, "BATCH", 3)
    support.set_up(session, "C0OTHER")
    elsewhere = support.log_deviation(session, channel_id="C0OTHER")
    made = [support.log_deviation(session) for _ in range(4)]  # each with a clock to close and one to acknowledge
    found = move(session, 7, 60)
    moved = [sum(close_clock(session, one).due_at == datetime(2027, 1, 23, 16, tzinfo=UTC) for one in made)]
    while found.moved_up_to is not None:
        assert beat(session, LATER) is True
        moved.append(sum(close_clock(session, one).due_at == datetime(2027, 1, 23, 16, tzinfo=UTC) for one in made))
    assert moved == [1, 3, 4, 4]  # 2 of 8 clocks, then 3, then 3; the last pass finds that there are no more
    assert close_clock(session, elsewhere).due_at == datetime(2027, 1, 8, 16, tzinfo=UTC)
    assert [support.events(session, one).count("deviation.clock_moved") for one in made] == [1] * 4


def test_a_later_version_overtakes_one_that_is_followed(
    session: Session, there: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No clock follows the older one after the newer."""
    monkeypatch.setattr(agreement, "AT_ONCE", 1)
    made = [support.log_deviation(session) for _ in range(3)]
    older = move(session, 7, 60)
    newer = move(session, 7, 50)
    assert (older.moved_up_to, newer.moved_up_to is None) == (None, False)
    while beat(session, LATER):
        pass
    assert {close_clock(session, one).due_at for one in made} == {datetime(2027, 1, 13, 16, tzinfo=UTC)}
    assert {close_clock(session, one).agreement_version for one in made} == {3}


def test_a_calendar_that_changes_moves_clocks_too(session: Session, there: Partnership) -> None:
    """Where running clocks follow, a closing day puts off what counts working days."""
    made = support.log_deviation(session)
    proposal = propose(session, ANNA, settings={"CMO closing days": "2026-11-25"}, moves_clocks=True)
    agree(session, ELIF, proposal, NOW)
    found = clock.find(session, made.id, ClockName.ACKNOWLEDGE)
    assert found is not None
    assert found.due_at == datetime(2026, 11, 27, 16, tzinfo=UTC)  # after Thanksgiving
    assert close_clock(session, made).due_at == datetime(2027, 1, 8, 16, tzinfo=UTC)


def test_who_only_reads_sees_how_it_stands(session: Session, there: Partnership, proposal: Agreement) -> None:
    """A viewer and a member read the agreement; proposing is not offered to them."""
    support.give_roles(session, CARLA, Role.VIEWER)
    assert agreement.standing(session, actor(session, CARLA)).proposal is proposal
    for who in (CARLA, GITA):
        told = support.refused(session, lambda s, who=who: agreement.may_propose(s, actor(s, who)))
        assert told.startswith("Only QA may propose a change of the agreement: ")


def test_a_proposal_may_change_only_whether_clocks_move(session: Session, proposal: Agreement) -> None:
    """The words stay, the other company agrees to it anew."""
    amended = propose(session, ANNA, moves_clocks=True)
    assert (amended.id, amended.revision, amended.moves_clocks) == (proposal.id, 2, True)


def test_of_two_who_change_a_proposal_the_second_looks_first(session: Session, proposal: Agreement) -> None:
    """A form that was opened before the proposal changed overwrites nothing."""
    seen = agreement.standing(session, actor(session, BEN)).seen
    propose(session, ANNA, row(session, session.get_one(Partnership, proposal.partnership_id), 9, 7))
    given = Changes("Slower still.", settings={"digest at": "09:00"})
    told = support.refused(session, lambda s: agreement.propose(s, actor(s, BEN), seen, given, NOW))
    assert told.startswith("What is proposed was changed meanwhile.")


def test_a_form_that_does_not_ask_keeps_whether_clocks_move(session: Session, there: Partnership) -> None:
    """A change of the digest alone takes nothing back of what was proposed about running clocks."""
    propose(session, ANNA, row(session, there, 8, 20), moves_clocks=True)
    assert propose(session, ELIF, settings={"digest at": "09:00"}).moves_clocks is True


def test_a_digest_that_was_still_to_come_is_decided_anew(session: Session, there: Partnership) -> None:
    """Moved to an hour that has passed, it is sent at the next pass."""
    here = session.get_one(Partnership, there.id)
    here.next_digest_at = NOW + 2 * HOUR
    proposal = propose(session, ANNA, settings={"digest at": "09:00"})
    agreement.agree(session, actor(session, ELIF), Ref(proposal.id, proposal.revision), NOW + HOUR)
    assert here.next_digest_at == NOW + HOUR
