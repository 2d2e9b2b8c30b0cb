"""What Slack tells of a partnership's channel: archived, no longer shared, under another id, and back again."""

from sqlmodel import Session

from handlers.call import Call
from handlers.listeners import Listeners
from quality import channel
from storage import partnership


async def on_silent(call: Call) -> None:
    """Note at once that nothing can be said in the channel, and tell somebody who can do something about it."""
    why = SILENT[call.event["type"]]

    def note(session: Session) -> None:
        there = partnership.find_in_channel(session, call.told_of)
        if there is not None:
            channel.tell_muted(session, there.id, why, call.now)

    await call.run(note)


async def on_back(call: Call) -> None:
    """Say at once what waited."""

    def note(session: Session) -> None:
        there = partnership.find_in_channel(session, call.told_of)
        if there is not None:
            channel.hear_again(session, there.id, call.now)

    await call.run(note)


async def on_id_changed(call: Call) -> None:
    """Follow a channel to its new id, with all its records."""
    old, new = str(call.event["old_channel_id"]), str(call.event["new_channel_id"])
    await call.run(lambda session: channel.follow(session, old, new, call.now))


async def on_unshared(call: Call) -> None:
    """Say nothing more where one of the two companies cannot read it; somebody is told."""
    channel_id, team = call.told_of, str(call.event.get("previously_connected_team_id") or "")
    shared = call.event.get("is_ext_shared", True)
    await call.run(lambda session: channel.disconnect(session, channel_id, team, call.now, shared=bool(shared)))


async def on_shared(call: Call) -> None:
    """Say what waited, where it was the company of this partnership that was cut off."""
    channel_id, team = call.told_of, str(call.event.get("connected_team_id") or "")
    await call.run(lambda session: channel.connect(session, channel_id, team, call.now))


SILENT = {
    "channel_archive": "is_archived",
    "group_archive": "is_archived",
    "channel_deleted": "channel_not_found",
    "group_deleted": "channel_not_found",
}
LISTENERS = Listeners(
    events={
        **dict.fromkeys(SILENT, on_silent),
        **dict.fromkeys(("channel_unarchive", "group_unarchive"), on_back),
        "channel_shared": on_shared,
        "channel_unshared": on_unshared,
        "channel_id_changed": on_id_changed,
    }
)
