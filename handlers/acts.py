"""What is done with a record by pressing a button, or by a button and the form it opens, as tables of data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers import cards
from handlers.blocks import Option, Screen
from handlers.call import Call
from handlers.forms import LONG, Form, Text
from handlers.listeners import Handler, Listeners
from quality import change
from quality.change import Ref
from quality.people import Actor
from quality.sheet import Sheet
from storage.record import Record

Given = dict[str, Any]
REASON = Text("reason", "Reason", required=True, limit=LONG, multiline=True)


@dataclass(frozen=True)
class Filled:
    """A form of a record, and the use case that gets what was filled in; fill and at give what is known already."""

    form: Form
    carry_out: Callable[[Session, Actor, Ref, Given, datetime], Record]
    fill: Callable[[Sheet], Given] = lambda _found: {}
    at: Callable[[Sheet, datetime], Given] = lambda _found, _now: {}
    options: Callable[[Session, Actor], Mapping[str, list[Option]]] = lambda _session, _actor: {}


Pressed = Callable[[Session, Actor, Ref, datetime], Record]


def listeners(*, filled: Mapping[str, Filled] | None = None, pressed: Mapping[str, Pressed] | None = None) -> Listeners:
    """Give the listeners of a table of acts; the button of an act is `record.` and its name."""
    buttons: dict[str, Handler] = {f"record.{name}": _on_press(use_case) for name, use_case in (pressed or {}).items()}
    buttons |= {f"record.{name}": _on_open(name, act) for name, act in (filled or {}).items()}
    modals = {act.form.callback: _on_submit(act) for act in (filled or {}).values()}
    return Listeners(buttons=buttons, modals=modals)


def ref_of(call: Call) -> Ref:
    """Give the record that a button or a form names."""
    return Ref(call.number("r"), call.number("v"))


async def confirm(call: Call, done: Record) -> None:
    """Answer an act: the card in the channel changes by itself, a copy of it elsewhere has to be told."""
    if call.clicked_in_channel:
        return
    found = await call.look(change.sheet, done.id)
    fresh = cards.card(found, call.now, whole=True)
    await call.answer(Screen(f"Done. {fresh.text}", fresh.blocks), replace=True)


def _on_press(use_case: Pressed) -> Handler:
    async def on_press(call: Call) -> None:
        await confirm(call, await call.do(use_case, ref_of(call)))

    return on_press


def _on_open(name: str, act: Filled) -> Handler:
    async def on_open(call: Call) -> None:
        def question(session: Session, actor: Actor) -> tuple[Sheet, Mapping[str, list[Option]]]:
            return change.may(session, actor, call.number("r"), name, call.now), act.options(session, actor)

        found, options = await call.look(question)
        values = act.fill(found) | act.at(found, call.now)
        await call.open(act.form.view(cards.data_of(found.record), values, options))

    return on_open


def _on_submit(act: Filled) -> Handler:
    async def on_submit(call: Call) -> None:
        await call.do(act.carry_out, ref_of(call), act.form.read(call.view))

    return on_submit
