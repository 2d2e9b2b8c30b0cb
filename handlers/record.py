"""The buttons of records of every kind: open, acknowledge, assign, link, comment, and what is asked of others."""

from datetime import datetime

from sqlmodel import Session

from handlers import acts, cards
from handlers.acts import REASON, Filled, Given
from handlers.blocks import Option
from handlers.call import Call
from handlers.forms import LONG, Day, Form, Listing, PersonChoice, Text
from handlers.listeners import Listeners
from quality import change, people, record, request
from quality.change import Ref
from quality.people import Actor
from quality.sheet import Sheet
from storage import person
from storage.record import Record

ASSIGN = Form("record.assign", "Assign owner", "Assign", (PersonChoice("owner", "Owner", required=True, asks=True),))
COMMENT = Form(
    "record.comment", "Comment", "Add", (Text("comment", "Comment", required=True, limit=LONG, multiline=True),)
)
NUMBERS = Listing("numbers", "Records", required=True, limit=500, hint="Numbers such as CAPA-2026-0001, with commas.")
LINK = Form("record.link", "Link record", "Link", (NUMBERS,))
EXTEND = Form(
    "record.extend",
    "Extend due date",
    "Ask",
    (
        Day("due_on", "New due date", required=True),
        Text("justification", "Justification", required=True, limit=LONG, multiline=True),
    ),
)
STOP_CLOCK = Form(
    "record.stop_clock",
    "Stop clock",
    "Ask",
    (
        Day("until", "Stopped until", required=True, hint="On this day it goes on by itself."),
        Text("reason", "Reason", required=True, limit=LONG, multiline=True),
    ),
)
SEND_BACK = Form("record.send_back", "Send back", "Send back", (REASON,))
VOID = Form("record.void", "Void", "Void", (REASON,))
REOPEN = Form("record.reopen", "Reopen", "Ask", (REASON,))


def owners(session: Session, actor: Actor) -> list[Option]:
    """List who can own a record: both companies' people, from the roster."""
    able = [who for who in person.list_active(session, actor.partnership.id) if people.may_take_part(who)]
    return [Option(f"{who.name} · {actor.companies[who.side].name}", str(who.id)) for who in able]


async def show(call: Call, number: str) -> None:
    """Show a whole record, given its number."""
    found = await call.look(record.sheet_by_number, number)
    await call.answer(cards.card(found, call.now, whole=True))


async def on_open(call: Call) -> None:
    """Show the whole record a button names."""
    found = await call.look(change.sheet, call.number("r"))
    await call.answer(cards.card(found, call.now, whole=True))


async def on_owner_typed(call: Call) -> None:
    """Offer the people whose name holds what was typed."""
    await call.offer(await call.look(owners))


def _owner(found: Sheet) -> Given:
    return {"owner": str(found.record.owner_id)}


def _assign(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return record.assign_owner(session, actor, ref, given["owner"], now)


def _comment(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return record.comment(session, actor, ref, given["comment"], now)


def _link(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return record.link_records(session, actor, ref, given["numbers"], now)


def _extend(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return request.ask_extension(session, actor, ref, given["due_on"], given["justification"], now)


def _stop_clock(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return request.ask_stop(session, actor, ref, given["until"], given["reason"], now)


def _send_back(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return request.send_back(session, actor, ref, given["reason"], now)


def _void(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return request.void(session, actor, ref, given["reason"], now)


def _reopen(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return request.reopen(session, actor, ref, given["reason"], now)


LISTENERS = Listeners(buttons={"record.open": on_open}, options={"owner": on_owner_typed}) + acts.listeners(
    filled={
        "assign": Filled(ASSIGN, _assign, _owner, options=lambda session, actor: {"owner": owners(session, actor)}),
        "comment": Filled(COMMENT, _comment),
        "link": Filled(LINK, _link),
        "extend": Filled(EXTEND, _extend),
        "stop_clock": Filled(STOP_CLOCK, _stop_clock),
        "send_back": Filled(SEND_BACK, _send_back),
        "void": Filled(VOID, _void),
        "reopen": Filled(REOPEN, _reopen),
    },
    pressed={
        "acknowledge": record.acknowledge,
        "grant": request.grant,
        "agree": request.agree,
        "refuse": request.refuse,
        "withdraw": request.withdraw,
        "resume": request.resume,
    },
)
