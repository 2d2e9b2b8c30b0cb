"""Exports: a record as a file, by direct message to whoever asked for it."""

from sqlmodel import Session

from handlers import slack_errors
from handlers.call import Call
from handlers.listeners import Listeners
from quality import export
from quality import record as records
from quality.people import Actor
from quality.refusal import Refusal


async def start(call: Call, text: str) -> None:
    """Export the record whose number is given."""
    if not text:
        raise Refusal("Say which record: `/quality export DEV-2026-0001`.")

    def question(session: Session, actor: Actor) -> int:
        return records.by_number(session, actor, text).id

    await _send(call, await call.look(question))


async def on_button(call: Call) -> None:
    """Export the record a button stands on."""
    await _send(call, int(call.number("r")))


async def _send(call: Call, record_id: int) -> None:
    found, written = await call.do(export.of_record, record_id)
    number = found.record.number
    await call.answer(f"{number} comes to you as a file, by direct message.")
    call.desk.later(_upload(call, number, written))


async def _upload(call: Call, number: str, written: str) -> None:
    slack = call.slack
    opened = await slack.conversations_open(users=call.identity.user_id)
    channel = opened["channel"]["id"]
    try:
        await slack.files_upload_v2(
            channel=channel,
            content=written,
            filename=f"{number}.json",
            title=number,
            initial_comment=f"{number} with its signatures and its journal.",
        )
    except slack_errors.FAILURES as error:
        why = slack_errors.word(error)
        await slack.chat_postMessage(channel=channel, text=f"{number} could not be sent as a file: {why}. Try again.")


LISTENERS = Listeners(buttons={"record.export": on_button})
