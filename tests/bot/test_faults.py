"""Faults of everything the bot stands on: what was acknowledged is kept once and whole, and said once.

KILLS sets how often `serve` is killed on each engine.
"""

import asyncio
import os
import random
from pathlib import Path

import pytest

from storage.database import Database
from tests.bot import faults

KILLS = int(os.environ.get("KILLS", "8"))
A_ROUND = 8  # forms that are new in a round
pytestmark = pytest.mark.timeout(300 + 20 * KILLS)  # on a machine that runs other things


@pytest.mark.both_engines
async def test_serve_is_killed_under_load(database: Database, tmp_path: Path) -> None:
    """`serve` dies at random moments while forms are submitted: all are kept once, numbered without gaps, said once."""
    rng = random.Random(11)  # noqa: S311 - moments, no secrets
    async with faults.ready(database) as forms:
        service = faults.Service(forms.box, database.url, tmp_path)
        for _ in range(KILLS):
            await service.begin()
            await killed_once(service, forms, rng)
            faults.pass_lease(database)
        await service.start()
        await forms.insist()
        await service.kill()
        await faults.finished(forms, database)


async def killed_once(service: faults.Service, forms: faults.Forms, rng: random.Random) -> None:
    """Kill it once it answered some of the forms, or, now and then, while it still starts."""
    if rng.random() < 0.2:
        await asyncio.sleep(rng.uniform(0, 1.5))
        await service.kill()
        return
    await service.is_ready()
    enough, count = asyncio.Semaphore(0), rng.randrange(A_ROUND)
    forms.new(A_ROUND)
    submitting = asyncio.create_task(forms.submit_all(forms.unanswered, enough.release))
    async with asyncio.timeout(faults.PATIENCE):
        for _ in range(count):
            await enough.acquire()
    await asyncio.sleep(rng.uniform(0, 0.03))
    await service.kill()
    await submitting
