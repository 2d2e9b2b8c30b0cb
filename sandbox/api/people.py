"""users.*, team.* and bots.*: who is who, as far as an installation may know them."""

from sandbox import profiles
from sandbox.api.registry import Call, method
from sandbox.elements import Json
from sandbox.installations import Installation
from sandbox.refused import Refused


@method("users.info", "users:read")
def users_info(call: Call) -> Json:
    """Describe a person or a bot of the app."""
    if bot := _bot(call, str(call.get("user"))):
        return {"user": profiles.bot_profile(call.world, bot)}
    return {"user": profiles.person(call.world, call.person(), call.installation)}


def _bot(call: Call, user: str) -> Installation | None:
    """Return the installation whose bot this is: the caller's, or another that is in a channel with it."""
    bot, own = call.world.installations.by_user(user), call.installation
    rooms = [channel.members for channel in call.world.channels.values() if own.user in channel.members]
    return bot if bot is own or any(user in members for members in rooms) else None


@method("users.list", "users:read")
def users_list(call: Call) -> Json:
    """List the people the app may know."""
    world, own = call.world, call.installation
    people = [profiles.person(world, person, own) for person in world.cast.people if world.knows(person, own)]
    page, metadata = call.page([*people, profiles.bot_profile(world, own)])
    return {"members": page, "cache_ts": int(world.clock.now().timestamp()), "response_metadata": metadata}


@method("team.info", "team:read")
def team_info(call: Call) -> Json:
    """Describe the installation's own team or one it shares a channel with, by the id it is shown under."""
    cast, own = call.world.cast, call.installation
    known = {team.id: team.id for team in own.teams}
    if own.enterprise:
        known[own.enterprise] = own.workspace.id
    for person in cast.people:
        if call.world.knows(person, own):
            known[cast.shown_team(person.team, own.id)] = person.team
    wanted = str(call.get("team") or own.workspace.id)
    if wanted not in known:
        raise Refused("team_not_found")
    return {"team": _team(call, wanted, known[wanted])}


def _team(call: Call, wanted: str, team_id: str) -> Json:
    """Return a team; asked for by the organisation's id it has the organisation's name (no source says which)."""
    team, enterprise = call.world.cast.team(team_id), call.world.cast.enterprise_of(team_id)
    shown: Json = {"id": wanted, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {}}
    if enterprise is None:
        return shown
    shown |= {"enterprise_id": enterprise.id, "enterprise_name": enterprise.name}
    return shown | ({"name": enterprise.name} if wanted == enterprise.id else {})


@method("bots.info", "users:read")
def bots_info(call: Call) -> Json:
    """Describe the installation's bot."""
    own, manifest = call.installation, call.world.manifest
    if call.get("bot", own.bot) != own.bot:
        raise Refused("bot_not_found")
    app_id = call.world.cast.app.app
    return {"bot": {"id": own.bot, "deleted": False, "name": manifest.bot_name, "app_id": app_id, "user_id": own.user}}
