"""People who join and leave the channel or Slack: their rights come and go with them."""

from collections.abc import Callable

from sqlmodel import Session

from handlers import profiles
from handlers.call import Call
from handlers.listeners import Listeners
from quality import channel, roster
from quality.refusal import Refusal
from storage import partnership, person
from storage.person import Person


async def on_joined(call: Call) -> None:
    """Put a colleague who joins the channel on the roster; strangers and guests stay off it."""
    call.channel_id = call.told_of
    if call.identity.user_id == call.installation.user_id:
        await call.run(lambda session: _heard_again(session, call))
        return
    await _back(call)
    try:
        actor = await call.look(lambda _session, actor: actor)
    except Refusal:
        return  # not set up, a stranger, or a guest: told when they act
    if actor.partnership.muted_because == channel.NOT_SHARED:
        await call.do(channel.hear_returned)


def _heard_again(session: Session, call: Call) -> None:
    """Say what waits, for the bot itself is in the channel again."""
    there = partnership.find_in_channel(session, call.channel_id or "")
    if there is not None and there.home_team_id == call.installation.team_id:
        channel.hear_again(session, there.id, call.now)


async def _back(call: Call) -> None:
    """Put back who left and came again."""

    def known(session: Session) -> Person | None:
        there = partnership.find_in_channel(session, call.channel_id or "")
        found = person.find_user(session, there.id, call.identity.user_id) if there is not None else None
        return found if found is not None and not found.active and found.left_at is not None else None

    who = await call.desk.database.read(known)
    if who is None:
        return
    try:
        profile = await profiles.fetch(call.slack, call.identity)
    except Refusal as refusal:
        if refusal.__cause__ is None:
            return  # an app, or an account that was closed
        raise LookupError("Slack did not say who came back") from refusal  # so it tells the event once more
    await call.run(lambda session: roster.come_back(session, who.partnership_id, who.id, profile, call.now))
    call.desk.changed(who.partnership_id)


async def on_left(call: Call) -> None:
    """Take who leaves the channel off the roster at once, and offer their open work."""
    channel_id = call.told_of

    def leave(session: Session) -> list[int]:
        there = partnership.find_in_channel(session, channel_id)
        if there is None:
            return []
        for who in person.list_of_user(session, call.identity.user_id):
            if who.partnership_id == there.id:
                roster.leave(session, there.id, who.id, "left the channel", call.now)
        return [there.id]

    await _changing(call, leave)


async def on_user_changed(call: Call) -> None:
    """Take who was deactivated in Slack off every roster; keep up with a new name or time zone of the others."""
    user = call.event.get("user") or {}

    def follow(session: Session) -> list[int]:
        rows = person.list_of_user(session, str(user.get("id") or ""))  # an id is one person's in all of Slack
        for who in rows:
            if user.get("deleted"):
                roster.leave(session, who.partnership_id, who.id, "deactivated in Slack", call.now)
            elif user.get("tz"):
                roster.follow_profile(session, who, profiles.profile(user, who.team_id), call.now)
        return [who.partnership_id for who in rows]

    await _changing(call, follow)


async def _changing(call: Call, use_case: Callable[[Session], list[int]]) -> None:
    """Run a use case that says which partnerships it changed: their people's Homes follow."""
    for partnership_id in await call.run(use_case):
        call.desk.changed(partnership_id)


LISTENERS = Listeners(
    events={"member_joined_channel": on_joined, "member_left_channel": on_left, "user_change": on_user_changed}
)
