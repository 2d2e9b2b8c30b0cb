"""Logging OOS results."""

import pytest

from tests.stage import OOS, Stage

LABELS = [
    "Test",
    "Test category",
    "Kind",
    "Sample type",
    "Batch or lot",
    "Product",
    "Result",
    "Unit",
    "Lower limit",
    "Upper limit",
    "Method",
    "Analyst",
    "Analysed at",
    "Batch distributed",
]


async def test_an_oos_result_is_logged(stage: Stage) -> None:
    """A result outside its limits becomes a record in Phase I that holds its batch."""
    await stage.anna.command("/oos")
    assert stage.anna.modal is not None
    assert (stage.anna.modal.title, stage.anna.modal.labels) == ("Log OOS result", LABELS)
    await stage.anna.close_modal()
    card = await stage.log(stage.hugo, "Log OOS result")
    assert card.words.startswith("OOS-2026-0001 · OOS result\nAssay (HPLC): 93.4 %")
    for words in ("State: Phase I", "Limits: 95.0 to 105.0 %", "On hold: AB-1004", "30 working days from the result"):
        assert words in card.words
    assert card.buttons == [
        *("Acknowledge", "Assign owner", "Phase I result", "Extend due date"),
        *("Add CAPA", "Link record", "Comment", "History", "Export", "Void"),
    ]


@pytest.mark.parametrize(
    ("changes", "label", "says"),
    [
        ({"Result": "high"}, "Result", "not a number"),
        ({"Result": "1e5x"}, "Result", "not a number"),
        ({"Result": "NaN"}, "Result", "not a number"),
        ({"Result": "1,000"}, "Result", "thousands or decimals"),
        ({"Lower limit": "abc"}, "Lower limit", "not a number"),
        ({"Lower limit": "110"}, "Upper limit", "below the lower limit"),
        ({"Result": "98.0"}, "Result", "complies with the limits"),
        ({"Result": "94,96"}, "Result", "complies with the limits"),
        ({"Kind": "OOT"}, "Kind", "is outside the limits"),
    ],
)
async def test_bad_results_are_refused_at_their_field(
    stage: Stage, changes: dict[str, str], label: str, says: str
) -> None:
    """What is no number, or contradicts its kind, is told at its field, and nothing is logged."""
    await stage.hugo.click("Log OOS result")
    stage.hugo.fill(OOS | changes)
    errors = await stage.hugo.submit()
    assert list(errors) == [label]
    assert says in errors[label]
    await stage.settle()
    assert stage.cards == []


async def test_an_unknown_word_answers_with_usage(stage: Stage) -> None:
    """`/oos` with a word it does not know says what it can do."""
    await stage.anna.command("/oos something")
    assert "/oos list" in stage.anna.ephemerals[-1].words
    assert stage.anna.modal is None


async def test_a_result_out_of_trend_is_called_so(stage: Stage) -> None:
    """An OOT result says so in its card's heading, and holds no batch."""
    card = await stage.log(stage.hugo, "Log OOS result", Kind="OOT", Result="98.0")
    assert card.words.startswith("OOS-2026-0001 · OOT result")
    assert "On hold" not in card.words
