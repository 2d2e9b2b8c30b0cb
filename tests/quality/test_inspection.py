"""Inspections: who may do what with one, whom its requests remind, and what the shared journal says of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session

from quality import inspection, inspection_clock, people
from quality.inspection import NOT_YOURS, ChangeForm, HandOverForm, InspectionForm, RequestForm
from quality.people import Actor, Profile
from quality.refusal import Refusal
from storage import inspection as stored
from storage.inspection import Inspection, InspectionRequest
from storage.partnership import Partnership
from storage.person import Role
from tests import support
from tests.support import ANNA, BEN, CARLA, DAY, ELIF, FINN, GITA, HOUR, NOW, actor

FORM = InspectionForm("The Agency", "Aseptic filling", "I. Spector", NOW.date(), (NOW + 2 * DAY).date())
VERA = support.profile("Vera View", support.CMO_TEAM)  # of the CMO, a viewer who takes part
SECRETS = ("The Agency", "Aseptic", "Spector", "batch records", "Ring binder")


@pytest.fixture(autouse=True)
def there(session: Session) -> Partnership:
    """Set a partnership up."""
    return support.set_up(session)


def opened(session: Session) -> Inspection:
    """Open an inspection of the CMO in which Gita takes part, by Elif."""
    form = replace(FORM, people=(support.row_of(session, GITA).id,))
    return inspection.open_new(session, actor(session, ELIF), form, NOW)


def asked(session: Session, found: Inspection, owner: Profile = GITA, hours: int = 30) -> InspectionRequest:
    """Add a request, due in thirty hours."""
    form = RequestForm("All batch records of AB-1001", support.row_of(session, owner).id, NOW + hours * HOUR)
    inspection.add_request(session, actor(session, ELIF), found.id, form, NOW)
    return stored.list_requests(session, found.id)[-1]


Act = Callable[[Session, Actor, int, int], object]
HANDED = HandOverForm("Ring binder 7")
SEE, TAKE_PART, QA = "see", "take part", "QA"
ACTS: dict[str, tuple[str, Act]] = {
    "view": (SEE, lambda s, who, i, _q: inspection.view(s, who, i)),
    "log": (SEE, lambda s, who, i, _q: inspection.log(s, who, i, 1)),
    "add request": (
        TAKE_PART, lambda s, who, i, _q: inspection.add_request(s, who, i, _form(s), NOW),
    ),
    "open hand over": (TAKE_PART, inspection.request_of),
    "hand over": (TAKE_PART, lambda s, who, i, q: inspection.hand_over(s, who, i, q, HANDED, NOW)),
    "close request": (TAKE_PART, lambda s, who, i, q: inspection.close_request(s, who, i, q, NOW)),
    "change request": (
        TAKE_PART, lambda s, who, i, q: inspection.change_request(s, who, i, q, _change(s), NOW),
    ),
    "add people": (
        QA, lambda s, who, i, _q: inspection.add_people(s, who, i, [support.row_of(s, FINN).id], NOW),
    ),
    "close": (QA, lambda s, who, i, _q: inspection.close(s, who, i, NOW)),
}  # fmt: skip
MAY: dict[str, set[str]] = {
    "CMO QA": {SEE, TAKE_PART, QA},
    "another CMO QA": {SEE, TAKE_PART, QA},
    "CMO member who takes part": {SEE, TAKE_PART},
    "CMO viewer who takes part": {SEE},
    "CMO member": set(),
    "sponsor QA": set(),
    "sponsor member": set(),
}


def _form(session: Session) -> RequestForm:
    return RequestForm("Training files", support.row_of(session, GITA).id, NOW + DAY)


def _change(session: Session) -> ChangeForm:
    return ChangeForm(support.row_of(session, FINN).id, NOW + DAY, "She is away.")


def cast(session: Session) -> dict[str, Profile]:
    """Give who tries everything; Gita takes part, and so does Vera, who is a viewer."""
    hugo = support.profile("Hugo Maier", support.CMO_TEAM)
    for who in (hugo, VERA):
        people.enrol(session, support.row_of(session, GITA).partnership_id, who, NOW)
    support.give_roles(session, VERA, Role.VIEWER)
    return {
        "CMO QA": ELIF, "another CMO QA": FINN, "CMO member who takes part": GITA, "CMO viewer who takes part": VERA,
        "CMO member": hugo, "sponsor QA": ANNA, "sponsor member": CARLA,
    }  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("persona", MAY)
def test_who_may_do_what(session: Session, persona: str, act: str) -> None:
    """Each act by each kind of person of both companies; to the others there is no inspection."""
    who = cast(session)[persona]
    found = opened(session)
    one = asked(session, found)
    stored.take_part(session, found, [support.row_of(session, VERA).id])
    if act != "change request":
        inspection.hand_over(session, actor(session, ELIF), found.id, one.id, HANDED, NOW)
    if act == "close":
        inspection.close_request(session, actor(session, ELIF), found.id, one.id, NOW)
    needs, do = ACTS[act]
    if needs in MAY[persona]:
        do(session, actor(session, who), found.id, one.id)
        return
    told = support.refused(session, do, actor(session, who), found.id, one.id)
    assert (told == NOT_YOURS) is (not MAY[persona])


def test_only_qa_open_one_and_one_at_a_time(session: Session) -> None:
    """Each company its own; a member hears that there is none for them."""
    assert support.refused(session, inspection.open_new, actor(session, GITA), FORM, NOW) == NOT_YOURS
    opened(session)
    with pytest.raises(Refusal, match="is open already"):
        inspection.open_new(session, actor(session, FINN), FORM, NOW)
    other = inspection.open_new(session, actor(session, ANNA), FORM, NOW)
    assert inspection.overview(session, actor(session, BEN)).present is not None
    assert support.refused(session, inspection.overview, actor(session, CARLA)) == NOT_YOURS
    assert other.side is not inspection.overview(session, actor(session, ELIF)).present.inspection.side  # type: ignore[union-attr]


def test_faults_of_the_forms(session: Session) -> None:
    """Days that end before they begin, times that are past, people of the other company, records that are none."""
    elif_ = actor(session, ELIF)
    form = replace(FORM, last_on=(NOW - DAY).date())
    assert "last_on" in support.field_errors(session, inspection.open_new, elif_, form, NOW)
    form = replace(FORM, people=(support.row_of(session, ANNA).id,))
    assert "people" in support.field_errors(session, inspection.open_new, elif_, form, NOW)
    found = opened(session)
    past = RequestForm("It", support.row_of(session, GITA).id, NOW)
    assert "due_at" in support.field_errors(session, inspection.add_request, elif_, found.id, past, NOW)
    theirs = RequestForm("It", support.row_of(session, ANNA).id, NOW + DAY)
    assert "owner" in support.field_errors(session, inspection.add_request, elif_, found.id, theirs, NOW)
    one = asked(session, found)
    nothing = HandOverForm("It", "DEV-2020-0001")
    assert "record" in support.field_errors(session, inspection.hand_over, elif_, found.id, one.id, nothing, NOW)
    known = set(stored.participants(session, found.id))
    assert "people" in support.field_errors(session, inspection.add_people, elif_, found.id, list(known), NOW)


def test_everything_handed_over_is_logged(session: Session) -> None:
    """Who, when, what, and which record; the log stays when the inspection is closed."""
    found = opened(session)
    one, number = asked(session, found), support.log_deviation(session).number
    elif_ = actor(session, ELIF)
    assert "not closed yet: 1" in support.refused(session, inspection.close, elif_, found.id, NOW)
    told = support.refused(session, inspection.close_request, actor(session, GITA), found.id, one.id, NOW)
    assert "Nothing was handed over for request 1 yet" in told
    inspection.hand_over(session, actor(session, GITA), found.id, one.id, HandOverForm("Ring binder 7", number), NOW)
    inspection.hand_over(session, actor(session, FINN), found.id, one.id, HandOverForm("Ring binder 8"), NOW + HOUR)
    assert one.answered_at == NOW
    inspection.close_request(session, actor(session, GITA), found.id, one.id, NOW)
    inspection.close(session, elif_, found.id, NOW)
    _, entries = inspection.log(session, elif_, found.id, 1)
    assert [inspection.said_of(entry) for entry in entries[::-1]] == [
        "opened the inspection: The Agency. Taking part: Elif Kaya, Gita Rao",
        "added request 1, for Gita Rao, due 25 Nov 2026 15:00 UTC: All batch records of AB-1001",
        f"handed over for request 1: Ring binder 7 ({number})",
        "handed over for request 1: Ring binder 8",
        "closed request 1",
        "closed the inspection",
    ]
    assert "was closed on" in support.refused(session, inspection.hand_over, elif_, found.id, one.id, HANDED, NOW)


def test_the_shared_journal_tells_nothing(session: Session) -> None:
    """It holds who kept something private, and a hash; and it verifies."""
    found = opened(session)
    one = asked(session, found)
    inspection.hand_over(session, actor(session, GITA), found.id, one.id, HANDED, NOW)
    kept = [entry for entry in support.entries(session) if entry.event == "private.kept"]
    hashes = [entry.hash for entry in stored.list_entries(session, found.id, 9)[::-1]]
    assert [entry.content["changes"]["SHA-256"][1] for entry in kept] == hashes
    assert [entry.content["by"]["name"] for entry in kept] == ["Elif Kaya", "Elif Kaya", "Gita Rao"]
    bodies = " ".join(entry.body for entry in support.entries(session))
    assert [word for word in (*SECRETS, "inspection") if word in bodies] == []


def reminded(session: Session, at: timedelta) -> list[str]:
    """Let the time come; gives who is reminded then."""
    before = len(support.queued(session, "inspection reminder"))
    inspection_clock.decide_due(session, NOW + at, 50)
    inspection_clock.decide_due(session, NOW + at, 50)
    return [support.told(session, row) for row in support.queued(session, "inspection reminder")[before:]]


def test_a_request_reminds_its_owner_and_then_qa(session: Session) -> None:
    """A day and two hours before; when it is due, and each day after that, QA who take part as well; each once."""
    found = opened(session)
    one = asked(session, found)
    assert reminded(session, 5 * HOUR) == []
    assert reminded(session, 6 * HOUR) == ["Gita Rao"]
    assert reminded(session, 28 * HOUR) == ["Gita Rao"]
    assert reminded(session, 30 * HOUR) == ["Gita Rao", "Elif Kaya"]
    assert reminded(session, 53 * HOUR) == []
    assert reminded(session, 54 * HOUR) == ["Gita Rao", "Elif Kaya"]
    inspection.hand_over(session, actor(session, GITA), found.id, one.id, HANDED, NOW)
    assert reminded(session, 100 * HOUR) == []


def test_a_request_that_is_changed_reminds_by_its_new_time(session: Session) -> None:
    """Its new owner, who takes part from then on; what is over, unchanged or handed over is not changed."""
    found = opened(session)
    one, elif_ = asked(session, found), actor(session, ELIF)
    same = ChangeForm(one.owner_id, one.due_at, "So.")
    assert "reason" in support.field_errors(session, inspection.change_request, elif_, found.id, one.id, same, NOW)
    past = replace(_change(session), due_at=NOW)
    assert "due_at" in support.field_errors(session, inspection.change_request, elif_, found.id, one.id, past, NOW)
    theirs = replace(_change(session), owner_id=support.row_of(session, ANNA).id)
    assert "owner" in support.field_errors(session, inspection.change_request, elif_, found.id, one.id, theirs, NOW)
    form = replace(_change(session), due_at=NOW + 50 * HOUR)
    inspection.change_request(session, elif_, found.id, one.id, form, NOW)
    assert support.row_of(session, FINN).id in stored.participants(session, found.id)
    assert reminded(session, 25 * HOUR) == []
    assert reminded(session, 26 * HOUR) == ["Finn Larsen"]
    _, (entry, *_) = inspection.log(session, elif_, found.id, 1)
    assert inspection.said_of(entry) == ("changed request 1: for Finn Larsen, due 26 Nov 2026 11:00 UTC: She is away.")
    inspection.hand_over(session, elif_, found.id, one.id, HANDED, NOW)
    told = support.refused(session, inspection.change_request, elif_, found.id, one.id, _change(session), NOW)
    assert "Something was handed over for request 1 already" in told


def test_what_fell_due_meanwhile_is_said_once(session: Session) -> None:
    """A pass that was missed loses nothing, and repeats nothing."""
    asked(session, opened(session))
    assert reminded(session, 200 * HOUR) == ["Gita Rao", "Elif Kaya"]
    assert reminded(session, 201 * HOUR) == []


def test_whoever_left_is_not_reminded(session: Session) -> None:
    """QA are, instead."""
    asked(session, opened(session))
    support.remove(session, GITA)
    assert reminded(session, 6 * HOUR) == ["Elif Kaya"]
