"""A stage for each test: empty, or with the shared channel set up."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stage import Stage, staged


@pytest.fixture
async def empty_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
async def stage(empty_stage: Stage) -> Stage:
    await empty_stage.set_up()
    return empty_stage
