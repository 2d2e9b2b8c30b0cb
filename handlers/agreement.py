"""The quality agreement in Slack: its terms and settings, proposing a change, and agreeing to it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from handlers import blocks, setup
from handlers.blocks import Block, Option, Screen
from handlers.call import UNKNOWN, Call
from handlers.forms import LONG, Choice, Clock, Form, Number, Text, YesNo
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import agreement, terms, words
from quality.agreement import Changes, Ref, Seen, Standing
from quality.people import Actor
from quality.refusal import FieldErrors, Refusal
from quality.terms import Row, Term, Unit
from quality.working_time import WEEKDAYS, regions_of, supported_countries
from storage import agreement as agreements
from storage import partnership
from storage.agreement import Agreement
from storage.clock import Duty
from storage.partnership import Company, Side

REASON = Text("reason", "Reason", required=True, limit=LONG, multiline=True)
MOVES = YesNo(
    "moves",
    "Move running clocks",
    required=True,
    hint="Yes: clocks that run by these terms get new due times, never in the past. Late ones, and those that were "
    "extended or stopped, keep theirs. No: they end as they began.",
)
MOST_LENGTH = 1000
MOST_CLOSING = 200
LAST_YEAR = 2199  # of a closing day; later ones are slips of the pen
TERM = Form(
    "agreement.term",
    "Change a term",
    "Agree and propose",
    (
        Number("length", "Length", required=True, limit=4),
        Choice("unit", "Unit", required=True, words=Unit),
        Number("at_most", "At most, hours", limit=4, hint="Where working days alone could take too long."),
        Choice("duty", "Owner", required=True, words=Duty, hint="Who has to act, and is reminded first."),
        MOVES,
        REASON,
    ),
)
CALENDAR = Form(
    "agreement.calendar",
    "Change working time",
    "Agree and propose",
    (
        Choice("country", "Country", required=True, hint="Its weekends and public holidays."),
        Text("region", "Region", limit=32, hint="Where holidays differ by it, as in ISO 3166-2: BY for DE-BY."),
        Text(
            "closing",
            "Closing days",
            limit=LONG,
            multiline=True,
            hint="The company's own, such as 2026-12-24 to 2027-01-01, 2027-05-14.",
        ),
        MOVES,
        REASON,
    ),
)
NAMED = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAYS = {word.casefold(): name[:3] for name in NAMED for word in (name, name[:3])}
DIGEST = Form(
    "agreement.digest",
    "Change the digest",
    "Agree and propose",
    (
        Clock("at", "Daily digest at", required=True),
        Text(
            "days", "Digest days", required=True, limit=40, hint="Such as Mon Tue Wed Thu Fri. Only working days count."
        ),
        Choice("figures", "Week's figures on", required=True, options=(*WEEKDAYS, "Never")),
        Choice("time_zone", "Time zone", required=True, asks=True, hint="In which due dates end and the digest comes."),
        REASON,
    ),
)

CAPTURE = Form(
    "agreement.capture",
    "Change capture",
    "Agree and propose",
    (
        Choice(
            "capture", "Capture of threads", required=True, options=(agreement.ON, agreement.OFF),
            hint="On: what is said in a record's thread, and files shared there, are kept with the record.",
        ),
        REASON,
    ),
)  # fmt: skip


async def show(call: Call, _text: str = "") -> None:
    """Show the agreement to the person alone."""

    def question(session: Session, actor: Actor) -> tuple[Standing, Actor]:
        return agreement.standing(session, actor), actor

    stands, actor = await call.look(question)
    await call.answer(draw(stands, actor))


def draw(stands: Standing, actor: Actor) -> Screen:
    """Draw the agreement in force, each part with the button that changes it, and what is proposed."""
    found = stands.in_force
    seen = stands.seen
    data = {"p": actor.partnership.id, "n": seen.version, "a": seen.proposal_id, "rv": seen.revision}
    title = f"Quality agreement v{found.version}"
    shown = [blocks.header(title), blocks.context(escape(_since(stands, actor)))]
    if stands.proposal is not None:
        shown += _proposal(stands.proposal, found.content, stands.names, actor.companies, actor.partnership.id)
        shown.append(blocks.divider())
    for row in stands.terms.rows:
        change = blocks.button("Change", "agreement.term", data | {"w": row.row})
        shown.append(blocks.typed(f"{row.row} · {row.title}\n{row.words}", change))
    settings = found.content["settings"]
    for side, company in actor.companies.items():
        change = blocks.button("Change", "agreement.calendar", data | {"s": side})
        shown.append(blocks.typed(f"Working time of {company.name}\n{_calendar(settings, side)}", change))
    change = blocks.button("Change", "agreement.digest", data)
    shown.append(blocks.typed(f"Digest and time zone\n{_digest(settings)}", change))
    change = blocks.button("Change", "agreement.capture", data)
    shown.append(
        blocks.typed(f"Capture of threads\n{_capture(agreement.setting(found.content, agreement.CAPTURE))}", change)
    )
    law = "Clocks of the authorities are the law's and not changed here. QA of either company proposes, both agree."
    return Screen(f"{title}, {len(stands.terms.rows)} terms.", [*shown, blocks.context(law)])


def _since(stands: Standing, actor: Actor) -> str:
    found = stands.in_force
    if found.proposed_by_id is None:
        late = [company.name for company in actor.companies.values() if company.confirmed_at is None]
        confirmed = f"{late[0]} has still to confirm it" if late else "confirmed by both companies"
        return f"The defaults, in force since {words.moment(found.proposed_at)}, {confirmed}."
    agreed = [stands.names[one] for one in (found.sponsor_agreed_by_id, found.cmo_agreed_by_id) if one is not None]
    when = words.moment(found.in_force_at) if found.in_force_at else ""
    return f"In force since {when}, agreed by {' and '.join(agreed)}."


def _calendar(settings: Mapping[str, str], side: Side) -> str:
    country = settings[f"{side} country"]
    region = settings[f"{side} region"]
    closing = _ranges(settings[f"{side} closing days"])
    place = supported_countries().get(country, country) + (f", {region}" if region else "")
    return cut(f"{place}. Closing days: {closing or 'none'}", 1000)


def _digest(settings: Mapping[str, str]) -> str:
    figures = settings["figures on"] or "no day"
    return (
        f"Daily digest at {settings['digest at']} {words.city(settings['time zone'])} ({settings['time zone']}) on "
        f"{settings['digest days'].replace(' ', ', ')}; the week's figures on {figures}. QA of each company get "
        "what waits on them with their morning list (/quality mine)."
    )


def _capture(setting: str) -> str:
    if setting == agreement.ON:
        return "On: what is said in a record's thread, and files shared there, are kept with the record."
    return "Off: what is said in a record's thread stays in Slack alone; Comment and Add evidence keep."


def draw_proposal(session: Session, found: Agreement) -> Screen:
    """Draw a proposal in the channel, as it stands."""
    pid = found.partnership_id
    both = partnership.companies(session, pid)
    names = agreement.names_in(session, found, both)
    before = agreements.before(session, found)
    shown = _proposal(found, before.content, names, both, pid)
    return Screen(escape(_heading(found, names, both)), shown)


def _heading(found: Agreement, names: Mapping[int, str], both: Mapping[Side, Company]) -> str:
    if found.in_force_at is not None:
        return f"Quality agreement v{found.version} is in force since {words.moment(found.in_force_at)}."
    who = names.get(found.dropped_by_id or 0, "")
    if found.dropped_at is not None:
        return f"The proposed change of the quality agreement was dropped by {who}: it stays as it was."
    agreed = [names[one] for one in (found.sponsor_agreed_by_id, found.cmo_agreed_by_id) if one is not None]
    missing = [company.name for side, company in both.items() if found.agreed_by(side) is None]
    return f"A change of the quality agreement is proposed. {' and '.join(agreed)} agreed; QA of {missing[0]} has to."


def _proposal(
    found: Agreement, before: dict[str, Any], names: Mapping[int, str], both: Mapping[Side, Company], pid: int
) -> list[Block]:
    told = agreement.differences(before, found.content)
    lines = [_line(name, old, new) for name, (old, new) in told.items()]
    moves = "Running clocks move with it." if found.moves_clocks else "Running clocks end as they began."
    shown = [blocks.typed(_heading(found, names, both)), *([blocks.bullets(lines[:40])] if lines else [])]
    shown += [blocks.quote([blocks.words(f"{moves} Reason:")], found.reason)]
    if found.in_force_at is None and found.dropped_at is None:
        data = {"p": pid, "a": found.id, "n": found.revision}
        shown.append(
            blocks.actions(
                blocks.button("Agree", "agreement.agree", data, "primary"),
                blocks.button("Refuse", "agreement.refuse", data),
                blocks.button("Withdraw", "agreement.withdraw", data),
            )
        )
    return shown


def _line(name: str, old: str, new: str) -> list[Block]:
    return [blocks.bold(name), blocks.words(f": {_plain(name, old)} → {_plain(name, new)}")]


def _plain(name: str, value: str) -> str:
    return cut(_ranges(value) if name.endswith("closing days") and value != "none" else value, 500)


async def on_term(call: Call) -> None:
    """Open the form that changes a term."""
    stands, _ = await _may_propose(call)
    row = _row(stands, call.number("w"))
    values = {
        "length": row.term.length,
        "unit": row.term.unit,
        "at_most": row.term.at_most_hours,
        "duty": row.duty,
    }
    intro = [blocks.typed(f"Row {row.row}, {row.title}: {row.words}")]
    await call.open(TERM.view(call.data, values, intro=intro))


async def on_term_submitted(call: Call) -> None:
    """Propose another term."""
    given = TERM.read(call.view)
    stands, _ = await _may_propose(call)
    row = _row(stands, call.number("w"))
    errors: dict[str, str] = {
        name: f"Give a number from 1 to {MOST_LENGTH}."
        for name in map(str, ("length", "at_most"))
        if name in given and not 1 <= given[name] <= MOST_LENGTH
    }
    if errors:
        raise FieldErrors(errors)
    term = Term(given["length"], given["unit"], row.term.since, given.get("at_most"))
    rows = (replace(row, term=term, duty=given["duty"]),)
    await _propose(call, Changes(given["reason"], rows=rows, moves_clocks=given["moves"]))


async def on_calendar(call: Call) -> None:
    """Open the form that changes a company's working time."""
    stands, actor = await _may_propose(call)
    side = _side(call)
    settings = (stands.proposal or stands.in_force).content["settings"]
    countries = [Option(f"{name} ({code})", code) for code, name in supported_countries().items()]
    values = {
        "country": settings[f"{side} country"],
        "region": settings[f"{side} region"],
        "closing": _ranges(settings[f"{side} closing days"]),
    }
    intro = [blocks.typed(f"Working time of {actor.companies[side].name}")]
    await call.open(CALENDAR.view(call.data, values, {"country": countries}, intro))


async def on_calendar_submitted(call: Call) -> None:
    """Propose another working time."""
    given = CALENDAR.read(call.view)
    side, country, region = _side(call), given["country"], given.get("region", "")
    if country not in supported_countries():
        raise FieldErrors({"country": "Choose one of the list."})
    region = next((one for one in regions_of(country) if one.casefold() == region.casefold()), region)
    if region and region not in regions_of(country):
        known = ", ".join(regions_of(country)) or "none"
        raise FieldErrors(
            {"region": cut(f"{country} has no region {region} with holidays of its own. Known: {known}", 300)}
        )
    settings = {
        f"{side} country": country,
        f"{side} region": region,
        f"{side} closing days": closing_days(given.get("closing", "")),
    }
    await _propose(call, Changes(given["reason"], settings=settings, moves_clocks=given["moves"]))


async def on_digest(call: Call) -> None:
    """Open the form that changes the digest."""
    stands, _ = await _may_propose(call)
    settings = (stands.proposal or stands.in_force).content["settings"]
    values = {
        "at": datetime.strptime(settings["digest at"], "%H:%M").time(),  # noqa: DTZ007 - a time of day
        "days": settings["digest days"],
        "figures": settings["figures on"] or "Never",
        "time_zone": settings["time zone"],
    }
    zones = [Option(zone, zone) for zone in sorted({*setup.zones(), settings["time zone"]})]
    await call.open(DIGEST.view(call.data, values, {"time_zone": zones}))


async def on_digest_submitted(call: Call) -> None:
    """Propose another digest."""
    given = DIGEST.read(call.view)
    days = [DAYS.get(day.casefold()) for day in given["days"].replace(",", " ").split()]
    if not days or None in days:
        raise FieldErrors({"days": "Give days of the week, parted by blanks or commas, such as Mon Tue Wed Thu Fri."})
    if given["time_zone"] not in setup.zones():
        raise FieldErrors({"time_zone": "Choose one of the list."})
    settings = {
        "digest at": f"{given['at']:%H:%M}",
        "digest days": " ".join(day for day in WEEKDAYS if day in days),
        "figures on": "" if given["figures"] == "Never" else given["figures"],
        "time zone": given["time_zone"],
    }
    await _propose(call, Changes(given["reason"], settings=settings))


async def on_capture(call: Call) -> None:
    """Open the form that switches capture on or off."""
    stands, _ = await _may_propose(call)
    content = (stands.proposal or stands.in_force).content
    await call.open(CAPTURE.view(call.data, {"capture": agreement.setting(content, agreement.CAPTURE)}))


async def on_capture_submitted(call: Call) -> None:
    """Propose to keep, or not to keep, what is said in threads."""
    given = CAPTURE.read(call.view)
    await _propose(call, Changes(given["reason"], settings={agreement.CAPTURE: given["capture"]}))


async def on_zone_typed(call: Call) -> None:
    """Offer the time zones whose name holds what was typed."""
    await call.offer(Option(zone, zone) for zone in setup.zones())


async def _may_propose(call: Call) -> tuple[Standing, Actor]:
    def question(session: Session, actor: Actor) -> tuple[Standing, Actor]:
        return agreement.may_propose(session, actor), actor

    return await call.look(question)


async def _propose(call: Call, changes: Changes) -> None:
    await call.do(agreement.propose, Seen(call.number("n"), call.number("a"), call.number("rv")), changes)


def _row(stands: Standing, number: int) -> Row:
    rows = terms.read(stands.proposal or stands.in_force).rows
    found = next((row for row in rows if row.row == number), None)
    if found is None:
        raise Refusal(UNKNOWN)
    return found


def _side(call: Call) -> Side:
    if call.data.get("s") not in tuple(Side):
        raise Refusal(UNKNOWN)
    return Side(call.data["s"])


async def on_agree(call: Call) -> None:
    """Agree for the person's company."""
    done = await call.do(agreement.agree, _ref(call))
    await _told(call, f"Quality agreement v{done.version} is in force.")


async def on_drop(call: Call) -> None:
    """Refuse or withdraw a proposal."""
    await call.do(agreement.drop, _ref(call))
    await _told(call, "The agreement stays as it was.")


def _ref(call: Call) -> Ref:
    return Ref(call.number("a"), call.number("n"))


async def _told(call: Call, text: str) -> None:
    """Answer where the click was not on the message in the channel, which changes by itself."""
    if not call.clicked_in_channel:
        await call.answer(text, replace=True)


def closing_days(text: str) -> str:
    """Read days and ranges of days: `2026-12-24 to 2027-01-01, 2027-05-14`; as ISO dates in order."""
    days: set[date] = set()
    for part in text.replace("\n", ",").split(","):
        if part.strip():
            days |= set(_days(part.strip()))
    if len(days) > MOST_CLOSING:
        raise FieldErrors({"closing": f"These are {len(days)} days; {MOST_CLOSING} is the most."})
    return " ".join(day.isoformat() for day in sorted(days))


def _days(part: str) -> list[date]:
    first, _, last = (piece.strip() for piece in part.partition(" to "))
    try:
        begin, end = (datetime.strptime(one, "%Y-%m-%d").date() for one in (first, last or first))  # noqa: DTZ007 - days
    except ValueError:
        raise FieldErrors({"closing": f"“{cut(part, 60)}” is no day. Give days such as 2026-12-24."}) from None
    if max(begin, end).year > LAST_YEAR or not begin <= end <= begin + timedelta(days=MOST_CLOSING):
        raise FieldErrors({"closing": f"“{cut(part, 60)}” is no range of days near to us. Give the earlier day first."})
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


def _ranges(days: str) -> str:
    """Write ISO dates as ranges: `2026-12-24 to 2026-12-26, 2027-05-14`."""
    told: list[list[date]] = []
    for day in (date.fromisoformat(one) for one in days.split()):
        if told and told[-1][1] + timedelta(days=1) == day:
            told[-1][1] = day
        else:
            told.append([day, day])
    return ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in told)


LISTENERS = Listeners(
    buttons={
        "agreement.show": show,
        "agreement.term": on_term,
        "agreement.calendar": on_calendar,
        "agreement.digest": on_digest,
        "agreement.capture": on_capture,
        "agreement.agree": on_agree,
        "agreement.refuse": on_drop,
        "agreement.withdraw": on_drop,
    },
    modals={
        TERM.callback: on_term_submitted,
        CALENDAR.callback: on_calendar_submitted,
        DIGEST.callback: on_digest_submitted,
        CAPTURE.callback: on_capture_submitted,
    },
    options={"time_zone": on_zone_typed},
)
