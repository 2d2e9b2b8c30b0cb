"""The buttons of every record: open, acknowledge, assign an owner, comment, close."""

from collections.abc import Sequence

from sqlmodel import Session

from handlers import cards
from handlers.blocks import MOST_OPTIONS, Option, Screen, option
from handlers.call import Call
from handlers.forms import Form, PersonChoice, Text
from handlers.listeners import Listeners
from quality import people, record, sheet
from quality.people import Actor
from quality.record import Ref
from storage import person
from storage.record import Record

ASSIGN = Form("record.assign", "Assign owner", "Assign", (PersonChoice("owner", "Owner", required=True, asks=True),))
COMMENT = Form(
    "record.comment", "Comment", "Add", (Text("comment", "Comment", required=True, limit=3000, multiline=True),)
)


def owners(session: Session, actor: Actor) -> list[Option]:
    """List who can own a record: both companies' people, from the roster."""
    able = [
        who
        for who in person.list_active(session, actor.partnership.id)
        if people.may_take_part(Actor(actor.partnership, actor.companies, who))
    ]
    return [Option(f"{who.name} · {actor.companies[who.side].name}", str(who.id)) for who in able]


async def show(call: Call, number: str) -> None:
    """Show a whole record, given its number."""
    found = await call.look(sheet.by_number, number)
    await call.answer(cards.card(found, call.now, whole=True))


async def on_open(call: Call) -> None:
    """Show the whole record a button names."""
    found = await call.look(sheet.by_id, call.data["r"])
    await call.answer(cards.card(found, call.now, whole=True))


async def on_acknowledge(call: Call) -> None:
    """Acknowledge the record."""
    done = await call.do(record.acknowledge, _ref(call))
    await _confirm(call, done, f"You acknowledged {done.number}.")


async def on_close(call: Call) -> None:
    """Close the record."""
    done = await call.do(record.close, _ref(call))
    await _confirm(call, done, f"You closed {done.number}.")


async def on_assign(call: Call) -> None:
    """Ask who is to own the record."""

    def question(session: Session, actor: Actor) -> tuple[Record, Sequence[Option]]:
        return record.check_may_assign(session, actor, call.data["r"]), owners(session, actor)

    found, options = await call.look(question)
    values = {"owner": str(found.owner_id)}
    await call.open(ASSIGN.view(cards.data_of(found), values, {"owner": options}))


async def on_owner_typed(call: Call) -> None:
    """Offer the people whose name holds what was typed, where a list of all would be too long."""
    typed = str(call.body.get("value") or "").casefold()
    offered = [choice for choice in await call.look(owners) if typed in choice.text.casefold()]
    await call.ack(options=[option(choice) for choice in offered[:MOST_OPTIONS]])


async def on_assign_submitted(call: Call) -> None:
    """Assign the owner."""
    given = ASSIGN.read(call.view)
    await call.do(record.assign_owner, _ref(call), given["owner"])


async def on_comment(call: Call) -> None:
    """Ask for a comment."""
    found = await call.look(record.check_may_comment, call.data["r"])
    await call.open(COMMENT.view(cards.data_of(found)))


async def on_comment_submitted(call: Call) -> None:
    """Add the comment."""
    given = COMMENT.read(call.view)
    await call.do(record.comment, _ref(call), given["comment"])


async def _confirm(call: Call, done: Record, sentence: str) -> None:
    """Answer an act: the card in the channel changes by itself, a copy of it elsewhere has to be told."""
    if call.clicked_in_channel:
        return
    found = await call.look(sheet.by_id, done.id)
    fresh = cards.card(found, call.now, whole=True)
    await call.answer(Screen(sentence, fresh.blocks), replace=True)


def _ref(call: Call) -> Ref:
    return Ref(int(call.data["r"]), int(call.data["v"]))


LISTENERS = Listeners(
    buttons={
        "record.open": on_open,
        "record.acknowledge": on_acknowledge,
        "record.assign": on_assign,
        "record.comment": on_comment,
        "record.close": on_close,
    },
    options={"owner": on_owner_typed},
    modals={ASSIGN.callback: on_assign_submitted, COMMENT.callback: on_comment_submitted},
)
