"""The one mouth: what happens when Slack is slow, refuses, loses its answer, or has lost a message."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlmodel import select

from storage.outbox import Outgoing
from tests.stage import DEVIATION, GITA, Stage


def waiting(stage: Stage, *kinds: str) -> list[Outgoing]:
    """List what is not sent yet, of some kinds where any is named."""
    with stage.database.reading() as session:
        rows = [row for row in session.exec(select(Outgoing)).all() if row.done_at is None]
    return [row for row in rows if not kinds or row.kind in kinds]


async def log_unsent(stage: Stage) -> None:
    await stage.gita.click("Log deviation")
    stage.gita.fill(DEVIATION)
    assert await stage.gita.submit() == {}


async def test_a_rate_limit_is_waited_for(stage: Stage) -> None:
    """A post that Slack limits is sent after the pause Slack asks for, and once."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", error="ratelimited", retry_after=30)
    await stage.settle()
    assert stage.cards == []
    (row,) = waiting(stage, "card")
    assert timedelta(seconds=25) < row.next_at - stage.box.now() <= timedelta(seconds=30)
    await stage.beat(seconds=31)
    assert len(stage.cards) == 1
    assert waiting(stage) == []


@pytest.mark.parametrize("fault", [{"status": 500}, {"error": "fatal_error"}, {"drop": True}])
async def test_a_failed_post_is_tried_again(stage: Stage, fault: dict[str, object]) -> None:
    """Whatever fails, the message is sent later; the record was there all along."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", **fault)
    await stage.settle()
    assert stage.cards == []
    assert waiting(stage)[0].last_error
    await stage.beat(minutes=1)
    assert len(stage.cards) == 1


async def test_a_deleted_card_is_posted_anew(stage: Stage) -> None:
    """When somebody deleted a card in Slack, the next change posts it again."""
    card = await stage.log(stage.gita)
    await stage.bot.slack.chat_delete(channel=card.channel, ts=card.ts)
    await stage.anna.command("/deviation DEV-2026-0001")
    await stage.anna.click("Acknowledge", stage.anna.ephemerals[-1])
    await stage.settle()
    assert "Acknowledged: Anna Berg" in stage.card("DEV-2026-0001").words


async def test_changes_of_a_moment_are_one_update(stage: Stage) -> None:
    """Several changes of a record that wait together redraw its card once, and each has its line in the thread."""
    card = await stage.log(stage.gita)
    await stage.anna.click("Acknowledge", card)
    await stage.anna.command("/deviation DEV-2026-0001")
    await stage.anna.click("Assign owner", stage.anna.ephemerals[-1])
    stage.anna.fill({"Owner": GITA})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert len(stage.calls("chat.update")) == 2  # this one, and the confirmation of the set-up
    assert len(stage.anna.thread(card)) == 2


async def test_an_answer_waits_for_its_message(stage: Stage) -> None:
    """A line in a thread is not sent before the card it belongs to."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", error="fatal_error")
    await stage.settle()
    await stage.anna.command("/deviation DEV-2026-0001")
    await stage.anna.click("Acknowledge", stage.anna.ephemerals[-1])
    await stage.bot.desk.finish()
    stage.box.fail_next("chat.postMessage", error="fatal_error")
    await stage.bot.delivery.send_due()
    await stage.beat(minutes=5)
    await stage.beat(minutes=5)
    (card,) = stage.cards
    assert "acknowledged it" in stage.anna.thread(card)[0].words


async def test_a_channel_that_fails_does_not_hold_up_the_others(stage: Stage) -> None:
    """A message that cannot be sent does not keep later ones from being sent."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", error="msg_too_long")
    await log_unsent(stage)
    await stage.settle()
    assert [card.words[:13] for card in stage.cards] == ["DEV-2026-0002"]


async def test_it_runs_by_itself_and_wakes_at_once(stage: Stage) -> None:
    """The running delivery sends what a commit woke it for, and survives an outbox that cannot be read."""
    running = asyncio.create_task(stage.bot.delivery.run())
    try:
        await log_unsent(stage)
        for _ in range(200):
            if stage.cards:
                break
            await asyncio.sleep(0.02)
        assert len(stage.cards) == 1
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_a_stop_finishes_the_message_in_hand_and_gives_the_rest_back(stage: Stage) -> None:
    """Told to stop while Slack is slow, the delivery waits for that one answer; nothing is said twice afterwards."""
    await log_unsent(stage)
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", hang=0.5)
    running = asyncio.create_task(stage.bot.delivery.run())
    await asyncio.sleep(0.2)
    stage.bot.delivery.stop()
    await asyncio.wait_for(running, 5)
    assert len(stage.cards) == 1
    (row,) = waiting(stage, "card")
    assert (row.claimed_until, row.attempts) == (None, 0)


async def test_an_overtaken_reminder_is_left_out(stage: Stage) -> None:
    """Reminders that waited while Slack was down become one, the latest."""
    await stage.log(stage.gita, Class="Minor")  # due 24 December
    for day in (17, 21, 23):
        await stage.box.move_clock(stage.box.now().replace(month=12, day=day, hour=8))
        await stage.bot.timetable.beat()
    await stage.settle()
    told = [m.words for m in stage.elif_.direct_messages if "DEV-2026-0001 is due" in m.words]
    assert len(told) == 1
    assert "in 1 day" in told[0]


async def test_two_deliveries_send_each_message_once(stage: Stage) -> None:
    """Two processes on one database share the outbox without a double."""
    for _ in range(5):
        await log_unsent(stage)
    await asyncio.gather(*(stage.bot.delivery.send_due() for _ in range(2)))
    assert len(stage.cards) == 5


async def test_what_is_not_slacks_answer_is_survived(stage: Stage) -> None:
    """An error page in place of Slack's JSON, also for address and pin, costs nothing but a later attempt."""
    for method in ("chat.getPermalink", "chat.postMessage"):
        stage.box.fail_next(method, status=502)
    await log_unsent(stage)
    await stage.settle()
    assert "502" in (waiting(stage)[0].last_error or "")
    await stage.beat(minutes=1)
    assert len(stage.cards) == 1


async def test_it_goes_on_as_soon_as_slack_allows(stage: Stage) -> None:
    """After a limit the running delivery goes on when the time is over that Slack asked for, not at its next look."""
    stage.box.fail_next("chat.postMessage", error="ratelimited", retry_after=1)
    running = asyncio.create_task(stage.bot.delivery.run())
    await log_unsent(stage)
    for _ in range(250):
        if stage.cards:
            break
        await asyncio.sleep(0.02)
    stage.bot.delivery.stop()
    await running
    assert len(stage.cards) == 1
