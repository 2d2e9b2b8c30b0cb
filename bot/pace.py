"""How fast Slack may be talked to: one message a second in a channel, and what it says itself by 429."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

BETWEEN_POSTS = 1.0  # seconds, in one channel
MOST_CHANNELS = 10_000  # remembered before those that may be posted in again are forgotten


class Limited(Exception):  # noqa: N818 - a reason to wait, not an error
    """A method that Slack has limited in this workspace; not to be called before a moment."""

    def __init__(self, method: str, until: datetime) -> None:
        super().__init__(f"{method} is limited until {until:%H:%M:%S}")
        self.method = method
        self.until = until


class Pace:
    """Keeps posts in one channel apart, and methods that Slack limited from being called.

    One workspace's: each installation has its own. Times of channels are of this process's steady clock; what
    Slack asks for is of the program's.
    """

    def __init__(self, now: Callable[[], datetime], between_posts: float = BETWEEN_POSTS) -> None:
        self.now = now
        self.between_posts = between_posts
        self._next_post: dict[str, float] = {}  # channel -> when the next post may go there
        self._limits: dict[str, datetime] = {}  # method -> until when Slack wants to hear nothing of it

    async def turn(self, channel_id: str) -> None:
        """Wait until a message may be posted in a channel."""
        if not self.between_posts:
            return
        at = max(self._next_post.get(channel_id, 0.0), time.monotonic())
        self._next_post[channel_id] = at + self.between_posts
        await asyncio.sleep(at - time.monotonic())
        if len(self._next_post) > MOST_CHANNELS:
            self._forget()

    def check(self, method: str) -> None:
        """Raise Limited while Slack wants to hear nothing of a method."""
        until = self._limits.get(method)
        if until is not None and until > self.now():
            raise Limited(method, until)

    def limit(self, method: str, seconds: int) -> Limited:
        """Note that Slack asked to wait; gives that as the reason to put a message back."""
        until = self.now() + timedelta(seconds=seconds)
        self._limits[method] = until
        return Limited(method, until)

    def _forget(self) -> None:
        now = time.monotonic()
        self._next_post = {channel: at for channel, at in self._next_post.items() if at > now}
