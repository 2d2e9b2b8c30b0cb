"""How fast Slack is talked to: posts of a channel apart, limited methods left alone."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import pace
from bot.delivery import Delivery
from bot.pace import Limited, Pace
from tests.stage import DEVIATION, Stage

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


class Steady:
    """A steady clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += max(seconds, 0.0)


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steady]:
    clock = Steady()
    monkeypatch.setattr(pace, "time", clock)
    monkeypatch.setattr(pace, "asyncio", clock)
    return clock


async def test_posts_of_a_channel_are_a_second_apart(steady: Steady) -> None:
    """The first goes at once, each further one a second after the one before; who waited long does not wait more."""
    found = Pace(lambda: NOW)
    at = []
    for _ in range(3):
        await found.turn("C1")
        at.append(steady.at)
    assert at == [100.0, 101.0, 102.0]
    steady.at = 110.0
    await found.turn("C1")
    assert steady.at == 110.0


async def test_channels_do_not_wait_for_each_other(steady: Steady) -> None:
    """Another channel's post goes at once."""
    found = Pace(lambda: NOW)
    await found.turn("C1")
    await found.turn("C2")
    assert steady.at == 100.0


async def test_who_asks_first_goes_first() -> None:
    """Turns in a channel are given in the order in which they were asked for."""
    found, order = Pace(lambda: NOW, 0.02), []

    async def post(name: str) -> None:
        await found.turn("C1")
        order.append(name)

    await asyncio.gather(*(post(name) for name in "abcd"))
    assert order == list("abcd")


async def test_without_a_pace_nobody_waits(steady: Steady) -> None:
    """A stand-in for Slack takes posts as fast as they come."""
    found = Pace(lambda: NOW, 0)
    for _ in range(5):
        await found.turn("C1")
    assert steady.at == 100.0


async def test_what_is_over_is_forgotten(steady: Steady, monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels that may be posted in again are not remembered for ever."""
    monkeypatch.setattr(pace, "MOST_CHANNELS", 3)
    found = Pace(lambda: NOW)
    for number in range(10):
        await found.turn(f"C{number}")
        steady.at += 5
    assert len(found._next_post) <= 4


def test_a_limited_method_is_left_alone_until_its_time() -> None:
    """Only the method that Slack limited, and only as long as Slack asked for."""
    now = [NOW]
    found = Pace(lambda: now[0])
    limited = found.limit("chat.update", 30)
    assert (limited.method, limited.until) == ("chat.update", NOW + timedelta(seconds=30))
    found.check("chat.postMessage")
    with pytest.raises(Limited, match=r"chat\.update is limited until 09:00:30"):
        found.check("chat.update")
    now[0] += timedelta(seconds=30)
    found.check("chat.update")


async def test_the_delivery_keeps_the_pace(stage: Stage, steady: Steady) -> None:
    """Cards logged in a burst are posted in order, a second apart."""
    bot = stage.bot
    stage.bot = replace(bot, delivery=Delivery(bot.database, bot.installations, bot.desk.now))
    for _ in range(3):
        await stage.gita.click("Log deviation")
        stage.gita.fill(DEVIATION)
        assert await stage.gita.submit() == {}
    await stage.settle()
    assert [card.words[:13] for card in stage.cards] == [f"DEV-2026-000{number}" for number in (1, 2, 3)]
    assert steady.at >= 102.0
