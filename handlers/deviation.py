"""Logging deviations: the command, the button, the message shortcut and the modal."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from handlers.call import Call
from handlers.commands import record_command, usage
from handlers.forms import LONG, Choice, Form, Listing, Moment, Text
from handlers.listeners import Command, Listeners, Shortcut
from handlers.text import as_read, clean, cut, one_line
from quality import deviation, people, words
from quality.deviation import DeviationForm
from quality.people import Actor
from storage import person
from storage.record import Class, Distributed, Kind

TITLE = 150
DISTRIBUTED = Choice("distributed", "Batch distributed", required=True, options=tuple(Distributed))
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
        Choice("class_", "Class", required=True, options=tuple(Class), hint="Unknown at first? Major."),
        DISTRIBUTED,
        Text("immediate_action", "Immediate action", limit=LONG, multiline=True),
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


async def open_form(call: Call, **values: Any) -> None:
    """Open Log deviation, filled with the values given."""
    actor = await call.look(people.require_part, "log deviations")
    defaults = {"detected_at": call.now, "class_": Class.MAJOR, "distributed": Distributed.UNKNOWN}
    await call.open(FORM.view({"p": actor.partnership.id}, defaults | values))


async def on_text(call: Call, text: str) -> None:
    """Open the form with a title; the whole text is kept below when it is too long for one."""
    title = one_line(clean(text))
    whole = {"happened": cut(clean(text), LONG)} if len(title) > TITLE else {}
    await open_form(call, title=title, **whole)


async def on_button(call: Call) -> None:
    """Open an empty form."""
    await open_form(call)


async def on_shortcut(call: Call) -> None:
    """Open the form on a message: its text, author and time."""
    message = call.body["message"]
    user = message.get("user") or ""

    def names(session: Session, actor: Actor) -> dict[str, str]:
        people.require_part(session, actor, "log deviations")
        return {who.user_id: who.name for who in person.list_active(session, actor.partnership.id)}

    known = await call.look(names)
    text = message.get("text") or ""
    for user_id, name in known.items():
        text = text.replace(f"<@{user_id}>", f"@{name}")
    text = clean(as_read(text))
    sent_at = datetime.fromtimestamp(float(message["ts"]), UTC)
    source = f"\n\nFrom a message of {known.get(user, user or 'an app')} in Slack, {words.moment(sent_at)}."
    await open_form(call, title=one_line(text), happened=cut(text, LONG - len(source)) + source, detected_at=sent_at)


async def on_submitted(call: Call) -> None:
    """Log the deviation."""
    await call.do(deviation.log, to_form(FORM.read(call.view)))


def to_form(given: dict[str, Any]) -> DeviationForm:
    """Give the words of the choices their types."""
    given["class_"] = Class(given["class_"])
    given["distributed"] = Distributed(given["distributed"])
    return DeviationForm(**given)


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
    buttons={"deviation.log": on_button},
    modals={FORM.callback: on_submitted},
)
