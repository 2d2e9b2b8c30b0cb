"""The digest when there is too much for one message."""

from tests.stage import Stage

WIDE = "W" * 150


async def test_a_full_digest_fits_into_one_message(stage: Stage) -> None:
    """With every section overflowing, the digest is accepted by Slack and says where the rest is."""
    lots = ",".join(f"{number:02}{'L' * 58}" for number in range(16))
    for days in (1, 29, 30, 60):
        for _ in range(8):
            detected = stage.box.now().timestamp() - days * 86400
            await stage.log(stage.gita, Title=WIDE, Class="Minor", Detected_at=int(detected))
        await stage.log(stage.gita, Title=WIDE, Class="Critical", Batch_or_lot=lots)
    for card in stage.cards[:8]:
        await stage.void(stage.anna, card)
    await stage.anna.command("/quality digest")
    words = stage.anna.ephemerals[-1].words
    for heading in ("Overdue (6+)", "Due today (6+)", "Due in 7 days (6+)", "Waiting for acknowledgement (6+)"):
        assert heading in words
    assert "New (6+)" in words
    assert "Closed (6+)" in words
    assert "Batches on hold (16)" in words
    assert "and more: see Open records" in words
    assert "and 4 more" in words
