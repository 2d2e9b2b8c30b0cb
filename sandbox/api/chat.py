"""chat.*: what the app says, edits and takes back."""

from sandbox import limits, wire
from sandbox.api.registry import Call, method
from sandbox.elements import Json
from sandbox.refused import Refused
from sandbox.world import Message

_LONGEST_TEXT = 40_000


@method("chat.postMessage", "chat:write")
def post_message(call: Call) -> Json:
    """Post into a channel, a thread or a person's DM."""
    channel = call.open_channel()
    content = checked_content(call.arguments)
    message = call.world.post_as_app(call.installation, channel.id, content, thread_ts=_thread(call, channel.id))
    return {"channel": channel.id, "ts": message.ts, "message": wire.message(call.world, message)}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(call: Call) -> Json:
    """Show something to one member of the channel."""
    channel = call.open_channel()
    if call.need("user") not in channel.members or call.get("user") in call.world.deactivated:
        raise Refused("user_not_in_channel")
    content = checked_content(call.arguments)
    more = {"thread_ts": _thread(call, channel.id), "seen_by": call.get("user")}
    return {"message_ts": call.world.post_as_app(call.installation, channel.id, content, **more).ts}


@method("chat.update", "chat:write")
def update(call: Call) -> Json:
    """Edit the app's own message."""
    if call.channel().archived:
        raise Refused("is_inactive")
    message = _own(call, "cant_update_message")
    call.world.edit(message, checked_content(call.arguments))
    shown = wire.message(call.world, message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


@method("chat.delete", "chat:write")
def delete(call: Call) -> Json:
    """Remove the app's own message."""
    message = _own(call, "cant_delete_message")
    call.world.remove(message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink")
def permalink(call: Call) -> Json:
    """Return the address of a message."""
    message = call.message("message_ts")
    address = f"{call.base_url}archives/{message.channel}/p{message.ts.replace('.', '')}"
    return {"channel": message.channel, "permalink": address}


@method("blocks.validate")
def validate(call: Call) -> Json:
    """Check blocks, a message or a view without sending them."""
    content = call.get("message") or {"blocks": call.get("blocks")}
    view = call.get("view")
    problems = limits.view_problems(view) if view else limits.message_problems(content)
    if problems:
        raise _invalid_blocks(problems)
    return {}


def checked_content(content: Json) -> Json:
    """Return what a message says, or refuse it in Slack's words."""
    if not any(content.get(part) for part in ("text", "blocks", "attachments")):
        raise Refused("no_text")
    if len(str(content.get("text") or "")) > _LONGEST_TEXT:
        raise Refused("msg_too_long")
    for part in ("blocks", "attachments"):
        if not isinstance(content.get(part) or [], list):
            raise Refused(f"invalid_{part}_format" if part == "blocks" else "invalid_attachments")
    if problems := limits.message_problems(content):
        raise _invalid_blocks(problems)
    if limits.too_much_text(content.get("blocks") or []):
        raise Refused("msg_blocks_too_long")
    _check_metadata(content.get("metadata"))
    return content


def _invalid_blocks(problems: list[str]) -> Refused:
    messages = [f"[ERROR] {problem}" for problem in problems]
    return Refused("invalid_blocks", errors=problems, response_metadata={"messages": messages})


def _check_metadata(metadata: object) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if not metadata.get("event_type"):
        raise Refused("invalid_metadata_schema")


def _thread(call: Call, channel: str) -> str | None:
    thread_ts = call.get("thread_ts")
    if not thread_ts:
        return None
    parent = call.world.find_message(channel, str(thread_ts))
    if parent is None:
        raise Refused("thread_not_found")
    return parent.thread_ts or parent.ts


def _own(call: Call, error: str) -> Message:
    message = call.message()
    if message.user != call.installation.user:
        raise Refused(error)
    return message
