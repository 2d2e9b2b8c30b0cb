"""My work: what waits for a person, on request and as their morning list, and when they want to hear of it."""

from collections.abc import Container, Sequence
from datetime import datetime

from sqlmodel import Session

from handlers import apart, blocks, cards, reminder
from handlers.blocks import Block, Option, Screen
from handlers.call import Call
from handlers.forms import Choice, Clock, Day, Form, PersonChoice
from handlers.listeners import Listeners
from handlers.reminder import Reminded
from handlers.text import escape
from quality import mine, people, words, work
from quality.lists import MorningList
from quality.mine import Wishes
from quality.people import Actor
from quality.work import Group
from storage import person
from storage.person import ListMode, Person

MOST_BLOCKS = 45  # of groups in a message, beside its heading and buttons
BESIDE = 4  # blocks: its heading, the settings, the buttons, and that there is more
MOST_SHOWN = 50  # blocks in a message
MOST_REMINDED = 12  # with their buttons; more are named in a line
MESSAGES = Form(
    "mine.messages",
    "My messages",
    "Save",
    (
        Choice("mode", "Morning list", required=True, words=ListMode, hint="On working days of your company."),
        Clock("at", "At", required=True, hint="In your own time zone. Reminders of due dates come in any case."),
    ),
)
AWAY = Form(
    "mine.away",
    "Out of office",
    "Save",
    (
        PersonChoice(
            "stand_in", "Stand-in", required=True, asks=True, hint="Gets your messages, and may act for you as owner."
        ),
        Day("until", "Until", required=True, hint="The last day on which you are away."),
    ),
)


async def show(call: Call, _text: str = "") -> None:
    """Show what waits for the person."""

    def question(session: Session, actor: Actor) -> tuple[list[Group], Person | None]:
        return work.waiting_for(session, actor, call.now), _stand_in(session, actor)

    found = await call.look_each(question)
    most = min(MOST_BLOCKS, apart.share(len(found)) - BESIDE)
    drawn = [(actor, draw(groups, actor, call.now, instead, most)) for actor, (groups, instead) in found]
    await call.answer(apart.together(drawn))


def _stand_in(session: Session, actor: Actor) -> Person | None:
    if actor.person.stand_in_id is None:
        return None
    return person.get(session, actor.partnership.id, actor.person.stand_in_id)


def draw(
    groups: list[Group], actor: Actor, now: datetime, instead: Person | None = None, most: int = MOST_BLOCKS
) -> Screen:
    """Draw what waits for a person, and how they hear of it."""
    number = len({row.record.id for group in groups for row in group.rows})  # one may wait for two things
    text = "1 record waits for you." if number == 1 else f"{number} records wait for you."
    text = text if number else "Nothing waits for you."
    shown = [blocks.header("My work")]
    shown += draw_groups(groups, actor, now, most) if groups else [blocks.typed(text)]
    return Screen(text, [*shown, blocks.context(escape(_settings(actor, instead))), _buttons(actor)])


def _settings(actor: Actor, instead: Person | None) -> str:
    who = actor.person
    at = f", at {who.list_at:%H:%M} {words.city(who.time_zone)}" if who.list_mode is not ListMode.NEVER else ""
    told = f"Morning list: {who.list_mode[0].lower()}{who.list_mode[1:]}{at}."
    if instead is not None and who.away_until is not None:
        gone = "was to stand in and is not on the roster any more: choose somebody else"
        told += f" Out of office until {words.day(who.away_until)}; {instead.name} "
        told += "stands in." if instead.active else f"{gone}."
    return told


def _buttons(actor: Actor) -> Block:
    data = {"p": actor.partnership.id}
    offered = [blocks.button("My messages", "mine.messages", data), blocks.button("Out of office", "mine.away", data)]
    if actor.person.away_until is not None:
        offered.append(blocks.button("I am back", "mine.back", data))
    return blocks.actions(*offered)


def draw_groups(
    groups: Sequence[Group], actor: Actor, now: datetime, most: int, *, steps_only: bool = False
) -> list[Block]:
    """Draw each group: what it waits for, how many there are, and its rows; at most so many blocks."""
    shown: list[Block] = []
    for group in groups:
        number = f"{len(group.rows)}{' or more' if group.more else ''}"
        drawn = [blocks.section(f"*{escape(group.title)}* ({number})")]
        drawn += cards.rows(group.rows, now, actor.partnership.time_zone, steps_only=steps_only)
        if len(shown) + len(drawn) > most:
            shown.append(blocks.context("There is more than fits here: see `/quality list` or *Open records*."))
            break
        shown += drawn
    return shown


def draw_morning(who: Person, reminded: list[Reminded], lists: list[MorningList], now: datetime) -> Screen | None:
    """Draw what one person hears in one message: a single reminder plainly, more than that as a list."""
    named = {one.sheet.record.id: one.sheet.record.number for one in reminded}
    most = MOST_BLOCKS - 2 * min(len(reminded), MOST_REMINDED)
    listed: list[Block] = []
    told: set[int] = set()  # companies whose part stands there: a stand-in of two QA reads it once
    for found in lists:
        part = _listed(found, named, who, now, most, with_company=found.actor.company.id not in told)
        listed, most = [*listed, *part], most - len(part)
        told.add(found.actor.company.id)
    if not listed and len(reminded) < 2:  # noqa: PLR2004 - one is no list
        return reminder.reminder(reminded[0], now) if reminded else None
    shown: list[Block] = [blocks.header(f"Your list · {words.local_day(now, who.time_zone)}")]
    for one in reminded[:MOST_REMINDED]:
        shown += reminder.short(one, now)
    if len(reminded) > MOST_REMINDED:
        more = ", ".join(one.sheet.record.number for one in reminded[MOST_REMINDED:])
        shown.append(blocks.typed(f"Due or late as well: {more}"))
    return Screen(escape(_sentence(reminded, lists, named)), [*shown, *listed][:MOST_SHOWN])


def _listed(
    found: MorningList, named: dict[int, str], who: Person, now: datetime, most: int, *, with_company: bool
) -> list[Block]:
    """Draw a person's own part, then their company's; what stands above already is only named there."""
    own = _without(found.own, named)
    shown: list[Block] = []
    if own and found.actor.person.id != who.id:
        shown.append(blocks.typed(f"For {found.actor.person.name}, who is out of office:"))
    shown += draw_groups(own, found.actor, now, most, steps_only=True)
    if not found.company or not with_company:
        return shown
    above = named | {row.record.id: row.record.number for group in own for row in group.rows}
    again = sorted({above[row.record.id] for group in found.company for row in group.rows if row.record.id in above})
    shown.append(blocks.section(f"*Waiting on {escape(found.actor.company.name)}*"))
    shown += draw_groups(_without(found.company, above), found.actor, now, most - len(shown), steps_only=True)
    return [*shown, *([blocks.context(f"Named above as well: {', '.join(again)}")] if again else [])]


def _without(groups: list[Group], named: Container[int]) -> list[Group]:
    kept = [Group(one.title, [row for row in one.rows if row.record.id not in named], one.more) for one in groups]
    return [group for group in kept if group.rows]


def _sentence(reminded: list[Reminded], lists: list[MorningList], named: Container[int]) -> str:
    told = [reminder.sentence(one) for one in reminded[:1]]
    if len(reminded) > 1:
        told = [f"{len(reminded)} due dates: {', '.join(one.sheet.record.number for one in reminded[:MOST_REMINDED])}."]
    waiting = {row.record.number for one in lists for group in (*one.own, *one.company) for row in group.rows
               if row.record.id not in named}  # fmt: skip
    company = next((one.actor.company.name for one in lists if one.company), None)
    if waiting:
        whom = f"you and {company}" if company else "you"
        told.append(
            f"{len(waiting)} {'waits' if len(waiting) == 1 else 'wait'} for {whom}: {', '.join(sorted(waiting))}."
        )
    return "Your list. " + " ".join(told)


async def on_messages(call: Call) -> None:
    """Ask when the person wants their morning list."""
    actor = await call.look(lambda _session, actor: actor)
    values = {"mode": actor.person.list_mode, "at": actor.person.list_at}
    await call.open(MESSAGES.view({"p": actor.partnership.id}, values))


async def on_messages_submitted(call: Call) -> None:
    """Set it."""
    given = MESSAGES.read(call.view)
    await call.do(mine.wish, Wishes(given["mode"], given["at"]))


async def on_away(call: Call) -> None:
    """Ask who stands in, until when."""

    def question(session: Session, actor: Actor) -> tuple[Actor, list[Option]]:
        return actor, colleagues(session, actor)

    actor, options = await call.look(question)
    values = {"stand_in": str(actor.person.stand_in_id), "until": actor.person.away_until}
    await call.open(AWAY.view({"p": actor.partnership.id}, values, {"stand_in": options}))


def colleagues(session: Session, actor: Actor) -> list[Option]:
    """List who can stand in for a person: their company's people."""
    able = (who for who in person.list_active(session, actor.partnership.id) if who.side is actor.person.side)
    able = (who for who in able if people.may_take_part(who) and who.id != actor.person.id)
    return [Option(who.name, str(who.id)) for who in able]


async def on_away_submitted(call: Call) -> None:
    """Let the colleague stand in."""
    given = AWAY.read(call.view)
    await call.do(mine.go_away, given["stand_in"], given["until"])


async def on_back(call: Call) -> None:
    """End an absence."""
    await call.do(mine.be_back)
    await call.answer("Welcome back: your messages come to you again.")


async def on_stand_in_typed(call: Call) -> None:
    """Offer the colleagues whose name holds what was typed."""
    await call.offer(await call.look(colleagues))


LISTENERS = Listeners(
    buttons={"quality.mine": show, "mine.messages": on_messages, "mine.away": on_away, "mine.back": on_back},
    modals={MESSAGES.callback: on_messages_submitted, AWAY.callback: on_away_submitted},
    options={"stand_in": on_stand_in_typed},
)
