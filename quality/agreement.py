"""The quality agreement of a partnership: its terms and settings, proposing the next version, and agreeing to it.

A version comes into force when QA of both companies agreed to the same words; clocks cite the version and its row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any

from sqlmodel import Session

from quality import capture, change, digest, ladder, terms
from quality.due import deciding
from quality.people import Actor, Machine, require, require_confirmed
from quality.refusal import FieldErrors, Refusal
from quality.sheet import of_record
from quality.terms import DEFAULTS, Row, Terms
from quality.working_time import DAY_ENDS, Calendar, calendar_of
from storage import agreement, clock, journal, outbox, partnership, person
from storage.agreement import Agreement
from storage.clock import Clock
from storage.partnership import Company, Partnership, Side
from storage.person import Role

MOST_REASON = 3000
WORKING_TIME = ("time zone", *(f"{side} {what}" for side in Side for what in ("country", "region", "closing days")))
CAPTURE = "capture of threads"
ON, OFF = "On", "Off"
UNSAID = {CAPTURE: OFF}  # what a version says of a setting that is younger than it
AT_ONCE = 50  # clocks that follow in the transaction that brings a version into force


@dataclass(frozen=True)
class Changes:
    """What a person proposes: rows and settings as they are to be, why, and whether running clocks follow."""

    reason: str
    rows: tuple[Row, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    moves_clocks: bool | None = None  # None: as was proposed before


@dataclass(frozen=True)
class Seen:
    """What a person saw when they began to change something: the version in force, and what was proposed."""

    version: int
    proposal_id: int = 0  # 0: nothing was proposed
    revision: int = 0


@dataclass(frozen=True)
class Standing:
    """How the agreement of a partnership stands: what is in force, and what is proposed."""

    in_force: Agreement
    terms: Terms
    proposal: Agreement | None
    names: dict[int, str]  # of who proposed and agreed, with their companies

    @property
    def seen(self) -> Seen:
        """Give what whoever looks at it now has seen."""
        found = self.proposal
        return Seen(self.in_force.version or 0, found.id if found else 0, found.revision if found else 0)


def settings_of(there: Partnership, both: dict[Side, Company]) -> dict[str, str]:
    """Give the settings that an agreement holds, as they are in force."""
    told = {
        "time zone": there.time_zone,
        "digest at": f"{there.digest_at:%H:%M}",
        "digest days": there.digest_days,
        "figures on": there.figures_on,
        CAPTURE: ON if there.captures_since else OFF,
    }
    for side, company in both.items():
        told |= {
            f"{side} country": company.country,
            f"{side} region": company.region,
            f"{side} closing days": company.closing_days,
        }
    return told


def begin(session: Session, there: Partnership, both: dict[Side, Company], now: datetime) -> Agreement:
    """Write down version 1: the default terms, and the settings that the channel was set up with."""
    content = {"terms": [terms.as_data(row) for row in DEFAULTS], "settings": settings_of(there, both)}
    first = Agreement(partnership_id=there.id, version=1, content=content, proposed_at=now, in_force_at=now)
    session.add(first)
    session.flush()
    return first


def standing(session: Session, actor: Actor) -> Standing:
    """Tell how the agreement stands."""
    found = agreement.in_force(session, actor.partnership.id)
    proposal = agreement.find_proposal(session, actor.partnership.id)
    names = names_in(session, found, actor.companies)
    names |= names_in(session, proposal, actor.companies) if proposal else {}
    return Standing(found, terms.read(found), proposal, names)


def names_in(session: Session, found: Agreement, both: Mapping[Side, Company]) -> dict[int, str]:
    """Name whom a version or a proposal tells of, with their companies."""
    ids = (found.proposed_by_id, found.sponsor_agreed_by_id, found.cmo_agreed_by_id, found.dropped_by_id)
    people = person.list_by_ids(session, [one for one in ids if one is not None])
    return {who.id: f"{who.name} ({both[who.side].name})" for who in people}


def may_propose(session: Session, actor: Actor) -> Standing:
    """Give how the agreement stands to who may propose a change; a Refusal for others."""
    require(session, actor, (Role.QA,), "propose a change of the agreement")
    require_confirmed(actor, "propose a change of the agreement")
    return standing(session, actor)


def propose(session: Session, actor: Actor, seen: Seen, changes: Changes, now: datetime) -> Agreement:
    """Propose the next version, or change the one that is proposed; who proposes agrees for their company."""
    stands = may_propose(session, actor)
    if stands.in_force.version != seen.version:
        raise Refusal(f"Version {stands.in_force.version} came into force meanwhile. Look at it, then change it.")
    if stands.seen != seen:
        raise Refusal("What is proposed was changed meanwhile. Look at it by `/quality agreement`, then change it.")
    before = (stands.proposal or stands.in_force).content
    content, proposal = _changed(before, changes), stands.proposal
    moved = proposal.moves_clocks if proposal else None
    moves = bool(moved) if changes.moves_clocks is None else changes.moves_clocks
    if content == before and moved in (None, moves):
        raise FieldErrors({"reason": "Nothing is changed here. Change it, or cancel."})
    event = "agreement.amended" if proposal else "agreement.proposed"
    if proposal is None:
        proposal = Agreement(
            partnership_id=actor.partnership.id, content=content, reason=changes.reason, proposed_at=now,
            moves_clocks=moves, proposed_by_id=actor.person.id,
        )  # fmt: skip
        session.add(proposal)
    else:
        proposal.content, proposal.revision = content, proposal.revision + 1
        proposal.moves_clocks = moves
        proposal.reason = f"{proposal.reason}\n{actor.person.name}: {changes.reason}"[-MOST_REASON:]
        proposal.agree(actor.person.side.other, None)
    proposal.agree(actor.person.side, actor.person.id)
    told = differences(before, content) | {"moves_clocks": [None, moves]}
    _note(session, actor, proposal, event, now, told, changes.reason)
    return proposal


def _changed(content: dict[str, Any], changes: Changes) -> dict[str, Any]:
    rows = {row.row: terms.as_data(row) for row in changes.rows}
    kept = [rows.get(data["row"], data) for data in content["terms"]]
    return {"terms": kept, "settings": content["settings"] | dict(changes.settings)}


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """Name what differs between two versions, each with what it was and is."""
    told: dict[str, list[Any]] = {}
    for old, new in zip(before["terms"], after["terms"], strict=True):
        if old != new:
            row = terms.from_data(new)
            told[f"row {row.row}, {row.title}"] = [terms.from_data(old).words, row.words]
    for name, value in after["settings"].items():
        was = setting(before, name)
        if was != value:
            told[name] = [was or "none", value or "none"]
    return told


def setting(content: Mapping[str, Any], name: str) -> str:
    """Give a setting of a version's content, also of one that was written before there was such a setting."""
    settings: Mapping[str, str] = content["settings"]
    return settings[name] if name in settings else UNSAID[name]


@dataclass(frozen=True)
class Ref:
    """A proposal as a button names it: with the revision that the person saw."""

    agreement_id: int
    revision: int


def agree(session: Session, actor: Actor, ref: Ref, now: datetime) -> Agreement:
    """Agree to a proposal for the actor's company; with both companies' consent it is in force."""
    proposal = _open(session, actor, ref, "agree to the agreement")
    own = proposal.agreed_by(actor.person.side)
    if own is not None:
        who = person.get(session, actor.partnership.id, own)
        raise Refusal(
            f"{who.name} agreed for {actor.company.name} already. It waits for QA of {actor.other_company.name}."
        )
    proposal.agree(actor.person.side, actor.person.id)
    _come_into_force(session, actor, proposal, now)
    return proposal


def _come_into_force(session: Session, actor: Actor, proposal: Agreement, now: datetime) -> None:
    before = agreement.in_force(session, actor.partnership.id)
    proposal.version, proposal.in_force_at = (before.version or 0) + 1, now
    if proposal.moves_clocks:
        agreement.stop_moving(session, actor.partnership.id)
        proposal.moved_up_to = 0
    _apply(actor, proposal.content["settings"])
    capture.switch(actor.partnership, now, on=setting(proposal.content, CAPTURE) == ON)
    there, calendar = actor.partnership, actor.calendar
    there.next_digest_at = digest.moved_at(there, calendar, now)
    told = differences(before.content, proposal.content) | {"version": [before.version, proposal.version]}
    _note(session, actor, proposal, "agreement.in_force", now, told, proposal.reason)
    if proposal.moves_clocks:
        _move_some(session, proposal, now, AT_ONCE)


def _apply(actor: Actor, settings: Mapping[str, str]) -> None:
    there = actor.partnership
    there.time_zone, there.digest_days = settings["time zone"], settings["digest days"]
    there.digest_at, there.figures_on = time.fromisoformat(settings["digest at"]), settings["figures on"]
    for side, company in actor.companies.items():
        company.country, company.region = settings[f"{side} country"], settings[f"{side} region"]
        company.closing_days = settings[f"{side} closing days"]


def drop(session: Session, actor: Actor, ref: Ref, now: datetime) -> Agreement:
    """Refuse a proposal, or withdraw it where one's own company made it."""
    proposal = _open(session, actor, ref, "answer for the agreement")
    proposal.dropped_at, proposal.dropped_by_id = now, actor.person.id
    withdraws = proposal.agreed_by(actor.person.side) is not None
    event = "agreement.withdrawn" if withdraws else "agreement.refused"
    _note(session, actor, proposal, event, now, {}, None)
    return proposal


def _open(session: Session, actor: Actor, ref: Ref, act: str) -> Agreement:
    require(session, actor, (Role.QA,), act)
    require_confirmed(actor, act)
    try:
        found = agreement.get(session, actor.partnership.id, ref.agreement_id)
    except LookupError:
        raise Refusal("That proposal is not one of this channel's.") from None
    if found.in_force_at is not None or found.dropped_at is not None:
        how = f"in force as version {found.version}" if found.in_force_at else "refused or withdrawn"
        raise Refusal(f"This proposal is {how} already. `/quality agreement` shows how the agreement stands.")
    if found.revision != ref.revision:
        raise Refusal("The proposal was changed meanwhile. Read it as it is now, then answer.")
    return found


def _note(
    session: Session, actor: Actor, proposal: Agreement, event: str, now: datetime, changes: dict[str, Any],
    reason: str | None,
) -> None:  # fmt: skip
    """Journal what happened and draw the proposal's message anew."""
    session.flush()
    content = {"by": actor.signature(), "changes": changes, "reason": reason}
    entry_id = journal.append(session, actor.partnership.id, event, now, content)
    outbox.put(session, actor.partnership.id, "agreement", f"agreement:{entry_id}", now, agreement_id=proposal.id)


def move_clocks(session: Session, now: datetime, limit: int) -> bool:
    """Let running clocks follow an agreement that says so, at most so many; True when there may be more."""
    moving = agreement.find_moving(session)
    if moving is None:
        return False
    _move_some(session, moving, now, limit)
    return True


def _move_some(session: Session, followed: Agreement, now: datetime, limit: int) -> None:
    """Let clocks follow what this version changed: its rows, and with another working time those of all rows."""
    there = partnership.get(session, followed.partnership_id)
    calendar = calendar_of(there, partnership.companies(session, there.id))
    before = agreement.before(session, followed)
    kept = {row.row: row for row in terms.read(before).rows}
    rows = {row.row: row for row in terms.read(followed).rows}
    is_new_time = any(before.content["settings"][name] != followed.content["settings"][name] for name in WORKING_TIME)
    running = clock.list_following(session, there.id, followed.moved_up_to or 0, limit)
    for one in running:
        row = rows.get(one.agreement_row or 0)
        if row is None or one.due_at < now:  # what is late is not late no more
            continue
        with deciding(one, "next_at", f"the moved clock {one.id}", now), session.begin_nested():
            if row != kept[row.row]:
                _move(session, followed, one, row, calendar, now)
            elif is_new_time:
                own = _row_of(session, one, row)
                _move(session, followed if own == row else None, one, own, calendar, now)
    followed.moved_up_to = running[-1].id if len(running) == limit else None


def _row_of(session: Session, one: Clock, row: Row) -> Row:
    """Give the row by which a clock runs: of an earlier version, where a change of it moved no clock."""
    if one.agreement_version is None:
        return row
    cited = agreement.get_version(session, one.partnership_id, one.agreement_version)
    return next((found for found in terms.read(cited).rows if found.row == row.row), row)


def _move(session: Session, cites: Agreement | None, one: Clock, row: Row, calendar: Calendar, now: datetime) -> None:
    """Let a clock follow a row, of the version that it cites from now on where that is another.

    Never into the past: at the earliest to the end of the next working day.
    """
    since = one.rule.partition(" from ")[2] or row.term.since
    term = replace(row.term, since=since)
    soonest = calendar.at(calendar.add_working_days(calendar.day_of(now), 1), DAY_ENDS)
    due_at = max(term.due(one.started_at, calendar), min(one.due_at, soonest))
    moved: dict[str, list[str]] = {
        "due": [one.due_at.isoformat(), due_at.isoformat()],
        "rule": [one.rule, term.rule],
        "duty": [one.duty, row.duty],
    }
    changes = {name: told for name, told in moved.items() if told[0] != told[1]}
    if cites is not None:
        one.agreement_version = cites.version
    if not changes:
        return
    one.rule, one.duty, one.due_at, one.first_due_at = term.rule, row.duty, due_at, due_at
    found = of_record(session, one.partnership_id, one.record_id)
    one.next_at = ladder.first_at(one.name, one.due_at, now, found.reminding(one.name))
    event = "clock_moved" if "due" in changes else "clock_changed"
    told = {"clock": [None, one.name], **changes}
    reason = f"agreement v{cites.version}" if cites else "another working time"
    change.finish(session, Machine(), found.record, event, now, changes=told, reason=reason)
