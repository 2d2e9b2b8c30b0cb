"""People who join and leave the channel or Slack: their rights come and go with them."""

from sqlmodel import Session

from handlers import profiles
from handlers.call import Call
from handlers.listeners import Listeners
from quality import channel, roster
from quality.refusal import Refusal
from storage import partnership, person


async def on_joined(call: Call) -> None:
    """Put a colleague who joins the channel on the roster; strangers and guests stay off it."""
    call.channel_id = call.event["channel"]
    if call.identity.user_id == call.installation.user_id:
        await call.run(lambda session: _heard_again(session, call))
        return
    if await call.run(lambda session: _back(session, call)):
        return
    try:
        await call.look(lambda _session, actor: actor)
    except Refusal:
        return  # not set up, a stranger, or a guest: told when they act


def _heard_again(session: Session, call: Call) -> None:
    """Say what waits, for the bot itself is in the channel again."""
    there = partnership.find_in_channel(session, call.channel_id or "")
    if there is not None:
        channel.hear_again(session, there.id, call.now)


def _back(session: Session, call: Call) -> bool:
    """Put back who left and came again."""
    there = partnership.find_in_channel(session, call.channel_id or "")
    if there is None:
        return False
    who = person.find(session, there.id, call.identity.team_id, call.identity.user_id)
    if who is None or who.active or who.left_at is None:
        return False
    roster.come_back(session, who, call.now)
    return True


async def on_left(call: Call) -> None:
    """Take who leaves the channel off the roster at once, and offer their open work."""
    channel_id = call.event["channel"]

    def leave(session: Session) -> None:
        there = partnership.find_in_channel(session, channel_id)
        for who in person.list_of_user(session, call.identity.user_id) if there else []:
            if there is not None and who.partnership_id == there.id:
                roster.leave(session, there.id, who.id, "left the channel", call.now)

    await call.run(leave)


async def on_user_changed(call: Call) -> None:
    """Take who was deactivated in Slack off every roster; keep up with a new name or time zone of the others."""
    user = call.event.get("user") or {}

    def follow(session: Session) -> None:
        told = profiles.profile(user) if user.get("team_id") else None
        teams = {told.identity.team_id, *told.teams} if told else set()
        for who in person.list_of_user_in(session, str(user.get("id") or ""), teams):
            if user.get("deleted"):
                roster.leave(session, who.partnership_id, who.id, "deactivated in Slack", call.now)
            elif user.get("tz"):
                roster.follow_profile(session, who, profiles.profile(user, who.team_id), call.now)

    await call.run(follow)


LISTENERS = Listeners(
    events={"member_joined_channel": on_joined, "member_left_channel": on_left, "user_change": on_user_changed}
)
