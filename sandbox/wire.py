"""The shapes Slack's side puts on the wire: objects in answers, payloads in requests; built here, sent elsewhere."""

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.cast import Person
from sandbox.elements import CHOSEN, Json
from sandbox.world import Channel, Message, View, World

TOKEN = "sandbox-verification-token"  # noqa: S105 -- Slack's deprecated field; apps must not use it


def message(world: World, sent: Message, *, metadata: bool = True) -> Json:
    """Return a message as answers and payloads show it."""
    shape: Json = {"type": "message", "user": sent.user, "ts": sent.ts, "text": sent.text}
    if sent.is_bot:
        shape |= {"bot_id": world.cast.app.bot, "app_id": world.cast.app.app, "team": world.cast.home.id}
    elif sent.user in world.stacks:
        shape["team"] = world.cast.person(sent.user).team
    for key in ("blocks", "attachments", "files", "thread_ts"):
        if value := getattr(sent, key):
            shape[key] = value
    if sent.edited:
        shape["edited"] = {"user": sent.user, "ts": sent.edited}
    if sent.metadata and metadata:
        shape["metadata"] = sent.metadata
    if sent.reactions:
        shape["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in sent.reactions.items()]
    return shape | _thread_summary(world, sent)


def _thread_summary(world: World, parent: Message) -> Json:
    replies = world.replies(parent)
    if not replies:
        return {}
    return {"thread_ts": parent.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}


def channel(world: World, place: Channel) -> Json:
    """Return a channel as conversations.* describes it."""
    if place.partner:
        gone = place.partner in world.deactivated
        return {"id": place.id, "is_im": True, "user": place.partner, "is_user_deleted": gone}
    teams = world.teams_in(place)
    return {
        "id": place.id,
        "name": place.name,
        "is_channel": not place.private,
        "is_group": place.private,
        "is_im": False,
        "is_private": place.private,
        "is_archived": place.archived,
        "is_member": world.cast.app.user in place.members,
        "is_shared": place.shared,
        "is_ext_shared": place.shared,
        "is_org_shared": False,
        "context_team_id": world.cast.home.id,
        "conversation_host_id": world.cast.home.id,
        "shared_team_ids": teams,
        "connected_team_ids": [team for team in teams if team != world.cast.home.id],
        "topic": {"value": place.topic},
        "purpose": {"value": ""},
    }


def person(world: World, who: Person) -> Json:
    """Return a person as users.info describes them; of those without an account Slack says less."""
    known: Json = {
        "id": who.id,
        "team_id": who.team,
        "name": who.username,
        "deleted": who.id in world.deactivated,
        "profile": {
            "title": who.title,
            "real_name": who.name,
            "display_name": who.name.split()[0],
            "team": who.team,
        },
        "is_bot": False,
        "is_app_user": False,
        "is_stranger": not world.knows(who),
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
        "is_ultra_restricted": who.guest,
    }


def bot_profile(world: World) -> Json:
    """Return the app's own user as users.info describes it."""
    app, name = world.cast.app, world.manifest.bot_name
    return {
        "id": app.user,
        "team_id": world.cast.home.id,
        "name": name.lower(),
        "real_name": name,
        "deleted": False,
        "tz": "America/Los_Angeles",
        "profile": {"real_name": name, "display_name": name, "bot_id": app.bot, "api_app_id": app.app},
        "is_bot": True,
        "is_restricted": False,
        "is_ultra_restricted": False,
    }


def view(world: World, shown: View) -> Json:
    """Return a view with its state, as answers and payloads show it."""
    empty = {"private_metadata": "", "callback_id": "", "external_id": "", "title": None, "submit": None}
    return {
        **empty,
        "close": None,
        "clear_on_close": False,
        "notify_on_close": False,
        **shown.body,
        "id": shown.id,
        "team_id": world.cast.person(shown.person).team,
        "state": {"values": shown.state},
        "hash": shown.hash,
        "root_view_id": shown.root_id,
        "previous_view_id": shown.previous_id,
        "app_id": world.cast.app.app,
        "app_installed_team_id": world.cast.home.id,
        "bot_id": world.cast.app.bot,
    }


def command(world: World, who: Person, where: Channel, name: str, text: str, response_url: str) -> Json:
    """Return the form of a slash command."""
    team = world.cast.team(who.team)
    names = {"im": "directmessage", "groups": "privategroup"}
    return {
        "token": TOKEN,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": where.id,
        "channel_name": names.get(where.kind, where.name),
        "user_id": who.id,
        "user_name": who.username,
        "command": name,
        "text": text,
        "api_app_id": world.cast.app.app,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": world.new_trigger(who.id),
    }


def interaction(world: World, kind: str, who: Person, team_id: str, **more: object) -> Json:
    """Return what all interactive payloads have in common; `team_id` is the outer `team`."""
    team = world.cast.team(team_id)
    user = {"id": who.id, "username": who.username, "name": who.username, "team_id": who.team}
    return {
        "type": kind,
        "team": {"id": team.id, "domain": team.domain},
        "user": user,
        "api_app_id": world.cast.app.app,
        "token": TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
        **more,
    }


def on_message(world: World, sent: Message, response_url: str) -> Json:
    """Return the part of a block_actions payload that says which message it was; ephemeral ones are not shown."""
    container: Json = {
        "type": "message",
        "message_ts": sent.ts,
        "channel_id": sent.channel,
        "is_ephemeral": sent.ephemeral,
    }
    if sent.thread_ts:
        container["thread_ts"] = sent.thread_ts
    shape: Json = {"container": container, "channel": channel_name(world, sent.channel)}
    if not sent.ephemeral:
        shape["message"] = message(world, sent)
    return shape | {"response_url": response_url, "state": {"values": {}}}


def on_view(world: World, shown: View) -> Json:
    """Return the part of a block_actions payload that says which view it was."""
    return {"container": {"type": "view", "view_id": shown.id}, "view": view(world, shown)}


def channel_name(world: World, channel_id: str) -> Json:
    """Return a channel as interactive payloads name it."""
    where = world.channels[channel_id]
    names = {"im": "directmessage", "groups": "privategroup"}
    return {"id": channel_id, "name": names.get(where.kind, where.name)}


def action(element: Json, block_id: str, chosen: Json, action_ts: str) -> Json:
    """Return the entry of `actions` for what was done with an element."""
    shape: Json = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id}
    field = CHOSEN.get(element["type"])
    if field:
        shape[field] = chosen.get(field)
    for key in ("text", "value", "style", "placeholder", "confirm"):
        if key in element:
            shape.setdefault(key, element[key])
    return shape | {"action_ts": action_ts}


def event(world: World, inner: Json, where: Channel | None = None) -> Json:
    """Return the envelope of an event."""
    home, app = world.cast.home.id, world.cast.app
    authorization = {"enterprise_id": None, "team_id": home, "user_id": app.user}
    return {
        "token": TOKEN,
        "team_id": home,
        "context_team_id": home,
        "context_enterprise_id": None,
        "api_app_id": app.app,
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev0" + secrets.token_hex(4).upper(),
        "event_time": int(world.clock.now().timestamp()),
        "authorizations": [{**authorization, "is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": bool(where and where.shared),
        "event_context": "4-" + secrets.token_hex(12),
    }


def message_event(world: World, sent: Message, who: Person, where: Channel) -> Json:
    """Return the inner event of a message somebody wrote; `user_team` is the writer's own."""
    kinds = {"channels": "channel", "groups": "group", "im": "im"}
    teams = {"team": world.cast.home.id, "user_team": who.team, "source_team": who.team}
    return {
        **message(world, sent),
        **teams,
        "client_msg_id": secrets.token_hex(16),
        "channel": sent.channel,
        "event_ts": sent.ts,
        "channel_type": kinds[where.kind],
    }
