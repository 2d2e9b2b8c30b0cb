"""Socket Mode: WebSocket connections of the app, envelopes over any one of them, acknowledgements back."""

import asyncio
import secrets
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.elements import Json
from sandbox.line import Delivery, NoAnswer

MOST_CONNECTIONS = 10
_TYPES = {"command": "slash_commands", "interaction": "interactive", "event": "events_api"}


class Sockets:
    """The app's open connections; a ticket from apps.connections.open lets one in."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._turn = 0

    @property
    def connected(self) -> bool:
        """Say whether at least one connection is open."""
        return bool(self._open)

    def ticket(self) -> str:
        """Return a key good for one connection."""
        key = secrets.token_hex(16)
        self._tickets.add(key)
        return key

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it closes."""
        key = request.query.get("ticket", "")
        if key not in self._tickets:
            raise web.HTTPForbidden(text="invalid ticket")
        self._tickets.remove(key)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._open) >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        await self._serve(socket)
        return socket

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        self._open.append(socket)
        try:
            await socket.send_json(self._hello())
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(message.json())
        finally:
            if socket in self._open:
                self._open.remove(socket)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    def _acknowledged(self, answer: Any) -> None:
        waiting = self._waiting.get(answer.get("envelope_id", ""))
        if waiting and not waiting.done():
            waiting.set_result(answer)

    async def send(self, delivery: Delivery, seconds: float) -> None:
        """Send an envelope over one connection and note the acknowledgement; NoAnswer if none comes."""
        envelope = self._envelope(delivery)
        waiting = self._waiting[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        self._turn += 1
        try:
            await self._open[self._turn % len(self._open)].send_json(envelope)
            answer = await asyncio.wait_for(waiting, seconds)
        except TimeoutError:
            raise NoAnswer("operation_timeout", "timeout") from None
        except ConnectionError:
            raise NoAnswer("dispatch_failed", "connection_failed") from None
        finally:
            del self._waiting[envelope["envelope_id"]]
        delivery.status, delivery.answer = 200, answer.get("payload")

    @staticmethod
    def _envelope(delivery: Delivery) -> Json:
        delivery.headers.setdefault("envelope_id", secrets.token_hex(16))
        envelope: Json = {
            "envelope_id": delivery.headers["envelope_id"],
            "type": _TYPES[delivery.kind],
            "accepts_response_payload": delivery.kind != "event",
            "payload": delivery.body,
        }
        if delivery.kind == "event":
            envelope |= {"retry_attempt": delivery.attempt, "retry_reason": delivery.reason}
        return envelope

    async def refresh(self) -> None:
        """Ask every connection to come back on a new one, as Slack does every few hours."""
        for socket in list(self._open):
            self._open.remove(socket)
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})

    async def cut(self) -> None:
        """Close every connection without a word."""
        for socket in list(self._open):
            await socket.close()
