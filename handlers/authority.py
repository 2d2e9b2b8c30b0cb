"""Reports to authorities: the questions to the sponsor's QA, and the forms behind their buttons."""

from datetime import datetime
from functools import partial

from sqlmodel import Session

from handlers import acts, blocks
from handlers.acts import REASON, Filled, Given
from handlers.blocks import Block, Screen
from handlers.call import UNKNOWN, Call
from handlers.cards import data_of
from handlers.deviation import DISTRIBUTED
from handlers.forms import Form, Moment
from handlers.listeners import Listeners
from handlers.text import escape
from quality import authority, change, words
from quality.authority import REPORTS, Question
from quality.change import Ref
from quality.people import Actor
from quality.refusal import Refusal
from quality.sheet import Sheet
from storage.authority import Answer, AuthorityReport
from storage.clock import ClockName
from storage.record import Record

NOT_NEEDED = Form("report.not_needed", "Not needed", "Not needed", (REASON,))
BATCH_DISTRIBUTED = Form("record.distributed", "Batch distributed", "Save", (DISTRIBUTED, REASON))
FILED = Form("report.filed", "Record filing", "Record", (Moment("filed_at", "Filed at", required=True),))


async def show(call: Call) -> None:
    """Show a record's questions to the person alone."""
    found = await call.look(change.sheet, call.number("r"))
    await call.answer(draw_all(found, call.now))


def draw_all(found: Sheet, now: datetime) -> Screen:
    """Draw all questions of a record."""
    title = f"Reports to authorities about {found.record.number}"
    shown = [blocks.header(title)]
    for report in found.reports:
        shown += draw(found, report, now).blocks
    return Screen(f"{title}: QA of the sponsor says whether they are needed.", shown)


def draw(found: Sheet, report: AuthorityReport, now: datetime) -> Screen:
    """Draw one question, or its answer."""
    rule = REPORTS[report.name]
    asked = f"{rule.title} ({rule.source}) for {found.record.number}: {found.record.title}"
    said = standing(found, report, now)
    shown = [blocks.typed(f"{asked}\n{said}")]
    if report.reason:
        shown.append(blocks.quote([blocks.words("Reason:")], report.reason))
    if report.filed_at is None:
        shown.append(_buttons(found.record, report))
    return Screen(escape(f"{asked}. {said}"), shown)


def standing(found: Sheet, report: AuthorityReport, now: datetime) -> str:
    """Say how a report stands: what was answered, by whom, and until when there is time."""
    zone = found.partnership.time_zone
    running = found.clocks.get(report.name)
    due = f"due {words.due(running.due_at, zone)}{' · late' if running.due_at < now else ''}" if running else ""
    if report.filed_at is not None:
        return f"Filed {words.moment(report.filed_at)}, recorded by {found.who(report.filed_by_id)}."
    if report.answer is Answer.NOT_NEEDED:
        return f"Not needed, says {found.who(report.answered_by_id)}."
    if report.answer is None:
        return f"Is it needed? QA of the sponsor answers; until then its clock runs: {due}."
    return f"{report.answer}, says {found.who(report.answered_by_id)}: {due}."


def _buttons(record: Record, report: AuthorityReport) -> Block:
    data = data_of(record) | {"n": report.name, "w": report.answer or ""}
    offered = [
        (Answer.NEEDED, "report.needed"),
        (Answer.NOT_NEEDED, "report.not_needed"),
        (Answer.UNKNOWN, "report.unknown"),
    ]
    buttons = [blocks.button(said, action, data) for said, action in offered if said is not report.answer]
    next_step = "primary" if report.answer is Answer.NEEDED else None
    return blocks.actions(*buttons, blocks.button("Record filing", "report.filed", data, next_step))


async def _answer(call: Call, said: Answer) -> None:
    await call.do(authority.answer, _question(call), said, "")
    await _confirm(call)


async def on_not_needed(call: Call) -> None:
    """Ask why it is not needed."""
    await _open(call, NOT_NEEDED)


async def on_not_needed_submitted(call: Call) -> None:
    """Say that it is not needed."""
    given = NOT_NEEDED.read(call.view)
    await call.do(authority.answer, _question(call), Answer.NOT_NEEDED, given["reason"])


async def on_filed(call: Call) -> None:
    """Ask when it was filed."""
    await _open(call, FILED)


async def on_filed_submitted(call: Call) -> None:
    """Record the filing."""
    given = FILED.read(call.view)
    await call.do(authority.file, _question(call), given["filed_at"])


async def _open(call: Call, form: Form) -> None:
    def question(session: Session, actor: Actor) -> Record:
        authority.check_may_answer(session, actor, call.number("r"), _name(call))
        return change.get(session, actor, call.number("r"))

    record = await call.look(question)
    intro = [blocks.typed(f"{REPORTS[_name(call)].title} for {record.number}")]
    values = {"filed_at": call.now}
    more = {"n": _name(call), "w": str(call.data.get("w", ""))}
    await call.open(form.view(data_of(record) | more, values, intro=intro))


async def _confirm(call: Call) -> None:
    """Answer a click on a copy of the question; the one in the thread changes by itself."""
    if call.clicked_in_channel:
        return
    found = await call.look(change.sheet, call.number("r"))
    await call.answer(draw_all(found, call.now), replace=True)


def _known(found: Sheet) -> Given:
    return {"distributed": getattr(found.details, "distributed", None)}


def _distributed(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return authority.tell_distribution(session, actor, ref, given["distributed"], given["reason"], now)


def _question(call: Call) -> Question:
    return Question(call.number("r"), _name(call), str(call.data.get("w", "")))


def _name(call: Call) -> ClockName:
    name = call.data.get("n")
    if name not in tuple(REPORTS):
        raise Refusal(UNKNOWN)
    return ClockName(name)


LISTENERS = Listeners(
    buttons={
        "record.reports": show,
        "report.needed": partial(_answer, said=Answer.NEEDED),
        "report.unknown": partial(_answer, said=Answer.UNKNOWN),
        "report.not_needed": on_not_needed,
        "report.filed": on_filed,
    },
    modals={NOT_NEEDED.callback: on_not_needed_submitted, FILED.callback: on_filed_submitted},
) + acts.listeners(filled={"distributed": Filled(BATCH_DISTRIBUTED, _distributed, _known)})
