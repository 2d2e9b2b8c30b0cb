"""Dispositions in Slack: proposing what becomes of a batch, and changing what is proposed."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers import acts, blocks, lists, record
from handlers.acts import Filled, Given
from handlers.blocks import Block
from handlers.call import Call
from handlers.commands import NUMBER
from handlers.forms import LONG, Choice, Form, Text
from handlers.listeners import Listeners
from handlers.lists import Query
from handlers.text import cut
from quality import disposition, guards
from quality.change import Ref
from quality.disposition import DispositionForm, ProposalForm
from quality.people import Actor, require_confirmed
from quality.sheet import Sheet
from storage import record as stored
from storage.investigation import Disposition
from storage.record import LONGEST_LOT, Kind, Record

FIELDS = (
    Choice("decision", "Decision", required=True, words=Disposition, options=tuple(disposition.OUTCOMES)),
    Text("justification", "Reason", required=True, limit=LONG, multiline=True, hint="Why this is right for the batch."),
    Text("certificate", "Certificate", hint="The number of the certificate of analysis, or where it is kept."),
)
PROPOSE = Form(
    "disposition.propose",
    "Propose disposition",
    "Propose",
    (Text("lot", "Batch or lot", required=True, limit=LONGEST_LOT, hint="One."), Text("product", "Product"), *FIELDS),
)
CHANGE = Form("record.change_proposal", "Change proposal", "Change", FIELDS)
SIGNED_BY = "Whoever proposes it does not sign it: the sponsor's QA decides, by signature."


async def start(call: Call, text: str = "") -> None:
    """List the dispositions, show one, or propose one for the lot that is named."""
    first, _, rest = text.partition(" ")
    if not text or first.lower() == "list":
        await lists.show(call, lists.parse(Kind.DISPOSITION, rest) if text else Query(Kind.DISPOSITION, "all"))
    elif NUMBER.fullmatch(text):
        await record.show(call, text)
    else:
        await open_form(call, text)


async def open_form(call: Call, lot: str = "") -> None:
    """Open Propose disposition, the lot and its product filled in; says first what has it on hold."""

    def question(session: Session, actor: Actor) -> tuple[Actor, list[Record], str]:
        disposition.require_qa(actor)
        require_confirmed(actor, "propose a disposition")
        pid = actor.partnership.id
        named = stored.list_rows(session, pid, limit=10, is_open=None, lot=lot) if lot else []
        product = next((row.record.product for row in named if row.record.product), "")
        return actor, stored.holders_of(session, pid, lot) if lot else [], product

    actor, holders, product = await call.look(question)
    intro: list[Block] = [blocks.typed(guards.held(lot, holders))] if holders else []
    values = {"lot": cut(lot, LONGEST_LOT), "product": product}
    await call.open(PROPOSE.view({"p": actor.partnership.id}, values, intro=[*intro, blocks.context(SIGNED_BY)]))


async def on_propose(call: Call) -> None:
    """Open the form for the batch that the button names."""
    lot = call.data.get("b")
    await open_form(call, lot if isinstance(lot, str) else "")


async def on_proposed(call: Call) -> None:
    """Propose it, and close what stands below the form: a batch's page that does not show it."""
    await call.do(disposition.propose, DispositionForm(**PROPOSE.read(call.view)))
    await call.ack(response_action="clear")


def _before(found: Sheet) -> dict[str, Any]:
    return disposition.proposed(found).model_dump()


def _change(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return disposition.change_proposal(session, actor, ref, ProposalForm(**given), now)


LISTENERS = Listeners(
    buttons={"disposition.propose": on_propose},
    modals={PROPOSE.callback: on_proposed},
) + acts.listeners(filled={"change_proposal": Filled(CHANGE, _change, _before)})
