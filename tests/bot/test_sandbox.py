"""The sandbox command's lived-in partnership."""

from datetime import UTC, datetime
from pathlib import Path

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
        assert len(cards) == len(
            [scene for scene in STORY if scene.act in ("Log deviation", "Log OOS result", "Add CAPA")]
        )
        words = "\n".join(card.words for card in cards)
        for state in ("State: Open", "State: Phase I", "State: Planned", "State: Closed", "· late"):
            assert state in words
        assert [call.answer for call in box.calls if not call.answer["ok"]] == []
        assert abs((box.now() - datetime.now(UTC)).total_seconds()) < 600
        database = Database(f"sqlite:///{data / 'sandbox.db'}")
        with database.reading() as session:
            assert [result for result in journal.verify(session) if isinstance(result, journal.Break)] == []
        database.close()


async def test_an_empty_sandbox_awaits_its_setup(tmp_path: Path) -> None:
    """With --empty the channel is not set up."""
    async with opened(tmp_path / "data", 0, empty=True) as box:
        await box.person("U0ANNA").command("/deviation")
        assert "/quality setup" in box.person("U0ANNA").ephemerals[-1].words
