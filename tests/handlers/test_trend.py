"""Trends in Slack: found by words or a form, told in words, drawn as a picture that says what it shows."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import trend as screens
from quality import trend_picture, trend_words
from quality.trend import LEAST, Measured, Trend, made
from sandbox.limits import message_problems
from storage.result import LabResult, Verdict
from storage.specification import SpecificationTest
from tests.handlers.test_result import give
from tests.handlers.test_specification import door, effective
from tests.stage import TUESDAY, Stage

TEST = SpecificationTest(test="Assay", lower="95.0", upper="105.0", unit="%")
SPECIFICATION = "SPEC-2026-0001 v1 · Tablet 10 mg, Finished product"
PNG, SVG = b"\x89PNG\r\n\x1a\n", b"<?xml"


def results(*reported: str) -> list[LabResult]:
    """Give results of a day each."""
    return [
        LabResult(
            reported=one, unit="%", lot=f"AB-{at}", analysed_at=TUESDAY + timedelta(days=at),
            verdict=Verdict.OOS if one.startswith("9.") else Verdict.COMPLIES,
        )
        for at, one in enumerate(reported)
    ]  # fmt: skip


def of(*reported: str, test: str = "Assay", **more: Any) -> Trend:
    return made(Measured("Tablet 10 mg", "Finished product", test), TEST.model_copy(update=more), results(*reported))


STEADY = ("99.6", "99.8", "99.5", "99.9", "99.6", "99.7", "99.8", "99.5", "99.7", "99.6")
RISING = ("99.0", "99.1", "99.2", "99.4", "99.5", "99.7", "99.6", "99.8", "99.5", "99.9", "9.0", "<LOQ")


def test_a_trend_in_words() -> None:
    """How it stands first, then each figure with its number of results, then which rule is broken by what."""
    found = of(*RISING)
    assert trend_words.standing(found) == (
        "Signals: Western Electric 1, Nelson 1; Western Electric 2, Nelson 5; Nelson 3; the limit of the moving range."
    )
    told = dict(trend_words.facts(found))
    assert told["Results"] == ("11, Tue 24 Nov 2026 to Fri 4 Dec 2026; 1 left out: no plain number, or in another unit")
    assert told["Specification"] == "95.0 to 105.0 %"
    assert told["Mean"] == "99.47 %, of 10 results"
    assert told["Control limits"] == "98.97 to 99.97 %"
    assert told["Moving range"] == "mean 0.19 %, limit 0.62 %"
    assert told["Capability"].endswith(
        ", of 11 results, OOS too: fewer than 30 results and signals among them, a hint and no more"
    )
    assert dict(trend_words.facts(of(*STEADY)))["Capability"].endswith(
        ", of 10 results: fewer than 30 results, a hint and no more"
    )
    assert told["Nelson 3"] == (
        "six in a row, each above or each below the one before: "
        "6 results, AB-0 to AB-5, Tue 24 Nov 2026 to Sun 29 Nov 2026"
    )
    assert told["Western Electric 1, Nelson 1"] == "beyond three sigma: AB-10, 9.0 %, Fri 4 Dec 2026"


@pytest.mark.parametrize(
    ("reported", "says"),
    [
        ((), "No result counts in it yet: there are no control limits yet."),
        (STEADY[:4], "4 of 10 results: there are no control limits yet."),
        (("99.6",) * 12, "All 12 results are the same: there are no control limits yet."),
        (STEADY, "In control: 10 results break no rule."),
    ],
)
def test_how_a_trend_stands(reported: tuple[str, ...], says: str) -> None:
    """Too few, all the same, or in control; each is drawn, and fits into a message."""
    found = of(*reported)
    assert trend_words.standing(found) == says
    assert message_problems({"text": "x", "blocks": screens.draw(found).blocks}) == []


def test_one_sided_limits_and_none() -> None:
    """Capability tells what can be told; without a limit it says so."""
    one = dict(trend_words.facts(of(*STEADY, lower="")))["Capability"]
    assert "Cpk" in one
    assert "Cp " not in one
    assert dict(trend_words.facts(of(*STEADY, lower="", upper="")))["Capability"] == (
        "none: the specification has no limit"
    )


def test_the_picture_is_the_same_each_time() -> None:
    """As PNG for Slack and SVG for a pack; what somebody typed is no formula of the drawing, and may be any sign."""
    found = of(*RISING, test="Assay $x_1$ 含量", upper="")
    for form, begins in (("png", PNG), ("svg", SVG)):
        drawn = trend_picture.draw(found, form)
        assert drawn.startswith(begins)
        assert drawn == trend_picture.draw(found, form)


SEEN = (
    *("99.6", "99.8", "99.4", "99.8", "100.1", "99.8", "100.4", "99.2", "99.6", "99.2", "99.3", "99.5", "99.7", "99.8"),
    *("99.9", "100.3", "99.5", "98.9", "99.7", "99.3", "99.9", "100.4", "94.2", "99.2", "99.6"),
)


def test_a_chart_can_be_looked_at() -> None:
    """With PICTURES set, that of the documentation is drawn anew."""
    rows = [
        one.model_copy(update={"verdict": Verdict.OOS}) if one.reported == "94.2" else one for one in results(*SEEN)
    ]
    drawn = trend_picture.draw(made(Measured("Tablet 10 mg", "Finished product", "Assay"), TEST, rows))
    assert drawn.startswith(PNG)
    if os.environ.get("PICTURES"):
        (Path(__file__).parents[2] / "docs" / "pictures" / "control-chart.png").write_bytes(drawn)


async def recorded(stage: Stage) -> None:
    """Have a specification in force, and ten results of its assay."""
    await effective(stage)
    for at, one in enumerate(STEADY[:LEAST]):
        assert await give(stage, stage.gita, Result=one, **{"Batch or lot": f"AB-{at}"}) == {}
        await stage.gita.close_modal()


async def test_a_trend_is_found_by_words(stage: Stage) -> None:
    """One test is shown at once, several are offered; its chart comes by direct message, and says what it shows."""
    await recorded(stage)
    await stage.anna.command("/quality trend tablet ASSAY")
    await stage.settle()
    shown = stage.anna.ephemerals[-1].words
    assert "Assay of Tablet 10 mg, Finished product" in shown
    assert "In control: 10 results break no rule." in shown
    (file,) = stage.anna.files(stage.anna.direct_messages[-1])
    assert file.content.startswith(PNG)
    assert file.alt_text.startswith("Control chart of Assay of Tablet 10 mg, Finished product. In control: 10 results")
    assert "The newest results, the last first: AB-9 99.6, AB-8 99.7" in file.alt_text
    await stage.anna.command("/quality trend SPEC-2026-0001")
    await stage.settle()
    assert "Impurity A · Tablet 10 mg, Finished product · SPEC-2026-0001" in stage.anna.ephemerals[-1].words
    await stage.anna.click("Trend", stage.anna.ephemerals[-1], near="Impurity A")
    await stage.settle()
    assert "No result counts in it yet" in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality trend syrup")
    await stage.settle()
    assert "No test of a specification in force holds “syrup”." in stage.anna.ephemerals[-1].words


def test_the_words_of_a_picture_keep_the_newest_results() -> None:
    """However many signals there are: Slack cuts at the end, and the last result stands before them."""
    alt = trend_words.alt_text(of(*(("99.0", "100.9") * 50)[:-1], "104.5"))
    assert "The newest results, the last first: AB-99 104.5, AB-98 99.0" in alt[: screens.LONGEST_ALT]
    assert "AB-0 99.0" not in alt


async def test_time_points_are_offered(stage: Stage) -> None:
    """Of a test that has results of them alone there is more to say than that there is none."""
    await effective(stage)
    assert await give(stage, stage.gita, Result="99.6", **{"Time point": "6 months"}) == {}
    await stage.gita.close_modal()
    await stage.anna.command("/quality trend finished assay")
    await stage.settle()
    shown = stage.anna.ephemerals[-1]
    assert "No result counts in it yet" in shown.words
    await stage.anna.click("Trend", shown, near="6 months")
    await stage.settle()
    assert "Assay of Tablet 10 mg, Finished product, 6 months" in stage.anna.ephemerals[-1].words
    assert "1 of 10 results" in stage.anna.ephemerals[-1].words


async def test_a_trend_is_asked_for_by_a_form(stage: Stage) -> None:
    """From the specifications, by whose company has no app as well."""
    await recorded(stage)
    await door(stage, stage.elif_, "Trend")
    stage.elif_.fill({"Specification": SPECIFICATION, "Test": "Assay"})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "In control: 10 results break no rule." in stage.elif_.modal.words
    assert stage.elif_.files(stage.elif_.direct_messages[-1])


async def test_without_a_specification_it_says_what_to_do(stage: Stage) -> None:
    """There is nothing to choose from yet."""
    await stage.anna.command("/quality trend")
    await stage.settle()
    assert "No specification is in force here yet, and trends are of its tests." in stage.anna.ephemerals[-1].words


async def test_a_result_beyond_the_trend_waits_to_be_confirmed(stage: Stage) -> None:
    """It says by how many results; confirmed, it is an OOT record."""
    await recorded(stage)
    assert await give(stage, stage.gita, Result="101.9") == {}
    await stage.settle()
    told = stage.gita.direct_messages[-1]
    assert "lies above the upper control limit" in told.words
    assert "of the 10 results recorded before it" in told.words
    await stage.gita.click("Trend", told)
    await stage.settle()
    assert "In control: 10 results" in stage.gita.ephemerals[-1].words
    await stage.gita.click("Confirm", told)
    await stage.settle()
    assert "OOT" in stage.card("OOS-2026-0001").words
