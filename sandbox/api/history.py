"""conversations.history and .replies: what was said in a channel, page by page."""

import base64
import binascii
import re
from collections.abc import Callable

from sandbox import wire
from sandbox.api.registry import Call, method
from sandbox.elements import Json
from sandbox.refused import Refused
from sandbox.world import Message

_TS = re.compile(r"\d+(\.\d*)?")
_CURSOR = re.compile(r"next_ts:(\d+)(\d{6})")


@method("conversations.history", "{kind}:history")
def history(call: Call) -> Json:
    """List a channel's messages, newest first, replies left out."""
    channel, start = call.own_channel(), _start(call)
    lasting = [m for m in call.world.messages if m.channel == channel.id and not m.ephemeral and not m.is_reply]
    found = filter(_wanted(call), reversed(lasting))
    return _page(call, [m for m in found if start is None or float(m.ts) <= start], call.size(100, 999))


@method("conversations.replies", "{kind}:history")
def replies(call: Call) -> Json:
    """List a thread, oldest first; its parent is there whatever times are asked for."""
    channel, ts, start = call.own_channel(), str(call.need("ts")), _start(call)
    parent = call.world.find_message(channel.id, ts)
    if parent is None or parent.ephemeral:
        raise Refused("thread_not_found")
    found = [parent, *filter(_wanted(call), call.world.replies(parent))]
    return _page(call, [m for m in found if start is None or float(m.ts) >= start], call.size(1000))


def _start(call: Call) -> float | None:
    """Return the moment the cursor stands for: messages that come meanwhile do not move a page, as in Slack."""
    if not call.get("cursor"):
        return None
    try:
        read = _CURSOR.fullmatch(base64.b64decode(str(call.get("cursor")), validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        read = None
    if read is None:
        raise Refused("invalid_cursor")
    return float(f"{read[1]}.{read[2]}")


def _cursor(message: Message) -> str:
    return base64.b64encode(f"next_ts:{message.ts.replace('.', '')}".encode()).decode()


def _wanted(call: Call) -> Callable[[Message], bool]:
    """Return the test whether a message lies between the times asked for."""
    oldest, latest = _bound(call, "oldest"), _bound(call, "latest")
    edges = (oldest, latest) if call.flag("inclusive") else ()

    def wanted(message: Message) -> bool:
        moment = float(message.ts)
        after, before = oldest is None or oldest < moment, latest is None or moment < latest
        return (after and before) or moment in edges

    return wanted


def _bound(call: Call, name: str) -> float | None:
    given = str(call.get(name) or "")
    if not given:
        return None
    if not _TS.fullmatch(given):
        raise Refused(f"invalid_ts_{name}")
    return float(given)


def _page(call: Call, found: list[Message], size: int) -> Json:
    with_metadata, more = call.flag("include_all_metadata"), len(found) > size
    return {
        "messages": [wire.message(call.world, m, metadata=with_metadata) for m in found[:size]],
        "has_more": more,
        "response_metadata": {"next_cursor": _cursor(found[size]) if more else ""},
    }
