"""OOS results in Slack: the command, and the forms of their phases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers import acts
from handlers.acts import Filled, Given
from handlers.blocks import Option
from handlers.call import Call
from handlers.commands import record_command, usage
from handlers.deviation import DISTRIBUTED, OTHER_BATCHES, STILL_DISTRIBUTED
from handlers.forms import LONG, Checklist, Choice, Form, Listing, Moment, Number, Text, YesNo
from handlers.listeners import Command, Listeners
from handlers.result import answer, catalogue, number
from quality import oos, people, result
from quality.change import Ref
from quality.oos import CATEGORIES, SAMPLES, OosForm, PhaseOneForm, PhaseTwoForm, RetestForm, RetestPlanForm
from quality.people import Actor
from quality.refusal import FieldErrors, Refusal
from quality.result import ResultForm
from quality.sheet import Sheet
from storage.investigation import Disposition
from storage.oos import Oos, PhaseOne, PhaseTwo, ResultKind, RetestPlan
from storage.record import Distributed, Kind, Outcome, Record
from storage.result import ResultState

FORM = Form(
    "oos.log",
    "Log OOS result",
    "Log",
    (
        Text("test", "Test", required=True, limit=100),
        Choice("category", "Test category", options=CATEGORIES),
        Choice("result_kind", "Kind", required=True, words=ResultKind),
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
# With a specification its test says the rest; without one they are needed as ever.
BY_SPECIFICATION = ("result_kind", "sample_type")
OWN_LIMITS = ("lower", "upper")
FORM_WITH_CATALOGUE = replace(
    FORM,
    fields=(
        Choice(
            "specification", "Specification", asks=True,
            hint="With it, only test, batch and result are needed: the rest comes from it.",
        ),
        *(replace(one, required=one.required and one.name not in BY_SPECIFICATION) for one in FORM.fields),
    ),
)  # fmt: skip
# What a laboratory looks at first (phases Ia and Ib of the guidances).
CHECKS = (
    "Sample: identity, storage and handling as they should be",
    "Right method and version followed",
    "Calculation and transcription checked",
    "Instrument calibrated and suitable",
    "Standards, reagents and solutions in date",
    "Glassware and equipment clean and right",
    "Raw data and chromatograms reviewed",
    "Analyst trained, and asked about the analysis",
    "Retained solutions examined before they are discarded",
)
PHASE_ONE = Form(
    "record.phase_1",
    "Phase I result",
    "Submit",
    (
        Checklist("checklist", "Checklist", statements=CHECKS, hint="Tick what was looked at."),
        YesNo("cause_found", "Laboratory cause found", required=True),
        Text(
            "evidence",
            "Evidence",
            required=True,
            limit=LONG,
            multiline=True,
            hint="Of the cause; without one, of what was looked at. Only an evident cause invalidates a result.",
        ),
        STILL_DISTRIBUTED,
    ),
)
PLAN = Form(
    "record.plan_retests",
    "Retest plan",
    "Propose",
    (
        Text("hypothesis", "Hypothesis", required=True, limit=LONG, multiline=True),
        Number("number", "Number of retests", required=True, hint="Fixed once both companies' QA approved it."),
        Text("second_analyst", "Second analyst", required=True),
    ),
)
RETEST = Form(
    "record.record_retest",
    "Record retest",
    "Record",
    (
        Text("result", "Result", required=True, limit=40, hint="As reported. It is kept, whatever it is."),
        Text("analyst", "Analyst", required=True),
    ),
)
PHASE_TWO = Form(
    "record.phase_2",
    "Phase II result",
    "Submit",
    (
        Text("manufacturing_review", "Manufacturing review", required=True, limit=LONG, multiline=True),
        Text("root_cause", "Root cause", required=True, limit=LONG, multiline=True),
        OTHER_BATCHES,
        Choice("outcome", "Outcome", required=True, words=Outcome, options=tuple(oos.OUTCOMES)),
        YesNo("cause_found", "Laboratory cause found", hint="Only with one can the result be invalidated."),
        Text(
            "evidence",
            "Evidence",
            required=True,
            limit=LONG,
            multiline=True,
            hint="Invalidated: of the laboratory cause. Inconclusive: the OOS result stands.",
        ),
        Choice("disposition", "Disposition recommendation", required=True, words=Disposition),
        STILL_DISTRIBUTED,
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
    """Open the form; where specifications are in force, with the choice of one."""

    def question(session: Session, actor: Actor) -> tuple[Actor, list[Option]]:
        people.require_part(session, actor, "log OOS results")
        return actor, catalogue(session, actor, call.now)

    actor, specifications = await call.look(question)
    values = {"result_kind": ResultKind.OOS, "analysed_at": call.now, "distributed": Distributed.UNKNOWN}
    form = FORM_WITH_CATALOGUE if specifications else FORM
    await call.open(form.view({"p": actor.partnership.id}, values, {"specification": specifications}))


async def on_submitted(call: Call) -> None:
    """Log the result; by a specification it is judged first, and one that complies is said to comply."""
    has_catalogue = "specification" in call.view["state"]["values"]
    given = (FORM_WITH_CATALOGUE if has_catalogue else FORM).read(call.view)
    chosen = given.pop("specification", None)
    if chosen is None:
        missing = [one for one in FORM.fields if one.name in BY_SPECIFICATION and one.name not in given]
        if missing:
            raise FieldErrors({one.name: f"{one.label} is needed without a specification." for one in missing})
        await call.do(oos.log, OosForm(**given))
        return
    made = await call.do(result.log, _by_specification(chosen, given), given["distributed"])
    if made.state is ResultState.RECORDED:
        await answer(call, made)


def _by_specification(chosen: str, given: dict[str, Any]) -> ResultForm:
    errors = {name: "The limits are the specification's. Leave it empty." for name in OWN_LIMITS if name in given}
    if len(given["lots"]) > 1:
        errors["lots"] = "By a specification a result is of one batch. Give one."
    if errors:
        raise FieldErrors(errors)
    return ResultForm(
        specification_id=number(chosen, "specification"),
        test=given["test"],
        lot=given["lots"][0],
        reported=given["result"],
        analysed_at=given["analysed_at"],
        unit=given.get("unit", ""),
        analyst=given.get("analyst", ""),
    )


def _phase(table: type[PhaseOne | PhaseTwo]) -> Callable[[Sheet], dict[str, Any]]:
    def given(found: Sheet) -> dict[str, Any]:
        details = found.details
        known = details.distributed if isinstance(details, Oos) else Distributed.UNKNOWN
        return _before(table)(found) | {"distributed": known}

    return given


def _before(table: type[PhaseOne | RetestPlan | PhaseTwo]) -> Callable[[Sheet], dict[str, Any]]:
    """Give what was submitted before, so that nobody types it twice."""

    def given(found: Sheet) -> dict[str, Any]:
        before = found.part(table)
        return before.model_dump() if before else {}

    return given


def _finish_phase_1(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return oos.finish_phase_1(session, actor, ref, PhaseOneForm(**given), now)


def _plan_retests(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return oos.plan_retests(session, actor, ref, RetestPlanForm(**given), now)


def _record_retest(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return oos.record_retest(session, actor, ref, RetestForm(**given), now)


def _finish_phase_2(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return oos.finish_phase_2(session, actor, ref, PhaseTwoForm(**given), now)


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
) + acts.listeners(
    filled={
        "phase_1": Filled(PHASE_ONE, _finish_phase_1, _phase(PhaseOne)),
        "plan_retests": Filled(PLAN, _plan_retests, _before(RetestPlan)),
        "record_retest": Filled(RETEST, _record_retest),
        "phase_2": Filled(PHASE_TWO, _finish_phase_2, _phase(PhaseTwo)),
    }
)
