"""Signatures: who may sign what in which order, what is kept, what voids it, and that every refused attempt is kept."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import text
from sqlmodel import Session

from quality import change, deviation, request
from quality import record as records
from quality import signature as signatures
from quality.change import Ref
from quality.device import OneTimeCodes
from quality.people import Profile
from quality.refusal import Overtaken, Refusal, Witnessed
from quality.signature import Attempt
from storage import device, draft, partnership
from storage.partnership import Partnership, Side
from storage.person import Role
from storage.record import Asked, Class, Record, State
from storage.secret import Safe
from storage.signature import Signature
from tests import support
from tests.support import (
    ANNA,
    BEN,
    CARLA,
    CODE,
    DAY,
    ELIF,
    FINN,
    GITA,
    HOUR,
    NOBODY,
    NOW,
    STRANGER,
    actor,
    ref,
    sign,
    sign_refused,
)


@pytest.fixture
def pending(session: Session, there: Partnership) -> Record:
    """Bring a major deviation that Gita owns to its approval."""
    return support.submit(session, support.log_deviation(session))


def signed(session: Session, record: Record) -> list[Signature]:
    return support.sheet_of(session, record).signatures


def counting(session: Session, record: Record) -> list[str]:
    return [one.name for one in signed(session, record) if one.counts]


def reclassify(session: Session, record: Record, class_: Class, who: Profile = ELIF) -> None:
    request.reclassify(session, actor(session, who), ref(record), class_, "A second look.", NOW)


def send_back(session: Session, record: Record, who: Profile = ANNA) -> None:
    request.send_back(session, actor(session, who), ref(record), "Other batches?", NOW)


# What a signature holds


def test_a_signature_is_whole_in_itself(session: Session, pending: Record) -> None:
    """Printed name, company, role, time, zone, meaning, method, version, and the hash of the content it keeps."""
    version = pending.version
    sign(session, ELIF, pending, now=NOW + HOUR)
    (one,) = signed(session, pending)
    assert (one.name, one.company, one.side, one.role) == ("Elif Kaya", "Borealis", Side.CMO, "QA")
    assert (one.at, one.zone, one.method, one.version) == (NOW + HOUR, "Europe/Berlin", "one-time code", version)
    assert (one.meaning, one.scope) == ("Approval of the investigation and its conclusion", "record")
    assert one.hash == hashlib.sha256(one.content.encode()).hexdigest()


def test_the_journal_holds_the_signature(session: Session, pending: Record) -> None:
    """What the entry says of it is enough to find the row changed."""
    sign(session, ELIF, pending)
    (one,) = signed(session, pending)
    entry = support.last_entry(session)
    assert entry.event == "deviation.approved"
    kept = entry.content["signature"]
    assert kept == {name: getattr(one, name) for name in kept}
    assert set(kept) >= {"name", "company", "role", "zone", "meaning", "method", "version", "scope", "hash"}


def test_what_is_signed_is_what_was_shown(session: Session, pending: Record) -> None:
    """The hash that the form shows is the one that is kept."""
    shown = signatures.state(session, actor(session, ELIF), pending.id, "approve", NOW)
    sign(session, ELIF, pending)
    (one,) = signed(session, pending)
    assert (shown.hash, shown.meaning) == (one.hash, one.meaning)


def test_who_may_not_sign_is_shown_nothing_to_sign(session: Session, pending: Record) -> None:
    """The refusal comes before the form."""
    for who in (GITA, ANNA, CARLA):
        support.refused(session, signatures.state, actor(session, who), pending.id, "approve", NOW)


def test_each_signature_has_a_sentence_and_a_card(session: Session, pending: Record) -> None:
    """The thread tells of it, and the card is drawn anew."""
    support.empty_outbox(session)
    sign(session, ELIF, pending)
    assert [row.kind for row in support.newly_queued(session)] == ["card", "line"]


# Who signs, in which order


def test_a_major_deviation_takes_the_cmo_then_the_sponsor(session: Session, pending: Record) -> None:
    """Two companies' two people; the last signature closes it."""
    sign_refused(session, ANNA, pending)
    sign(session, ELIF, pending)
    assert (pending.state, pending.awaits_cmo, pending.awaits_sponsor) == (State.PENDING_APPROVAL, False, True)
    sign_refused(session, FINN, pending)
    sign(session, ANNA, pending)
    assert (pending.state, pending.awaits_cmo, pending.awaits_sponsor) == (State.CLOSED, False, False)
    assert [(one.name, one.company) for one in signed(session, pending)] == [
        ("Elif Kaya", "Borealis"),
        ("Anna Berg", "Aurora"),
    ]
    assert support.last_entry(session).event == "deviation.closed"


@pytest.mark.parametrize(
    ("class_", "names"),
    [
        (Class.MINOR, ["Elif Kaya"]),
        (Class.MAJOR, ["Elif Kaya", "Anna Berg"]),
        (Class.CRITICAL, ["Elif Kaya", "Anna Berg"]),
    ],
)
def test_the_class_decides_whose_signatures_close_it(
    session: Session, there: Partnership, class_: Class, names: list[str]
) -> None:
    """A minor one is the CMO's alone, whoever logged it."""
    made = support.close(session, support.log_deviation(session, CARLA, class_=class_))
    assert (made.state, [one.name for one in signed(session, made)]) == (State.CLOSED, names)


def test_the_sponsor_signs_no_minor_deviation(session: Session, there: Partnership) -> None:
    """It is told whose signature it waits for."""
    made = support.submit(session, support.log_deviation(session, class_=Class.MINOR))
    assert "Elif Kaya (Borealis), Finn Larsen (Borealis)" in sign_refused(session, ANNA, made)


def test_nobody_signs_twice(session: Session, pending: Record) -> None:
    """Not even when a change of companies would make them the other company's."""
    sign(session, ELIF, pending)
    sign_refused(session, ELIF, pending)


def test_a_plan_takes_both_companies_in_any_order(session: Session, there: Partnership) -> None:
    """The sponsor may go first; the second of the two lets the retests begin."""
    made = support.phase_1(session, support.log_oos(session))
    support.plan_retests(session, made)
    assert (made.awaits_sponsor, made.awaits_cmo) == (True, True)
    sign(session, ANNA, made, "approve_plan")
    assert (made.awaits_sponsor, made.awaits_cmo) == (False, True)
    sign_refused(session, BEN, made, "approve_plan")
    sign(session, ELIF, made, "approve_plan")
    assert support.last_entry(session).event == "oos.plan_approved"


# Who may not


def owner(session: Session, record: Record) -> Profile:
    support.assign(session, record, ELIF, FINN)
    return ELIF


def investigated_before(session: Session, record: Record) -> Profile:
    """Finn investigated and submitted; then the record was given to Gita."""
    send_back(session, record, FINN)
    support.assign(session, record, FINN)
    support.submit(session, record, owner=FINN)
    support.assign(session, record, GITA)
    return FINN


def viewer(session: Session, record: Record) -> Profile:
    support.give_roles(session, ELIF, Role.VIEWER)
    return ELIF


def removed(session: Session, record: Record) -> Profile:
    support.remove(session, ELIF)
    return ELIF


def unconfirmed(session: Session, record: Record) -> Profile:
    partnership.companies(session, record.partnership_id)[Side.CMO].confirmed_at = None
    return ELIF


def nobody_in_particular(who: Profile) -> Callable[[Session, Record], Profile]:
    return lambda _session, _record: who


MAY_NOT: dict[str, tuple[Callable[[Session, Record], Profile], str]] = {
    "the owner": (owner, "is for QA of the company whose signature is next"),
    "who investigated": (investigated_before, "is for QA of the company whose signature is next"),
    "the other company": (nobody_in_particular(ANNA), "is for QA of the company whose signature is next"),
    "a member": (nobody_in_particular(GITA), "is for QA of the company whose signature is next"),
    "the other company's member": (nobody_in_particular(CARLA), "is for QA of the company whose signature is next"),
    "a viewer": (viewer, "is for QA of the company whose signature is next"),
    "removed": (removed, "You are no longer on the roster"),
    "an unconfirmed company's": (unconfirmed, "Borealis has not confirmed this partnership yet"),
    "not on the roster": (nobody_in_particular(NOBODY), "You are not on this channel's roster yet"),
    "a stranger": (nobody_in_particular(STRANGER), "your Slack workspace is neither company's"),
}


@pytest.mark.parametrize(("who", "said"), MAY_NOT.values(), ids=MAY_NOT)
def test_who_may_not_sign_is_refused_and_journaled(
    session: Session, pending: Record, who: Callable[[Session, Record], Profile], said: str
) -> None:
    """The attempt stands in the journal with its reason, and nothing else changed."""
    assert said in sign_refused(session, who(session, pending), pending)


def test_an_attempt_names_who_tried(session: Session, pending: Record) -> None:
    """A removed person by name and company, a stranger by Slack's ids."""
    support.remove(session, ELIF)
    sign_refused(session, ELIF, pending)
    by = support.last_entry(session).content["by"]
    assert (by["name"], by["company"]) == ("Elif Kaya", "Borealis")
    sign_refused(session, STRANGER, pending)
    by = support.last_entry(session).content["by"]
    assert (by["name"], by["team"], by["user"]) == ("somebody not on the roster", "T0ELSEWHERE", "U0SAM")


def test_an_attempt_redraws_no_card_and_says_nothing_in_the_thread(session: Session, pending: Record) -> None:
    """It is for the history."""
    support.empty_outbox(session)
    sign_refused(session, CARLA, pending)
    assert support.newly_queued(session) == []


def test_a_wrong_code_signs_nothing(session: Session, pending: Record) -> None:
    """The field says so, the attempt is kept, and the right code signs afterwards."""
    assert "is not the one" in sign_refused(session, ELIF, pending, code="000000")
    sign(session, ELIF, pending)


def test_a_form_that_somebody_else_opened_signs_nothing(session: Session, pending: Record) -> None:
    """A signature is personal."""
    told = sign_refused(session, ELIF, pending, opened_by=FINN.identity.user_id)
    assert told.startswith("Somebody else opened this form")


def test_a_version_that_has_just_changed_is_not_signed(session: Session, pending: Record) -> None:
    """Whoever read the old one is told who changed it, and may sign what it is now."""
    old = ref(pending)
    records.acknowledge(session, actor(session, CARLA), old, NOW)
    told = sign_refused(session, ELIF, pending, ref=old)
    assert "was changed meanwhile: Carla Diaz (Aurora) acknowledged it" in told
    attempt = Attempt(pending.partnership_id, old, "approve", CODE, ELIF.identity.user_id)
    with pytest.raises(Witnessed) as caught:
        signatures.sign(session, ELIF.identity, attempt, support.Nod(), NOW)
    assert isinstance(caught.value.why, Overtaken)
    sign(session, ELIF, pending)


@pytest.mark.parametrize("act", ["approve_plan", "check", "void", "comment", "", "nothing"])
def test_what_is_not_to_be_signed_is_refused(session: Session, pending: Record, act: str) -> None:
    """Also an act that exists but takes no signature here."""
    sign_refused(session, ELIF, pending, act)


@pytest.mark.parametrize("bring", ["log_deviation", "investigate", "close"])
def test_only_what_is_pending_is_approved(session: Session, there: Partnership, bring: str) -> None:
    """Neither before nor afterwards."""
    made = support.log_deviation(session)
    if bring != "log_deviation":
        getattr(support, bring)(session, made)
    sign_refused(session, ELIF, made)


def test_a_good_code_is_not_spent_on_what_is_refused(session: Session, pending: Record) -> None:
    """The code is looked at last: who is overtaken signs with the same one."""
    codes = OneTimeCodes(Safe("k" * 40))
    by = actor(session, ELIF)
    key = codes.begin(session, by, NOW - DAY).key
    session.flush()
    codes.confirm(session, by, pyotp.TOTP(key).at(NOW - DAY), NOW - DAY)
    code = pyotp.TOTP(key).at(NOW)
    stale = Attempt(pending.partnership_id, Ref(pending.id, 1), "approve", code, ELIF.identity.user_id)
    fresh = Attempt(pending.partnership_id, ref(pending), "approve", code, ELIF.identity.user_id)
    with pytest.raises(Witnessed):
        signatures.sign(session, ELIF.identity, stale, codes, NOW)
    assert signatures.sign(session, ELIF.identity, fresh, codes, NOW) is pending
    again = support.submit(session, support.log_deviation(session))
    replayed = Attempt(again.partnership_id, ref(again), "approve", code, ELIF.identity.user_id)
    with pytest.raises(Witnessed, match="was used already"):
        signatures.sign(session, ELIF.identity, replayed, codes, NOW)


def test_five_attempts_with_wrong_codes_lock_and_are_all_kept(session: Session, pending: Record) -> None:
    """Each stands in the record's journal, the lock in the partnership's."""
    codes = OneTimeCodes(Safe("k" * 40))
    by = actor(session, ELIF)
    key = codes.begin(session, by, NOW - DAY).key
    session.flush()
    codes.confirm(session, by, pyotp.TOTP(key).at(NOW - DAY), NOW - DAY)
    attempt = Attempt(pending.partnership_id, ref(pending), "approve", "12345", ELIF.identity.user_id)
    for _ in range(6):
        with pytest.raises(Witnessed):
            signatures.sign(session, ELIF.identity, attempt, codes, NOW)
    assert support.events(session).count("deviation.signature_refused") == 6
    assert support.events(session).count("person.signing_locked") == 1
    found = device.find(session, *("T0BOREALIS", "U0ELIF"))
    assert found is not None
    assert found.locked_until == NOW + timedelta(minutes=15)


# Owners and signers are two people


def test_who_signed_does_not_become_owner(session: Session, pending: Record) -> None:
    """Nobody approves their own work, in whichever order."""
    sign(session, ELIF, pending)
    by, it = actor(session, FINN), ref(pending)
    elif_ = support.row_of(session, ELIF).id
    errors = support.field_errors(session, records.assign_owner, by, it, elif_, NOW)
    assert "has signed DEV-2026-0001" in errors["owner"]


def test_after_a_void_signature_its_signer_may_own(session: Session, pending: Record) -> None:
    """And then approves no more."""
    sign(session, ELIF, pending)
    send_back(session, pending)
    support.assign(session, pending, ELIF, FINN)
    support.submit(session, pending, owner=ELIF)
    sign_refused(session, ELIF, pending)
    sign(session, FINN, pending)


# What voids a signature


def test_a_change_of_what_was_signed_voids_it_visibly(session: Session, pending: Record) -> None:
    """The signature stays, void with its reason; journal and thread say whose, and the CMO is asked again."""
    sign(session, ELIF, pending)
    support.empty_outbox(session)
    reclassify(session, pending, Class.CRITICAL, ANNA)
    (one,) = signed(session, pending)
    assert (one.counts, one.voided_at, one.voided_because) == (False, NOW, "what was signed changed afterwards")
    assert (pending.awaits_cmo, pending.awaits_sponsor) == (True, False)
    assert support.events(session, pending)[-2:] == ["deviation.signatures_voided", "deviation.reclassified"]
    lines = [row for row in support.newly_queued(session) if row.kind == "line"]
    assert len(lines) == 2
    sign_refused(session, ANNA, pending)
    sign(session, ELIF, pending)
    sign(session, ANNA, pending)
    assert counting(session, pending) == ["Elif Kaya", "Anna Berg"]
    assert len(signed(session, pending)) == 3


def test_lowering_while_pending_asks_the_cmo_again(session: Session, pending: Record) -> None:
    """What was signed as major is not what would be closed as minor."""
    sign(session, ELIF, pending)
    support.ask(session, ELIF, pending, Asked.LOWER)
    request.agree(session, actor(session, ANNA), ref(pending), NOW)
    assert (pending.state, pending.class_, counting(session, pending)) == (State.PENDING_APPROVAL, Class.MINOR, [])
    sign(session, FINN, pending)
    assert pending.state is State.CLOSED


@pytest.mark.parametrize("change", ["comment", "acknowledge", "link", "extend", "assign"])
def test_what_is_no_content_voids_nothing(session: Session, pending: Record, change: str) -> None:
    """Comments, links, owners and due dates may change while what was signed stands."""
    sign(session, ELIF, pending)
    other = support.log_oos(session).number
    by = actor(session, ANNA)
    changes: dict[str, Callable[[], object]] = {
        "comment": lambda: records.comment(session, by, ref(pending), "Seen.", NOW),
        "acknowledge": lambda: records.acknowledge(session, by, ref(pending), NOW),
        "link": lambda: records.link_records(session, by, ref(pending), [other], NOW),
        "extend": lambda: support.ask(session, GITA, pending, Asked.EXTEND),
        "assign": lambda: support.assign(session, pending, FINN, ANNA),
    }
    changes[change]()
    assert counting(session, pending) == ["Elif Kaya"]


def test_sending_back_voids_the_round_and_keeps_it(session: Session, pending: Record) -> None:
    """The next round takes both signatures anew, and the first one's stay readable."""
    sign(session, ELIF, pending)
    send_back(session, pending)
    (one,) = signed(session, pending)
    assert (pending.state, one.voided_because) == (State.UNDER_INVESTIGATION, "sent back by Anna Berg")
    support.submit(session, pending, root_cause="The seal was of another lot.")
    sign(session, ELIF, pending)
    sign(session, ANNA, pending)
    assert [(each.name, each.counts) for each in signed(session, pending)] == [
        ("Elif Kaya", False),
        ("Elif Kaya", True),
        ("Anna Berg", True),
    ]


def test_reopening_voids_and_keeps(session: Session, pending: Record) -> None:
    """Closing again takes new signatures."""
    for who in (ELIF, ANNA):
        sign(session, who, pending)
    support.ask(session, ELIF, pending, Asked.REOPEN)
    request.agree(session, actor(session, ANNA), ref(pending), NOW)
    assert {one.voided_because for one in signed(session, pending)} == {"the record was reopened"}
    support.submit(session, pending)
    sign(session, FINN, pending)
    sign(session, BEN, pending)
    assert (pending.state, len(signed(session, pending))) == (State.CLOSED, 4)


@pytest.mark.parametrize("who", [ELIF, ANNA, GITA], ids=["signer", "last signer", "owner"])
def test_renaming_or_removing_a_person_changes_nothing_signed(session: Session, pending: Record, who: Profile) -> None:
    """The signature reads as it was given and still matches the content."""
    for one in (ELIF, ANNA):
        sign(session, one, pending)
    before = [one.model_dump() for one in signed(session, pending)]
    row = support.row_of(session, who)
    row.name, row.roles, row.active = "Somebody Else", [Role.VIEWER], False
    partnership.companies(session, pending.partnership_id)[Side.CMO].name = "Boreas"
    records.comment(session, actor(session, CARLA), ref(pending), "Seen.", NOW)
    change.settle(session, pending, NOW)
    assert [one.model_dump() for one in signed(session, pending)] == before
    assert list(signatures.verify(session)) == [None, None]


# Plans and checks


def test_a_changed_retest_plan_is_approved_anew(session: Session, there: Partnership) -> None:
    """The one signature it had is void."""
    made = support.phase_1(session, support.log_oos(session))
    support.plan_retests(session, made)
    sign(session, ANNA, made, "approve_plan")
    support.plan_retests(session, made, now=NOW + HOUR, number=3)
    assert counting(session, made) == []
    assert (made.awaits_sponsor, made.awaits_cmo) == (True, True)


def test_a_check_is_signed_with_what_was_filled_in(session: Session, there: Partnership) -> None:
    """The draft is its signer's; without one, or with another's, nothing is signed."""
    made = support.log_capa(session)
    support.implement(session, support.begin_capa(session, made))
    then = NOW + 90 * DAY
    elif_, anna = (support.row_of(session, who).id for who in (ELIF, ANNA))
    given = {"outcome": "Effective", "evidence": "No leak since."}
    hers = draft.save(session, made.id, anna, given, then)
    for draft_id in (None, 999, hers):
        told = sign_refused(session, ELIF, made, "check", then, draft_id=draft_id)
        assert told.startswith("What you filled in is no longer there.")
    mine = draft.save(session, made.id, elif_, given, then)
    sign_refused(session, ELIF, made, "check", then, draft_id=mine, code="000000")
    sign(session, ELIF, made, "check", then, draft_id=mine)
    assert made.state is State.CLOSED
    last = signed(session, made)[-1]
    assert (last.meaning, last.scope) == ("Check of effectiveness: Effective", "check 1")


# Verifying


@pytest.fixture
def tampering(session: Session, pending: Record) -> Session:
    """Give a database whose deviation Elif has signed, without the triggers that keep signatures."""
    sign(session, ELIF, pending)
    session.flush()
    for name in ("signature_no_delete", "signature_no_update", "signature_void_once"):
        session.execute(text(f"DROP TRIGGER {name}"))
    return session


TAMPERED = {
    "nothing": ("UPDATE record SET title = title", None),
    "the record": ("UPDATE investigation SET conclusion = 'Nothing.'", "is not of the record's present content"),
    "its content": ("UPDATE signature SET content = content || ' '", "does not match its hash"),
    "its name": ("UPDATE signature SET name = 'Finn Larsen'", "is not what the journal says"),
    "its company": ("UPDATE signature SET side = 'sponsor'", "is not what the journal says"),
    "its meaning": ("UPDATE signature SET meaning = 'Seen'", "is not what the journal says"),
    "its hash": ("UPDATE signature SET hash = 'x'", "is not what the journal says"),
    "its moment": ("UPDATE signature SET at = '2026-11-23 09:00:00.000000'", "is gone"),
    "its person": ("UPDATE signature SET user_id = 'U0FINN'", "is gone"),
    "all of it": ("DELETE FROM signature", "is gone"),
}


@pytest.mark.parametrize(("statement", "fault"), TAMPERED.values(), ids=TAMPERED)
def test_verify_finds_what_was_tampered_with(tampering: Session, statement: str, fault: str | None) -> None:
    """Whoever changes a row behind the program's back is found out."""
    tampering.execute(text(statement))
    tampering.expire_all()
    found = next(signatures.verify(tampering))
    assert (found is None) if fault is None else (found is not None and found.endswith(fault))


def test_verify_counts_signatures_that_the_journal_does_not_know(tampering: Session) -> None:
    """A row put beside the others without a person's signing is one too many."""
    columns = ", ".join(name for name in Signature.model_fields if name != "id")
    tampering.execute(text(f"INSERT INTO signature ({columns}) SELECT {columns} FROM signature"))  # noqa: S608
    assert list(signatures.verify(tampering)) == [None, "2 signatures are kept, the journal knows of 1"]


def test_verify_holds_void_signatures_against_the_journal_alone(session: Session, pending: Record) -> None:
    """Their content stood once."""
    sign(session, ELIF, pending)
    reclassify(session, pending, Class.CRITICAL)
    assert list(signatures.verify(session)) == [None]


def test_submitting_needs_no_signature(session: Session, pending: Record) -> None:
    """The owner's work is theirs by Slack's identity; only approvals are signed."""
    assert signed(session, pending) == []
    with pytest.raises(Refusal):
        deviation.submit(session, actor(session, GITA), ref(pending), support.INVESTIGATION, NOW)
