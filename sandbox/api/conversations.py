"""conversations.*: the channels the app sees and who is in them; what was said there is in `history`."""

from typing import Any

from sandbox import profiles
from sandbox.api.registry import Call, method
from sandbox.elements import Json
from sandbox.refused import Refused
from sandbox.world import Channel

_ANY_READ = ("channels:read", "groups:read", "im:read", "mpim:read")


@method("conversations.open", "im:write")
def open_dm(call: Call) -> Json:
    """Open the direct conversation with one person."""
    person = call.person("users")
    if person.id in call.world.deactivated:
        raise Refused("user_disabled")
    dm = call.world.dm(person.id, call.installation)
    return {"channel": profiles.channel(call.world, dm, call.installation) if call.flag("return_im") else {"id": dm.id}}


@method("conversations.info", "{kind}:read")
def info(call: Call) -> Json:
    """Describe one channel."""
    channel = call.channel()
    if channel.private and call.installation.user not in channel.members:
        raise Refused("channel_not_found")
    counted = {"num_members": len(channel.members)} if call.flag("include_num_members") else {}
    return {"channel": {**profiles.channel(call.world, channel, call.installation), **counted}}


@method("conversations.members", "{kind}:read")
def members(call: Call) -> Json:
    """List the ids of a channel's members."""
    page, metadata = call.page(call.own_channel().members)
    return {"members": page, "response_metadata": metadata}


@method("conversations.list", *_ANY_READ)
def list_all(call: Call) -> Json:
    """List the channels the app's scopes let it see."""
    return _channel_page(call, lambda channel: _may_see(call, channel))


@method("users.conversations", *_ANY_READ)
def list_own(call: Call) -> Json:
    """List the channels a person or the app's bot is in."""
    user = call.get("user") or call.installation.user
    return _channel_page(call, lambda channel: user in channel.members and _may_see(call, channel))


def _may_see(call: Call, channel: Channel) -> bool:
    if channel.private or channel.partner:
        return call.installation.user in channel.members
    return call.world.reaches(call.installation, channel)


def _channel_page(call: Call, wanted: Any) -> Json:
    types = str(call.get("types") or "public_channel").replace(" ", "").split(",")
    kinds = {"public_channel": "channels", "private_channel": "groups", "im": "im"}
    asked = {kinds[name] for name in types if name in kinds}
    without = call.flag("exclude_archived")
    seen = [c for c in call.world.channels.values() if c.kind in asked and wanted(c) and not (c.archived and without)]
    page, metadata = call.page(seen)
    return {
        "channels": [profiles.channel(call.world, c, call.installation) for c in page],
        "response_metadata": metadata,
    }
