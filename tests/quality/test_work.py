"""What waits for a person, by who they are."""

from datetime import datetime

import pytest
from sqlmodel import Session

from quality import record as records
from quality import request, work
from quality.people import Profile
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Asked, Distributed
from tests import support
from tests.support import ANNA, CARLA, DAY, ELIF, FINN, GITA, NOW, actor, ref

OWN, UNOWNED = "You own", "Needs an owner: QA assigns one"
APPROVE = "Borealis has to approve"
DEV_1, DEV_2, CAPA_1 = "DEV-2026-0001", "DEV-2026-0002", "CAPA-2026-0001"
AURORA, BOREALIS = "Aurora has to acknowledge", "Borealis has to acknowledge"


def waiting(session: Session, who: Profile, now: datetime = NOW) -> dict[str, list[str]]:
    groups = work.waiting_for(session, actor(session, who), now)
    return {group.title: [row.record.number for row in group.rows] for group in groups}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (ANNA, {AURORA: [DEV_1], UNOWNED: [DEV_1]}),
        (CARLA, {AURORA: [DEV_1]}),
        (ELIF, {APPROVE: [CAPA_1], BOREALIS: [DEV_2], UNOWNED: [DEV_1]}),
        (FINN, {OWN: [CAPA_1], BOREALIS: [DEV_2], UNOWNED: [DEV_1]}),
        (GITA, {OWN: [DEV_2], BOREALIS: [DEV_2]}),
    ],
    ids=["sponsor QA", "sponsor member", "CMO QA", "CMO QA who owns", "CMO member who owns"],
)
def test_each_person_sees_what_waits_for_them(
    session: Session, there: Partnership, who: Profile, expected: dict[str, list[str]]
) -> None:
    """What they own, what their company answers, and for QA what lacks an owner; never approving what they own."""
    support.log_deviation(session)
    support.assign(session, support.log_deviation(session, CARLA), GITA)
    support.log_capa(session)
    assert waiting(session, who) == expected


def test_qa_sees_what_is_to_be_signed_and_answered(session: Session, there: Partnership) -> None:
    """Approvals of their company, requests, checks that are due, and for the sponsor the reports to authorities."""
    pending = support.submit(session, support.log_deviation(session, distributed=Distributed.YES))
    support.sign(session, ELIF, pending)
    support.ask(session, GITA, support.investigate(session, support.log_deviation(session)), Asked.EXTEND)
    action = support.log_capa(session)
    support.implement(session, support.begin_capa(session, action))
    found = {"Asked of QA": [DEV_2], "Effectiveness to be checked": [CAPA_1]}
    later = NOW + 92 * DAY  # the day of the check and its working hours are over
    seen = waiting(session, ANNA, later)
    sponsors = {"Aurora has to approve": [DEV_1], "Reports to authorities": [DEV_1]}
    assert {title: seen[title] for title in seen if title != AURORA} == found | sponsors
    assert waiting(session, ELIF, later) == found
    assert "Effectiveness to be checked" not in waiting(session, ELIF, NOW + 30 * DAY)


def test_when_nothing_waits_there_is_no_group(session: Session, there: Partnership) -> None:
    """Empty groups are left out."""
    assert waiting(session, ANNA) == {}


def test_what_is_done_waits_for_nobody(session: Session, there: Partnership) -> None:
    """A closed record leaves every list."""
    made = support.log_deviation(session)
    support.assign(session, made, FINN)
    request.void(session, actor(session, ELIF), ref(made), "Logged twice.", NOW)
    assert [waiting(session, who) for who in (ANNA, FINN)] == [{}, {}]


def test_a_viewer_has_nothing_to_do_but_what_they_own(session: Session, there: Partnership) -> None:
    """A person who became a viewer still sees what stands in their name."""
    support.assign(session, support.log_deviation(session), CARLA)
    support.give_roles(session, CARLA, Role.VIEWER)
    assert waiting(session, CARLA) == {OWN: ["DEV-2026-0001"]}


@pytest.mark.parametrize(("number", "more"), [(work.MOST, False), (work.MOST + 1, True)])
def test_a_group_says_when_rows_were_left_out(session: Session, there: Partnership, number: int, *, more: bool) -> None:
    """As many rows as fit, and a word that there are more."""
    for _ in range(number):
        support.log_deviation(session)
    groups = work.waiting_for(session, actor(session, ANNA), NOW)
    assert [(len(group.rows), group.more) for group in groups] == [(work.MOST, more)] * 2


def test_the_partners_many_waiting_records_hide_none_of_ours(session: Session, there: Partnership) -> None:
    """However many of our own records wait for the partner, those we have to answer are found."""
    for _ in range(60):
        support.log_deviation(session, GITA)
    support.log_deviation(session, CARLA)
    assert waiting(session, GITA) == {BOREALIS: ["DEV-2026-0061"]}


def numbers(session: Session, who: Profile, title: str) -> list[str]:
    session.flush()
    return waiting(session, who).get(title, [])


def test_what_only_a_colleague_may_sign_hides_nothing(session: Session, there: Partnership) -> None:
    """Finn worked on many pending records; the one that he may approve is found behind them, and only that one."""
    for _ in range(work.PAGE + 2):
        support.submit(session, support.log_deviation(session), owner=FINN)
    free = support.submit(session, support.log_deviation(session))
    assert numbers(session, FINN, APPROVE) == [free.number]
    assert len(numbers(session, ELIF, APPROVE)) == work.MOST


def test_who_worked_on_a_record_is_not_asked_to_approve_it(session: Session, there: Partnership) -> None:
    """Not the owner any more, but still the author of what is to be signed."""
    made = support.submit(session, support.log_deviation(session), owner=FINN)
    support.assign(session, made, GITA)
    assert numbers(session, FINN, APPROVE) == []
    assert numbers(session, ELIF, APPROVE) == [made.number]


def test_who_logged_a_plan_is_not_asked_to_approve_it(session: Session, there: Partnership) -> None:
    """Nor who signed it already, of the company whose signature is there."""
    source = support.log_deviation(session)
    made = support.log_capa(session, ELIF, owner=GITA, sources=(source.number,))
    assert (numbers(session, ELIF, APPROVE), numbers(session, FINN, APPROVE)) == ([], [made.number])
    support.sign(session, FINN, made, "approve_plan")
    assert (numbers(session, FINN, APPROVE), numbers(session, ANNA, "Aurora has to approve")) == ([], [made.number])


def test_requests_of_the_own_company_hide_none_of_the_partners(session: Session, there: Partnership) -> None:
    """Only what the person may answer is shown: not what a colleague asks of the other company."""
    for place in range(7):
        made = support.log_deviation(session)
        records.acknowledge(session, actor(session, ANNA), ref(made), NOW)
        request.void(session, actor(session, ELIF if place < 6 else ANNA), ref(made), "Twice.", NOW)
    assert numbers(session, FINN, "Asked of QA") == ["DEV-2026-0007"]
    assert len(numbers(session, ANNA, "Asked of QA")) == work.MOST


def test_who_carried_a_capa_out_is_not_asked_to_check_it(session: Session, there: Partnership) -> None:
    """Its effectiveness is for QA who did not implement it."""
    made = support.log_capa(session)
    support.implement(session, support.begin_capa(session, made))
    support.assign(session, made, GITA)
    later = NOW + 92 * DAY
    assert "Effectiveness to be checked" not in waiting(session, FINN, later)
    assert waiting(session, ELIF, later)["Effectiveness to be checked"] == [made.number]


def test_the_number_of_statements_does_not_grow_with_the_rows(session: Session, there: Partnership) -> None:
    """Six pending records cost as many statements as one."""
    told = []
    for number in (1, 5):
        for _ in range(number):
            support.submit(session, support.log_deviation(session))
        with support.statements(session) as seen:
            work.waiting_for_company(session, actor(session, ELIF), NOW)
        told.append(len(seen))
    assert told[0] == told[1]
