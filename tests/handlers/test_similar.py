"""Similar records, named under a new card."""

from datetime import timedelta

from sandbox import Message
from tests.stage import Stage

ALIKE = {"Title": "Filter integrity test failed", "Product": "Auroprim", "Where": "Line 2"}


def named(stage: Stage, card: Message) -> list[str]:
    """Give what the thread says about similar records."""
    return [message.words for message in stage.gita.thread(card) if "similar in the last 12 months" in message.words]


async def test_nothing_like_it_is_not_mentioned(stage: Stage) -> None:
    """The first of its kind has an empty thread, and what shares a word only is not similar."""
    first = await stage.log(stage.gita, **ALIKE)
    assert stage.gita.thread(first) == []
    other = await stage.log(stage.gita, Title="Filter of the canteen", Product="Soup", Where="Kitchen")
    assert named(stage, other) == []


async def test_what_is_like_it_is_named_with_its_capa(stage: Stage) -> None:
    """Number, title, class and state of each stand there with a link, and the CAPA of those that are closed."""
    first = await stage.closed(**ALIKE)
    await stage.capa(stage.gita, first)
    second = await stage.log(stage.gita, **ALIKE)
    (told,) = named(stage, second)
    assert told.startswith("1 similar in the last 12 months, 1 closed with CAPA-2026-0001.")
    assert "DEV-2026-0001 Filter integrity test failed · Minor deviation · Closed · CAPA-2026-0001" in told
    line = next(message for message in stage.gita.thread(second) if "similar" in message.words)
    assert first.ts.replace(".", "") in str(line.blocks)  # the link to its card
    third = await stage.log(stage.gita, **(ALIKE | {"Title": "The <!channel> filter failed its integrity test"}))
    (told,) = named(stage, third)
    assert told.startswith("2 similar in the last 12 months, 1 closed with CAPA-2026-0001.")
    fourth = await stage.log(stage.gita, **ALIKE)
    (told,) = named(stage, fourth)
    assert "DEV-2026-0003 The <!channel> filter failed its integrity test" in told
    for call in stage.calls("chat.postMessage"):
        assert "<!channel>" not in call.arguments["text"]


async def test_only_the_last_twelve_months_count_and_no_void_ones(stage: Stage) -> None:
    """What was logged longer ago, or was voided, is not named."""
    await stage.log(stage.gita, **ALIKE)
    await stage.box.move_clock(stage.box.now() + timedelta(days=300))
    await stage.void(stage.elif_, await stage.log(stage.gita, **ALIKE))
    await stage.box.move_clock(stage.box.now() + timedelta(days=67))
    third = await stage.log(stage.gita, **ALIKE)
    assert named(stage, third) == []


async def test_results_of_the_same_test_are_alike(stage: Stage) -> None:
    """An OOS is compared with results, not with deviations."""
    await stage.log(stage.gita, Title="Assay (HPLC)", Product="Auroprim")
    await stage.log(stage.hugo, "Log OOS result", Product="Auroprim")
    card = await stage.log(stage.hugo, "Log OOS result", Product="AUROPRIM", Batch_or_lot="AB-1005")
    (told,) = named(stage, card)
    assert told.startswith("1 similar in the last 12 months.")
    assert "OOS-2026-0001 Assay (HPLC): 93.4 % · OOS result · Phase I" in told


async def test_many_are_counted_and_a_few_named(stage: Stage) -> None:
    """However many there are, the number is told and the five most alike are named."""
    for _ in range(8):
        await stage.log(stage.gita, **ALIKE)
    (told,) = named(stage, stage.cards[-1])
    assert told.startswith("7 similar in the last 12 months.")
    assert told.count("DEV-2026-") == 5
