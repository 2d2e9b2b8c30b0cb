"""Signing a record: the modal that says exactly what is signed, and the code that goes with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers import blocks, cards
from handlers.acts import Given, ref_of
from handlers.blocks import Block
from handlers.call import Call
from handlers.forms import LONG, Choice, Form, Text
from handlers.listeners import Handler, Listeners
from quality import capa, signature
from quality import record as records
from quality.people import Actor
from quality.record import Ref
from quality.refusal import Overtaken
from quality.signature import Attempt, Statement
from storage import draft
from storage.record import Distributed, Outcome

UNKNOWN = "Whether the batch is distributed is still unknown. Sign only if that is all that can be known."
CODE = Text("code", "Code", required=True, limit=20, hint="Six digits, from your signing device.")
SIGN = Form("record.sign", "Sign", "Sign", (CODE,))
CHECK = Form(
    "record.check",
    "Check effectiveness",
    "Continue",
    (
        Choice("outcome", "Outcome", required=True, words=Outcome, options=tuple(capa.OUTCOMES)),
        Text(
            "evidence",
            "Evidence",
            required=True,
            limit=LONG,
            multiline=True,
            hint="What was measured against the criterion, and when.",
        ),
    ),
)


@dataclass(frozen=True)
class Ready:
    """What a person may sign now, and who they are."""

    statement: Statement
    actor: Actor


async def open_sign(call: Call, act: str) -> None:
    """Open the Sign modal of an act."""
    ready = await call.look(_ready, call, act)
    await call.open(draw(ready, {"a": act}))


def draw(ready: Ready, more: dict[str, Any], given: Given | None = None, told: str = "") -> Block:
    """Draw the Sign modal: who signs what, as what, with which meaning."""
    found, actor = ready.statement.sheet, ready.actor
    record = found.record
    says = f"You sign {record.number}, version {record.version}, as {actor.person.name}, QA of {actor.company.name}."
    shown = [blocks.typed(told)] if told else []
    means = f"{ready.statement.meaning}: {given['outcome']}" if given else ready.statement.meaning
    shown += [
        blocks.typed(says),
        blocks.facts([("Meaning", means), ("Title", record.title), ("State", str(record.state))]),
    ]
    if given:
        shown += [blocks.facts([("Outcome", given["outcome"])]), blocks.facts([("Evidence", given["evidence"])], LONG)]
    shown += [blocks.facts([pair], LONG) for pair in cards.details(found) if pair[1]]
    shown += cards.signatures(found)
    if ready.statement.act == "approve" and getattr(found.details, "distributed", None) is Distributed.UNKNOWN:
        shown.append(blocks.typed(UNKNOWN))
    if ready.statement.hash:
        shown.append(blocks.context(f"SHA-256 of what is signed: `{ready.statement.hash}`"))
    return SIGN.view({**cards.data_of(record), **more}, intro=shown)


async def on_sign(call: Call) -> None:
    """Sign, or say why not; a form drawn before the record changed is drawn anew."""
    given = SIGN.read(call.view)
    data = call.data
    opened_by = str(data.get("u", ""))
    attempt = Attempt(int(data["p"]), ref_of(call), str(data["a"]), given["code"], opened_by, data.get("d"))
    try:
        await call.attempt(signature.sign, attempt, call.desk.codes)
    except Overtaken as late:
        if not late.again or attempt.draft_id is not None:
            raise
        ready = await call.look(_ready, call, attempt.act)
        view = call.signed_for(draw(ready, {"a": attempt.act}, told=str(late)))
        await call.ack(response_action="update", view=view)
        return
    await call.ack(response_action="clear")


async def on_check(call: Call) -> None:
    """Ask what a check of effectiveness showed."""
    ready = await call.look(_ready, call, "check")
    await call.open(CHECK.view(cards.data_of(ready.statement.sheet.record)))


async def on_check_submitted(call: Call) -> None:
    """Keep what was filled in and ask for its signature."""
    given = CHECK.read(call.view)
    kept = await call.do(_keep, ref_of(call), given, once=False)
    ready = await call.look(_ready, call, "check")
    view = call.signed_for(draw(ready, {"a": "check", "d": kept}, given))
    await call.ack(response_action="push", view=view)


def _ready(session: Session, actor: Actor, call: Call, act: str) -> Ready:
    statement = signature.state(session, actor, call.data["r"], act, call.now)
    call.desk.codes.require_ready(session, actor, call.now)
    return Ready(statement, actor)


def _keep(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> int:
    found = records.begin(session, actor, ref, "check", now)
    return draft.save(session, found.record.id, actor.person.id, given, now)


def _opens(act: str) -> Handler:
    async def on_button(call: Call) -> None:
        await open_sign(call, act)

    return on_button


LISTENERS = Listeners(
    buttons={
        "record.approve": _opens("approve"),
        "record.approve_plan": _opens("approve_plan"),
        "record.check": on_check,
    },
    modals={SIGN.callback: on_sign, CHECK.callback: on_check_submitted},
)
