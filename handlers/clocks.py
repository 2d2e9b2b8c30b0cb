"""A record's clocks: each with its rule, whose it is, how it stands, and who is reminded next."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers import blocks
from handlers.blocks import Block, Screen
from handlers.call import Call
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import change, record, reminders, setting, words
from quality.ladder import Step
from quality.people import Actor, named
from quality.setting import Setting
from quality.sheet import Sheet
from quality.working_time import DAY_STARTS, Calendar
from storage.clock import Clock, ClockState
from storage.partnership import Side
from storage.person import Person

MOST_STEPS = 5
MOST_NAMED = 4


@dataclass(frozen=True)
class Shown:
    """A record with where it lives."""

    sheet: Sheet
    there: Setting


async def show(call: Call, number: str) -> None:
    """Show a record's clocks, given its number."""

    def question(session: Session, actor: Actor) -> Shown:
        return _shown(session, record.sheet_by_number(session, actor, number))

    await call.answer(draw(await call.look(question), call.now))


async def on_clocks(call: Call) -> None:
    """Show the clocks of the record a button stands on."""

    def question(session: Session, actor: Actor) -> Shown:
        return _shown(session, change.sheet(session, actor, call.number("r")))

    await call.answer(draw(await call.look(question), call.now))


def _shown(session: Session, found: Sheet) -> Shown:
    return Shown(found, setting.of(session, found.partnership.id))


def draw(shown: Shown, now: datetime) -> Screen:
    """Draw the clocks, those that run first, and how the time was spent."""
    found = shown.sheet
    ordered = sorted(found.clocks.values(), key=lambda one: (one.stopped_at is not None, one.due_at))
    title = f"Clocks of {found.record.number}"
    drawn = [block for one in ordered for block in _clock(shown, one, now)]
    return Screen(f"{title}.", [blocks.header(title), *drawn, blocks.context(fair(found, now))])


def _clock(shown: Shown, one: Clock, now: datetime) -> list[Block]:
    zone = shown.sheet.partnership.time_zone
    state = one.state(now)
    facts = [
        (f"{one.name[0].upper()}{one.name[1:]}", f"{state}, due {words.due(one.due_at, zone)}"),
        ("Rule", rule(one)),
        ("Whose", str(one.duty)),
    ]
    if one.extensions:
        facts.append(("Extended", f"from {words.due(one.first_due_at, zone)}"))
    if one.stopped_at is not None:
        facts.append(("Ended", words.moment(one.stopped_at)))
    if state is ClockState.STOPPED and one.pause_ends_on is not None:
        facts.append(("Stopped", f"until {words.day(one.pause_ends_on)}, when it goes on by itself"))
    if one.stopped_at is None and one.paused_at is None:
        coming = reminders.coming(shown.there, one, shown.sheet, now)[:MOST_STEPS]
        calendar = shown.there.reminding(one.name, shown.there.find(shown.sheet.record.owner_id))
        facts += [
            ("next" if place == 0 else "then", _step(shown, calendar, step, who))
            for place, (step, who) in enumerate(coming)
        ]
    return [blocks.facts(facts, 600)]


def rule(one: Clock) -> str:
    """`30 calendar days from detection (agreement v2, row 8)`."""
    return one.rule + (
        f" (agreement v{one.agreement_version}, row {one.agreement_row})" if one.agreement_version else ""
    )


def _step(shown: Shown, calendar: Calendar, step: Step, who: list[Person]) -> str:
    """`Tue 15 Dec 08:00, Gita Rao (Borealis)`, or `both companies' QA`."""
    found = shown.sheet
    at = words.weekday(calendar.at(step.day, DAY_STARTS), calendar.zone.key)
    late = f" ({words.days(step.days_late)} late)" if step.days_late > 0 else ""
    names = named(who[:MOST_NAMED], found.companies) or f"{step.audience[0]}, nobody yet"
    more = f" and {len(who) - MOST_NAMED} more" if len(who) > MOST_NAMED else ""
    # Whoever has to act is told all along; those who join them later are told by what they are.
    audience = " and ".join(step.audience[1:]) or f"{names}{more}"
    return cut(f"{at}{late}, {audience}", 500)


def fair(found: Sheet, now: datetime) -> str:
    """Tell how long each company has had it, and how long its clock stood still."""
    record_ = found.record
    spent = {Side.SPONSOR: record_.sponsor_seconds, Side.CMO: record_.cmo_seconds}
    if record_.turn is not None and record_.turn_since is not None:
        spent[record_.turn] += max(0, int((now - record_.turn_since).total_seconds()))
    told = [f"{found.companies[side].name} {words.span(seconds)}" for side, seconds in spent.items()]
    due = found.due
    if due is not None and (due.paused_seconds or due.paused_at):
        still = due.paused_seconds + (int((now - due.paused_at).total_seconds()) if due.paused_at else 0)
        told.append(f"clock stopped {words.span(still)}")
    turn = f" It is {found.companies[record_.turn].name}'s turn." if record_.turn and record_.is_open else ""
    return escape(f"Time counted to each company: {', '.join(told)}.{turn}")


LISTENERS = Listeners(buttons={"record.clocks": on_clocks})
