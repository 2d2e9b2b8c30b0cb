"""Payloads in which anything stands anywhere: each is answered, and none meets an error that nobody foresaw.

SECONDS=600 tries that long; SEED=2 tries others.
"""

import copy
import logging
import os
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.handlers.test_payloads import SEPARATOR, SETUPS, Sender, paths, talked

SEED = int(os.environ.get("SEED", "0"))
SECONDS = int(os.environ.get("SECONDS", "0"))
FEW = 250
ANYTHING: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**30, 1.5, 2**63, "", "x", "0", "\x00", "💥" * 50, "A" * 5000),
    *("<!channel>", "'; DROP TABLE record; --", "=1+1", "T0BOREAL", "C0SHARED", "DEV-2026-0001", "2026-13-45"),
    *([], [None], [[]], {}, {"a": 1}, {"id": "U0ANNA"}, "{}", "[1]", '{"p":1}', '{"p":"x","r":[]}'),
    *('{"p":1,"r":99999999999999999999}', '{"p":1,"r":1,"v":1,"u":"U0X"}', '{"p":2,"r":1,"v":1}'),
)


def put(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Give a payload with something else in one of its fields."""
    changed = copy.deepcopy(body)
    *above, last = path.split(SEPARATOR)
    within: Any = changed
    for name in above:
        within = within[int(name)] if isinstance(within, list) else within[name]
    within[int(last) if isinstance(within, list) else last] = copy.deepcopy(value)
    return changed


@pytest.mark.timeout(0 if SECONDS else 120)
async def test_anything_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In one field or several of each kind of payload; what only Slack can have signed is not trusted to be whole."""
    dice, until, number = Random(SEED), time.monotonic() + SECONDS, 0  # noqa: S311 - to be tried again
    async with talked(SETUPS[(SEED + 3) % len(SETUPS)], tmp_path) as (stage, sent):
        sender, kinds = Sender(stage), list(sent.items())
        while number < FEW or time.monotonic() < until:
            kind, one = dice.choice(kinds)
            body, changed = one.body, []
            for _ in range(dice.choice([1, 1, 1, 2, 3])):
                path, value = dice.choice(list(paths(body))), dice.choice(ANYTHING)
                body = put(body, path, value)
                changed.append((path, value))
            try:
                await sender.send(one, body)
            except (TypeError, KeyError, AttributeError):
                continue  # the sandbox itself cannot send this
            number += 1
            ours = [line for line in caplog.records if line.levelno >= logging.ERROR]
            ours = [line for line in ours if not line.name.startswith("slack_bolt")]
            assert not ours, f"{kind} with {changed}: {ours[0].getMessage()} {ours[0].exc_info}"
            caplog.clear()
    print(number, "payloads")  # noqa: T201 - how many: pytest -s
