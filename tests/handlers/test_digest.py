"""The digest when there is too much for one message."""

from datetime import UTC, datetime

from sandbox.blockkit import VISUAL
from tests.stage import Stage

WIDE = "W" * 150


async def test_a_full_digest_fits_into_one_message(stage: Stage) -> None:
    """With every section overflowing and the week's figures, Slack takes it, and it says where the rest is."""
    await stage.box.move_clock(datetime(2026, 11, 30, 9, tzinfo=UTC))  # a Monday
    lots = ",".join(f"{number:02}{'L' * 58}" for number in range(16))
    for days in (1, 29, 30, 60):
        for _ in range(8):
            detected = stage.box.now().timestamp() - days * 86400
            await stage.log(stage.gita, Title=WIDE, Class="Minor", Detected_at=int(detected))
        await stage.log(stage.gita, Title=WIDE, Class="Critical", Batch_or_lot=lots)
    for card in stage.cards[:8]:
        await stage.void(stage.anna, card)
    await stage.anna.command("/quality digest")
    await stage.settle()
    words = stage.anna.ephemerals[-1].words
    for heading in ("Overdue (6+)", "Due today (6+)", "Due in 7 days (6+)", "Waiting for acknowledgement (6+)"):
        assert heading in words
    assert "New (6+)" in words
    assert "Closed (6+)" in words
    assert "Batches on hold (16)" in words
    assert "and more: see Open records" in words
    assert "and 4 more" in words
    assert "Logged: 0; the week before 0" in words
    assert [block["type"] for block in stage.anna.ephemerals[-1].blocks].count(VISUAL) == 1
