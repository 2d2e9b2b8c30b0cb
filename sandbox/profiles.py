"""People, bots and channels as the Web API describes them to one installation; the rest of the shapes is in `wire`."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.cast import Person
from sandbox.elements import Json
from sandbox.installations import Installation
from sandbox.world import Channel, World


def channel(world: World, place: Channel, seen_by: Installation) -> Json:
    """Return a channel as conversations.* describes it to an installation."""
    if place.partner:
        gone = place.partner in world.deactivated
        return {"id": place.id, "is_im": True, "user": place.partner, "is_user_deleted": gone}
    own = [team.id for team in seen_by.teams]
    teams = {team: world.cast.shown_team(team, seen_by.id) for team in world.teams_in(place)}
    return {
        "id": place.id,
        "name": place.name,
        "is_channel": not place.private,
        "is_group": place.private,
        "is_im": False,
        "is_private": place.private,
        "is_archived": place.archived,
        "is_member": seen_by.user in place.members,
        "is_shared": place.shared,
        "is_ext_shared": place.shared,
        "is_org_shared": False,
        "context_team_id": seen_by.workspace.id,
        "conversation_host_id": world.cast.shown_team(place.host, seen_by.id),
        "shared_team_ids": list(teams.values()),
        "connected_team_ids": [shown for team, shown in teams.items() if team not in own],
        "topic": {"value": place.topic},
        "purpose": {"value": ""},
    }


def person(world: World, who: Person, seen_by: Installation) -> Json:
    """Return a person as users.info describes them to an installation; of those without an account Slack says less."""
    team = world.cast.shown_team(who.team, seen_by.id)
    known: Json = {
        "id": who.id,
        "team_id": team,
        "name": who.username,
        "deleted": who.id in world.deactivated,
        "profile": {
            "title": who.title,
            "real_name": who.name,
            "display_name": who.name.split()[0],
            "team": team,
        },
        "is_bot": False,
        "is_app_user": False,
        "is_stranger": not world.knows(who, seen_by),
    }
    if enterprise := world.cast.enterprise_of(who.team):
        known["enterprise_user"] = {
            "id": who.id,
            "enterprise_id": enterprise.id,
            "enterprise_name": enterprise.name,
            "is_admin": False,
            "is_owner": False,
            "teams": [who.team],
        }
    return known if known["deleted"] else known | _account(who)


def _account(who: Person) -> Json:
    zone = datetime.now(ZoneInfo(who.tz))
    offset = zone.utcoffset()
    return {
        "real_name": who.name,
        "tz": who.tz,
        "tz_label": zone.tzname(),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": who.guest,
        "is_ultra_restricted": who.guest and not who.many_channels,
    }


def bot_profile(world: World, bot: Installation) -> Json:
    """Return the user of an installation's bot as users.info describes it."""
    name = world.manifest.bot_name
    return {
        "id": bot.user,
        "team_id": bot.workspace.id,
        "name": name.lower(),
        "real_name": name,
        "deleted": not bot.live,
        "tz": "America/Los_Angeles",
        "profile": {
            "real_name": name,
            "display_name": name,
            "bot_id": bot.bot,
            "api_app_id": world.cast.app.app,
        },
        "is_bot": True,
        "is_restricted": False,
        "is_ultra_restricted": False,
    }
