"""What one person's screen shows, as the page asks for it."""

from typing import TYPE_CHECKING

from sandbox import elements
from sandbox.cast import Person, Team
from sandbox.elements import Json
from sandbox.files import shown as shown_file
from sandbox.installations import Installation
from sandbox.world import SLACKBOT, Channel, Message, View, World

if TYPE_CHECKING:
    from sandbox.server import Sandbox

_HOOD = 30


def screen(box: "Sandbox", user_id: str, place: str, thread: str | None) -> Json:
    """Return everything the person's screen shows; an empty or closed place falls back to the person's first.

    KeyError for an unknown person.
    """
    world = box.world
    me = world.cast.person(user_id) if user_id else world.cast.people[0]
    places = _places(world, me)
    if place not in [one["id"] for one in places]:
        place = places[0]["id"] if places else "home"
    seen = [] if place == "home" else world.visible(me.id, place)
    has_app = world.has_app(me)
    home = world.homes.get(me.id) if place == "home" and has_app else None
    return {
        "version": world.version,
        "now": box.now().isoformat().replace("+00:00", "Z"),
        "me": me.id,
        "in": place,
        "teams": [_team(world, team) for team in world.cast.teams],
        "people": _people(world),
        "app": {"name": world.manifest.name, "bot_name": world.manifest.bot_name, "install_url": box.install_url},
        "places": places,
        "commands": world.manifest.commands if has_app else [],
        "shortcuts": world.manifest.shortcuts if has_app else [],
        "messages": [_message(world, m) for m in seen if not m.is_reply],
        "thread": _thread(world, seen, thread) if thread else None,
        "pins": world.pins.get(place, []),
        "home": _view(home) if home else None,
        "modals": [_view(view) for view in world.stacks[me.id]],
        "phone": world.phones[me.id].shown(),
        "requests": _requests(box),
        "calls": _calls(box),
    }


def _thread(world: World, seen: list[Message], ts: str) -> Json:
    return {"ts": ts, "messages": [_message(world, m) for m in seen if ts in (m.ts, m.thread_ts)]}


def _people(world: World) -> list[Json]:
    people = [
        {"id": p.id, "name": p.name, "title": p.title, "team": p.team, "tz": p.tz, "guest": p.guest, "bot": False}
        | {"deactivated": p.id in world.deactivated}
        for p in world.cast.people
    ]
    return [*people, *(_bot(world, one) for one in world.installations)]


def _bot(world: World, one: Installation) -> Json:
    bot = {"id": one.user, "name": world.manifest.bot_name, "title": "", "tz": "UTC"}
    return {**bot, "team": one.workspace.id, "guest": False, "bot": True, "deactivated": False}


def _team(world: World, team: Team) -> Json:
    """Return a team with who has the app: its own id, its organisation's, or nobody."""
    used, enterprise = world.installations.of_team(team.id), world.cast.enterprise_of(team.id)
    by = {"installed": used is not None, "installer": used.id if used else None}
    return {"id": team.id, "name": team.name, "enterprise": enterprise.name if enterprise else None, **by}


def _places(world: World, me: Person) -> list[Json]:
    once = {room.id for room in world.cast.rooms if me.id in room.members}
    rooms = [c for c in world.channels.values() if not c.partner and (me.id in c.members or c.id in once)]
    places = [_place(world, me, room, "channel", room.name) for room in rooms]
    knowing = [one for one in world.installations.live if world.knows(me, one)]
    for one in knowing:
        whose = f" ({one.name})" if len(knowing) > 1 else ""
        places.append(_place(world, me, world.dm(me.id, one), "dm", world.manifest.bot_name + whose))
    if world.has_app(me) and world.manifest.has_home:
        home = {"id": "home", "kind": "home", "name": world.manifest.name, "unread": 0}
        places.append({**home, "shared": False, "private": False, "archived": False})
    return places


def _place(world: World, me: Person, where: Channel, kind: str, name: str) -> Json:
    read = world.read_up_to.get((me.id, where.id), "0")
    new = [m for m in world.visible(me.id, where.id) if m.ts > read and m.user != me.id]
    place = {"id": where.id, "kind": kind, "name": name, "unread": len(new)}
    place |= {"member": me.id in where.members, "archived": where.archived, "teams": world.teams_in(where)}
    place |= {"disconnected": bool(where.away), "away": me.id in where.away}
    bot = world.installations.of_team(me.team)
    place["bot_outside"] = kind == "channel" and bot is not None and bot.user not in where.members
    return place | {"shared": where.shared, "host": where.host, "private": where.private, "topic": where.topic}


def _message(world: World, message: Message) -> Json:
    people = {p.id: p.team for p in world.cast.people}
    return {
        "ts": message.ts,
        "user": message.user,
        "name": world.names.get(message.user, message.user),
        "team": people.get(message.user) or _bots_team(world, message.user),
        "text": message.text,
        "blocks": message.blocks,
        "ephemeral": message.ephemeral,
        "edited": message.edited is not None,
        "thread_ts": message.thread_ts,
        "reply_count": len(world.replies(message)),
        "pinned": message.ts in world.pins.get(message.channel, []),
        "at": float(message.ts),
        "files": [shown_file(file) for file in message.files],
        "reactions": [{"name": n, "users": u, "count": len(u)} for n, u in message.reactions.items()],
        "is_bot": message.is_bot,
        "slackbot": message.user == SLACKBOT,
        "attachments": message.attachments,
    }


def _bots_team(world: World, user: str) -> str:
    return world.team_of(user) if user != SLACKBOT else world.cast.home.id


def _view(view: View) -> Json:
    ids = {"id": view.id, "hash": view.hash, "type": view.body["type"], "state": view.state}
    parts = {key: view.body.get(key) for key in ("title", "submit", "close", "callback_id")}
    has_inputs = any(elements.in_blocks(view.blocks))
    shown = {"blocks": view.blocks, "errors": view.errors, "trouble": view.trouble}
    return {**ids, **parts, **shown, "interactive": has_inputs}


def _requests(box: "Sandbox") -> list[Json]:
    return [
        {
            "at": d.at.isoformat(),
            "kind": d.kind,
            "what": d.what,
            "status": d.status,
            "milliseconds": d.milliseconds,
            "error": d.error,
        }
        for d in box.line.deliveries[-_HOOD:]
    ]


def _calls(box: "Sandbox") -> list[Json]:
    return [
        {"at": c.at.isoformat(), "method": c.method, "ok": c.answer["ok"], "error": c.answer.get("error")}
        for c in box.calls[-_HOOD:]
    ]
