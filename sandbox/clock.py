"""The sandbox's clock: real time plus an offset that only grows, and what waits for a moment on it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

Callback = Callable[[], Awaitable[object]]


class Clock:
    """Tells the time, makes unique growing message timestamps, and can be moved forward."""

    def __init__(self, starts_at: datetime | None = None) -> None:
        self._offset = starts_at - datetime.now(UTC) if starts_at else timedelta(0)
        self._last_micros = 0
        self._moved: list[Callback] = []
        self._waiting: list[tuple[datetime, Callback]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def now(self) -> datetime:
        """Return the sandbox's present moment, aware, in UTC."""
        return datetime.now(UTC) + self._offset

    def ts(self) -> str:
        """Return a Slack timestamp nobody else has and never will."""
        self._last_micros = max(int(self.now().timestamp() * 1_000_000), self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def on_moved(self, callback: Callback) -> None:
        """Have the callback awaited after each move."""
        self._moved.append(callback)

    async def move(self, to: datetime) -> None:
        """Move forward to the moment, do what became due, then tell the callbacks; ValueError if it is past."""
        ahead = to - self.now()
        if ahead < timedelta(0):
            raise ValueError(f"The clock only moves forward: it is already {self.now():%Y-%m-%d %H:%M} UTC.")
        self._offset += ahead
        await self._do_due()
        for callback in self._moved:
            await callback()

    def later(self, delay: timedelta, job: Callback) -> None:
        """Run the job once that much time has passed on this clock, by waiting or by a move."""
        self._waiting.append((self.now() + delay, job))
        task = asyncio.create_task(self._wait(delay))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Forget everything that waits."""
        self._waiting.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, delay: timedelta) -> None:
        await asyncio.sleep(delay.total_seconds())
        await self._do_due()

    async def _do_due(self) -> None:
        while due := [item for item in self._waiting if item[0] <= self.now()]:
            first = min(due, key=lambda item: item[0])
            self._waiting.remove(first)
            await first[1]()
