"""Results in Slack: recording one or a file of them, and confirming or discarding those outside their limits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers import blocks
from handlers.acts import REASON
from handlers.blocks import Block, Option, Screen
from handlers.call import Call
from handlers.files import send
from handlers.forms import Choice, Files, Form, Moment, Text, is_id, modal
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import change, people, result, specification, tabular, upload, uploads, words
from quality.people import Actor
from quality.refusal import FieldErrors, Refusal
from quality.result import ResultForm
from storage import specification as kept
from storage.download import TESTS, Download
from storage.record import LONGEST_LOT, Record
from storage.result import LabResult, ResultState, Verdict
from storage.specification import Specification, SpecificationTest

MOST_LISTED = 500  # specifications or tests looked at for a list
PAGE = 10
SPECIFICATION = Choice("specification", "Specification", required=True, asks=True)
NEW = Form(
    "result.new",
    "Record result",
    "Record",
    (
        SPECIFICATION,
        Choice("test", "Test", required=True, asks=True),
        Text("lot", "Batch or lot", required=True, limit=LONGEST_LOT),
        Text("time_point", "Time point", limit=40, hint="Of a stability study, such as 6 months."),
        Text("result", "Result", required=True, hint="As reported: 99.6, <0.05, <LOQ, ND, Complies."),
        Text("unit", "Unit", limit=40, hint="Left empty, it is the specification's."),
        Text("analyst", "Analyst"),
        Moment("analysed_at", "Analysed at", required=True),
    ),
)
UPLOAD = Form(
    "result.upload",
    "Upload results",
    "Upload",
    (
        SPECIFICATION,
        Files(
            upload.FIELD, "Upload file", True, endings=upload.ENDINGS, most=1,
            hint=f"CSV or XLSX, one result a row, up to {tabular.MOST_ROWS} rows. All of it is loaded, or nothing.",
        ),
        Moment("analysed_at", "Analysed at", hint="For rows that do not say it."),
        Text("analyst", "Analyst", hint="For rows that do not say it."),
    ),
)  # fmt: skip
DISCARD = Form("result.discard", "Discard result", "Discard", (REASON,))
SAY = (
    "Say `/quality result`, then nothing to record one, `upload` for a file of them, `waiting` for those to confirm, "
    "or `template`."
)
NONE = (
    "No specification is in force here yet, so there is nothing to judge by. Propose one with "
    "`/quality specification new`; without one, use *Log OOS result*."
)


def catalogue(session: Session, actor: Actor, now: datetime, typed: str = "") -> list[Option]:
    """List the specifications in force as choices."""
    found = specification.in_force(session, actor, actor.calendar.day_of(now), MOST_LISTED, typed)
    return [Option(named(*one), str(one[1].id)) for one in found]


def named(details: Specification, record: Record) -> str:
    """`SPEC-2026-0001 v2 · Tablet 10 mg, Finished product`, the product cut where it is long."""
    leads = f"{record.number} v{details.version} · "
    ends = f", {details.sample_type}"
    return f"{leads}{cut(record.product, 75 - len(leads) - len(ends))}{ends}"


def test_options(session: Session, actor: Actor, now: datetime, chosen: int | None) -> list[Option]:
    """List the tests of the chosen specification, or of all in force, as choices."""
    found = specification.in_force(session, actor, actor.calendar.day_of(now), MOST_LISTED)
    of = {record.id: record for _, record in found if chosen in (None, record.id)}
    tests = kept.list_tests_of_all(session, list(of))
    products = len(of) > 1
    return [Option(_test(one, of[one.record_id], with_product=products), str(one.id)) for one in tests]


def _test(one: SpecificationTest, record: Record, *, with_product: bool) -> str:
    return f"{cut(one.test, 40)} · {cut(record.product, 20)} {record.number}" if with_product else cut(one.test, 75)


async def start(call: Call, text: str = "") -> None:
    """Record a result, upload a file of them, or list those to confirm."""
    known = {"": on_new, "upload": on_upload, "waiting": on_waiting, "template": on_template}
    act = known.get(text.strip().lower())
    if act is None:
        raise Refusal(f"I do not know “{cut(text, 60)}” here. {SAY}")
    await act(call)


async def on_new(call: Call) -> None:
    """Open Record result, for one specification where a button of it was pressed."""
    chosen = call.number("r") if "r" in call.data else None

    def question(session: Session, actor: Actor) -> tuple[Actor, list[Option], list[Option]]:
        people.require_part(session, actor, "record results")
        return actor, catalogue(session, actor, call.now), test_options(session, actor, call.now, chosen)

    actor, specifications, tests = await call.look(question)
    values = {"specification": _preset(chosen, specifications), "analysed_at": call.now}
    view = NEW.view({"p": actor.partnership.id}, values, {"specification": specifications, "test": tests})
    await call.open(view)


def _preset(chosen: int | None, specifications: Sequence[Option]) -> str | None:
    """Give the specification that a form begins with: the one it was opened from, or the only one."""
    if not specifications:
        raise Refusal(NONE)
    return str(chosen) if chosen else specifications[0].value if len(specifications) == 1 else None


async def on_submitted(call: Call) -> None:
    """Record the result, and say how it was judged."""
    given = NEW.read(call.view)
    form = ResultForm(
        specification_id=number(given["specification"], "specification"),
        test=number(given["test"], "test"),
        lot=given["lot"],
        reported=given["result"],
        analysed_at=given["analysed_at"],
        **{name: given[name] for name in ("unit", "analyst", "time_point") if name in given},
    )
    made = await call.do(result.record, form)
    await answer(call, made)


def number(value: str, field: str) -> int:
    """Read the value of a choice that is an id."""
    if not is_id(value):
        raise FieldErrors({field: "Choose one of the list."})
    return int(value)


async def answer(call: Call, made: LabResult) -> None:
    """Show in place of the form how a result was judged."""
    view = modal("result.judged", "Result", draw(made).blocks, call.data)
    await call.ack(response_action="update", view=call.signed_for(view))


def draw(one: LabResult, *, with_buttons: bool = True) -> Screen:
    """Draw a result: its verdict with the reason, and what is to be done with it."""
    heads = {
        ResultState.RECORDED: "Recorded: complies",
        ResultState.TO_CONFIRM: f"{one.verdict} to confirm",
        ResultState.CONFIRMED: f"{one.verdict} logged",
        ResultState.DISCARDED: "Discarded",
    }
    head = heads[one.state]
    facts = [
        ("Test", f"{one.test} · {one.specification}"),
        ("Batch", f"{one.lot}{f' · {one.time_point}' if one.time_point else ''}"),
        ("Product", f"{one.product}, {one.sample_type}"),
        ("Result", one.amount),
        ("Judged", f"{one.verdict}: {one.why}"),
        ("Analysed", f"{words.moment(one.analysed_at)}{f' by {one.analyst}' if one.analyst else ''}"),
        ("From", one.source),
        ("Because", one.reason),
    ]
    shown: list[Block] = [blocks.header(f"{head} · {one.test}, {one.lot}"), blocks.facts(facts)]
    if with_buttons:
        waits = one.state is ResultState.TO_CONFIRM
        see = {"p": one.partnership_id, "i": one.test_id, "t": one.time_point}
        shown.append(blocks.actions(*(decisions(one) if waits else []), blocks.button("Trend", "trend.show", see)))
        shown += [blocks.context(TO_DECIDE)] if waits else []
    return Screen(escape(f"{head}: {one.test} of {one.lot}. {one.why}"), shown)


TO_DECIDE = (
    "*Confirm* logs the record in the channel, as you. *Discard* is for a typing error, "
    "by somebody of QA who did not record it: the result is kept, with why."
)


def decisions(one: LabResult) -> list[Block]:
    """Draw the two buttons of a result that waits."""
    data = {"p": one.partnership_id, "i": one.id}
    return [
        blocks.button("Confirm", "result.confirm", data, "primary"),
        blocks.button("Discard", "result.discard", data),
    ]


async def on_confirm(call: Call) -> None:
    """Confirm a result: its record is logged."""
    made = await call.do(result.confirm, call.number("i"))
    logged = await call.look(change.get, made.record_id)
    screen = draw(made)
    told = blocks.typed(f"It is {logged.number} now: its card stands in the channel.")
    await call.answer(Screen(screen.text, [*screen.blocks, told]), replace=True)


async def on_discard(call: Call) -> None:
    """Ask why a result is to be discarded."""
    found = await call.look(result.may_discard, call.number("i"))
    intro = draw(found, with_buttons=False).blocks
    await call.open(DISCARD.view({"p": found.partnership_id, "i": found.id}, intro=intro))


async def on_discarded(call: Call) -> None:
    """Discard a result."""
    given = DISCARD.read(call.view)
    await call.do(result.discard, call.number("i"), given["reason"])


async def on_waiting(call: Call) -> None:
    """List the results that wait for a person to confirm them."""
    offset = call.number("n") if "n" in call.data else 0

    def question(session: Session, actor: Actor) -> tuple[Actor, list[LabResult]]:
        return actor, result.waiting(session, actor, PAGE + 1, max(0, offset))

    actor, found = await call.look(question)
    await call.answer(draw_waiting(actor.partnership.id, found, offset), replace="n" in call.data)


def draw_waiting(partnership_id: int, found: Sequence[LabResult], offset: int) -> Screen:
    """Draw a page of results to confirm."""
    if not found:
        return Screen("No result waits to be confirmed.", [blocks.typed("No result waits to be confirmed.")])
    shown: list[Block] = [blocks.header("Results to confirm")]
    for one in found[:PAGE]:
        shown += [blocks.typed(row_text(one)), blocks.actions(*decisions(one))]
    if len(found) > PAGE:
        more = {"p": partnership_id, "n": offset + PAGE}
        shown.append(blocks.actions(blocks.button("Next", "result.waiting", more)))
    return Screen(f"{len(found[:PAGE])} results wait to be confirmed.", shown)


def row_text(one: LabResult) -> str:
    """`AB-1001 · Assay: 93.4 % · OOS` and the reason."""
    return f"{one.lot} · {one.test}: {one.amount} · {one.verdict}\n{one.why}"


async def on_upload(call: Call) -> None:
    """Open Upload results."""
    chosen = call.number("r") if "r" in call.data else None

    def question(session: Session, actor: Actor) -> tuple[Actor, list[Option]]:
        people.require_part(session, actor, "record results")
        return actor, catalogue(session, actor, call.now)

    actor, specifications = await call.look(question)
    values = {"specification": _preset(chosen, specifications)}
    await call.open(UPLOAD.view({"p": actor.partnership.id}, values, {"specification": specifications}))


async def on_uploaded(call: Call) -> None:
    """Take the file; it is read when Slack has given it."""
    given = UPLOAD.read(call.view)
    specification_id = number(given["specification"], "specification")
    shared, at, analyst = given[upload.FIELD], given.get("analysed_at"), given.get("analyst", "")
    await call.do(upload.ask_results, specification_id, shared, at, analyst)


def draw_upload(wanted: Download, record: Record, waiting: Sequence[LabResult]) -> Screen:
    """Tell who gave a file how far its reading has come, or what became of it."""
    said: dict[str, Any] = wanted.given or {}
    leads = f"{wanted.name} for {record.number}"
    if wanted.done_at is None:
        if not said.get("rows") and wanted.last_error:
            text = f"{leads} could not be fetched yet: {wanted.last_error} It is tried again by itself."
            return Screen(escape(text), [blocks.typed(text)])
        text = f"{leads}: {said.get('judged', 0)} of {said.get('rows', 0)} rows are judged."
        text += f" {said['wrong']} faults so far." if said.get("wrong") else ""
        return Screen(escape(text), [blocks.typed(text)])
    if wanted.outcome == "not kept":
        return _draw_faults(wanted, leads, said)
    if wanted.purpose == TESTS:
        text = f"{leads}: {_are(said, 'test')} added."
        return Screen(escape(text), [blocks.typed(text)])
    counts = ", ".join(f"{said.get(str(verdict), 0)} {word}" for verdict, word in COUNTED.items())
    text = f"{leads}: {_are(said, 'result')} recorded: {counts}."
    shown = [blocks.typed(text)]
    for one in waiting:
        shown += [blocks.typed(row_text(one)), blocks.actions(*decisions(one))]
    drafts = int(said.get("drafts", 0))
    if drafts:
        list_ = blocks.button("Results to confirm", "result.waiting", {"p": wanted.partnership_id})
        shown += [blocks.context(TO_DECIDE), blocks.actions(list_)]
    return Screen(escape(f"{text}{f' {drafts} wait for you to confirm them.' if drafts else ''}"), shown)


def _are(said: dict[str, Any], thing: str) -> str:
    """`1 test is`, `3 tests are`."""
    number = said.get("rows", 0)
    return f"{number} {thing} is" if number == 1 else f"{number} {thing}s are"


COUNTED = {Verdict.COMPLIES: "comply", Verdict.OOT: "OOT", Verdict.OOS: "OOS"}


def _draw_faults(wanted: Download, leads: str, said: dict[str, Any]) -> Screen:
    faults = said.get("faults") or [wanted.last_error or "It could not be read."]
    more = said.get("more", 0)
    told = f"{leads}: nothing of it was loaded. Correct this, and upload it again."
    lines = [f"• {one}" for one in faults] + ([f"… and {more} more."] if more else [])
    shown = [blocks.typed(told)]
    # In parts, each within what Slack takes in one block.
    shown += [blocks.typed("\n".join(lines[start : start + 9])) for start in range(0, len(lines), 9)]
    return Screen(escape(f"{told} {faults[0]}"), shown)


async def on_template(call: Call) -> None:
    """Send a file of results to be filled in."""
    await call.look(lambda _session, actor: actor)
    content = tabular.template(uploads.RESULT_COLUMNS, uploads.RESULT_EXAMPLES)
    await call.answer("A file with the columns and some examples comes to you by direct message.")
    call.desk.later(send(call, "results.csv", content, "Results of a certificate of analysis, one a row."))


async def on_specification_typed(call: Call) -> None:
    """Offer the specifications whose name holds what was typed."""
    await call.offer(await call.look(catalogue, call.now))


async def on_test_typed(call: Call) -> None:
    """Offer the tests whose name holds what was typed; of the chosen specification alone, where Slack tells it."""
    state = (call.view.get("state") or {}).get("values") or {}
    chosen = ((state.get("specification") or {}).get("value") or {}).get("selected_option") or {}
    value = str(chosen.get("value") or "")
    await call.offer(await call.look(test_options, call.now, int(value) if is_id(value) else None))


LISTENERS = Listeners(
    buttons={
        "result.new": on_new,
        "record.result": on_new,
        "result.upload": on_upload,
        "record.results": on_upload,
        "result.confirm": on_confirm,
        "result.discard": on_discard,
        "result.waiting": on_waiting,
        "result.template": on_template,
    },
    modals={NEW.callback: on_submitted, UPLOAD.callback: on_uploaded, DISCARD.callback: on_discarded},
    options={"specification": on_specification_typed, "test": on_test_typed},
)
