"""The daily digest as a message."""

from sqlmodel import Session

from handlers import blocks
from handlers import figures as weekly
from handlers.blocks import Block, Screen
from handlers.call import Call
from handlers.cards import row_text
from handlers.text import cut, escape
from quality import digest, figures, words
from quality.digest import MOST, Digest, Section
from quality.figures import Figures
from quality.people import Actor
from quality.working_time import calendar_of
from storage.record import Row
from storage.result import LabResult

TITLE = 60  # characters of a title in a row
MOST_LOTS = 12
MOST_NUMBERS = 4  # records named for one lot


async def show(call: Call, _text: str = "") -> None:
    """Show the digest as of now to the person alone, with the week's figures on their day."""

    def question(session: Session, actor: Actor) -> tuple[Digest, Figures | None]:
        there = actor.partnership
        week = figures.of_day(session, there, actor.companies, call.now)
        return digest.collect(session, there, call.now), week

    await call.answer(draw(*await call.look(question)))


def draw(found: Digest, week: Figures | None = None) -> Screen:
    """Draw a digest, with the week's figures where there are any; one line when there is nothing in it."""
    day = words.day(calendar_of(found.partnership, found.companies).day_of(found.at))
    title = f"Daily digest · {day}"
    witness = blocks.context(
        f"Journal entry {found.journal_seq}, SHA-256 `{found.journal_hash}`. Both companies are its witnesses."
    )
    last = [*(weekly.draw(week) if week else []), witness]
    if found.is_empty:
        text = f"{title}: nothing is open, due or waiting."
        return Screen(text, [blocks.section(text), *last])
    shown = [blocks.header(title)]
    told = [section for section in found.sections if section.rows]
    for section in told:
        shown += _section(section, found)
    if found.to_confirm:
        shown += _to_confirm(found.to_confirm)
    if found.on_hold:
        shown += _on_hold(found.on_hold)
    counts = [
        f"{len(section.rows)}{'+' if section.more else ''} {section.title[0].lower()}{section.title[1:]}"
        for section in told
    ]
    counts += [f"{_number(found.to_confirm)} results to confirm"] if found.to_confirm else []
    counts += [f"{len(found.on_hold)} batches on hold"] if found.on_hold else []
    return Screen(escape(f"{title}: {', '.join(counts)}."), [*shown, *last])


def _section(section: Section, found: Digest) -> list[Block]:
    heading = blocks.section(f"*{escape(section.title)}* ({len(section.rows)}{'+' if section.more else ''})")
    items = [_item(row, found) for row in section.rows]
    if section.more:
        items.append([blocks.words("and more: see Open records")])
    return [heading, blocks.bullets(items)]


def _item(row: Row, found: Digest) -> list[Block]:
    number = blocks.link(found.links.get(row.record.id), row.record.number)
    text = row_text(row, found.at, found.partnership.time_zone)
    return [number, blocks.words(f" {cut(row.record.title, TITLE)} · {text}")]


def _to_confirm(results: list[LabResult]) -> list[Block]:
    items = [[blocks.bold(one.lot), blocks.words(f": {_judged(one)}")] for one in results[:MOST]]
    if len(results) > MOST:
        items.append([blocks.words("and more: see Results to confirm, under Specifications")])
    return [blocks.section(f"*Results to confirm* ({_number(results)})"), blocks.bullets(items)]


def _judged(one: LabResult) -> str:
    return f"{cut(one.test, TITLE)} {cut(one.amount, TITLE)} is {one.verdict}, recorded {words.moment(one.recorded_at)}"


def _number(results: list[LabResult]) -> str:
    return f"{MOST}+" if len(results) > MOST else str(len(results))


def _on_hold(lots: dict[str, list[str]]) -> list[Block]:
    items = [[blocks.bold(lot), blocks.words(f": {_some(numbers)}")] for lot, numbers in lots.items()]
    if len(items) > MOST_LOTS:
        items[MOST_LOTS:] = [[blocks.words(f"and {len(items) - MOST_LOTS} more")]]
    return [blocks.section(f"*Batches on hold* ({len(lots)})"), blocks.bullets(items)]


def _some(numbers: list[str]) -> str:
    more = len(numbers) - MOST_NUMBERS
    return ", ".join(numbers[:MOST_NUMBERS]) + (f" and {more} more" if more > 0 else "")
