"""The figures that Prometheus is told."""

from aiohttp import ClientSession

from bot.server import Server, listening
from tests.stage import DEVIATION, Stage


async def figures(stage: Stage) -> dict[str, float]:
    """Read the page as Prometheus does."""
    address = (stage.box.events_url or "").replace("/slack/events", "/metrics")
    async with ClientSession() as http, http.get(address) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await answer.text()
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def test_what_is_sent_and_what_fails_is_counted(stage: Stage) -> None:
    """Cards that Slack took, attempts that failed, and Slack's own words for it, by method."""
    before = await figures(stage)
    await stage.log(stage.gita)
    await stage.gita.click("Log deviation")
    stage.gita.fill(DEVIATION)
    assert await stage.gita.submit() == {}
    stage.box.fail_next("chat.postMessage", error="fatal_error")
    await stage.settle()
    found = await figures(stage)
    cards = 'qualbridge_messages_sent_total{kind="card"}'
    assert found[cards] - before.get(cards, 0) == 1
    assert found['qualbridge_messages_failed_total{kind="card"}'] == 1
    assert found['qualbridge_slack_errors_total{error="fatal_error",method="chat.postMessage"}'] == 1
    assert (found["qualbridge_outbox_failing"], before["qualbridge_outbox_failing"]) == (1, 0)
    assert found["qualbridge_outbox_waiting"] >= 1


async def test_updates_are_counted_as_well(stage: Stage) -> None:
    """A card drawn anew is a message that Slack took."""
    card = await stage.log(stage.gita)
    before = await figures(stage)
    await stage.anna.click("Acknowledge", card)
    await stage.settle()
    found = await figures(stage)
    assert (
        found['qualbridge_messages_sent_total{kind="card"}']
        == before['qualbridge_messages_sent_total{kind="card"}'] + 1
    )
    assert found['qualbridge_messages_sent_total{kind="line"}'] == 1


async def test_what_waits_and_what_is_late_is_told(stage: Stage) -> None:
    """Rows that wait with the age of the oldest, late clocks, muted channels, and how long a beat took."""
    await stage.log(stage.gita, Class="Minor")
    await stage.beat(days=40)
    await stage.gita.click("Log deviation")
    stage.gita.fill(DEVIATION)
    assert await stage.gita.submit() == {}
    stage.box.fail_next("chat.postMessage", error="is_archived")
    await stage.settle()
    await stage.box.move_clock(stage.box.now().replace(minute=30))
    found = await figures(stage)
    assert found["qualbridge_clocks_late"] >= 2
    assert found["qualbridge_channels_muted"] == 1
    assert found["qualbridge_outbox_oldest_seconds"] > 60
    assert found["qualbridge_beat_seconds_count"] >= 1
    assert found['qualbridge_ack_seconds_count{status="200"}'] >= 1
    assert 0 < found["qualbridge_journal_newest_seconds"] < 24 * 3600


async def test_before_the_bot_is_ready_there_are_none() -> None:
    """Until Slack has said who the bot is, the page answers 503."""
    async with (
        listening(Server(), "127.0.0.1", 0) as port,
        ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        assert answer.status == 503
