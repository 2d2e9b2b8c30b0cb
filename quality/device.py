"""Signing devices: one-time codes (TOTP, RFC 6238) as the second component of a signature, beside Slack's identity.

A code is accepted once. Five wrong ones in a row lock the person for a quarter of an hour, and their company's QA is
told (21 CFR 11.300). A device is replaced only with another QA of the same company.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import pyotp
from sqlmodel import Session

from quality.people import Actor, named, require_part
from quality.refusal import FieldErrors, Refusal
from quality.words import moment
from storage import device, journal, outbox, person
from storage.device import Device
from storage.person import Person, Role
from storage.secret import Safe, Sealed

STEP = 30  # seconds that a code lasts
DIGITS = 6
SKEW = (0, -1, 1)  # steps that a device's clock may be off
MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
ISSUER = "QualBridge"
NO_KEY = (
    "Signatures are not switched on here: ENCRYPTION_KEY is missing or not the one that the devices were set up with. "
    "Ask whoever runs QualBridge."
)


class Method(Protocol):
    """A way to show that a person is who Slack says: the second component of a signature."""

    name: str

    def check(self, session: Session, actor: Actor, given: str, now: datetime) -> None:
        """Accept what the person gave, or refuse it and note the failure."""
        ...


@dataclass(frozen=True)
class NewDevice:
    """The key of a device that is being set up: shown once, for typing and as an address for a QR image."""

    key: str
    address: str
    device_id: int
    old_file_id: str | None  # the QR image of a key that was never confirmed


class OneTimeCodes:
    """Codes of an authenticator app."""

    name = "one-time code"

    def __init__(self, safe: Safe) -> None:
        self.safe = safe

    def require_ready(self, session: Session, actor: Actor, now: datetime) -> None:
        """Refuse when the person cannot sign now: no device, a locked one, or no key to read it."""
        self._in_use(session, actor, now)

    def check(self, session: Session, actor: Actor, given: str, now: datetime) -> None:
        """Accept a code that this person's device shows now and that was not used before."""
        found = self._in_use(session, actor, now)
        step, used = self._step(found, given, now)
        if step is None:
            _note_failure(session, actor, found, now)
            again = "was used already: wait for the next one" if used else "is not the one your device shows now"
            raise FieldErrors({"code": f"This code {again}. {_warning(session, actor, found, now)}"})
        found.last_step, found.failures = step, 0

    def begin(self, session: Session, actor: Actor, now: datetime) -> NewDevice:
        """Make the key of a new device; it counts once a first code confirms it."""
        require_part(session, actor, "set up a signing device")
        if device.find(session, *_id(actor.person)) is not None:
            raise Refusal("You have a signing device. Another QA of your company has to agree before you replace it.")
        key = pyotp.random_base32()
        found = device.find_unconfirmed(session, *_id(actor.person)) or _new(actor, now)
        old_file_id = found.file_id
        found.partnership_id, found.set_up_at, found.file_id = actor.partnership.id, now, None
        found.secret = self._locked(key)
        session.add(found)
        session.flush()
        label = f"{actor.person.name} · {actor.company.name}"
        address = pyotp.TOTP(key).provisioning_uri(name=label, issuer_name=ISSUER)
        return NewDevice(key, address, found.id, old_file_id)

    def confirm(self, session: Session, actor: Actor, given: str, now: datetime) -> str | None:
        """Confirm a new device by its first code; gives the QR image to be deleted, where there is one."""
        found = device.find_unconfirmed(session, *_id(actor.person))
        if found is None:
            raise Refusal("There is no device to confirm. Begin again with `/quality signature`.")
        if device.find(session, *_id(actor.person)) is not None:
            raise Refusal("You have a signing device already.")
        step, _ = self._step(found, given, now)
        if step is None:
            raise FieldErrors({"code": "This is not the code that your device shows now. Is its clock right?"})
        found.confirmed_at, found.last_step, found.failures = now, step, 0
        file_id, found.file_id = found.file_id, None
        _journal(session, actor, "device_set_up", now, {"device": [None, self.name]})
        _tell(session, actor, others(session, actor), "device set up", found, now)
        return file_id

    def _in_use(self, session: Session, actor: Actor, now: datetime) -> Device:
        if not self.safe.has_key:
            raise Refusal(NO_KEY)
        found = device.find(session, *_id(actor.person))
        if found is None:
            raise NoDevice
        if found.locked_until is not None and found.locked_until > now:
            raise Refusal(
                f"Signing is locked for you until {moment(found.locked_until)}, after {MOST_FAILURES} wrong codes. "
                "Sign again from then on."
            )
        return found

    def _step(self, found: Device, given: str, now: datetime) -> tuple[int | None, bool]:
        """Find the step of a code that may be accepted; else tell whether it is one that was used."""
        code = "".join(given.split())
        if len(code) != DIGITS or not (code.isascii() and code.isdecimal()):
            return None, False
        codes = pyotp.TOTP(self._opened(found))
        present = int(now.timestamp()) // STEP
        shown = [present + skew for skew in SKEW if hmac.compare_digest(codes.generate_otp(present + skew), code)]
        fresh = [step for step in shown if step > found.last_step]
        return (fresh[0] if fresh else None), bool(shown)

    def _locked(self, key: str) -> str:
        try:
            return self.safe.lock(key)
        except Sealed:
            raise Refusal(NO_KEY) from None

    def _opened(self, found: Device) -> str:
        try:
            return self.safe.open(found.secret)
        except Sealed:
            raise Refusal(NO_KEY) from None


class NoDevice(Refusal):
    """A person who wants to sign and has no device yet."""

    def __init__(self) -> None:
        super().__init__(
            "You have no signing device yet. Set one up with the button below or `/quality signature`: "
            "it takes a minute and an authenticator app."
        )


def status(session: Session, actor: Actor) -> Device | None:
    """Give the device that the person signs with."""
    require_part(session, actor, "set up a signing device")
    return device.find(session, *_id(actor.person))


def note_file(session: Session, made: NewDevice, file_id: str) -> bool:
    """Remember the QR image of a device that is being set up; False when that is over and the image has to go."""
    found = device.get(session, made.device_id)
    if found.confirmed_at is not None or found.revoked_at is not None:
        return False
    found.file_id = file_id
    return True


def ask_replacement(session: Session, actor: Actor, reason: str, now: datetime) -> None:
    """Ask the other QA of the company to agree that the person replaces their device."""
    found = status(session, actor)
    if found is None:
        raise Refusal("You have no signing device to replace. Set one up with `/quality signature`.")
    if found.partnership_id != actor.partnership.id and _still_there(session, found):
        raise Refusal("You set this device up in another channel of yours. Ask there: its QA know of it.")
    told = others(session, actor)
    if not told:
        raise Refusal(
            f"{actor.company.name} has no other QA in this channel who could agree. A device is never replaced by "
            "one person alone: your company names another QA first."
        )
    found.partnership_id = actor.partnership.id
    found.replacement_asked_at, found.replacement_reason = now, reason
    _journal(session, actor, "device_replacement_asked", now, {}, reason)
    _tell(session, actor, told, "device replacement", found, now)


def answer_replacement(
    session: Session, actor: Actor, device_id: int, asked_at: str, agreed: bool, now: datetime
) -> str:
    """Agree that a colleague replaces their device, which is revoked at once; or refuse. Gives the colleague's name.

    The question is named by its moment: an old notice answers no later question, whose reason it does not show.
    """
    try:
        found = device.get(session, device_id)
    except LookupError:
        raise Refusal("QualBridge does not know this device.") from None
    whose = person.find(session, found.partnership_id, found.team_id, found.user_id)
    if whose is None or found.partnership_id != actor.partnership.id or whose.side is not actor.person.side:
        raise Refusal("That is for QA of the person's own company, in the channel where it was asked.")
    if found.replacement_asked_at is None or found.revoked_at is not None:
        raise Refusal(f"{whose.name}'s question is answered already, or was taken back.")
    if found.replacement_asked_at.isoformat() != asked_at:
        when = moment(found.replacement_asked_at)
        raise Refusal(f"{whose.name} asked anew on {when}. Answer that message: this one shows an earlier question.")
    if whose.id == actor.person.id or not actor.person.has(Role.QA):
        may = named(_qa_of_side(session, whose), actor.companies)
        raise Refusal(f"Only another QA of {actor.company.name} may answer: {may or 'nobody yet'}.")
    found.replacement_asked_at = None
    if agreed:
        found.revoked_at = now
    event = "device_revoked" if agreed else "device_replacement_refused"
    _journal(session, actor, event, now, {"device of": [whose.name, None]}, found.replacement_reason)
    _tell(session, actor, [whose], "device revoked" if agreed else "device kept", found, now)
    return whose.name


def others(session: Session, actor: Actor) -> list[Person]:
    """List the other QA of a person's company."""
    return _qa_of_side(session, actor.person)


def _qa_of_side(session: Session, of: Person) -> list[Person]:
    qa = person.list_with_role(session, of.partnership_id, Role.QA)
    return [who for who in qa if who.side is of.side and who.id != of.id]


def _guards(session: Session, actor: Actor) -> list[Person]:
    """List whom a lock is told: the other QA of the company, else its heads of quality, else the partner's QA."""
    heads = person.list_with_role(session, actor.partnership.id, Role.HEAD)
    partners = person.list_with_role(session, actor.partnership.id, Role.QA)
    mine = [who for who in heads if who.side is actor.person.side and who.id != actor.person.id]
    return others(session, actor) or mine or [who for who in partners if who.side is not actor.person.side]


def _who_was_told(session: Session, actor: Actor) -> str:
    told = named(_guards(session, actor), actor.companies)
    return f"Told of it: {told}." if told else "Nobody could be told: there is no other QA and no head of quality here."


def _still_there(session: Session, found: Device) -> bool:
    there = person.find(session, found.partnership_id, found.team_id, found.user_id)
    return there is not None and there.active


def _note_failure(session: Session, actor: Actor, found: Device, now: datetime) -> None:
    found.failures += 1
    if found.failures < MOST_FAILURES:
        return
    found.failures, found.locked_until = 0, now + LOCKED_FOR
    _journal(session, actor, "signing_locked", now, {"locked until": [None, moment(found.locked_until)]})
    _tell(session, actor, _guards(session, actor), "signing locked", found, now)


def _warning(session: Session, actor: Actor, found: Device, now: datetime) -> str:
    if found.locked_until is not None and found.locked_until > now:
        until = moment(found.locked_until)
        return f"That was the fifth: signing is locked for you until {until}. {_who_was_told(session, actor)}"
    left = MOST_FAILURES - found.failures
    return f"After {left} more wrong {'one' if left == 1 else 'ones'} signing is locked for 15 minutes."


def _tell(session: Session, actor: Actor, told: list[Person], what: str, found: Device, now: datetime) -> None:
    about: dict[str, Any] = {"what": what, "device_id": found.id, "whose": actor.person.id}
    for who in told:
        key = f"notice:{what}:{found.id}:{now.isoformat()}:{who.id}"
        outbox.put(session, actor.partnership.id, "notice", key, now, to=who.id, **about)


def _journal(
    session: Session, actor: Actor, event: str, now: datetime, changes: dict[str, Any], reason: str | None = None
) -> None:
    body = {"by": actor.signature(), "changes": changes, "reason": reason}
    journal.append(session, actor.partnership.id, f"person.{event}", now, body)


def _id(who: Person) -> tuple[str, str]:
    return who.team_id, who.user_id


def _new(actor: Actor, now: datetime) -> Device:
    team_id, user_id = _id(actor.person)
    return Device(team_id=team_id, user_id=user_id, partnership_id=actor.partnership.id, secret="", set_up_at=now)
