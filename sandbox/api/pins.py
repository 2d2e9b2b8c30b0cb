"""pins.* and reactions.add: what is marked in a channel."""

from sandbox import wire
from sandbox.api.registry import Call, method
from sandbox.elements import Json
from sandbox.refused import Refused


@method("pins.add", "pins:write")
def add(call: Call) -> Json:
    """Pin a message."""
    channel = call.own_channel()
    message = call.message("timestamp")
    pinned = call.world.pins.setdefault(channel.id, [])
    if message.ts in pinned:
        raise Refused("already_pinned")
    pinned.append(message.ts)
    call.world.changed()
    return {}


@method("pins.remove", "pins:write")
def remove(call: Call) -> Json:
    """Unpin a message."""
    pinned = call.world.pins.get(call.own_channel().id, [])
    ts = str(call.need("timestamp"))
    if ts not in pinned:
        raise Refused("no_pin")
    pinned.remove(ts)
    call.world.changed()
    return {}


@method("pins.list", "pins:read")
def list_all(call: Call) -> Json:
    """List what is pinned in a channel."""
    channel, items = call.own_channel(), []
    for ts in call.world.pins.get(channel.id, []):
        if message := call.world.find_message(channel.id, ts):
            shown = wire.message(call.world, message)
            items.append({"type": "message", "channel": channel.id, "created": int(float(ts)), "message": shown})
    return {"items": items}


@method("reactions.add", "reactions:write")
def react(call: Call) -> Json:
    """Add the app's emoji to a message."""
    call.open_channel()
    message, name = call.message("timestamp"), str(call.need("name")).strip(":")
    users = message.reactions.setdefault(name, [])
    if call.installation.user in users:
        raise Refused("already_reacted")
    users.append(call.installation.user)
    call.world.changed()
    return {}
