"""The pace at which an app may post into one channel; Slack's is about one message a second."""

import time

RETRY_AFTER = 1


class Pace:
    """Remembers when something was last posted into each channel, in real time, and counts what came too soon."""

    def __init__(self, per_second: float | None) -> None:
        if per_second is not None and per_second <= 0:
            raise ValueError("posts_per_second has to be more than 0; None lets every post through.")
        self.limited = 0
        self._least = 1 / per_second if per_second else 0.0
        self._last: dict[str, float] = {}

    def is_too_fast(self, channel: str) -> bool:
        """Say whether a post into the channel comes too soon; only one that does not starts the wait anew."""
        now = time.monotonic()
        if now - self._last.get(channel, float("-inf")) < self._least:
            self.limited += 1
            return True
        self._last[channel] = now
        return False
