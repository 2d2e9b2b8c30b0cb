"""Deviations in Slack: the command, the shortcut, and the forms of their life."""

import asyncio
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers import acts, said
from handlers.acts import REASON, Filled, Given
from handlers.call import Call
from handlers.cards import data_of
from handlers.commands import record_command, usage
from handlers.forms import LONG, Choice, Form, Listing, Moment, Text, YesNo
from handlers.listeners import Command, Listeners, Shortcut
from handlers.said import Saying
from handlers.text import clean, cut, one_line
from quality import change, deviation, people, request
from quality.change import Ref
from quality.deviation import DeviationForm, InvestigationForm
from quality.people import Actor
from quality.sheet import Sheet
from storage.deviation import Deviation
from storage.investigation import Cause, Disposition, Investigation
from storage.oos import Oos
from storage.record import Class, Distributed, Kind, Record

TITLE = 150
DISTRIBUTED = Choice("distributed", "Batch distributed", required=True, words=Distributed)
STILL_DISTRIBUTED = Choice("distributed", "Batch distributed", words=Distributed, hint="As it is known by now.")
SOURCES = Listing("sources", "Source records", limit=500, hint="Numbers such as DEV-2026-0001, several with commas.")
OTHER_BATCHES = Text(
    "other_batches", "Other batches considered", required=True, limit=LONG, multiline=True,
    hint="Which other batches and products may be affected, and why or why not (21 CFR 211.192).",
)  # fmt: skip
FORM = Form(
    "deviation.log",
    "Log deviation",
    "Log",
    (
        Text("title", "Title", required=True, limit=TITLE),
        Text("happened", "What happened", required=True, limit=LONG, multiline=True),
        Text("expected", "What should have happened", limit=LONG, multiline=True),
        Listing("lots", "Batch or lot", limit=1000, hint="Several with commas."),
        Text("product", "Product"),
        Text("location", "Where", hint="Area, step, equipment."),
        Moment("detected_at", "Detected at", required=True),
        Choice("class_", "Class", required=True, words=Class, hint="Unknown at first? Major."),
        DISTRIBUTED,
        Text("immediate_action", "Immediate action", limit=LONG, multiline=True),
        SOURCES,
    ),
)
SUBMIT = Form(
    "record.submit",
    "Submit investigation",
    "Submit",
    (
        Choice("category", "Root cause category", required=True, words=Cause),
        Text("root_cause", "Root cause", required=True, limit=LONG, multiline=True),
        OTHER_BATCHES,
        Text("impact", "Impact", required=True, limit=LONG, multiline=True, hint="On product, patient and data."),
        Choice("disposition", "Disposition recommendation", required=True, words=Disposition),
        YesNo("capa_needed", "CAPA needed", required=True),
        Text("no_capa_reason", "Reason if no CAPA", limit=LONG, multiline=True),
        Text(
            "human_error",
            "Human error justification",
            limit=LONG,
            multiline=True,
            hint="For the category People: how process, procedure and system were excluded.",
        ),
        Text("conclusion", "Conclusion", required=True, limit=LONG, multiline=True),
        STILL_DISTRIBUTED,
    ),
)
RECLASSIFY = Form(
    "record.reclassify",
    "Reclassify",
    "Reclassify",
    (
        Choice("class_", "Class", required=True, words=Class, hint="A lower one needs the other company's QA."),
        REASON,
    ),
)
USAGE = usage(
    "Deviations",
    {
        "/deviation": "logs a deviation",
        "/deviation <title>": "logs one, its title filled in",
        "/deviation DEV-2026-0001": "shows one with its buttons",
        "/deviation list": "lists the open ones; also `list overdue`, `mine`, `closed`, `all`, `batch <lot>`",
    },
)


async def open_form(call: Call, oos: Record | None = None, **values: Any) -> None:
    """Open Log deviation, filled with the values given; for a confirmed OOS where one is given."""
    actor = await call.look(people.require_part, "log deviations")
    defaults = {"detected_at": call.now, "class_": Class.MAJOR, "distributed": Distributed.UNKNOWN}
    data = data_of(oos) if oos else {"p": actor.partnership.id}
    await call.open(FORM.view(data, defaults | values))


async def on_text(call: Call, text: str) -> None:
    """Open the form with a title; the whole text is kept below when it is too long for one."""
    title = one_line(clean(text))
    whole: dict[str, Any] = {"happened": cut(clean(text), LONG)} if len(title) > TITLE else {}
    await open_form(call, title=title, **whole)


async def on_button(call: Call) -> None:
    """Open an empty form."""
    await open_form(call)


async def on_shortcut(call: Call) -> None:
    """Open the form on a message: its text, author, time and link."""
    await open_from(call, said.saying(call.channel_id or "", call.body["message"]))


async def open_from(call: Call, known: Saying, *, whole: bool = True) -> None:
    """Open the form on what somebody said; where it is not known whole, Slack is asked for it first."""
    names = await call.look(said.names)
    found, address = await asyncio.gather(
        said.known(known) if whole else said.find(call, known.channel_id, known.ts),
        said.link(call, known.channel_id, known.ts),
    )
    await open_form(call, **said.draft(found or known, names, address))


async def on_submitted(call: Call) -> None:
    """Log the deviation."""
    oos = acts.ref_of(call) if "r" in call.data else None
    await call.do(deviation.log, DeviationForm(**FORM.read(call.view), oos=oos))


async def on_record_button(call: Call) -> None:
    """Open the form for a confirmed OOS, its facts and itself as the source filled in."""
    found = await call.look(change.may, call.number("r"), "deviation", call.now)
    about, details = found.record, found.details
    result = f"{about.number}: {about.title}, confirmed."
    filled: dict[str, Any] = {
        "title": f"Confirmed {about.number}: {about.title}",
        "happened": result,
        "sources": about.number,
    }
    filled |= {"lots": ", ".join(found.lots), "product": about.product, "detected_at": about.detected_at}
    filled["distributed"] = details.distributed if isinstance(details, Oos) else Distributed.UNKNOWN
    await open_form(call, about, **filled)


def _investigation(found: Sheet) -> dict[str, Any]:
    """Give what was submitted before, so that nobody types it twice."""
    before, details = found.part(Investigation), found.details
    known = details.distributed if isinstance(details, Deviation) else Distributed.UNKNOWN
    return (before.model_dump() if before else {}) | {"distributed": known}


def _submit(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return deviation.submit(session, actor, ref, InvestigationForm(**given), now)


def _reclassify(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return request.reclassify(session, actor, ref, given["class_"], given["reason"], now)


LISTENERS = Listeners(
    commands=(
        Command(
            "/deviation",
            record_command(Kind.DEVIATION, USAGE, on_text),
            "Log a deviation, or show and list them",
            "[title | DEV-2026-0001 | list | help]",
        ),
    ),
    shortcuts=(
        Shortcut(
            "log_as_deviation", on_shortcut, "Log as deviation", "Turns this message into the draft of a deviation"
        ),
    ),
    buttons={"deviation.log": on_button, "record.deviation": on_record_button},
    modals={FORM.callback: on_submitted},
) + acts.listeners(
    filled={"submit": Filled(SUBMIT, _submit, _investigation), "reclassify": Filled(RECLASSIFY, _reclassify)},
    pressed={"start": deviation.begin_investigation},
)
