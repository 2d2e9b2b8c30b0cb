"""The line from Slack to the app: what was sent, how it was answered, and when it is sent again."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.elements import Json

ACK_SECONDS = 3.0
RETRY_DELAYS = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))


class NotAcknowledged(Exception):  # noqa: N818 -- reads as what happened
    """The app did not acknowledge in time, or not in a way Slack accepts; nothing is sent again."""

    def __init__(self, error: str, delivery: "Delivery | None" = None) -> None:
        super().__init__(error)
        self.error, self.delivery = error, delivery


class NoAnswer(Exception):  # noqa: N818 -- reads as what happened
    """One attempt failed: the word the person sees and the reason a retry would carry."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(error)
        self.error, self.reason = error, reason


@dataclass
class Delivery:
    """One signed request or envelope sent to the app, and its answer."""

    kind: str
    what: str
    body: Json
    at: datetime
    attempt: int = 0
    reason: str = ""
    raw: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    answer: Json | str | None = None
    milliseconds: float = 0.0
    error: str | None = None
    no_retry: bool = False


Transport = Callable[[Delivery], Awaitable[None]]


class Line:
    """Sends deliveries over whatever transport is connected and keeps the record of all of them."""

    def __init__(self, clock: Clock, transport: Transport, changed: Callable[[], None]) -> None:
        self.deliveries: list[Delivery] = []
        self._clock, self._transport, self._changed = clock, transport, changed

    async def send(self, kind: str, what: str, body: Json) -> Json | str | None:
        """Send a command or interaction once and return the answer, or raise NotAcknowledged."""
        delivery = await self._attempt(Delivery(kind, what, body, self._clock.now()))
        if delivery.error:
            raise NotAcknowledged(delivery.error, delivery)
        return delivery.answer

    async def send_event(self, body: Json) -> None:
        """Send an event, again at once if it fails, then after one and five minutes of the sandbox's clock."""
        await self._send_event(body, attempt=0, reason="")

    async def send_again(self, delivery: Delivery) -> Delivery:
        """Send the very same bytes and headers once more."""
        copy = Delivery(delivery.kind, delivery.what, delivery.body, self._clock.now())
        copy.raw, copy.headers = delivery.raw, delivery.headers
        return await self._attempt(copy)

    async def _send_event(self, body: Json, attempt: int, reason: str) -> None:
        what = str(body["event"]["type"])
        delivery = Delivery("event", what, body, self._clock.now(), attempt, reason)
        await self._attempt(delivery)
        if not delivery.error or delivery.no_retry or attempt == len(RETRY_DELAYS):
            return
        delay, failure = RETRY_DELAYS[attempt], delivery.reason
        if delay:
            self._clock.later(delay, lambda: self._send_event(body, attempt + 1, failure))
        else:
            await self._send_event(body, attempt + 1, failure)

    async def _attempt(self, delivery: Delivery) -> Delivery:
        self.deliveries.append(delivery)
        started = time.perf_counter()
        try:
            await self._transport(delivery)
        except NoAnswer as failure:
            delivery.error, delivery.reason = failure.error, failure.reason
        delivery.milliseconds = round((time.perf_counter() - started) * 1000, 1)
        self._changed()
        return delivery
