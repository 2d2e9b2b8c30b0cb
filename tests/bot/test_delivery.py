"""The one mouth: what happens when Slack is slow, refuses, loses its answer, or has lost a message."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from bot import doubt
from bot.delivery import Delivery
from sandbox import wire
from storage import message, outbox, partnership
from storage.message import Message
from storage.outbox import Outgoing
from tests.stage import DEVIATION, GITA, SHARED, Stage


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
    await stage.slack.chat_delete(channel=card.channel, ts=card.ts)
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
    assert len(stage.calls("chat.update")) == 1
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


async def test_a_limit_of_updates_holds_up_no_posts(stage: Stage) -> None:
    """While Slack limits chat.update, lines and new cards of the same channel are posted; the update follows."""
    card = await stage.log(stage.gita)
    stage.box.fail_next("chat.update", error="ratelimited", retry_after=30)
    await stage.anna.click("Acknowledge", card)
    await stage.settle()
    other = await stage.log(stage.gita, Title="Another")
    assert other.words.startswith("DEV-2026-0002")
    assert "acknowledged it" in stage.anna.thread(card)[-1].words
    assert "Acknowledged:" not in card.words
    (row,) = waiting(stage)
    assert (row.kind, row.attempts, row.last_error) == ("card", 0, None)
    calls = len([call for call in stage.box.calls if call.method == "chat.update"])
    await stage.beat(seconds=10)
    assert len([call for call in stage.box.calls if call.method == "chat.update"]) == calls  # Slack is not asked
    await stage.beat(seconds=21)
    assert "Acknowledged: Anna Berg" in card.words
    assert waiting(stage) == []


async def test_a_limit_of_posts_holds_up_no_updates(stage: Stage) -> None:
    """While Slack limits chat.postMessage, cards are drawn anew; what is posted keeps its order and is not lost."""
    card = await stage.log(stage.gita)
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", error="ratelimited", retry_after=30)
    await stage.anna.click("Acknowledge", card)
    await stage.settle()
    assert "Acknowledged: Anna Berg" in card.words
    assert stage.anna.thread(card) == []
    assert len(stage.cards) == 1
    await log_unsent(stage)
    await stage.settle()
    calls = [call for call in stage.box.calls if call.method == "chat.postMessage"]
    assert len([call for call in calls if not call.answer["ok"]]) == 1
    assert {(row.attempts, row.last_error) for row in waiting(stage)} == {(0, None)}
    await stage.beat(seconds=31)
    assert [found.words[:13] for found in stage.cards] == ["DEV-2026-0001", "DEV-2026-0002", "DEV-2026-0003"]
    assert "acknowledged it" in stage.anna.thread(card)[-1].words


async def test_a_limit_of_direct_messages_keeps_them_all(stage: Stage) -> None:
    """A limit while a direct message is opened or posted costs nothing but time."""
    for method in ("conversations.open", "chat.postMessage"):
        card = await stage.log(stage.gita)
        await stage.elif_.click("Assign owner", card)
        stage.elif_.fill({"Owner": GITA})
        assert await stage.elif_.submit() == {}
        stage.box.fail_next(method, error="ratelimited", retry_after=30)
        await stage.settle()
        await stage.beat(seconds=31)
        assert waiting(stage) == []
    assert len([m for m in stage.gita.direct_messages if "You own " in m.words]) == 2


def another(stage: Stage) -> Delivery:
    """Give the delivery of another process on the same database."""
    bot = stage.bot
    return Delivery(bot.database, bot.installations, bot.desk.now, 0)


async def test_one_process_at_a_time_speaks_in_a_channel(stage: Stage) -> None:
    """While one delivery waits for Slack's answer, another on the same database says nothing there."""
    for _ in range(3):
        await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", hang=0.5)
    first = asyncio.create_task(stage.bot.delivery.send_due())
    second = another(stage)
    await asyncio.sleep(0.2)
    assert await second.send_due() == 0
    await log_unsent(stage)
    assert await second.send_due() == 0
    await first
    assert [card.words[:13] for card in stage.cards] == [f"DEV-2026-000{number}" for number in (1, 2, 3, 4)]
    await log_unsent(stage)
    assert await second.send_due() > 0
    assert len(stage.cards) == 5


async def test_the_speaker_s_claim_runs_out(stage: Stage) -> None:
    """What a process held that died is said by another once its time is over, and not before."""
    await log_unsent(stage)
    await stage.bot.database.write(lambda session: outbox.claim(session, "died", stage.box.now(), 100))
    assert await stage.bot.delivery.send_due() == 0
    await stage.beat(minutes=1)
    assert stage.cards == []
    await stage.beat(minutes=2)
    assert len(stage.cards) == 1
    assert waiting(stage) == []


async def test_an_archived_channel_is_told_once_and_loses_nothing(stage: Stage) -> None:
    """One person of the installing company's QA is told why and what to do; what waits is posted when it is back."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", error="is_archived", times=1)
    await stage.settle()
    for _ in range(3):
        await log_unsent(stage)
        stage.box.fail_next("chat.postMessage", error="is_archived", times=1)
        await stage.beat(minutes=5)
    told = [m for m in stage.anna.direct_messages if "cannot write in the channel" in m.words]
    assert len(told) == 1
    assert "(C0SHARED): it is archived. Unarchive it" in told[0].words
    for who in (stage.ben, stage.elif_, stage.finn, stage.gita):
        assert not [m for m in who.direct_messages if "cannot write" in m.words]
    assert stage.cards == []
    await stage.beat(hours=2)
    assert [card.words[:13] for card in stage.cards] == [f"DEV-2026-000{number}" for number in (1, 2, 3, 4)]
    assert waiting(stage) == []
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", error="is_archived")
    await stage.settle()
    told = [m for m in stage.anna.direct_messages if "cannot write in the channel" in m.words]
    assert len(told) == 2  # it is archived anew, and told anew


async def test_a_limit_of_links_and_pins_is_made_up_for(stage: Stage) -> None:
    """The card gets its address when the time is over that Slack asked for, and not before."""
    stage.box.fail_next("chat.getPermalink", error="ratelimited", retry_after=300)
    card = await stage.log(stage.gita)
    asked = len(stage.calls("chat.getPermalink"))
    await stage.beat(minutes=1)
    assert len(stage.calls("chat.getPermalink")) == asked
    await stage.beat(minutes=5)
    with stage.database.reading() as session:
        found = message.find(session, 1, "card:1")
    assert found is not None
    assert found.ts == card.ts
    assert found.permalink


async def test_the_front_door_is_pinned_later(empty_stage: Stage) -> None:
    """Where Slack limits pinning, it is pinned once the time is over that Slack asked for."""
    stage = empty_stage
    stage.box.fail_next("pins.add", error="ratelimited", retry_after=30)
    await stage.set_up()
    assert stage.gita.pins() == []
    await stage.beat(minutes=1)
    assert len(stage.gita.pins()) == 1


async def test_an_archived_channel_is_noticed_by_a_card(stage: Stage) -> None:
    """Slack has another word for edits: one notice all the same."""
    card = await stage.log(stage.gita)
    await stage.box.archive(SHARED)
    await stage.press(stage.gita, "QMS number", card, Number="DV-1")
    await stage.beat(minutes=1)
    notices = [m for m in stage.anna.direct_messages if "cannot write in the channel" in m.words]
    assert len(notices) == 1


async def test_somebody_else_is_told_where_the_first_is_not_reached(stage: Stage) -> None:
    """The one notice finds a reader."""
    await log_unsent(stage)
    await stage.box.archive(SHARED)
    stage.box.fail_next("conversations.open", error="user_disabled")
    await stage.beat(minutes=1)
    await stage.beat(minutes=1)
    notices = [m for m in stage.ben.direct_messages if "cannot write in the channel" in m.words]
    assert len(notices) == 1


async def test_direct_messages_go_on_while_the_channel_is_gone(stage: Stage) -> None:
    """A channel in which nothing can be said keeps nobody's own messages back."""
    card = await stage.log(stage.gita)
    stage.box.fail_next("chat.update", error="not_in_channel", times=1)
    await stage.elif_.click("Assign owner", card)
    stage.elif_.fill({"Owner": GITA})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "You own DEV-2026-0001 now" in stage.gita.direct_messages[-1].words
    assert "invite it there with /invite" in stage.anna.direct_messages[-1].words.casefold()
    await stage.beat(hours=2)
    assert "Owner: Gita Rao" in card.words
    assert partnerships_muted(stage) == 0  # an update that Slack takes ends it as well


async def test_the_bot_invited_again_says_at_once_what_waited(stage: Stage) -> None:
    """When the bot itself joins the channel again, what waits there is not kept until its next attempt."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", error="not_in_channel")
    await stage.settle()
    assert partnerships_muted(stage) == 1
    user = stage.box.world.cast.app.user
    event = {"type": "member_joined_channel", "user": user, "channel": "C0SHARED", "team": "T0AURORA"}
    await stage.box.line.send_event(wire.event(stage.box.world, event | {"event_ts": stage.box.world.clock.ts()}))
    await stage.settle()
    assert len(stage.cards) == 1
    assert partnerships_muted(stage) == 0


def partnerships_muted(stage: Stage) -> int:
    with stage.database.reading() as session:
        return partnership.count_muted(session)


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
async def test_who_is_deactivated_is_off_the_roster(stage: Stage, method: str) -> None:
    """Slack says user_disabled: the message ends, the person has left, and their work is offered to their QA."""
    card = await stage.log(stage.gita)
    await stage.elif_.click("Assign owner", card)
    stage.elif_.fill({"Owner": GITA})
    assert await stage.elif_.submit() == {}
    said = [row.id for row in waiting(stage, "line", "card")]  # so that the fault meets the direct message
    await stage.bot.database.write(lambda session: outbox.done(session, said, "not needed", stage.box.now()))
    stage.box.fail_next(method, error="user_disabled")
    await stage.settle()
    assert [entry.content["reason"] for entry in stage.journal() if entry.event == "person.left"] == [
        "deactivated in Slack"
    ]
    assert waiting(stage) == []
    assert "Gita Rao (Borealis Manufacturing (example)) left." in stage.elif_.direct_messages[-1].words


async def test_who_cannot_be_written_to_stays_on_the_roster(stage: Stage) -> None:
    """A person whom the app may not write to is no leaver: the message ends, their rights stay."""
    card = await stage.log(stage.gita)
    stage.box.fail_next("conversations.open", error="user_not_visible")
    assert await stage.press(stage.elif_, "Assign owner", card, Owner=GITA) == {}
    assert waiting(stage) == []
    await stage.press(stage.gita, "Start investigation", card)
    assert "State: Under investigation" in card.words


async def test_a_lost_answer_leaves_the_message_in_doubt(stage: Stage) -> None:
    """Where Slack's answer was lost nobody knows whether the message stands there: that is noted with the row."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", lost=True)
    await stage.settle()
    (row,) = waiting(stage, "card")
    assert row.in_doubt
    (posted,) = stage.cards
    assert doubt.said({"metadata": posted.metadata}) == {row.id}


async def test_what_was_posted_and_could_not_be_noted_is_in_doubt(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database failed just then: the message is looked for, and not said again."""
    await log_unsent(stage)
    failures = [OperationalError("", None, Exception("the disk is full"))]

    def save(session: Session, said: Message) -> None:
        if failures:
            raise failures.pop()
        kept(session, said)

    kept = message.save
    monkeypatch.setattr(message, "save", save)
    await stage.settle()
    (row,) = waiting(stage, "card")
    assert (row.in_doubt, row.last_error) == (True, "Slack took it, and that could not be noted (OperationalError)")
    await stage.beat(minutes=1)
    assert waiting(stage) == []
    assert len(stage.cards) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"garbage": "<html>Bad gateway</html>", "status": 502},
        {"garbage": "<html>Welcome</html>"},
        {"garbage": ""},
        {"garbage": "[]"},
        {"garbage": "null"},
        {"garbage": "{}"},
        {"garbage": '{"ok": true}'},
        {"garbage": '{"ok": false, "error": "internal_error"}'},
        {"garbage": '{"ok": false, "error": "fatal_error"}'},
    ],
)
async def test_garbage_in_place_of_an_answer_leaves_no_double(stage: Stage, fault: dict[str, Any]) -> None:
    """Whatever is not Slack's clear refusal leaves the message in doubt: it is looked for, and found."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", **fault)
    await stage.settle()
    (row,) = waiting(stage, "card")
    assert row.in_doubt
    assert row.last_error
    await stage.beat(minutes=1)
    assert waiting(stage) == []
    assert len(stage.cards) == 1


async def test_a_message_in_doubt_is_doubled_where_nobody_may_look(stage: Stage) -> None:
    """Without the optional scopes a message whose answer was lost is posted again: better twice than never."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", lost=True)
    await stage.settle()
    stage.box.fail_next("conversations.history", error="missing_scope")
    await stage.beat(minutes=1)
    assert len(stage.cards) == 2
    assert waiting(stage) == []


@pytest.mark.parametrize(
    "fault", [{"error": "ratelimited", "retry_after": 60}, {"error": "fatal_error"}, {"status": 502}]
)
async def test_a_message_in_doubt_waits_until_one_may_look(stage: Stage, fault: dict[str, Any]) -> None:
    """While Slack only cannot tell now whether it stands there, the message waits and is not doubled."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", lost=True)
    await stage.settle()
    stage.box.fail_next("conversations.history", **fault)
    await stage.beat(seconds=30)
    assert len(stage.cards) == 1
    assert waiting(stage, "card")[0].in_doubt
