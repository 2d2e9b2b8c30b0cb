"""Inspections in Slack: opened by QA of a company, seen by its people alone, in their direct messages and answers."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers import blocks
from handlers.blocks import Block, Option, Screen
from handlers.call import UNKNOWN, Call
from handlers.forms import LONG, Choices, Day, Form, Moment, PersonChoice, Text, is_id
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import inspection, words
from quality.inspection import ChangeForm, HandOverForm, InspectionForm, Overview, RequestForm, View
from quality.people import Actor
from quality.refusal import FieldErrors, Refusal
from storage.inspection import Inspection, InspectionEntry, InspectionRequest
from storage.person import Role

SHOWN = 12  # requests on the card: those that are open, the soonest due first
MOST_PAGES = 1000
PEOPLE = Choices("people", "People who take part", hint="Of your company. You take part in any case.")
OPEN = Form(
    "inspection.open",
    "Open inspection",
    "Open",
    (
        Text("authority", "Authority", required=True, limit=150, hint="Or the customer who inspects."),
        Text("scope", "Scope", required=True, limit=LONG, multiline=True),
        Text("inspector", "Inspector", required=True, limit=300, hint="The name, or several, as text."),
        Day("first_on", "First day", required=True),
        Day("last_on", "Last day", required=True),
        PEOPLE,
    ),
)
ADD_PEOPLE = Form("inspection.people", "Add people", "Add", (Choices("people", "People who take part", required=True),))
ADD_REQUEST = Form(
    "inspection.add",
    "Add request",
    "Add",
    (
        Text("asked", "What is asked", required=True, limit=LONG, multiline=True),
        Moment("due_at", "By when", required=True),
        PersonChoice("owner", "Owner", required=True),
    ),
)
CHANGE_REQUEST = Form(
    "inspection.change",
    "Change request",
    "Change",
    (
        PersonChoice("owner", "Owner", required=True),
        Moment("due_at", "By when", required=True),
        Text("reason", "Reason", required=True, limit=LONG, multiline=True),
    ),
)
HAND_OVER = Form(
    "inspection.hand_over",
    "Hand over",
    "Log",
    (
        Text("what", "What was handed over", required=True, limit=LONG, multiline=True),
        Text("record", "Record", limit=24, hint="The number of a record whose export was among it."),
    ),
)
PRIVATE = "Only people of {company} who take part, and its QA, see this. It is in no list, digest, search or export."


async def start(call: Call, text: str = "") -> None:
    """Show the company's inspection, or offer to open one."""
    if text:
        raise Refusal(
            f"I do not know “{cut(text, 60)}” here. Say `/quality inspection` alone: its buttons do the rest."
        )
    found = await call.look(inspection.overview)
    await call.answer(draw_overview(found, call.now))


async def on_show(call: Call) -> None:
    """Show it from the front door."""
    await start(call)


def draw_overview(found: Overview, now: datetime) -> Screen:
    """Draw the inspection that is open, and the logs of past ones."""
    actor = found.actor
    data = {"p": actor.partnership.id}
    if found.present is not None:
        shown = draw(found.present, now)
        text, rows = shown.text, [*shown.blocks]
    else:
        text = f"No inspection of {escape(actor.company.name)} is open."
        rows = [blocks.section(text)]
        if actor.person.has(Role.QA):
            rows.append(blocks.actions(blocks.button("Open inspection", "inspection.open", data, "primary")))
    for one in found.past:
        told = f"{one.authority}, {_days(one)}, closed"
        rows.append(blocks.typed(told, blocks.button("Log", "inspection.log", data | {"i": one.id, "n": 1})))
    return Screen(text, rows)


def draw(found: View, now: datetime) -> Screen:
    """Draw an inspection: what it is, how its requests stand, and those that are open with their buttons."""
    it, zone = found.inspection, found.actor.partnership.time_zone
    waiting = sorted((one for one in found.requests if one.closed_at is None), key=lambda one: one.due_at)
    late = sum(one.is_waiting and one.due_at < now for one in waiting)
    answered = sum(one.answered_at is not None for one in waiting)
    standing = f"{len(waiting)} open, {late} overdue, {answered} answered, {len(found.requests) - len(waiting)} closed"
    people = ", ".join(found.named(one) for one in found.participants)
    facts = [("Scope", it.scope), ("Days", _days(it)), ("Inspector", it.inspector), ("Take part", people)]
    facts.append(("Requests", standing))
    if it.closed_at is not None:
        facts.append(("Closed", f"{found.named(it.closed_by_id or 0)}, {words.moment(it.closed_at)}"))
    shown = [blocks.header(f"Inspection: {it.authority}"), blocks.facts(facts, 1000), blocks.actions(*_buttons(found))]
    for one in waiting[:SHOWN]:
        shown += _request(found, one, now, zone)
    if len(waiting) > SHOWN:
        shown.append(blocks.context(f"{len(waiting) - SHOWN} more are open; they follow when these are closed."))
    shown.append(blocks.context(escape(PRIVATE.format(company=found.actor.company.name))))
    return Screen(f"Inspection: {escape(it.authority)}. Requests: {standing}.", shown)


def _days(it: Inspection) -> str:
    return f"{words.day(it.first_on)} to {words.day(it.last_on)}"


def _buttons(found: View) -> list[Block]:
    data = {"p": found.actor.partnership.id, "i": found.inspection.id}
    log = blocks.button("Log", "inspection.log", data | {"n": 1})
    if found.inspection.closed_at is not None:
        return [log]
    sure = blocks.confirm("Close inspection", "Nothing can be added to it afterwards. Its log stays.", "Close it")
    return [
        blocks.button("Add request", "inspection.add", data, "primary"),
        blocks.button("Add people", "inspection.people", data),
        log,
        blocks.button("Close inspection", "inspection.close", data, confirm=sure),
    ]


def _request(found: View, one: InspectionRequest, now: datetime, zone: str) -> list[Block]:
    data = {"p": found.actor.partnership.id, "i": found.inspection.id, "q": one.id}
    return [
        blocks.typed(_told(found, one, now, zone)),
        blocks.actions(
            blocks.button("Hand over", "inspection.hand_over", data),
            *([] if one.answered_at else [blocks.button("Change request", "inspection.change", data)]),
            blocks.button("Close request", "inspection.close_request", data),
        ),
    ]


def _told(found: View, one: InspectionRequest, now: datetime, zone: str) -> str:
    if one.answered_at is not None:
        stands = f"answered {words.moment(one.answered_at)}"
    else:
        stands = f"due {words.due(one.due_at, zone)}{' (overdue)' if one.due_at < now else ''}"
    return f"{one.number}. {cut(one.asked, 600)}\n{found.named(one.owner_id)} · {stands}"


def draw_line(entry: InspectionEntry, who: str) -> Screen:
    """Draw what happened, for the thread of the card."""
    says = f"{who} {inspection.said_of(entry)}."
    return Screen(escape(says), [blocks.typed(says)])


def draw_reminder(found: View, one: InspectionRequest, now: datetime) -> Screen:
    """Draw a reminder of a request that waits, with its buttons."""
    zone = found.actor.partnership.time_zone
    late = "is overdue" if one.due_at < now else f"is due {words.due(one.due_at, zone)}"
    says = f"Request {one.number} of the inspection by {found.inspection.authority} {late}."
    return Screen(escape(says), [blocks.typed(says), *_request(found, one, now, zone)])


def _colleagues(session: Session, actor: Actor) -> tuple[Actor, list[Option]]:
    able = inspection.colleagues(session, actor)
    return actor, [Option(who.name, str(who.id)) for who in able]


def _ids(chosen: Any) -> tuple[int, ...]:
    given = tuple(one.value for one in chosen or ())
    if not all(map(is_id, given)):
        raise FieldErrors({"people": "Choose people of the list."})
    return tuple(int(value) for value in given)


async def on_open(call: Call) -> None:
    """Ask what the inspection is."""

    def question(session: Session, actor: Actor) -> tuple[Actor, list[Option]]:
        inspection.require_qa(actor)
        return _colleagues(session, actor)

    actor, options = await call.look(question)
    today = actor.calendar.day_of(call.now)
    values = {"first_on": today, "last_on": today}
    await call.open(OPEN.view({"p": actor.partnership.id}, values, {"people": options}))


async def on_opened(call: Call) -> None:
    """Open it."""
    given = OPEN.read(call.view)
    await call.do(inspection.open_new, InspectionForm(**given | {"people": _ids(given.get("people"))}))


def _here(call: Call) -> dict[str, Any]:
    return {name: call.data[name] for name in ("p", "i", "q") if name in call.data}


async def _ask(call: Call, form: Form, field: str, **values: Any) -> None:
    """Open a form of an inspection that names people of the company."""

    def question(session: Session, actor: Actor) -> tuple[Actor, list[Option]]:
        inspection.view(session, actor, call.number("i"))
        return _colleagues(session, actor)

    _, options = await call.look(question)
    await call.open(form.view(_here(call), values, {field: options}))


async def on_add(call: Call) -> None:
    """Ask what the inspector asks for."""
    await _ask(call, ADD_REQUEST, "owner")


async def on_added(call: Call) -> None:
    """Add the request."""
    given = ADD_REQUEST.read(call.view)
    given["owner_id"] = given.pop("owner")
    await call.do(inspection.add_request, call.number("i"), RequestForm(**given))


async def on_change(call: Call) -> None:
    """Ask who is to answer a request, and by when."""
    _, one = await call.look(inspection.request_of, call.number("i"), call.number("q"))
    await _ask(call, CHANGE_REQUEST, "owner", owner=str(one.owner_id), due_at=one.due_at)


async def on_changed(call: Call) -> None:
    """Change it."""
    given = CHANGE_REQUEST.read(call.view)
    given["owner_id"] = given.pop("owner")
    await call.do(inspection.change_request, call.number("i"), call.number("q"), ChangeForm(**given))


async def on_people(call: Call) -> None:
    """Ask who else takes part."""
    await _ask(call, ADD_PEOPLE, "people")


async def on_people_added(call: Call) -> None:
    """Let them take part."""
    given = ADD_PEOPLE.read(call.view)
    await call.do(inspection.add_people, call.number("i"), _ids(given["people"]))


async def on_hand_over(call: Call) -> None:
    """Ask what was handed over."""
    found, one = await call.look(inspection.request_of, call.number("i"), call.number("q"))
    zone = found.actor.partnership.time_zone
    await call.open(HAND_OVER.view(_here(call), intro=[blocks.typed(_told(found, one, call.now, zone))]))


async def on_handed_over(call: Call) -> None:
    """Log it."""
    given = HAND_OVER.read(call.view)
    await call.do(inspection.hand_over, call.number("i"), call.number("q"), HandOverForm(**given))


async def on_close_request(call: Call) -> None:
    """Close a request."""
    await call.do(inspection.close_request, call.number("i"), call.number("q"))
    await _again(call)


async def on_close(call: Call) -> None:
    """Close the inspection."""
    await call.do(inspection.close, call.number("i"))
    await _again(call)


async def _again(call: Call) -> None:
    """Show the inspection as it is now, to who pressed a button."""
    await call.answer(draw(await call.look(inspection.view, call.number("i")), call.now), replace=True)


async def on_log(call: Call) -> None:
    """Show a page of the log, the newest first."""
    page = max(1, min(call.number("n"), MOST_PAGES))
    found, entries = await call.look(inspection.log, call.number("i"), page)
    if page > 1 and not entries:
        raise Refusal(UNKNOWN)
    await call.answer(draw_log(found, entries, page), replace="t" in call.data)


def draw_log(found: View, entries: list[InspectionEntry], page: int) -> Screen:
    """Draw a page of the log."""
    title = f"Log of the inspection by {found.inspection.authority}"
    shown = [blocks.header(title), blocks.context(f"{escape(_days(found.inspection))} · newest first · page {page}")]
    for one in entries[: inspection.LOG_PAGE]:
        who = found.named(one.person_id)
        shown.append(blocks.typed(f"{words.moment(one.at)} · {who} {inspection.said_of(one)}"))
        shown.append(blocks.context(f"SHA-256 {one.hash[:16]}"))
    data = {"p": found.actor.partnership.id, "i": found.inspection.id, "t": 1}
    turns = [blocks.button("Newer", "inspection.newer", data | {"n": page - 1})] if page > 1 else []
    if len(entries) > inspection.LOG_PAGE:
        turns.append(blocks.button("Older", "inspection.older", data | {"n": page + 1}))
    return Screen(escape(title), [*shown, *([blocks.actions(*turns)] if turns else [])])


LISTENERS = Listeners(
    buttons={
        "inspection.show": on_show,
        "inspection.open": on_open,
        "inspection.add": on_add,
        "inspection.people": on_people,
        "inspection.change": on_change,
        "inspection.hand_over": on_hand_over,
        "inspection.close_request": on_close_request,
        "inspection.close": on_close,
        "inspection.log": on_log,
        "inspection.newer": on_log,
        "inspection.older": on_log,
    },
    modals={
        OPEN.callback: on_opened,
        ADD_PEOPLE.callback: on_people_added,
        ADD_REQUEST.callback: on_added,
        CHANGE_REQUEST.callback: on_changed,
        HAND_OVER.callback: on_handed_over,
    },
)
