"""The page's side: static files, the state of a screen, acts, and word of every change."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox import authorize_page
from sandbox.acts import CannotDo
from sandbox.edits import Edits
from sandbox.elements import Json
from sandbox.files import new_file, shown
from sandbox.line import NotAcknowledged
from sandbox.refused import Refused
from sandbox.screen import screen
from sandbox.world import Message, View

if TYPE_CHECKING:
    from sandbox.server import Sandbox

_PAGE = Path(__file__).parent / "page"
_SAFE = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign Host headers (DNS rebinding) and foreign origins (cross-site requests)."""
    hosts = {f"{name}:{_port(request)}" for name in ("127.0.0.1", "localhost", "[::1]")}
    if request.host not in hosts:
        raise web.HTTPForbidden(text="wrong Host")
    origin = request.headers.get("Origin")
    if origin is not None and origin not in {f"http://{host}" for host in hosts}:
        raise web.HTTPForbidden(text="wrong Origin")
    return await handler(request)


def _port(request: web.Request) -> int:
    name = request.transport and request.transport.get_extra_info("sockname")
    return int(name[1]) if name else 0


class PageApi:
    """Serves the page and lets it act; only for browsers on this machine that came from this page."""

    def __init__(self, box: "Sandbox") -> None:
        self._box = box
        self._edits = Edits(box.world, box.acts)
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """Return what the page asks for."""
        return [
            web.get("/", self._index),
            web.get("/oauth/v2/authorize", self._authorize_page),
            web.get("/archives/{channel}/{message}", self._permalink),
            web.get("/page/state", self._state),
            web.get("/page/changes", self._changes),
            web.post("/page/act", self._act),
            web.get("/page/{file:[^/]+}", self._file),
        ]

    def close(self) -> None:
        """End the streams of changes."""
        self._closed = True
        self._box.world.changed()

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGE / "index.html", headers=_SAFE)

    async def _authorize_page(self, request: web.Request) -> web.StreamResponse:
        return authorize_page.show(self._box.oauth, request, _SAFE)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["file"]
        file = _PAGE / name
        if name != Path(name).name or not file.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(file, headers=_SAFE)

    async def _permalink(self, request: web.Request) -> web.StreamResponse:
        digits = request.match_info["message"].lstrip("p")
        raise web.HTTPFound(f"/#/{request.match_info['channel']}/{digits[:-6]}.{digits[-6:]}")

    async def _state(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        try:
            seen = screen(self._box, query.get("as", ""), query.get("in", ""), query.get("thread"))
        except KeyError:
            raise web.HTTPNotFound(text="no such person") from None
        return web.json_response(seen, headers=_SAFE)

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        changed = asyncio.Event()
        self._box.world.watch(changed)
        try:
            while not self._closed:
                changed.clear()
                data = json.dumps({"version": self._box.world.version})
                await stream.write(f"data: {data}\n\n".encode())
                await changed.wait()
        except ConnectionError:
            pass
        finally:
            self._box.world.unwatch(changed)
        return stream

    async def _act(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text="JSON only")
        try:
            answer = await self._do(await request.json())
        except NotAcknowledged as failure:
            answer = {"ok": False, "error": f"The app did not acknowledge: {failure.error}"}
        except (CannotDo, ValueError, Refused) as refused:
            answer = {"ok": False, "error": str(refused)}
        except (KeyError, TypeError) as wrong:
            answer = {"ok": False, "error": f"The sandbox did not understand: {wrong!r}"}
        return web.json_response({"ok": True, **answer}, headers=_SAFE)

    async def _do(self, act: Json) -> Json:
        steps = {
            "command": self._command,
            "say": self._say,
            "edit": self._edit,
            "delete": self._delete,
            "click": self._click,
            "suggest": self._suggest,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
            "shortcut": self._shortcut,
            "read": self._read,
            "clock": self._clock,
            "join": self._join,
            "leave": self._leave,
            "archive": self._archive,
            "unarchive": self._unarchive,
            "disconnect": self._disconnect,
            "connect": self._connect,
            "deactivate": self._deactivate,
            "reactivate": self._reactivate,
            "invite": self._invite,
            "install": self._install,
            "uninstall": self._uninstall,
            "consent": self._consent,
            "authorize": self._authorize,
            "add_key": self._add_key,
            "remove_key": self._remove_key,
        }
        return await steps[act["do"]](act) or {}

    def _person(self, act: Json) -> Any:
        return self._box.world.cast.person(act["as"])

    async def _command(self, act: Json) -> None:
        await self._box.acts.command(self._person(act), act["text"], act["in"])

    async def _say(self, act: Json) -> None:
        person = self._person(act)
        files = [self._uploaded(person.id, file) for file in act.get("files") or []]
        await self._box.acts.say(person, act["text"], act["in"], act.get("thread"), files=files)

    async def _edit(self, act: Json) -> None:
        await self._edits.edit(self._person(act), self._message(act), act["text"])

    async def _delete(self, act: Json) -> None:
        await self._edits.delete(self._person(act), self._message(act))

    def _message(self, act: Json) -> Message:
        message = self._box.world.find_message(act["in"], act["ts"])
        if message is None:
            raise CannotDo("That message is no longer there.")
        return message

    async def _click(self, act: Json) -> None:
        on = self._target(act)
        if isinstance(on, View):
            self._merge(on, act.get("state"))
        await self._box.acts.click(self._person(act), on, act["block_id"], act["action_id"], act)

    async def _suggest(self, act: Json) -> Json:
        ids = act["block_id"], act["action_id"], act.get("value", "")
        return await self._box.acts.suggest(self._person(act), self._target(act), *ids)

    async def _submit(self, act: Json) -> Json:
        view = self._view(act)
        self._merge(view, act.get("state"))
        return {"errors": await self._box.acts.submit(self._person(act), view)}

    async def _close(self, act: Json) -> None:
        await self._box.acts.close(self._person(act), self._view(act), everything=bool(act.get("all")))

    async def _home(self, act: Json) -> None:
        await self._box.acts.open_home(self._person(act))

    async def _shortcut(self, act: Json) -> None:
        message = self._box.world.find_message(act["in"], act["ts"]) if act.get("ts") else None
        await self._box.acts.shortcut(self._person(act), act["callback_id"], message, act["in"])

    async def _read(self, act: Json) -> None:
        key = (self._person(act).id, act["in"])
        seen = self._box.world.messages
        newest = max((m.ts for m in seen if m.channel == act["in"]), default="0")
        if self._box.world.read_up_to.get(key) != newest:
            self._box.world.read_up_to[key] = newest
            self._box.world.changed()

    async def _clock(self, act: Json) -> None:
        moment = act.get("to")
        now = self._box.now()
        to = datetime.fromisoformat(moment) if moment else now + timedelta(seconds=float(act["by"]))
        await self._box.move_clock(to=to)

    async def _join(self, act: Json) -> None:
        await self._box.acts.join(self._person(act), act["in"])

    async def _leave(self, act: Json) -> None:
        await self._box.acts.leave(self._person(act), act["in"])

    async def _archive(self, act: Json) -> None:
        await self._box.goings.archive(act["in"], self._person(act))

    async def _unarchive(self, act: Json) -> None:
        await self._box.goings.unarchive(act["in"], self._person(act))

    async def _disconnect(self, act: Json) -> None:
        """End the sharing as somebody of that company can: the owner's shows the others out, another's goes itself."""
        host, team = self._box.world.channels[act["in"]].host, self._person(act).team
        await self._box.goings.disconnect(act["in"], None if team == host else team)

    async def _connect(self, act: Json) -> None:
        await self._box.goings.connect(act["in"])

    async def _deactivate(self, act: Json) -> None:
        await self._box.goings.deactivate(self._person(act))

    async def _reactivate(self, act: Json) -> None:
        await self._box.goings.reactivate(self._person(act))

    async def _invite(self, act: Json) -> None:
        """Bring the bot of the person's own company into a channel."""
        used = self._box.world.installations.of_team(self._person(act).team)
        if used:
            await self._box.invite(used.user, act["in"])

    async def _install(self, act: Json) -> None:
        await self._box.install(self._person(act).team)

    async def _uninstall(self, act: Json) -> None:
        """Remove the app from whoever has installed it for the person's team, the team or its organisation."""
        team = self._person(act).team
        used = self._box.world.installations.of_team(team)
        await self._box.uninstall(used.id if used else team)

    async def _consent(self, act: Json) -> Json:
        return self._box.oauth.consent(self._person(act), act["query"])

    async def _authorize(self, act: Json) -> Json:
        return {"to": self._box.oauth.decide(self._person(act), act["query"], allow=act["allow"] is True)}

    async def _add_key(self, act: Json) -> None:
        self._box.world.phones[act["as"]].add(act["key"])

    async def _remove_key(self, act: Json) -> None:
        self._box.world.phones[act["as"]].remove(act["id"])

    def _target(self, act: Json) -> Message | View:
        if act.get("view"):
            return self._view(act)
        for message in self._box.world.visible(act["as"], act["in"]):
            if message.ts == act["ts"]:
                return message
        raise CannotDo("That message is no longer there.")

    def _view(self, act: Json) -> View:
        for view in self._box.world.open_views():
            if (view.id, view.person) == (act["view"], act["as"]):
                return view
        raise CannotDo("That modal is closed.")

    def _merge(self, view: View, state: Json | None) -> None:
        """Take over what the page says is typed, for the fields this view has."""
        for block_id, actions in (state or {}).items():
            for action_id, value in actions.items():
                if action_id in view.state.get(block_id, {}):
                    view.state[block_id][action_id] |= self._with_files(view.person, value)

    def _with_files(self, owner: str, value: Json) -> Json:
        """Return the value with files the page carries in base64 entered into the world."""
        if not any("content" in file for file in value.get("files") or []):
            return value
        files = [self._uploaded(owner, file) if "content" in file else file for file in value["files"]]
        return {**value, "files": files}

    def _uploaded(self, owner: str, file: Json) -> Json:
        content = base64.b64decode(file["content"])
        return shown(new_file(self._box.world, str(file["name"]), content, self._box.url, owner=owner))
