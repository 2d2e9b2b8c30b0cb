"""The numbers that a quality manager watches, in Slack: each with its formula and a button to the records behind."""

from typing import Any

from sqlmodel import Session

from handlers import blocks, cards
from handlers.blocks import Block, Screen
from handlers.call import UNKNOWN, Call
from handlers.listeners import Listeners
from handlers.text import escape
from quality import measure, period, words
from quality.figures import Share
from quality.measure import Behind, Reckoned, Scope
from quality.people import Actor
from quality.period import Period
from quality.refusal import Refusal
from storage.measure import Part

PAGE = 10
MOST_PAGES = 1000
PERIODS = {"month": "This month", "quarter": "This quarter", "year": "This year", "12 months": "12 months"}
PARTS = {Part.COUNTED: "Counted", Part.REST: "Not counted"}
BASIS = "Void records count in none. `/quality figures 2026-Q3`, `2026-09` or `2026` tell another period."


async def show(call: Call, text: str = "") -> None:
    """Show the figures of a period."""

    def question(session: Session, actor: Actor) -> tuple[Scope, list[Reckoned]]:
        chosen = period.parse(text, actor.calendar.day_of(call.now))
        scope = measure.of_actor(actor, chosen, call.now)
        return scope, measure.reckon(session, scope)

    scope, found = await call.look(question)
    await call.answer(draw(scope, found), replace="t" in call.data)


async def on_show(call: Call) -> None:
    """Show the figures, of the period whose button was pressed."""
    said = call.data.get("t", "")
    if said not in ("", *PERIODS):
        raise Refusal(UNKNOWN)
    await show(call, str(said))


def draw(scope: Scope, found: list[Reckoned]) -> Screen:
    """Draw the figures: those that miss their target first."""
    data: dict[str, Any] = {"p": scope.there.id, "d": scope.period.code}
    missed = [one.name for one in found if one.is_met is False]
    says = f"Targets missed: {', '.join(missed)}." if missed else "No target is missed."
    if all(one.is_met is None for one in found):
        says = "Nothing was logged or closed in this period that a target could be held against."
    shown = [blocks.header("Figures"), blocks.typed(f"{scope.period.words}\n{says}")]
    shown.append(blocks.actions(*(_turn(scope, code, text) for code, text in PERIODS.items())))
    shown += [_line(one, data) for one in sorted(found, key=lambda one: one.is_met is not False)]
    return Screen(escape(f"Figures, {scope.period.words}. {says}"), [*shown, blocks.context(BASIS)])


def _turn(scope: Scope, code: str, text: str) -> Block:
    return blocks.button(text, f"figures.{code.replace(' ', '_')}", {"p": scope.there.id, "t": code})


def _line(one: Reckoned, data: dict[str, Any]) -> Block:
    # All of it is our own words and numbers.
    standing = f" · {one.standing}" if one.standing else ""
    button = blocks.button("Records", "figures.behind", {**data, "f": one.figure.key, "n": 1})
    return blocks.section(f"*{one.name}: {one.says}*{standing}\n{one.formula}", button)


async def on_behind(call: Call) -> None:
    """Show a page of the records behind a figure."""
    page = max(1, min(call.number("n"), MOST_PAGES))
    part = Part.REST if call.data.get("w") == Part.REST else Part.COUNTED
    chosen, key = _period(call), str(call.data.get("f"))

    def question(session: Session, actor: Actor) -> tuple[Scope, Behind]:
        scope = measure.of_actor(actor, chosen, call.now)
        return scope, measure.behind(session, scope, key, part, PAGE + 1, (page - 1) * PAGE)

    scope, found = await call.look(question)
    await call.answer(draw_behind(scope, found, part, page, call), replace="w" in call.data)


def _period(call: Call) -> Period:
    try:
        return period.of_code(str(call.data.get("d")))
    except ValueError:
        raise Refusal(UNKNOWN) from None


def draw_behind(scope: Scope, found: Behind, part: Part, page: int, call: Call) -> Screen:
    """Draw a page of what is behind a figure."""
    one = found.reckoned
    says = f"{one.name}: {one.says}. {PARTS[part]}, page {page}."
    shown = [blocks.header(one.name), blocks.typed(f"{scope.period.words} · {one.says}\n{one.formula}")]
    shown += cards.rows(list(found.rows[:PAGE]), call.now, scope.there.time_zone)
    shown += [
        blocks.typed(f"{lot.lot} · named {words.moment(lot.named_at)} · `/quality batch {lot.lot}`")
        for lot in found.lots[:PAGE]
    ]
    number = max(len(found.rows), len(found.lots))
    shown += [] if number else [blocks.typed(f"{PARTS[part]}: nothing{f' on page {page}' if page > 1 else ''}.")]
    buttons = _pages(scope, one, part, page, more=number > PAGE)
    return Screen(escape(says), [*shown, *([blocks.actions(*buttons)] if buttons else [])])


def _pages(scope: Scope, one: Reckoned, part: Part, page: int, *, more: bool) -> list[Block]:
    """Draw the buttons to the other pages, and to the records that are counted or not."""
    data = {"p": scope.there.id, "d": scope.period.code, "f": one.figure.key}
    other = Part.REST if part is Part.COUNTED else Part.COUNTED
    shown = [blocks.button("Previous", "figures.previous", {**data, "w": part, "n": page - 1})] if page > 1 else []
    shown += [blocks.button("Next", "figures.next", {**data, "w": part, "n": page + 1})] if more else []
    if isinstance(one.value, Share):
        shown.append(blocks.button(PARTS[other], "figures.other", {**data, "w": other, "n": 1}))
    return shown


LISTENERS = Listeners(
    buttons={
        "figures.show": on_show,
        **dict.fromkeys([f"figures.{code.replace(' ', '_')}" for code in PERIODS], on_show),
        **dict.fromkeys(["figures.behind", "figures.previous", "figures.next", "figures.other"], on_behind),
    }
)
