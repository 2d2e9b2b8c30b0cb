"""Logging OOS results: the command, the button and the modal."""

from handlers.call import Call
from handlers.commands import record_command, usage
from handlers.deviation import DISTRIBUTED
from handlers.forms import Choice, Form, Listing, Moment, Text
from handlers.listeners import Command, Listeners
from quality import oos, people
from quality.oos import OosForm
from quality.refusal import Refusal
from storage.oos import ResultKind
from storage.record import Distributed, Kind

CATEGORIES = (
    "Identity",
    "Assay or potency",
    "Purity or impurity",
    "Dissolution",
    "Sterility",
    "Endotoxin",
    "Water",
    "Other",
)
SAMPLES = (
    "Raw material",
    "Packaging",
    "In-process",
    "Intermediate",
    "Drug substance",
    "Finished product",
    "Stability",
)
FORM = Form(
    "oos.log",
    "Log OOS result",
    "Log",
    (
        Text("test", "Test", required=True, limit=100),
        Choice("category", "Test category", options=CATEGORIES),
        Choice("result_kind", "Kind", required=True, options=tuple(ResultKind)),
        Choice("sample_type", "Sample type", required=True, options=SAMPLES),
        Listing("lots", "Batch or lot", required=True, limit=1000, hint="Several with commas."),
        Text("product", "Product"),
        Text("result", "Result", required=True, limit=40, hint="The reported number, such as 93.4."),
        Text("unit", "Unit", limit=40),
        Text("lower", "Lower limit", limit=40),
        Text("upper", "Upper limit", limit=40),
        Text("method", "Method"),
        Text("analyst", "Analyst"),
        Moment("analysed_at", "Analysed at", required=True),
        DISTRIBUTED,
    ),
)
USAGE = usage(
    "OOS results",
    {
        "/oos": "logs an out-of-specification or out-of-trend result",
        "/oos OOS-2026-0001": "shows one with its buttons",
        "/oos list": "lists the open ones; also `list overdue`, `mine`, `closed`, `all`, `batch <lot>`",
    },
)


async def on_text(call: Call, text: str) -> None:
    """Open the form, or say what the command can do."""
    if text:
        raise Refusal(USAGE)
    await on_button(call)


async def on_button(call: Call) -> None:
    """Open the form."""
    actor = await call.look(people.require_part, "log OOS results")
    values = {"result_kind": ResultKind.OOS, "analysed_at": call.now, "distributed": Distributed.UNKNOWN}
    await call.open(FORM.view({"p": actor.partnership.id}, values))


async def on_submitted(call: Call) -> None:
    """Log the result."""
    given = FORM.read(call.view)
    given["result_kind"] = ResultKind(given["result_kind"])
    given["distributed"] = Distributed(given["distributed"])
    await call.do(oos.log, OosForm(**given))


LISTENERS = Listeners(
    commands=(
        Command(
            "/oos",
            record_command(Kind.OOS, USAGE, on_text),
            "Log an OOS result, or show and list them",
            "[OOS-2026-0001 | list | help]",
        ),
    ),
    buttons={"oos.log": on_button},
    modals={FORM.callback: on_submitted},
)
