"""Specifications in Slack: proposing one, its tests one by one or by a file, and the list of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from sqlmodel import Session

from handlers import acts, blocks, cards, lists, record
from handlers.acts import REASON, Filled, Given
from handlers.blocks import Block, Option, Screen
from handlers.call import Call
from handlers.commands import NUMBER
from handlers.files import send
from handlers.forms import Choice, Day, Files, Form, Number, Text, YesNo, is_id
from handlers.listeners import Listeners
from handlers.lists import Query
from handlers.text import cut
from quality import change, people, specification, tabular, upload, uploads
from quality.change import Ref
from quality.criteria import TestForm
from quality.oos import CATEGORIES, SAMPLES
from quality.people import Actor
from quality.refusal import FieldErrors, Refusal
from quality.sheet import Sheet
from quality.specification import SpecificationForm
from storage.record import Kind, Record

HINT = (
    f"CSV or XLSX, one {{what}} a row, up to {tabular.MOST_BYTES // 1024 // 1024} MB. All of it is loaded, or nothing."
)
TESTS_FILE = Files(upload.FIELD, "Upload file", endings=upload.ENDINGS, most=1, hint=HINT.format(what="test"))
NEW = Form(
    "specification.new",
    "New specification",
    "Propose",
    (
        Text("product", "Product", required=True),
        Choice("sample_type", "Sample type", required=True, options=SAMPLES),
        Text("title", "Title", hint="Left empty, it is the product and the type of sample."),
        Day("effective_on", "Effective from", required=True),
        TESTS_FILE,
    ),
)
ADD_TEST = Form(
    "record.add_test",
    "Add test",
    "Add",
    (
        Text("test", "Test", required=True, limit=100),
        Choice("category", "Test category", options=CATEGORIES),
        Text("method", "Method"),
        Text("lower", "Lower limit", limit=40, hint="As it is written: results are rounded to its last place."),
        YesNo("lower_inclusive", "Lower limit included"),
        Text("upper", "Upper limit", limit=40),
        YesNo("upper_inclusive", "Upper limit included", hint="No: less than."),
        Text("criterion", "Text criterion", limit=300, hint="In place of limits, such as: White, round tablets."),
        Text("unit", "Unit", limit=40),
        Number("decimals", "Decimals"),
        Text("alert_lower", "Lower alert limit", limit=40, hint="Beyond it a result that complies is OOT."),
        Text("alert_upper", "Upper alert limit", limit=40),
        Text("action_lower", "Lower action limit", limit=40),
        Text("action_upper", "Upper action limit", limit=40),
        Text("quantitation", "Quantitation limit", limit=40, hint="What <LOQ and ND are below."),
    ),
)
UPLOAD_TESTS = Form(
    "record.upload_tests",
    "Upload tests",
    "Upload",
    (Files(upload.FIELD, "Upload file", True, HINT.format(what="test"), endings=upload.ENDINGS, most=1),),
)
REMOVE_TEST = Form("record.remove_test", "Remove test", "Remove", (Choice("test", "Test", required=True), REASON))
INCLUDED = {"lower_inclusive": True, "upper_inclusive": True}
TURN = "~"  # between a field's name and the turn of its form
SAY = "Say `/quality specification`, then nothing for the list, `new`, a number such as SPEC-2026-0001, or `template`."
PAGE_HINT = "What each test asks stands on the specification's card. Who proposes one does not sign it."


async def start(call: Call, text: str = "") -> None:
    """List the specifications, show one, or propose one, as the words after the command say."""
    first = text.partition(" ")[0].lower()
    if not text or first == "list":
        await show_list(
            call, lists.parse(Kind.SPECIFICATION, text.partition(" ")[2]) if text else Query(Kind.SPECIFICATION, "all")
        )
    elif first == "new":
        await on_new(call)
    elif first == "template":
        await on_template(call)
    elif NUMBER.fullmatch(text):
        await record.show(call, text)
    else:
        raise Refusal(f"I do not know “{cut(text, 60)}” here. {SAY}")


async def on_list(call: Call) -> None:
    """List the specifications."""
    await show_list(call, Query(Kind.SPECIFICATION, "all"))


async def show_list(call: Call, query: Query) -> None:
    """Show a page of specifications, with what can be done."""
    screen = await lists.page(call, query)
    actor = await call.look(lambda _session, actor: actor)
    shown = [*screen.blocks, blocks.actions(*doors(actor.partnership.id)), blocks.context(PAGE_HINT)]
    await call.answer(Screen(screen.text, shown))


def doors(partnership_id: int) -> list[Block]:
    """Draw the buttons with which specifications and results begin."""
    data = {"p": partnership_id}
    return [
        blocks.button("New specification", "specification.new", data, "primary"),
        blocks.button("Record result", "result.new", data),
        blocks.button("Upload results", "result.upload", data),
        blocks.button("Results to confirm", "result.waiting", data),
        blocks.button("Trend", "trend.ask", data),
        blocks.button("Template of tests", "specification.template", data),
        blocks.button("Template of results", "result.template", data),
    ]


async def on_new(call: Call) -> None:
    """Open New specification."""
    actor = await call.look(people.require_part, "propose specifications")
    await call.open(NEW.view({"p": actor.partnership.id}, {"effective_on": actor.calendar.day_of(call.now)}))


async def on_new_submitted(call: Call) -> None:
    """Propose the specification; its tests come from the file, or are asked for one by one."""
    given = NEW.read(call.view)
    shared = given.pop(upload.FIELD, ())

    def propose(session: Session, actor: Actor, now: datetime) -> Sheet:
        made = specification.propose(session, actor, SpecificationForm(**given), now)
        if shared:
            upload.ask_tests(session, actor, Ref(made.id, made.version), shared, now)
        return change.sheet(session, actor, made.id)

    found = await call.do(propose)
    if shared:
        await call.ack(response_action="clear")
        return
    await call.ack(response_action="update", view=call.signed_for(_next_test(found)))


def _next_test(found: Sheet, added: str = "") -> Block:
    """Draw Add test for one more test, with those that are there above it."""
    told = [blocks.typed(f"{added} is added. Add another, or press Done.")] if added else []
    told += [blocks.facts([pair], 3000) for pair in cards.told_tests(found.tests)]
    intro = [blocks.typed(f"{found.record.number} · {found.record.title}"), *told]
    view = ADD_TEST.view(cards.data_of(found.record), INCLUDED, intro=intro)
    return _empty(view | {"close": blocks.plain("Done", 24)}, found.record.version)


def _empty(view: Block, turn: int) -> Block:
    """Give each field another id than it had before: Slack fills in again what a field of the same id held."""
    named = ({"block_id": f"{one['block_id']}{TURN}{turn}"} if "block_id" in one else {} for one in view["blocks"])
    return view | {"blocks": [one | name for one, name in zip(view["blocks"], named, strict=True)]}


def _read_test(call: Call) -> tuple[Given, Mapping[str, str]]:
    """Read Add test; gives what was filled in, and the ids of the fields by their names."""
    state = call.view["state"]["values"]
    ids = {block_id.partition(TURN)[0]: block_id for block_id in state}
    view = {"state": {"values": {name: state[block_id] for name, block_id in ids.items()}}}
    with _at(ids):
        return ADD_TEST.read(view), ids


@contextmanager
def _at(ids: Mapping[str, str]) -> Iterator[None]:
    """Let faults stand at the fields as they are called this time."""
    try:
        yield
    except FieldErrors as faults:
        raise FieldErrors({ids.get(name, name): says for name, says in faults.errors.items()}) from None


async def on_add_test(call: Call) -> None:
    """Ask for a test."""
    found = await call.look(change.may, call.number("r"), "add_test", call.now)
    await call.open(_next_test(found))


async def on_test_added(call: Call) -> None:
    """Add the test and ask for the next one."""
    given, ids = _read_test(call)

    def add(session: Session, actor: Actor, now: datetime) -> Sheet:
        made = specification.add_test(session, actor, acts.ref_of(call), TestForm(**given), now)
        return change.sheet(session, actor, made.id)

    # Not once only: the form stays for the next test, and a repeated one meets the version that came after it.
    with _at(ids):
        found = await call.do(add, once=False)
    await call.ack(response_action="update", view=call.signed_for(_next_test(found, given["test"])))


async def on_remove_test(call: Call) -> None:
    """Ask which test is to be taken out, and why."""
    found = await call.look(change.may, call.number("r"), "remove_test", call.now)
    options = [Option(f"{one.number}. {one.test}", str(one.id)) for one in found.tests]
    await call.open(REMOVE_TEST.view(cards.data_of(found.record), options={"test": options}))


async def on_test_removed(call: Call) -> None:
    """Take the test out."""
    given = REMOVE_TEST.read(call.view)
    test_id = int(given["test"]) if is_id(given["test"]) else 0
    await call.do(specification.remove_test, acts.ref_of(call), test_id, given["reason"])


def _upload(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return upload.ask_tests(session, actor, ref, given[upload.FIELD], now)


async def on_template(call: Call) -> None:
    """Send a file of tests to be filled in."""
    await call.look(lambda _session, actor: actor)
    content = tabular.template(uploads.TEST_COLUMNS, uploads.TEST_EXAMPLES)
    await call.answer("A file with the columns and some examples comes to you by direct message.")
    call.desk.later(send(call, "specification-tests.csv", content, "Tests of a specification, one a row."))


LISTENERS = Listeners(
    buttons={
        "specification.list": on_list,
        "specification.new": on_new,
        "specification.template": on_template,
        "record.add_test": on_add_test,
        "record.remove_test": on_remove_test,
    },
    modals={
        NEW.callback: on_new_submitted,
        ADD_TEST.callback: on_test_added,
        REMOVE_TEST.callback: on_test_removed,
    },
) + acts.listeners(filled={"upload_tests": Filled(UPLOAD_TESTS, _upload)})
