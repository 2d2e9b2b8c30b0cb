"""The Web API, response_urls and file uploads over HTTP: reading calls, faults, the record of calls."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox import hooks
from sandbox.api import answer
from sandbox.api.registry import Call
from sandbox.downloads import download
from sandbox.elements import Json
from sandbox.faults import Fault, Faults
from sandbox.files import is_deleted
from sandbox.installations import Installation
from sandbox.oauth import OAuth, Secrets
from sandbox.pace import RETRY_AFTER, Pace
from sandbox.refused import Refused
from sandbox.socket_mode import Sockets
from sandbox.world import World

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_JSON_ARGUMENTS = ("blocks", "attachments", "metadata", "view", "files", "message")


@dataclass(frozen=True)
class CallRecord:
    """A Web API call (or post to a response_url) the app made, and what it was answered."""

    method: str
    arguments: Json
    answer: Json
    at: datetime


class ApiServer:
    """Answers the app's HTTP calls."""

    def __init__(self, world: World, secrets: Secrets, oauth: OAuth, sockets: Sockets, pace: Pace) -> None:
        self.calls: list[CallRecord] = []
        self.faults, self.pace = Faults(), pace
        self.base_url = ""
        self._world, self._secrets, self._oauth, self._sockets = world, secrets, oauth, sockets
        self.revoked: Callable[[Installation], None] = world.uninstall

    def routes(self) -> list[web.RouteDef]:
        """Return what this server answers."""
        return [
            web.route("*", "/api/{method}", self._method),
            web.post("/response/{key}", self._response_url),
            web.post("/upload/{file}", self._upload),
            web.get("/files/{file}/download/{name}", self._fetch),
            web.get("/files/{file}/{name}", self._download),
        ]

    async def _method(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        arguments = await _arguments(request)
        token = _bearer(request) or arguments.pop("token", None)
        given = self._world.installations.tokens.get(token or "")
        call = Call(
            name,
            arguments,
            self._world,
            self.base_url,
            self._socket_url,
            self._oauth,
            self.revoked,
            given,
            _client(request),
        )
        fault = self._limit(call) or self.faults.take(name)
        done = await self._faulty(request, fault, name, arguments, lambda: answer(call, token, self._secrets))
        done.headers["x-oauth-scopes"] = ",".join(call.scopes)
        return done

    def _limit(self, call: Call) -> Fault | None:
        if call.method != "chat.postMessage" or not self.pace.is_too_fast(_channel_of(call)):
            return None
        return Fault(call.method, error="ratelimited", retry_after=RETRY_AFTER)

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        content = await _arguments(request)

        def use() -> Json:
            try:
                hooks.use(self._world, request.match_info["key"], content)
            except Refused as refused:
                return refused.answer
            return {"ok": True}

        response = await self._faulty(request, self.faults.take("response_url"), "response_url", content, use)
        if isinstance(response, web.Response) and not self.calls[-1].answer["ok"]:
            gone = self.calls[-1].answer["error"].endswith("_url")
            response.set_status(404 if gone else 400)
        return response

    async def _faulty(
        self, request: web.Request, fault: Fault, name: str, arguments: Json, do: Any
    ) -> web.StreamResponse:
        await asyncio.sleep(fault.hang)
        refused = _fault_answer(fault)
        done: Json = refused or do()
        self.calls.append(CallRecord(name, arguments, done, self._world.clock.now()))
        self._world.changed()
        if (fault.drop or fault.lost) and request.transport:
            request.transport.abort()
        if fault.garbage is not None:
            return web.Response(text=fault.garbage, status=_status(fault), content_type="application/json")
        return web.json_response(done, status=_status(fault), headers=self._headers(fault))

    @staticmethod
    def _headers(fault: Fault) -> dict[str, str]:
        return {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}

    def _socket_url(self) -> str:
        return f"{self.base_url.replace('http', 'ws', 1)}link?ticket={self._sockets.ticket()}"

    async def _upload(self, request: web.Request) -> web.Response:
        file = self._world.files.get(request.match_info["file"])
        if file is None or "announced" not in file:
            raise web.HTTPNotFound
        content = await _uploaded(request)
        if len(content) != file["announced"]:
            raise web.HTTPBadRequest(text="the length differs from the announced one")
        file["content"], file["size"] = content, len(content)
        return web.Response(text=f"OK - {len(content)}")

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        asked = {"file": request.match_info["file"], "signed": "Authorization" in request.headers}
        self.calls.append(CallRecord("download", asked, {"ok": True}, self._world.clock.now()))
        return await download(request, self._world, self.faults.take("download"))

    async def _download(self, request: web.Request) -> web.Response:
        file = self._world.files.get(request.match_info["file"])
        if file is None or is_deleted(file):
            raise web.HTTPNotFound
        safe = file["mimetype"] in _PICTURES  # others could be pages, which would act as this one
        kind = file["mimetype"] if safe else "application/octet-stream"
        headers = {"Content-Disposition": "inline" if safe else "attachment", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=file["content"], content_type=kind, headers=headers)


def _channel_of(call: Call) -> str:
    """Return the id of the channel a call names in any way; one that is not there is counted by what it was called."""
    try:
        return call.channel().id
    except Refused:
        return str(call.get("channel"))


def _status(fault: Fault) -> int:
    return fault.status or (429 if fault.error == "ratelimited" else 200)


def _fault_answer(fault: Fault) -> Json | None:
    error = fault.error or (f"status {fault.status}" if fault.status else None) or (fault.drop and "dropped")
    return {"ok": False, "error": error} if error else None


async def _uploaded(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    parts = (await request.post()).values()
    return b"".join(part.file.read() for part in parts if isinstance(part, web.FileField))


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else None


def _client(request: web.Request) -> tuple[str, str] | None:
    """Return client id and secret given by HTTP Basic."""
    scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return client_id, secret


async def _arguments(request: web.Request) -> Json:
    """Return the arguments of the query and of a JSON or form body."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        text = await request.text()
        body = json.loads(text) if text.strip() else {}
        given |= {key: value for key, value in body.items() if value is not None}
    else:
        given |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    return {key: _parsed(key, value) for key, value in given.items()}


def _parsed(key: str, value: Any) -> Any:
    if key not in _JSON_ARGUMENTS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
