"""auth.*, users.*, team.* and bots.*: who is who."""

from sandbox import wire
from sandbox.api.registry import Call, Refused, method
from sandbox.elements import Json


@method("auth.test")
def auth_test(call: Call) -> Json:
    """Say whose token this is."""
    home, app = call.world.cast.home, call.world.cast.app
    return {
        "url": call.base_url,
        "team": home.name,
        "user": call.world.manifest.bot_name.lower(),
        "team_id": home.id,
        "user_id": app.user,
        "bot_id": app.bot,
        "is_enterprise_install": False,
    }


@method("users.info", "users:read")
def users_info(call: Call) -> Json:
    """Describe a person or the app's own user."""
    if call.get("user") == call.world.cast.app.user:
        return {"user": wire.bot_profile(call.world)}
    return {"user": wire.person(call.world, call.person())}


@method("users.list", "users:read")
def users_list(call: Call) -> Json:
    """List the people the app may know."""
    world = call.world
    people = [wire.person(world, person) for person in world.cast.people if world.knows(person)]
    page, metadata = call.page([*people, wire.bot_profile(world)])
    return {"members": page, "cache_ts": int(world.clock.now().timestamp()), "response_metadata": metadata}


@method("team.info", "team:read")
def team_info(call: Call) -> Json:
    """Describe the app's own team or one it shares a channel with."""
    cast = call.world.cast
    wanted = call.get("team") or cast.home.id
    known = {cast.home.id} | {person.team for person in cast.people if call.world.knows(person)}
    if wanted not in known:
        raise Refused("team_not_found")
    team = cast.team(wanted)
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {}}}


@method("bots.info", "users:read")
def bots_info(call: Call) -> Json:
    """Describe the app's bot."""
    app, manifest = call.world.cast.app, call.world.manifest
    if call.get("bot", app.bot) != app.bot:
        raise Refused("bot_not_found")
    bot = {"id": app.bot, "deleted": False, "name": manifest.bot_name, "app_id": app.app, "user_id": app.user}
    return {"bot": bot}
