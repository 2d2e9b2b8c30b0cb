"""Trends in Slack: which test, how it stands in words, and its control chart as a picture."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers import blocks
from handlers.blocks import Block, Option, Screen
from handlers.call import Call
from handlers.files import send
from handlers.forms import Choice, Form, Text, modal
from handlers.listeners import Listeners
from handlers.result import MOST_LISTED, catalogue, number, test_options
from handlers.text import cut, escape
from quality import specification, trend, trend_words
from quality.people import Actor
from quality.refusal import Refusal
from quality.trend import Trend
from storage import specification as kept
from storage.record import Record, lot_key
from storage.specification import Specification, SpecificationTest

MOST_FOUND = 12  # tests in an answer
LONGEST_POINT = 40  # characters of a time point
LONGEST_ALT = 1000  # characters that Slack keeps of a file's alternative text
ASK = Form(
    "trend.ask",
    "Trend",
    "Show",
    (
        Choice("specification", "Specification", required=True, asks=True),
        Choice("test", "Test", required=True, asks=True),
        Text("time_point", "Time point", limit=LONGEST_POINT, hint="Of a stability study, such as 6 months."),
    ),
)
NONE = (
    "No specification is in force here yet, and trends are of its tests. Propose one with "
    "`/quality specification new`, then record results with `/quality result`."
)
BY_MESSAGE = "Its control chart comes to you by direct message."


@dataclass(frozen=True)
class Found:
    """A test of a specification in force."""

    record: Record
    details: Specification
    test: SpecificationTest

    @property
    def words(self) -> str:
        """`Assay · Tablet 10 mg, Stability · SPEC-2026-0001`."""
        return f"{self.test.test} · {self.record.product}, {self.details.sample_type} · {self.record.number}"

    def holds(self, words: Sequence[str]) -> bool:
        """Whether its name, product, type of sample or number hold all the words."""
        within = lot_key(self.words)
        return all(word in within for word in words)


async def start(call: Call, text: str = "") -> None:
    """Ask which test, or show the one that the words name; where they name several, offer these."""
    if not text:
        await on_ask(call)
        return
    actor, found = await call.look(_named, call.now, text)
    if not found:
        raise Refusal(f"No test of a specification in force holds “{cut(text, 60)}”. Choose one: `/quality trend`.")
    if len(found) == 1:
        await _answer(call, found[0].test.id)
    else:
        await call.answer(draw_found(actor.partnership.id, found))


def _named(session: Session, actor: Actor, now: datetime, text: str) -> tuple[Actor, list[Found]]:
    in_force = specification.in_force(session, actor, actor.calendar.day_of(now), MOST_LISTED)
    of = {record.id: (record, details) for details, record in in_force}
    words = lot_key(text).split()
    found = [Found(*of[one.record_id], one) for one in kept.list_tests_of_all(session, list(of))]
    return actor, [one for one in found if one.holds(words)]


def draw_found(partnership_id: int, found: Sequence[Found]) -> Screen:
    """Draw the tests that words may mean, each with its button."""
    shown: list[Block] = [blocks.header("Trends")]
    for one in found[:MOST_FOUND]:
        button = blocks.button("Trend", "trend.show", {"p": partnership_id, "i": one.test.id})
        shown.append(blocks.typed(one.words, button))
    if len(found) > MOST_FOUND:
        shown.append(blocks.context(f"{len(found) - MOST_FOUND} more: say more words, such as the product."))
    return Screen(f"{len(found)} tests hold these words.", shown)


async def on_ask(call: Call) -> None:
    """Ask which test."""

    def question(session: Session, actor: Actor) -> tuple[Actor, list[Option], list[Option]]:
        return actor, catalogue(session, actor, call.now), test_options(session, actor, call.now, None)

    actor, specifications, tests = await call.look(question)
    if not specifications:
        raise Refusal(NONE)
    values = {"specification": specifications[0].value if len(specifications) == 1 else None}
    options = {"specification": specifications, "test": tests}
    await call.open(ASK.view({"p": actor.partnership.id}, values, options))


async def on_asked(call: Call) -> None:
    """Show the trend in place of the question."""
    given = ASK.read(call.view)
    found, points = await call.look(_gathered, number(given["test"], "test"), given.get("time_point", ""))
    await call.ack(response_action="update", view=modal("trend.shown", "Trend", draw(found, points).blocks, call.data))
    _send(call, found)


async def on_show(call: Call) -> None:
    """Show the trend of a test, of a time point where the button names one."""
    await _answer(call, call.number("i"), cut(str(call.data.get("t") or ""), LONGEST_POINT))


async def _answer(call: Call, test_id: int, time_point: str = "") -> None:
    found, points = await call.look(_gathered, test_id, time_point)
    await call.answer(draw(found, points))
    _send(call, found)


def _gathered(session: Session, actor: Actor, test_id: int, time_point: str) -> tuple[Trend, list[str]]:
    found = trend.gather(session, actor, test_id, time_point)
    return found, trend.time_points(session, found)


def draw(found: Trend, points: Sequence[str] = ()) -> Screen:
    """Draw a trend in words; the time points of which there are trends too, each with its button."""
    says = trend_words.standing(found)
    told = trend_words.BASIS if found.limits else TOO_FEW
    shown = [blocks.header(found.of.words), blocks.typed(says), blocks.facts(trend_words.facts(found), 400)]
    shown.append(blocks.context(f"{BY_MESSAGE} {told}" if found.points else told))
    for point in points:
        see = {"p": found.test.partnership_id, "i": found.test.id, "t": point}
        shown.append(blocks.typed(f"Its results of {point}", blocks.button("Trend", "trend.show", see)))
    return Screen(escape(f"{found.of.words}: {says}"), shown)


TOO_FEW = (
    f"From {trend.LEAST} results on there are control limits, and a result beyond them is OOT. Record results with "
    "`/quality result`, one by one or from a file."
)


def _send(call: Call, found: Trend) -> None:
    if found.points:
        call.desk.later(_sent(call, found))


async def _sent(call: Call, found: Trend) -> None:
    # Loading what draws takes a second or so.
    picture = await asyncio.to_thread(_picture, found)
    says = f"{found.of.words}: {trend_words.standing(found)}"
    await send(call, "control-chart.png", picture, says, alt=cut(trend_words.alt_text(found), LONGEST_ALT))


def _picture(found: Trend) -> bytes:
    from quality.trend_picture import draw as draw_picture  # noqa: PLC0415 - it loads matplotlib

    return draw_picture(found)


LISTENERS = Listeners(
    buttons={"trend.ask": on_ask, "trend.show": on_show},
    modals={ASK.callback: on_asked},
)
