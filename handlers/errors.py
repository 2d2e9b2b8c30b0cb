"""The one place where what went wrong becomes an answer: at a field, for the person alone, or as a code."""

import logging

from handlers import blocks, cards, device, forms
from handlers.blocks import Screen
from handlers.call import Call, Repeated
from handlers.request import REQUEST
from handlers.text import escape, unmarked
from quality import change
from quality.device import NoDevice
from quality.refusal import FieldErrors, Overtaken, Refusal

log = logging.getLogger(__name__)


async def answer_error(call: Call, error: Exception) -> None:
    """Answer an error; what nobody foresaw is logged under a code that the person can quote."""
    if isinstance(error, Repeated):
        await call.ack()
        return
    if call.event and not isinstance(error, Refusal):
        raise error  # not acknowledged, so Slack tells it once more
    if not isinstance(error, Refusal):
        code = REQUEST.get()
        log.error("error %s", code, exc_info=error)
        error = Refusal(
            f"Something went wrong (code {code}) and nothing was changed. Please try again; "
            "if it happens again, give the code to whoever runs QualBridge."
        )
    if isinstance(error, Overtaken):
        await _show_fresh(call, error)
    elif isinstance(error, NoDevice):
        offered = [blocks.typed(unmarked(str(error))), device.offer(call.number("p"))]
        await call.answer(Screen(escape(str(error)), offered))
    elif call.is_submission and not _inputs(call):  # nothing to stand at: a form of ours has fields
        view = forms.modal("answer", "QualBridge", [blocks.typed(unmarked(str(error)))], {})
        await call.ack(response_action="update", view=view)
    elif call.is_submission:
        await call.ack(response_action="errors", errors=_at_fields(call, error))
    elif call.body.get("type") == "block_suggestion":
        await call.ack(options=[])
    elif call.event:
        await call.ack()
    else:
        await call.answer(str(error))


async def _show_fresh(call: Call, late: Overtaken) -> None:
    """Tell who came first, with the record as it is now; a form that still makes sense can be sent again."""
    found = await call.look(change.sheet, late.record_id)
    told = blocks.typed(unmarked(str(late)))
    if not call.is_submission:
        fresh = cards.card(found, call.now, whole=True)
        await call.answer(Screen(escape(str(late)), [told, *fresh.blocks]))
        return
    now = [told, blocks.facts(cards.standing(found, call.now), cards.LONG)]
    if late.again:
        view = forms.anew(call.view, now, call.data | cards.data_of(found.record))
    else:
        view = forms.modal("answer", "QualBridge", [*now, *cards.buttons(found)], {})
    await call.ack(response_action="update", view=call.signed_for(view))


def _inputs(call: Call) -> list[str]:
    return [block["block_id"] for block in call.view.get("blocks", ()) if block["type"] == "input"]


def _at_fields(call: Call, error: Refusal) -> dict[str, str]:
    """Put errors at inputs of the view, for Slack shows no others; a general one stands at the first."""
    inputs = _inputs(call)
    given = error.errors if isinstance(error, FieldErrors) else {inputs[0]: str(error)}
    placed: dict[str, str] = {}
    for name, told in given.items():
        place, words = name if name in inputs else inputs[0], unmarked(told)
        placed[place] = f"{placed[place]} {words}" if place in placed else words
    return placed
