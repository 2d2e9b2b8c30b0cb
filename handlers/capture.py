"""Talk in the threads of cards: replies, their changes and deletions, and the deletion of files."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlmodel import Session

from handlers import profiles
from handlers.call import Call
from handlers.forms import shared_file
from handlers.listeners import Listeners
from handlers.said import moment_of
from handlers.text import as_kept
from quality import capture, evidence, people
from quality.capture import Said
from quality.people import Identity
from quality.refusal import NotOnRoster, Refusal

SAID = (None, "file_share", "thread_broadcast", "me_message")  # what a person says; all else is Slack's or an app's
GONE = "tombstone"


async def on_message(call: Call) -> None:
    """Hear what is said in a thread, changed or deleted; all other talk passes without a trace."""
    act = ACTS.get(call.event.get("subtype")) if _concerns(call) else None
    if act is not None:
        await act(call)


def _concerns(call: Call) -> bool:
    """Whether an event is of a person's reply in a thread: what the bot posts and all of its updates are told, too."""
    told = _told(call.event)
    is_reply = bool(told.get("thread_ts")) and told.get("thread_ts") != told.get("ts")
    return is_reply and not told.get("bot_id") and bool(told.get("user"))


def _told(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the message that an event is about; of a deleted one Slack tells what it was."""
    inner = event.get("message") if event.get("subtype") == "message_changed" else event.get("previous_message")
    return (inner or {}) if event.get("subtype") in ("message_changed", "message_deleted") else event


async def _hear(call: Call) -> None:
    """Keep a reply."""
    await _once(call, call.event, lambda session, known: _keep(session, call, call.event, known=known))


async def _change(call: Call) -> None:
    """Journal another text; a reply whose own event is still to come is kept first, as it was."""
    message, before = call.event["message"], call.event.get("previous_message") or {}
    if message.get("subtype") == GONE:
        await _delete(call)
        return
    if message.get("text") == before.get("text"):
        return  # Slack unfolded a link, or counts something

    def change(session: Session, known: bool) -> None:
        if before.get("text") is not None:
            _keep(session, call, {**message, "files": message.get("files") or (), "text": before["text"]}, known=known)
        names = capture.names(session, call.told_of)
        text = as_kept(str(message.get("text") or ""), names)
        capture.change_reply(session, call.told_of, str(message["ts"]), text, call.now)

    await _once(call, message, change)


async def _delete(call: Call) -> None:
    """Journal that a reply was deleted."""
    told = _told(call.event)
    ts = str(call.event.get("deleted_ts") or told.get("ts") or "")
    channel_id = call.told_of
    await _once(call, told, lambda session, _known: capture.delete_reply(session, channel_id, ts, call.now))


def _keep(session: Session, call: Call, message: Mapping[str, Any], *, known: bool) -> None:
    channel_id, ts = call.told_of, str(message["ts"])
    text = as_kept(str(message.get("text") or ""), capture.names(session, channel_id))
    files = tuple(shared_file(one) for one in message.get("files") or () if one.get("id"))
    told = Said(channel_id, str(message["thread_ts"]), ts, _who(message), text, moment_of(ts), files)
    capture.hear(session, told, call.now, known=known)


async def _once(call: Call, message: Mapping[str, Any], work: Callable[[Session, bool], object]) -> None:
    """Do something about a reply that concerns us, once; a colleague whom no roster knows is looked up before."""
    place = (call.told_of, str(message.get("thread_ts")), str(message.get("ts")))
    if not await call.desk.database.read(lambda session: capture.concerns(session, *place)):
        return
    try:
        await call.hear(lambda session, _now: work(session, False))
    except NotOnRoster as unknown:
        await _enrol(call, unknown.partnership_id, _who(message))
        await call.hear(lambda session, _now: work(session, True))


async def _enrol(call: Call, partnership_id: int, who: Identity) -> None:
    try:
        profile = await profiles.fetch(call.slack, who)
        await call.desk.database.write(lambda session: people.enrol(session, partnership_id, profile, call.now))
    except Refusal:
        return  # a guest, or Slack does not say: what they say is kept as of somebody not on the roster


def _who(message: Mapping[str, Any]) -> Identity:
    return Identity(str(message.get("user_team") or message.get("team") or ""), str(message["user"]))


async def on_file_deleted(call: Call) -> None:
    """Journal that a kept file was deleted in Slack."""
    file_id = str(call.event.get("file_id") or "")
    await call.run(lambda session: evidence.deleted_in_slack(session, file_id, call.now))


ACTS: dict[str | None, Callable[[Call], Awaitable[None]]] = {
    **dict.fromkeys(SAID, _hear),
    "message_changed": _change,
    "message_deleted": _delete,
}
LISTENERS = Listeners(
    events={"message.channels": on_message, "message.groups": on_message, "file_deleted": on_file_deleted}
)
