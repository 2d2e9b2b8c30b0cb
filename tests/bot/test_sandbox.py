"""The sandbox command's lived-in partnership."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.sandbox import opened
from bot.story import STORY
from storage import journal
from storage.database import Database


async def test_the_sample_partnership_is_lived_in(tmp_path: Path) -> None:
    """The story is played to its end: a dozen records in all states, no refusal of Slack, a whole journal."""
    data = tmp_path / "data"
    async with opened(data, 0) as box:
        anna = box.person("U0ANNA")
        cards = [message for message in anna.messages() if "History" in message.buttons]
        logging = ("Log deviation", "Log OOS result", "Add CAPA", "New specification")
        assert len(cards) == len([scene for scene in STORY if scene.act in logging])
        words = "\n".join(card.words for card in cards)
        for state in ("State: Open", "State: Phase I", "State: Planned", "State: Closed", "State: Effective", "· late"):
            assert state in words
        assert [call.answer for call in box.calls if not call.answer["ok"]] == []
        assert abs((box.now() - datetime.now(UTC)).total_seconds()) < 600
        database = Database(f"sqlite:///{data / 'sandbox.db'}")
        with database.reading() as session:
            assert [result for result in journal.verify(session) if isinstance(result, journal.Break)] == []
        database.close()


async def test_both_companies_can_have_the_app(tmp_path: Path) -> None:
    """With --setup both the story is the same, and the CMO's people have commands too."""
    async with opened(tmp_path / "data", 0, "both") as box:
        elif_ = box.person("U0ELIF")
        await elif_.command("/quality list")
        assert "Open records" in elif_.ephemerals[-1].words


@pytest.mark.parametrize(("setup", "empty"), [("connect", True), ("guests", False), ("grid", False)])
async def test_an_empty_sandbox_awaits_its_setup(tmp_path: Path, setup: str, *, empty: bool) -> None:
    """With --empty the channel is not set up; nor where the CMO has no workspace, or is an organisation."""
    async with opened(tmp_path / "data", 0, setup, empty=empty) as box:
        await box.person("U0ANNA").command("/deviation")
        assert "/quality setup" in box.person("U0ANNA").ephemerals[-1].words
