"""What waits for a person, by who they are."""

import pytest
from sqlmodel import Session

from quality import record as records
from quality import work
from quality.people import Profile
from storage.partnership import Partnership
from storage.person import Role
from tests import support
from tests.support import ANNA, CARLA, ELIF, FINN, GITA, NOW, actor, ref

OWN, UNOWNED = "You own", "Needs an owner: QA assigns one"
AURORA, BOREALIS = "Aurora has to acknowledge", "Borealis has to acknowledge"


def waiting(session: Session, who: Profile) -> dict[str, list[str]]:
    groups = work.waiting_for(session, actor(session, who))
    return {group.title: [row.record.number for row in group.rows] for group in groups}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (ANNA, {AURORA: ["DEV-2026-0001"], UNOWNED: ["DEV-2026-0001"]}),
        (CARLA, {AURORA: ["DEV-2026-0001"]}),
        (ELIF, {BOREALIS: ["DEV-2026-0002"], UNOWNED: ["DEV-2026-0001"]}),
        (FINN, {OWN: ["CAPA-2026-0001"], BOREALIS: ["DEV-2026-0002"], UNOWNED: ["DEV-2026-0001"]}),
        (GITA, {OWN: ["DEV-2026-0002"], BOREALIS: ["DEV-2026-0002"]}),
    ],
    ids=["sponsor QA", "sponsor member", "CMO QA", "CMO QA who owns", "CMO member who owns"],
)
def test_each_person_sees_what_waits_for_them(
    session: Session, there: Partnership, who: Profile, expected: dict[str, list[str]]
) -> None:
    """What they own, what their company has to answer, and for QA what lacks an owner."""
    support.log_deviation(session)
    support.assign(session, support.log_deviation(session, CARLA), GITA)
    support.log_capa(session)
    assert waiting(session, who) == expected


def test_when_nothing_waits_there_is_no_group(session: Session, there: Partnership) -> None:
    """Empty groups are left out."""
    assert waiting(session, ANNA) == {}


def test_what_is_done_waits_for_nobody(session: Session, there: Partnership) -> None:
    """A closed record leaves every list."""
    made = support.log_deviation(session)
    support.assign(session, made, FINN)
    records.close(session, actor(session, ELIF), ref(made), NOW)
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
    groups = work.waiting_for(session, actor(session, ANNA))
    assert [(len(group.rows), group.more) for group in groups] == [(work.MOST, more)] * 2


def test_the_partners_many_waiting_records_hide_none_of_ours(session: Session, there: Partnership) -> None:
    """However many of our own records wait for the partner, those we have to answer are found."""
    for _ in range(10 * (work.MOST + 1)):
        support.log_deviation(session, GITA)
    support.log_deviation(session, CARLA)
    assert waiting(session, GITA) == {BOREALIS: ["DEV-2026-0111"]}
