"""Evidence in Slack: the form that takes files, the list of those that are kept, and sending one back."""

from datetime import datetime

from sqlmodel import Session

from handlers import acts, blocks, slack_errors
from handlers.acts import Filled, Given
from handlers.blocks import Block, Screen
from handlers.call import Call
from handlers.forms import LONG, Files, Form, Text
from handlers.listeners import Listeners
from handlers.text import cut, escape
from quality import evidence, words
from quality.change import Ref
from quality.content import submitted_files
from quality.evidence import FIELD
from quality.files import ENDINGS, MOST_BYTES, MOST_FILES, measure
from quality.people import Actor
from quality.sheet import Sheet
from storage.download import Download
from storage.evidence import Evidence
from storage.record import Record

SHORT = 80  # characters of a description in the list
PAGE = 20  # files in one message, which takes 12,000 characters in all
ADD = Form(
    "record.evidence",
    "Add evidence",
    "Add",
    (
        Files(
            FIELD,
            "Files",
            required=True,
            endings=ENDINGS,
            most=MOST_FILES,
            hint=f"Up to {MOST_FILES} files of {measure(MOST_BYTES)} each. They are kept whole, with their SHA-256.",
        ),
        Text("description", "Description", limit=LONG, multiline=True, hint="What they show."),
    ),
)


def _add(session: Session, actor: Actor, ref: Ref, given: Given, now: datetime) -> Record:
    return evidence.add(session, actor, ref, given[FIELD], given.get("description", ""), now)


async def on_files(call: Call) -> None:
    """List the files that are kept with a record, or those before the ones shown."""
    found, waiting = await call.look(evidence.kept_with, call.number("r"), call.now)
    before = call.number("before") if "before" in call.data else None
    await call.answer(draw(found, waiting, before), replace=before is not None)


def draw(found: Sheet, waiting: int, before: int | None = None) -> Screen:
    """Draw the files of a record, the newest first, each with the button that sends it."""
    record, signed = found.record, submitted_files(found)
    listed = [one for one in found.files[::-1] if before is None or one.id < before]
    title = f"Evidence of {record.number}"
    shown = [blocks.header(title)]
    shown += [_row(found, one, is_signed=one in signed) for one in listed[:PAGE]]
    if len(listed) > PAGE:
        older = {"p": record.partnership_id, "r": record.id, "before": listed[PAGE - 1].id}
        shown.append(blocks.actions(blocks.button("Older", "record.files", older)))
    if waiting:
        shown.append(blocks.context(f"Still being fetched from Slack: {_number(waiting)}."))
    told = "What was kept before the record was submitted is signed with it; what came later is not."
    return Screen(f"{title}: {_number(len(found.files))}.", [*shown, blocks.context(told)])


def _row(found: Sheet, kept: Evidence, *, is_signed: bool) -> Block:
    data = {"p": kept.partnership_id, "r": kept.record_id, "e": kept.id}
    who = f"{found.who(kept.added_by_id)}, {words.moment(kept.added_at)}"
    part = "part of what is signed" if is_signed else "not part of what is signed"
    lines = [
        kept.name,
        f"{measure(kept.size)} · {who} · {part}",
        f"SHA-256 {kept.sha256}",
        cut(kept.description, SHORT),
    ]
    return blocks.typed("\n".join(line for line in lines if line), blocks.button("Send me", "evidence.send", data))


def _number(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"


async def on_send(call: Call) -> None:
    """Send a kept file to whoever asks, by direct message."""
    kept, content = await call.do(evidence.hand_out, call.number("r"), call.number("e"))
    await call.answer(f"{kept.name} comes to you by direct message.")
    call.desk.later(_upload(call, kept, content))


async def _upload(call: Call, kept: Evidence, content: bytes) -> None:
    slack = call.slack
    opened = await slack.conversations_open(users=call.identity.user_id)
    channel = opened["channel"]["id"]
    try:
        comment = escape(f"{kept.name}, as it is kept: {measure(kept.size)}, SHA-256 {kept.sha256}")
        await slack.files_upload_v2(
            channel=channel, content=content, filename=kept.name, title=kept.name, initial_comment=comment
        )
    except slack_errors.FAILURES as error:
        why = slack_errors.word(error)
        text = escape(f"{kept.name} could not be sent: {why}. Try again.")
        await slack.chat_postMessage(channel=channel, text=text)


def draw_not_kept(record: Record, wanted: Download) -> Screen:
    """Tell who gave a file that it is not kept, why, and what to do."""
    text = f"A file of yours is not kept with {record.number}: {wanted.last_error}"
    data = {"p": record.partnership_id, "r": record.id, "v": record.version}
    again = blocks.button("Add evidence", "record.evidence", data)
    return Screen(escape(text), [blocks.typed(text), blocks.actions(again)])


LISTENERS = Listeners(buttons={"record.files": on_files, "evidence.send": on_send}) + acts.listeners(
    filled={"evidence": Filled(ADD, _add)}
)
