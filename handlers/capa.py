"""CAPAs in Slack: the command, and the forms of their life."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from handlers import acts
from handlers.acts import Filled, Given
from handlers.blocks import Option
from handlers.call import Call
from handlers.cards import data_of
from handlers.commands import NUMBER, record_command, usage
from handlers.deviation import SOURCES
from handlers.forms import LONG, Choice, Day, Form, PersonChoice, Text
from handlers.listeners import Command, Listeners
from handlers.record import owners
from quality import capa, change, people, record
from quality.capa import CapaForm, PlanForm
from quality.change import Ref
from quality.people import Actor
from quality.refusal import Refusal
from quality.sheet import Sheet
from quality.working_time import calendar_of
from storage.capa import ActionType, Capa
from storage.record import Kind, Record

PLAN_FIELDS = (
    Text("plan", "Action plan", required=True, limit=LONG, multiline=True),
    Text("criterion", "Effectiveness criterion", limit=LONG, multiline=True, hint="How it will show that it worked."),
)
FORM = Form(
    "capa.log",
    "New CAPA",
    "Log",
    (
        Text("title", "Title", required=True),
        Text("problem", "Problem", required=True, limit=LONG, multiline=True),
        Choice("action_type", "Action type", required=True, words=ActionType),
        SOURCES,
        PersonChoice("owner", "Owner", required=True, asks=True),
        Day("due_on", "Due date", required=True),
        *PLAN_FIELDS,
    ),
)
CHANGE_PLAN = Form("record.change_plan", "Change plan", "Change", PLAN_FIELDS)
EVIDENCE = Text("evidence", "Evidence", required=True, limit=LONG, multiline=True)
IMPLEMENT = Form(
    "record.implement",
    "Mark implemented",
    "Mark implemented",
    (EVIDENCE, Day("implemented_on", "Implemented on", required=True)),
)
USAGE = usage(
    "CAPAs",
    {
        "/capa": "logs a CAPA",
        "/capa for DEV-2026-0001": "logs one for a record",
        "/capa CAPA-2026-0001": "shows one with its buttons",
        "/capa list": "lists the open ones; also `list overdue`, `mine`, `closed`, `all`, `page <number>`",
    },
)


async def open_form(call: Call, source: str | None = None, record_id: int | None = None) -> None:
    """Open New CAPA, the source filled in where one is named by number or by id."""

    def question(session: Session, actor: Actor) -> tuple[Actor, list[Option], Record | None, date]:
        people.require_part(session, actor, "log CAPAs")
        about = record.by_number(session, actor, source) if source else None
        if record_id is not None:
            about = change.get(session, actor, record_id)
        if about is not None and (record_id is not None or about.kind is not Kind.CAPA):
            change.may(session, actor, about.id, "capa", call.now)
        return actor, owners(session, actor), about, capa.proposed_due(session, actor, about, call.now)

    actor, options, about, due_on = await call.look(question)
    values: dict[str, Any] = {"sources": about.number if about else "", "due_on": due_on}
    values["action_type"] = ActionType.CORRECTIVE
    on_card = about is not None and about.kind is not Kind.CAPA
    data = data_of(about) if about and on_card else {"p": actor.partnership.id}
    await call.open(FORM.view(data, values, {"owner": options}))


async def on_text(call: Call, text: str) -> None:
    """Open the form, for a record where one is named."""
    first, _, number = text.partition(" ")
    if not text:
        await open_form(call)
    elif first.lower() == "for" and NUMBER.fullmatch(number.strip()):
        await open_form(call, source=number)
    else:
        raise Refusal(USAGE)


async def on_button(call: Call) -> None:
    """Open an empty form."""
    await open_form(call)


async def on_record_button(call: Call) -> None:
    """Open the form for the record a button stands on."""
    await open_form(call, record_id=call.number("r"))


async def on_submitted(call: Call) -> None:
    """Log the CAPA."""
    given = FORM.read(call.view)
    given["owner_id"] = given.pop("owner")
    asked_on = acts.ref_of(call) if "r" in call.data else None
    await call.do(capa.log, CapaForm(**given, asked_on=asked_on))


def _plan(found: Sheet) -> dict[str, Any]:
    details = found.part(Capa)
    return details.model_dump() if details else {}


def _change_plan(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return capa.change_plan(session, actor, ref, PlanForm(**given), now)


def _today(found: Sheet, now: datetime) -> dict[str, Any]:
    return {"implemented_on": calendar_of(found.partnership, found.companies).day_of(now)}


def _implement(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return capa.implement(session, actor, ref, given["evidence"], given["implemented_on"], now)


LISTENERS = Listeners(
    commands=(
        Command(
            "/capa",
            record_command(Kind.CAPA, USAGE, on_text),
            "Log a CAPA, or show and list them",
            "[for DEV-2026-0001 | CAPA-2026-0001 | list | help]",
        ),
    ),
    buttons={"capa.log": on_button, "record.capa": on_record_button},
    modals={FORM.callback: on_submitted},
) + acts.listeners(
    filled={
        "change_plan": Filled(CHANGE_PLAN, _change_plan, _plan),
        "implement": Filled(IMPLEMENT, _implement, at=_today),
    },
    pressed={"accept": record.accept},
)
