"""The shapes Slack's side puts on the wire: objects in answers, payloads in requests; built here, sent elsewhere."""

import secrets

from sandbox.cast import Person, Team
from sandbox.elements import CHOSEN, Json
from sandbox.installations import Installation
from sandbox.world import Channel, Message, View, World

TOKEN = "sandbox-verification-token"  # noqa: S105 -- Slack's deprecated field; apps must not use it


def message(world: World, sent: Message, *, metadata: bool = True) -> Json:
    """Return a message as answers and payloads show it."""
    shape: Json = {"type": "message", "user": sent.user, "ts": sent.ts, "text": sent.text}
    if author := world.installations.by_user(sent.user):
        shape |= {"bot_id": author.bot, "app_id": world.cast.app.app, "team": author.workspace.id}
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
        # Of an org-wide installation no source says which id this is; Bolt reads it as a workspace's.
        "app_installed_team_id": shown.installation.workspace.id,
        "bot_id": shown.installation.bot,
    }


def command(world: World, who: Person, where: Channel, name: str, text: str, response_url: str) -> Json:
    """Return the form of a slash command, which goes to the installation of the person's own company."""
    team, enterprise = world.cast.team(who.team), world.cast.enterprise_of(who.team)
    used = world.installations.of_team(who.team) or world.installations.home
    names = {"im": "directmessage", "groups": "privategroup"}
    grid = {"enterprise_id": enterprise.id, "enterprise_name": enterprise.name} if enterprise else {}
    return {
        "token": TOKEN,
        "team_id": team.id,
        "team_domain": team.domain,
        **grid,
        "channel_id": where.id,
        "channel_name": names.get(where.kind, where.name),
        "user_id": who.id,
        "user_name": who.username,
        "command": name,
        "text": text,
        "api_app_id": world.cast.app.app,
        "is_enterprise_install": str(used.org_wide).lower(),
        "response_url": response_url,
        "trigger_id": world.new_trigger(who.id, installation=used),
    }


def interaction(
    world: World, kind: str, who: Person, team_id: str, installation: Installation | None = None, **more: object
) -> Json:
    """Return what all interactive payloads have in common; `team_id` is the outer `team`."""
    told = installation or world.installations.home
    shown = world.cast.shown_team(who.team, told.id)
    return {
        "type": kind,
        "team": _team(world, who, team_id, told),
        "user": {"id": who.id, "username": who.username, "name": who.username, "team_id": shown},
        "api_app_id": world.cast.app.app,
        "token": TOKEN,
        "enterprise": _enterprise(world, who, told),
        "is_enterprise_install": told.org_wide,
        **more,
    }


def _team(world: World, who: Person, team_id: str, told: Installation) -> Json | None:
    """Return the outer `team`; with org-wide installations it can be null, Bolt notes: here for their own people."""
    if told.org_wide and world.is_own(who, told):
        return None
    team, enterprise = world.cast.team(team_id), world.cast.enterprise_of(team_id)
    grid = {"enterprise_id": enterprise.id, "enterprise_name": enterprise.name} if enterprise else {}
    return {"id": team.id, "domain": team.domain, **grid}


def _enterprise(world: World, who: Person, told: Installation) -> Json | None:
    """Return the person's organisation, else the installation's."""
    # No source says whose it is when one side is on Grid and the other is not: here the person's goes first.
    own = world.cast.enterprise_of(who.team)
    if own is None and told.enterprise:
        own = world.cast.enterprise(told.enterprise)
    return {"id": own.id, "name": own.name} if own else None


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


def event(world: World, inner: Json, where: Channel | None = None, told: Installation | None = None) -> Json:
    """Return the envelope of an event for the one installation that is told of it."""
    to = told or world.installations.home
    team = _told_team(world, to, where)
    authorization = {"enterprise_id": to.enterprise, "team_id": team.id, "user_id": to.user}
    return {
        "token": TOKEN,
        "team_id": team.id,
        **({"enterprise_id": to.enterprise} if to.enterprise else {}),
        "context_team_id": team.id,
        "context_enterprise_id": to.enterprise,
        "api_app_id": world.cast.app.app,
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev0" + secrets.token_hex(4).upper(),
        "event_time": int(world.clock.now().timestamp()),
        "authorizations": [{**authorization, "is_bot": True, "is_enterprise_install": to.org_wide}],
        "is_ext_shared_channel": bool(where and where.shared),
        "event_context": "4-" + secrets.token_hex(12),
    }


def _told_team(world: World, told: Installation, where: Channel | None) -> Team:
    """Return the workspace an event names: of an organisation's the first that is in the channel."""
    inside = world.teams_in(where) if where else []
    return next((team for team in told.teams if team.id in inside), told.workspace)


def goodbye(world: World, inner: Json, gone: Installation) -> Json:
    """Return the envelope of an event about an installation that is no more: nothing authorizes it."""
    # Slack's pages show team_id alone; of an organisation's installation no source says what stands there.
    envelope = event(world, inner, told=gone)
    del envelope["authorizations"]
    return envelope


def message_event(world: World, sent: Message, who: Person, where: Channel, told: Installation) -> Json:
    """Return the inner event of a message somebody wrote; `user_team` is the writer's own."""
    kinds = {"channels": "channel", "groups": "group", "im": "im"}
    theirs = world.cast.shown_team(who.team, told.id)
    teams = {"team": _told_team(world, told, where).id, "user_team": theirs, "source_team": theirs}
    return {
        **message(world, sent),
        **teams,
        "client_msg_id": secrets.token_hex(16),
        "channel": sent.channel,
        "event_ts": sent.ts,
        "channel_type": kinds[where.kind],
    }
