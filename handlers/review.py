"""The annual review of a product in Slack: its twelve points in words, statements to them, and its pack as a file."""

from typing import Any

from sqlmodel import Session

from handlers import blocks, export
from handlers.blocks import Block, Option, Screen
from handlers.call import UNKNOWN, Call
from handlers.forms import LONG, Choice, Form, Number, Text, modal
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import review
from quality.pack.scope import LONGEST_PRODUCT, of_review
from quality.people import Actor
from quality.refusal import Refusal
from quality.review import Found, Review, Standing
from quality.review_points import BY_NUMBER

ASK = Form(
    "review.ask",
    "Product review",
    "Show",
    (
        Choice("product", "Product", required=True, hint="Those that specifications and records name."),
        Number("year", "Year", required=True, limit=4),
    ),
)
STATE = Form(
    "review.state",
    "Add statement",
    "State",
    (
        Text(
            "text", "Statement", required=True, limit=LONG, multiline=True,
            hint="Such as what there was, and where it is kept. It stays as it is; a later one is told before it.",
        ),
    ),
)  # fmt: skip
BASIS = (
    "By the twelve points of EU GMP 1.10. QA of either company state what is missing; *Export* sends the review as "
    "pages, with the product's records, results and charts, and its journal entries."
)


async def start(call: Call, text: str = "") -> None:
    """Show the review that the words name; without any, ask which."""
    if not text:
        await on_ask(call)
        return

    def question(session: Session, actor: Actor) -> Review:
        product, year = review.parse(text, actor.calendar.day_of(call.now).year)
        return review.find(session, actor, cut(product, LONGEST_PRODUCT), year, call.now)

    await call.answer(draw(await call.look(question)))


async def on_ask(call: Call) -> None:
    """Ask which product and year: last year's review is due first."""
    actor, products = await call.look(lambda session, actor: (actor, review.products(session, actor)))
    values = {"year": actor.calendar.day_of(call.now).year - 1, "product": products[0] if len(products) == 1 else None}
    options = {"product": [Option(one, one) for one in products]}
    await call.open(ASK.view({"p": actor.partnership.id, "c": call.channel_id}, values, options))


async def on_asked(call: Call) -> None:
    """Show the review in place of the question."""
    given = ASK.read(call.view)
    await _shown(call, await call.look(review.find, given["product"], given["year"], call.now))


async def _shown(call: Call, found: Review) -> None:
    view = modal("review.shown", "Product review", draw(found).blocks, call.data)
    await call.ack(response_action="update", view=call.signed_for(view))


def draw(found: Review) -> Screen:
    """Draw a review: what is missing first, then each point."""
    data = {"p": found.scope.there.id, "d": found.product, "y": found.year}
    missing = ", ".join(str(one.point.number) for one in found.missing)
    says = f"Missing, in part or in whole: points {missing}." if missing else "No point is missing."
    shown = [blocks.header(f"Product quality review: {cut(found.product, 100)}, {found.year}")]
    shown.append(blocks.typed(f"{says}\nBatches of the year: {len(found.batches.rows)}."))
    shown.append(blocks.actions(blocks.button("Export", "export.review", data, "primary")))
    shown += [_point(one, data) for one in found.points]
    return Screen(escape(f"{found.product}, {found.year}. {says}"), [*shown, blocks.context(BASIS)])


def _point(one: Found, data: dict[str, Any]) -> Block:
    button = blocks.button("Add statement", "review.state", {**data, "n": one.point.number})
    return blocks.typed("\n".join(_lines(one)), button)


def _lines(one: Found) -> list[str]:
    lines = [f"{one.point.number}. {one.point.title}"]
    if one.gathered.says:
        lines.append(f"{Standing.KEPT if one.gathered.tables else Standing.NONE}: {one.gathered.says}")
    if one.point.missing and not one.stated:
        lines.append(f"{Standing.MISSING}: {one.point.missing}.")
    lines += [f"{stated.words}: {cut(stated.row.text, 500)}" for stated in one.stated[:1]]
    return lines


def _meant(call: Call) -> tuple[str, int, int]:
    """Read which point of which review a button or a form is of."""
    product, point = call.data.get("d"), call.number("n")
    if not isinstance(product, str) or point not in BY_NUMBER:
        raise Refusal(UNKNOWN)
    return cut(product, LONGEST_PRODUCT), call.number("y"), point


async def on_state(call: Call) -> None:
    """Ask for a statement."""
    product, year, point = _meant(call)

    def question(session: Session, actor: Actor) -> Review:
        review.require_stater(session, actor)
        return review.find(session, actor, product, year, call.now)

    found = await call.look(question)
    about = blocks.typed("\n".join([f"{product}, {year}", *_lines(found.points[point - 1])]))
    await call.open(STATE.view({"p": found.scope.there.id, "d": product, "y": year, "n": point}, intro=[about]))


async def on_stated(call: Call) -> None:
    """Keep the statement, and show the review with it."""
    product, year, point = _meant(call)
    given = STATE.read(call.view)
    await _shown(call, await call.do(review.state, product, year, point, given["text"]))


async def on_export(call: Call) -> None:
    """Send the review as a pack."""
    product = call.data.get("d")
    if not isinstance(product, str):
        raise Refusal(UNKNOWN)
    await export.begin(call, of_review(product, call.number("y")))


LISTENERS = Listeners(
    buttons={"review.ask": on_ask, "review.state": on_state, "export.review": on_export},
    modals={ASK.callback: on_asked, STATE.callback: on_stated},
)
