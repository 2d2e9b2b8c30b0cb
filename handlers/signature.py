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
from handlers.text import unmarked
from quality import capa, change, signature
from quality.change import Ref
from quality.people import Actor
from quality.refusal import FieldErrors, Overtaken
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
    shown = [blocks.typed(unmarked(told))] if told else []
    means = f"{ready.statement.meaning}: {given['outcome']}" if given else ready.statement.meaning
    shown += [
        blocks.typed(says),
        blocks.facts([("Meaning", means), ("Title", record.title), ("State", str(record.state))]),
    ]
    if given:
        shown += [blocks.facts([("Outcome", given["outcome"])]), blocks.facts([("Evidence", given["evidence"])], LONG)]
    shown += [blocks.facts([pair], LONG) for pair in cards.signed(found, ready.statement.scope) if pair[1]]
    shown += cards.signatures(found)
    others = [(name, text) for name, text in cards.unsigned(found) if text]
    shown += [blocks.context("Not part of what is signed, for it may change:"), blocks.facts(others, LONG)]
    if ready.statement.act == "approve" and getattr(found.details, "distributed", None) is Distributed.UNKNOWN:
        shown.append(blocks.typed(UNKNOWN))
    if ready.statement.hash is None:
        shown.append(blocks.context("Its SHA-256 is made when you sign: the time of the check is part of it."))
    else:
        shown.append(blocks.context(f"SHA-256 of what is signed: `{ready.statement.hash}`"))
    return SIGN.view({**cards.data_of(record), **more}, intro=shown)


async def on_sign(call: Call) -> None:
    """Sign, or say why not; a form drawn before the record changed is drawn anew."""
    draft_id = call.number("d") if "d" in call.data else None
    opened_by, act = str(call.data.get("u", "")), str(call.data.get("a", ""))
    attempt = Attempt(call.number("p"), ref_of(call), act, _code(call), opened_by, draft_id)
    try:
        await call.attempt(signature.sign, attempt, call.desk.codes)
    except Overtaken as late:
        if not late.again:
            raise
        ready = await call.look(_ready, call, act)
        kept = await call.look(_kept, attempt) if draft_id is not None else None
        more = {"a": act} | ({"d": draft_id} if draft_id is not None else {})
        view = call.signed_for(draw(ready, more, kept, told=str(late)))
        await call.ack(response_action="update", view=view)
        return
    await call.ack(response_action="clear")


def _code(call: Call) -> str:
    """Read the code; none, or what cannot be one, is an attempt to sign all the same and refused as such."""
    try:
        return str(SIGN.read(call.view)["code"])
    except FieldErrors:
        return ""


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
    await call.ack(response_action="update", view=view)


def _ready(session: Session, actor: Actor, call: Call, act: str) -> Ready:
    statement = signature.state(session, actor, call.number("r"), act, call.now)
    call.desk.codes.require_ready(session, actor, call.now)
    return Ready(statement, actor)


def _kept(session: Session, actor: Actor, attempt: Attempt) -> Given:
    form = signature.drafted(session, actor, attempt)
    return {"outcome": form.outcome, "evidence": form.evidence}


def _keep(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> int:
    found = change.begin(session, actor, ref, "check", now)
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
