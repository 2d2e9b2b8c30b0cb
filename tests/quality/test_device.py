"""One-time codes: RFC 6238, each accepted once, a lock after five wrong ones, and devices replaced by two people."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlmodel import Session, select

from quality import device as devices
from quality.device import NoDevice, OneTimeCodes
from quality.people import Profile
from quality.refusal import FieldErrors, Refusal
from storage import device
from storage.device import Device
from storage.journal import JournalEntry
from storage.partnership import Partnership
from storage.person import Role
from storage.secret import Safe
from tests import support
from tests.support import ANNA, BEN, CARLA, ELIF, FINN, GITA, NOW, actor

KEY = "k" * 40
STEP = timedelta(seconds=devices.STEP)
MINUTE = timedelta(minutes=1)
CODES = OneTimeCodes(Safe(KEY))

# RFC 6238, appendix B, SHA-1: the secret and the last six of the eight digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890"
RFC = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


def code_at(key: str, at: datetime) -> str:
    """Give what a device shows at a moment."""
    return pyotp.TOTP(key).at(at)


def another(code: str) -> str:
    """Give a wrong code."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def give(session: Session, who: Profile = ANNA, now: datetime = NOW - timedelta(days=1)) -> str:
    """Give a person a confirmed device; gives its key."""
    new = CODES.begin(session, actor(session, who), now)
    session.flush()
    CODES.confirm(session, actor(session, who), code_at(new.key, now), now)
    support.empty_outbox(session)
    return new.key


def of(session: Session, who: Profile = ANNA) -> Device:
    found = device.find(session, who.identity.team_id, who.identity.user_id)
    assert found is not None
    return found


def check(session: Session, code: str, now: datetime = NOW, who: Profile = ANNA) -> None:
    CODES.check(session, actor(session, who), code, now)


def wrong(session: Session, code: str, now: datetime = NOW, who: Profile = ANNA) -> str:
    """Give what is said of a code that is not accepted."""
    with pytest.raises(FieldErrors) as caught:
        check(session, code, now, who)
    return caught.value.errors["code"]


def fail(session: Session, key: str, times: int, now: datetime = NOW) -> str:
    """Give several wrong codes; gives what the last one was told."""
    return [wrong(session, another(code_at(key, now)), now) for _ in range(times)][-1]


def notices(session: Session) -> list[tuple[str, str]]:
    """Give what is told to whom, unsent."""
    rows = [row for row in support.newly_queued(session) if row.kind == "notice"]
    return [(row.about["what"], support.told(session, row)) for row in rows]


@pytest.mark.parametrize(("seconds", "digits"), RFC, ids=[str(seconds) for seconds, _ in RFC])
def test_codes_are_those_of_rfc_6238(session: Session, there: Partnership, seconds: int, digits: str) -> None:
    """The published test vectors are accepted at their times, cut to six digits as the RFC cuts."""
    secret = Safe(KEY).lock(RFC_SECRET)
    who = {"team_id": support.SPONSOR_TEAM, "user_id": "U0ANNA", "partnership_id": there.id}
    session.add(Device(**who, secret=secret, set_up_at=NOW, confirmed_at=NOW))
    session.flush()
    at = datetime.fromtimestamp(seconds, UTC)
    check(session, digits[-6:], at)
    assert of(session).last_step == seconds // 30
    assert wrong(session, digits[-6:], at).startswith("This code was used already")


def test_a_code_is_accepted_once(session: Session, there: Partnership) -> None:
    """The same code is refused for as long as the device shows it, and told apart from a wrong one."""
    key = give(session)
    check(session, code_at(key, NOW))
    for now in (NOW, NOW + timedelta(seconds=29)):
        assert wrong(session, code_at(key, NOW), now).startswith("This code was used already: wait for the next one.")
    check(session, code_at(key, NOW + STEP), NOW + STEP)


def test_the_code_that_confirmed_the_device_signs_nothing(session: Session, there: Partnership) -> None:
    """It was used."""
    key = give(session, now=NOW)
    assert "was used already" in wrong(session, code_at(key, NOW))


@pytest.mark.parametrize(
    ("steps", "accepted"), [(-3, False), (-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_devices_clock_may_be_off_by_one_step(
    session: Session, there: Partnership, steps: int, *, accepted: bool
) -> None:
    """The code before and the one after are accepted, older and later ones are not."""
    key = give(session)
    code = code_at(key, NOW + steps * STEP)
    if accepted:
        check(session, code)
    else:
        assert wrong(session, code).startswith("This code is not the one your device shows now.")


def test_after_a_later_code_no_earlier_one_counts(session: Session, there: Partnership) -> None:
    """A code that somebody saw is worth nothing once a later one was accepted."""
    key = give(session)
    check(session, code_at(key, NOW + STEP))
    assert "was used already" in wrong(session, code_at(key, NOW))
    assert "was used already" in wrong(session, code_at(key, NOW - STEP))


def test_a_code_may_be_typed_in_groups(session: Session, there: Partnership) -> None:
    """Apps show `123 456`."""
    code = code_at(give(session), NOW)
    check(session, f" {code[:3]} {code[3:]} ")


@pytest.mark.parametrize("given", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "²³⁴⁵⁶⁷", "-12345", "\uff11" * 6])
def test_what_is_no_code_is_a_failure_like_any_other(session: Session, there: Partnership, given: str) -> None:
    """Six digits are six digits of ASCII."""
    give(session)
    assert wrong(session, given).startswith("This code is not the one")
    assert of(session).failures == 1


def test_another_persons_code_is_wrong(session: Session, there: Partnership) -> None:
    """Each device has a key of its own, and each person their own failures."""
    give(session)
    bens = give(session, BEN)
    wrong(session, code_at(bens, NOW))
    assert (of(session).failures, of(session, BEN).failures) == (1, 0)


def test_five_failures_lock_for_a_quarter_of_an_hour(session: Session, there: Partnership) -> None:
    """The right code is refused until the lock ends; the lock's end is said."""
    key = give(session)
    for left in (4, 3, 2):
        assert fail(session, key, 1).endswith(f"After {left} more wrong ones signing is locked for 15 minutes.")
    assert fail(session, key, 1).endswith("After 1 more wrong one signing is locked for 15 minutes.")
    locked = (
        "That was the fifth: signing is locked for you until 24 Nov 2026 09:15 UTC. Told of it: Ben Ortiz (Aurora)."
    )
    assert fail(session, key, 1).endswith(locked)
    for now in (NOW, NOW + 14 * MINUTE):
        told = support.refused(session, CODES.check, actor(session, ANNA), code_at(key, now), now)
        assert told.startswith("Signing is locked for you until 24 Nov 2026 09:15 UTC, after 5 wrong codes.")
        support.refused(session, CODES.require_ready, actor(session, ANNA), now)
    later = NOW + 15 * MINUTE
    check(session, code_at(key, later), later)


def test_a_lock_is_journaled_and_the_companys_other_qa_told(session: Session, there: Partnership) -> None:
    """Neither the person themselves nor the partner hears of it; once, at the fifth failure."""
    key = give(session)
    fail(session, key, 4)
    assert (notices(session), support.events(session)[-1]) == ([], "person.device_set_up")
    fail(session, key, 1)
    assert notices(session) == [("signing locked", "Ben Ortiz")]
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.signing_locked", "Anna Berg")
    assert entry.content["changes"] == {"locked until": [None, "24 Nov 2026 09:15 UTC"]}


def test_after_a_lock_counting_begins_anew(session: Session, there: Partnership) -> None:
    """Five more wrong codes lock again and are told again."""
    key = give(session)
    fail(session, key, 5)
    support.empty_outbox(session)
    later = NOW + 15 * MINUTE
    assert "After 4 more wrong ones" in fail(session, key, 1, later)
    fail(session, key, 4, later)
    assert of(session).locked_until == later + 15 * MINUTE
    assert notices(session) == [("signing locked", "Ben Ortiz")]


def test_a_right_code_forgives_the_failures(session: Session, there: Partnership) -> None:
    """Five in a row lock, not five in a year."""
    key = give(session)
    fail(session, key, 4)
    check(session, code_at(key, NOW))
    later = NOW + MINUTE
    assert "After 4 more wrong ones" in fail(session, key, 1, later)


def test_a_lock_holds_in_every_channel(session: Session, there: Partnership) -> None:
    """The device is the person's, wherever they sign."""
    support.set_up(session, "C0OTHER")
    key = give(session)
    fail(session, key, 5)
    elsewhere = actor(session, ANNA, "C0OTHER")
    support.refused(session, CODES.check, elsewhere, code_at(key, NOW), NOW)


def test_without_a_device_nobody_signs(session: Session, there: Partnership) -> None:
    """Neither with none nor with one that no code confirmed."""
    for _ in range(2):
        with pytest.raises(NoDevice):
            CODES.require_ready(session, actor(session, ANNA), NOW)
        with pytest.raises(NoDevice):
            check(session, "123456")
        CODES.begin(session, actor(session, ANNA), NOW)
        session.flush()


def test_a_new_device_shows_its_key_and_address(session: Session, there: Partnership) -> None:
    """The address is what authenticator apps read: issuer, person and company, the key."""
    new = CODES.begin(session, actor(session, GITA), NOW)
    session.flush()
    read = pyotp.parse_uri(new.address)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.issuer, read.name) == (new.key, "QualBridge", "Gita Rao · Borealis")
    assert (read.digits, read.interval, read.digest().name) == (6, 30, "sha1")
    assert len(new.key) == 32  # 160 bits, as RFC 4226 asks


def test_a_device_begun_again_has_a_new_key(session: Session, there: Partnership) -> None:
    """What was shown before confirms nothing."""
    first = CODES.begin(session, actor(session, ANNA), NOW)
    session.flush()
    second = CODES.begin(session, actor(session, ANNA), NOW)
    session.flush()
    assert first.key != second.key
    by = actor(session, ANNA)
    support.field_errors(session, CODES.confirm, by, code_at(first.key, NOW), NOW)
    CODES.confirm(session, by, code_at(second.key, NOW), NOW)
    assert len(session.exec(select(Device)).all()) == 1


def test_confirming_is_journaled_and_told(session: Session, there: Partnership) -> None:
    """The company's other QA hear of a new device; the picture of the key is given back to be deleted."""
    new = CODES.begin(session, actor(session, ANNA), NOW)
    session.flush()
    assert devices.note_file(session, new, "F0QR")
    assert CODES.confirm(session, actor(session, ANNA), code_at(new.key, NOW), NOW) == "F0QR"
    assert of(session).file_id is None
    entry = support.last_entry(session)
    assert (entry.event, entry.content["changes"]) == ("person.device_set_up", {"device": [None, "one-time code"]})
    assert notices(session) == [("device set up", "Ben Ortiz")]


def test_the_picture_of_a_key_is_always_deleted(session: Session, there: Partnership) -> None:
    """That of a key that was never confirmed is given back with the next one; one that comes too late is not noted."""
    first = CODES.begin(session, actor(session, ANNA), NOW)
    devices.note_file(session, first, "F0OLD")
    second = CODES.begin(session, actor(session, ANNA), NOW)
    assert (first.old_file_id, second.old_file_id) == (None, "F0OLD")
    CODES.confirm(session, actor(session, ANNA), code_at(second.key, NOW), NOW)
    assert not devices.note_file(session, second, "F0LATE")


def test_an_unknown_device_is_answered_in_words(session: Session, there: Partnership) -> None:
    """A button of another database, or a forged one."""
    support.refused(session, answer, BEN, 999)


def test_the_key_stands_in_no_journal_and_no_outbox(session: Session, there: Partnership) -> None:
    """It is shown once and kept encrypted."""
    key = give(session)
    assert key not in str(support.everything(session))
    assert not any(key in entry.body for entry in session.exec(select(JournalEntry)).all())
    assert Safe(KEY).open(of(session).secret) == key


def test_a_device_is_confirmed_once(session: Session, there: Partnership) -> None:
    """With nothing begun there is nothing to confirm; with a device in use none is begun."""
    support.refused(session, CODES.confirm, actor(session, ANNA), "123456", NOW)
    give(session)
    support.refused(session, CODES.confirm, actor(session, ANNA), "123456", NOW)
    told = support.refused(session, CODES.begin, actor(session, ANNA), NOW)
    assert told.startswith("You have a signing device. Another QA of your company has to agree")


def test_a_viewer_sets_up_no_device(session: Session, there: Partnership) -> None:
    """They sign nothing."""
    support.give_roles(session, CARLA, Role.VIEWER)
    support.refused(session, CODES.begin, actor(session, CARLA), NOW)


@pytest.mark.parametrize("keys", ["", "other" * 10], ids=["no key", "another key"])
def test_without_the_key_nothing_is_signed_and_nothing_counted(session: Session, there: Partnership, keys: str) -> None:
    """What a person cannot help is no failure of theirs, and says whom to ask."""
    key = give(session)
    locked_out = OneTimeCodes(Safe(keys))
    told = support.refused(session, locked_out.check, actor(session, ANNA), code_at(key, NOW), NOW)
    assert told == devices.NO_KEY
    assert of(session).failures == 0


def test_without_a_key_no_device_is_begun(session: Session, there: Partnership) -> None:
    """Nothing is ever kept in the open."""
    support.refused(session, OneTimeCodes(Safe("")).begin, actor(session, ANNA), NOW)


def test_a_rotated_key_still_opens_devices(session: Session, there: Partnership) -> None:
    """The new key stands first, the old one behind it; once the old is gone, only what was locked anew opens."""
    key = give(session)
    rotated = OneTimeCodes(Safe(f"{'n' * 40},{KEY}"))
    rotated.check(session, actor(session, ANNA), code_at(key, NOW), NOW)
    bens = rotated.begin(session, actor(session, BEN), NOW).key
    session.flush()
    only_new = OneTimeCodes(Safe("n" * 40))
    only_new.confirm(session, actor(session, BEN), code_at(bens, NOW), NOW)
    with pytest.raises(Refusal):
        only_new.check(session, actor(session, ANNA), code_at(key, NOW + MINUTE), NOW + MINUTE)


def ask(session: Session, who: Profile = ANNA, now: datetime = NOW) -> None:
    devices.ask_replacement(session, actor(session, who), "A new phone.", now)
    session.flush()


def answer(session: Session, who: Profile, device_id: int, *, agreed: bool = True) -> str:
    found = session.get(Device, device_id)
    asked_at = found.replacement_asked_at.isoformat() if found and found.replacement_asked_at else ""
    return devices.answer_replacement(session, actor(session, who), device_id, asked_at, agreed, NOW)


def test_a_replacement_is_asked_of_the_companys_other_qa(session: Session, there: Partnership) -> None:
    """The question is journaled with its reason; until it is answered the device signs on."""
    key = give(session)
    ask(session)
    assert notices(session) == [("device replacement", "Ben Ortiz")]
    entry = support.last_entry(session)
    assert (entry.event, entry.content["reason"]) == ("person.device_replacement_asked", "A new phone.")
    check(session, code_at(key, NOW))


@pytest.mark.parametrize("who", [ANNA, CARLA, ELIF, GITA], ids=["oneself", "a member", "the partner", "its member"])
def test_only_another_qa_of_the_company_agrees(session: Session, there: Partnership, who: Profile) -> None:
    """Not the person themselves, no member, nobody of the other company."""
    give(session)
    ask(session)
    support.refused(session, answer, who, of(session).id)
    assert answer(session, BEN, of(session).id) == "Anna Berg"


def test_agreeing_revokes_the_device_at_once(session: Session, there: Partnership) -> None:
    """The old one signs nothing, the person is told and sets up another; the old row stays."""
    key = give(session)
    ask(session)
    support.empty_outbox(session)
    answer(session, BEN, of(session).id)
    session.flush()
    assert notices(session) == [("device revoked", "Anna Berg")]
    entry = support.last_entry(session)
    assert (entry.event, entry.content["by"]["name"]) == ("person.device_revoked", "Ben Ortiz")
    assert entry.content["changes"] == {"device of": ["Anna Berg", None]}
    with pytest.raises(NoDevice):
        check(session, code_at(key, NOW))
    new = give(session)
    check(session, code_at(new, NOW))
    assert len(session.exec(select(Device)).all()) == 2


def test_refusing_keeps_the_device(session: Session, there: Partnership) -> None:
    """The person is told, and may ask again."""
    key = give(session)
    ask(session)
    support.empty_outbox(session)
    answer(session, BEN, of(session).id, agreed=False)
    assert notices(session) == [("device kept", "Anna Berg")]
    assert support.events(session)[-1] == "person.device_replacement_refused"
    check(session, code_at(key, NOW))
    ask(session, now=NOW + MINUTE)


def test_a_replacement_is_answered_once(session: Session, there: Partnership) -> None:
    """A second press, and one without a question, are told so."""
    give(session)
    device_id = of(session).id
    assert "answered already" in support.refused(session, answer, BEN, device_id)
    ask(session)
    answer(session, BEN, device_id)
    assert "answered already" in support.refused(session, answer, BEN, device_id)


def test_without_another_qa_no_device_is_replaced(session: Session, there: Partnership) -> None:
    """One person alone never is enough."""
    give(session)
    support.remove(session, BEN)
    assert "has no other QA" in support.refused(session, devices.ask_replacement, actor(session, ANNA), "Lost.", NOW)


def test_without_a_device_there_is_nothing_to_replace(session: Session, there: Partnership) -> None:
    """The person is told to set one up."""
    support.refused(session, devices.ask_replacement, actor(session, GITA), "Lost.", NOW)


def test_a_members_device_is_replaced_with_qa(session: Session, there: Partnership) -> None:
    """Every QA of their company may agree."""
    give(session, GITA)
    ask(session, GITA)
    assert notices(session) == [("device replacement", "Elif Kaya"), ("device replacement", "Finn Larsen")]
    assert answer(session, FINN, of(session, GITA).id) == "Gita Rao"


def test_a_replacement_is_asked_where_the_device_was_set_up(session: Session, there: Partnership) -> None:
    """Another channel's QA know nothing of it, unless the person has left the first channel."""
    support.set_up(session, "C0OTHER")
    give(session)
    elsewhere = actor(session, ANNA, "C0OTHER")
    assert "Ask there" in support.refused(session, devices.ask_replacement, elsewhere, "Lost.", NOW)
    support.remove(session, ANNA)
    devices.ask_replacement(session, elsewhere, "Lost.", NOW)
    session.flush()
    support.refused(session, answer, BEN, of(session).id)  # of the first channel
    by = actor(session, BEN, "C0OTHER")
    assert devices.answer_replacement(session, by, of(session).id, NOW.isoformat(), True, NOW) == "Anna Berg"


def test_an_old_notice_is_refused(session: Session, there: Partnership) -> None:
    """It shows the reason of an earlier question, and an answer holds for what is shown."""
    give(session)
    ask(session, now=NOW)
    answer(session, BEN, of(session).id, agreed=False)
    ask(session, now=NOW + MINUTE)
    by, first = actor(session, BEN), NOW.isoformat()
    told = support.refused(session, devices.answer_replacement, by, of(session).id, first, True, NOW + MINUTE)
    assert told == (
        "Anna Berg asked anew on 24 Nov 2026 09:01 UTC. Answer that message: this one shows an earlier question."
    )


def locked_alone(session: Session) -> tuple[str, list[int | None]]:
    """Lock Anna, the only QA of her company; gives the last answer, and who gets a notice."""
    support.remove(session, BEN)
    key = give(session)
    last = [fail(session, key, 1) for _ in range(5)][-1]
    rows = [row for row in support.newly_queued(session) if row.kind == "notice"]
    return last, [row.person_id for row in rows if row.about["what"] == "signing locked"]


def test_a_lock_of_the_only_qa_is_told_to_heads_of_quality(session: Session, there: Partnership) -> None:
    """Of the company itself; the answer says who was told."""
    head = support.give_roles(session, CARLA, Role.HEAD)
    last, told = locked_alone(session)
    assert told == [head.id]
    assert last.endswith("Told of it: Carla Diaz (Aurora).")


def test_a_lock_that_nobody_of_the_company_can_hear_of_is_told_to_the_partner(
    session: Session, there: Partnership
) -> None:
    """A lock is never only between the person and the bot while somebody is there to hear of it."""
    last, told = locked_alone(session)
    assert told == [support.row_of(session, who).id for who in (ELIF, FINN)]
    assert last.endswith("Told of it: Elif Kaya (Borealis), Finn Larsen (Borealis).")


def test_a_lock_that_nobody_can_be_told_of_says_so(session: Session, there: Partnership) -> None:
    """The answer claims nothing that did not happen."""
    for who in (ELIF, FINN):
        support.remove(session, who)
    last, told = locked_alone(session)
    assert told == []
    assert last.endswith("Nobody could be told: there is no other QA and no head of quality here.")
