"""The week's figures in the digest: in words always, by charts where Slack takes them, else by pictures."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from matplotlib.image import imread

from handlers import figures
from handlers.blocks import CHART
from handlers.chart import Chart, Series, Shape
from quality.figures import Figures, Lives, Share, Week
from sandbox import Message
from sandbox.blockkit import BLOCKS
from sandbox.limits import message_problems
from storage.partnership import Company, Side
from storage.record import Kind
from tests.stage import Stage

MONDAY = datetime(2026, 11, 30, 7, tzinfo=UTC)  # 08:00 in Berlin, where the channel's digest comes
WEEKS = tuple(
    Week(date(2026, 9, 28) + timedelta(weeks=number), logged, closed)
    for number, (logged, closed) in enumerate(zip((3, 2, 0, 5, 1, 4, 3, 5), (1, 2, 3, 3, 4, 0, 3, 4), strict=True))
)
FOUND = Figures(
    at=MONDAY,
    companies={
        side: Company(partnership_id=1, side=side, name=name, team_id="T", country="DE")
        for side, name in ((Side.SPONSOR, "Aurora"), (Side.CMO, "Borealis"))
    },
    ages={Kind.DEVIATION: (7, 4, 3, 2, 1), Kind.CAPA: (2, 5, 6, 1, 0)},
    overdue=Share(3, 31),
    weeks=WEEKS,
    since=date(2026, 9, 1),
    on_time=Share(10, 12),
    lives=Lives(12, 23.45, 21.5),
    notified=Share(299, 300),
    acknowledged={Side.SPONSOR: Share(9, 10), Side.CMO: Share(0, 0)},
    extensions=Share(1, 300),
    invalidated=Share(0, 3),
    seconds={Side.SPONSOR: Share(12 * 86400, 40 * 86400), Side.CMO: Share(28 * 86400, 40 * 86400)},
)
IN_WORDS = """
Logged: 5; the week before 3
Closed: 4; the week before 3
Overdue now: 3 of 31 open (10%)
Logged, 8 weeks from 28 Sep: 3, 2, 0, 5, 1, 4, 3, 5
Closed, 8 weeks from 28 Sep: 1, 2, 3, 3, 4, 0, 3, 4
Open deviations: 17; by days since detection 0-15: 7, 16-30: 4, 31-60: 3, 61-90: 2, over 90: 1
Open CAPAs: 14; by days since detection 0-15: 2, 16-30: 5, 31-60: 6, 61-90: 1
Closed by the first due date: 10 of 12 closed (83%)
Days from detection to closing: mean 23.4, median 21.5, of 12 closed
Notified in time: 299 of 300 logged (over 99%)
Acknowledged in time by Aurora: 9 of 10 to acknowledge (90%)
Acknowledged in time by Borealis: no data
Later due dates granted: 1 of 300 asked for (under 1%)
OOS invalidated: 0 of 3 closed (0%)
Time counted to Aurora: 12.0 of 40.0 days (30%)
Time counted to Borealis: 28.0 of 40.0 days (70%)
"""


def in_words(found: Figures) -> list[str]:
    """Give the lines of the facts, as they are read."""
    parts = [block["elements"][0]["elements"] for block in figures.draw(found) if block["type"] == "rich_text"]
    return "".join(part["text"] for parts_ in parts for part in parts_).splitlines()


def test_all_figures_are_said_in_words() -> None:
    """Each with what it is part of, so that nobody needs the charts; what was of nothing has no data."""
    assert in_words(FOUND) == IN_WORDS.strip().splitlines()


def test_of_nothing_no_data_is_said() -> None:
    """Neither 0% nor an error."""
    none = Share(0, 0)
    both = dict.fromkeys(Side, none)
    empty = replace(
        FOUND, ages={}, weeks=tuple(Week(one.starts_on, 0, 0) for one in WEEKS), overdue=none, on_time=none,
        lives=Lives(0, None, None), notified=none, acknowledged=both, extensions=none, invalidated=none, seconds=both,
    )  # fmt: skip
    told = dict(line.split(": ", 1) for line in in_words(empty))
    assert told.pop("Open records") == "none"
    counted = [told.pop(label) for label in list(told) if label.startswith(("Logged", "Closed,")) or label == "Closed"]
    assert set(counted) == {"0; the week before 0", "0, 0, 0, 0, 0, 0, 0, 0"}
    assert set(told.values()) == {"no data"}
    assert len(told) == 10
    assert figures.charts(empty) == ()
    assert message_problems({"blocks": figures.draw(empty)}) == []


def test_the_charts_are_what_slack_takes() -> None:
    """Bars by kind and age, lines by week; the labels of every series are the categories in order."""
    bars, lines = [block for block in figures.draw(FOUND) if block["type"] == CHART]
    assert message_problems({"blocks": figures.draw(FOUND)}) == []
    assert (bars["title"], bars["chart"]["type"]) == ("Open records by age", "bar")
    assert bars["chart"]["axis_config"] == {
        "categories": ["0-15", "16-30", "31-60", "61-90", "over 90"],
        "x_label": "Days since detection",
        "y_label": "Open records",
    }
    assert [one["name"] for one in bars["chart"]["series"]] == ["Deviations", "CAPAs"]
    assert (lines["title"], lines["chart"]["type"]) == ("Logged and closed, last 8 weeks", "line")
    logged, closed = lines["chart"]["series"]
    assert logged["data"][0] == {"label": "28 Sep", "value": 3}
    assert [point["value"] for point in closed["data"]] == [1, 2, 3, 3, 4, 0, 3, 4]


@pytest.mark.parametrize("number", [0, 1])
def test_a_picture_says_its_values_to_who_does_not_see_it(number: int) -> None:
    """The alternative text holds every number of the chart, within what Slack takes."""
    chart = figures.charts(FOUND)[number]
    values = [str(value) for one in chart.series for value in one.values]
    assert all(f": {value}" in chart.alt_text for value in values)
    assert all(label in chart.alt_text for label in (*chart.categories, *(one.name for one in chart.series)))
    assert len(chart.alt_text) <= 1000


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("values", [(1, 0), (0, 1), (7, 7), (1000, 1)], ids=str)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_whatever_the_values_a_picture_is_drawn(shape: Shape, values: tuple[int, ...], number: int) -> None:
    """It is a PNG three times as wide as a phone's screen has points."""
    series = tuple(Series(f"S{one}", values) for one in range(number))
    drawn = Chart("c", "Title", shape, ("28 Sep", "over 90"), series, "Across", "Up").picture()
    height, width, _ = imread(io.BytesIO(drawn)).shape
    assert (width, height) == (1080, 840)


async def monday(stage: Stage) -> Message:
    """Log two records, one of which holds a batch, and move to the Monday after; gives its digest."""
    await stage.log(stage.gita, Class="Major", Batch_or_lot="AB-1001")
    await stage.closed()
    await stage.box.move_clock(MONDAY)
    await stage.bot.timetable.beat()
    await stage.settle()
    return [message for message in stage.anna.messages() if message.words.startswith("Daily digest")][-1]


def types(message: Message) -> list[str]:
    return [block["type"] for block in message.blocks]


async def test_mondays_digest_tells_the_weeks_figures(stage: Stage) -> None:
    """After its sections and before the journal's hash, with both charts; nothing goes into its thread."""
    told = await monday(stage)
    assert "The week's figures · Mon 23 Nov 2026 to Sun 29 Nov 2026" in told.words
    assert "Logged: 2; the week before 0" in told.words
    assert types(told)[-3:] == [CHART, CHART, "context"]
    assert told.words.index("Batches on hold") < told.words.index("The week's figures") < told.words.index("SHA-256")
    assert stage.anna.thread(told) == []


async def test_tuesdays_digest_does_not(stage: Stage) -> None:
    """The figures are told once a week."""
    await monday(stage)
    await stage.beat(days=1)
    told = [message for message in stage.anna.messages() if "Tue 1 Dec 2026" in message.words][-1]
    assert "week's figures" not in told.words
    assert CHART not in types(told)


async def test_after_a_holiday_monday_tuesdays_digest_does(stage: Stage) -> None:
    """Whit Monday has no digest in Germany, and so the figures come with the next one of that week."""
    await stage.box.move_clock(datetime(2027, 5, 14, 7, tzinfo=UTC))
    await stage.bot.timetable.beat()
    await stage.settle()
    for _ in range(4):
        await stage.beat(days=1)
    digests = [message.words for message in stage.anna.messages() if message.words.startswith("Daily digest")]
    assert [words[15:30] for words in digests] == ["Fri 14 May 2027", "Tue 18 May 2027"]
    assert ["week's figures" in words for words in digests] == [False, True]
    assert "Mon 10 May 2027 to Sun 16 May 2027" in digests[1]


@pytest.fixture
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Slack not know the block, as where it has not come yet."""
    monkeypatch.delitem(BLOCKS, CHART)


async def test_where_slack_takes_no_charts_pictures_follow(stage: Stage, no_charts: None) -> None:
    """The digest stands without them, with the figures in words, and its thread has both pictures with their values."""
    told = await monday(stage)
    refused = [call.answer["error"] for call in stage.box.calls if not call.answer["ok"]]
    assert refused == ["invalid_blocks"]
    assert CHART not in types(told)
    assert "Logged: 2; the week before 0" in told.words
    pictures = [file for message in stage.anna.thread(told) for file in stage.anna.files(message)]
    assert [one.name for one in pictures] == ["open-records-by-age.png", "logged-and-closed.png"]
    assert all(one.content.startswith(b"\x89PNG") for one in pictures)
    assert "Deviations: 0-15: 1, 16-30: 0" in pictures[0].alt_text
    assert "23 Nov: 2. Closed: 5 Oct: 0" in pictures[1].alt_text


async def test_an_empty_week_has_figures_too(stage: Stage) -> None:
    """With no record at all there is one line, no data, and no chart."""
    await stage.box.move_clock(MONDAY)
    await stage.bot.timetable.beat()
    await stage.settle()
    told = [message for message in stage.anna.messages() if "Daily digest" in message.words][-1]
    assert "nothing is open, due or waiting" in told.words
    assert "Overdue now: no data" in told.words
    assert CHART not in types(told)


async def test_who_asks_for_the_digest_sees_the_figures_as_well(stage: Stage) -> None:
    """On their day the answer to the command has words and charts."""
    await monday(stage)
    await stage.anna.command("/quality digest")
    await stage.settle()
    answer = stage.anna.ephemerals[-1]
    assert "Logged: 2; the week before 0" in answer.words
    assert types(answer)[-3:] == [CHART, CHART, "context"]


async def test_who_asks_where_slack_takes_no_charts_reads_them(stage: Stage, no_charts: None) -> None:
    """The answer comes all the same, without charts."""
    await monday(stage)
    await stage.anna.command("/quality digest")
    await stage.settle()
    answer = stage.anna.ephemerals[-1]
    assert "Logged: 2; the week before 0" in answer.words
    assert CHART not in types(answer)
