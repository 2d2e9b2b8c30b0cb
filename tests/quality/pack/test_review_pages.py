"""The pages of a product's review: the twelve points on the cover, a part for each; the same bytes each time."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from quality import review
from quality.pack import printing
from quality.pack.check import check
from quality.pack.scope import of_review
from quality.pack.typeset import pages
from quality.review_points import POINTS
from storage.database import Database
from tests import packs, support
from tests.quality.test_review import filled as fill
from tests.support import ANNA, NOW, actor

SCOPE = of_review("tablet  10 mg", 2026)
HOSTILE = "=cmd #panic() $x$ <!channel> 含量"


@pytest.fixture
def filled(database: Database) -> Database:
    with database.writing() as session:
        support.set_up(session)
        fill(session)
        review.state(session, actor(session, ANNA), "Tablet 10 mg", 2026, 8, HOSTILE, NOW)
        review.state(session, actor(session, ANNA), "Tablet 10 mg", 2025, 8, "Of another year.", NOW)
        support.log_deviation(session, title="Of another product", product="Syrup")
    return database


def test_a_review_is_a_pack_of_its_product_s_year(filled: Database, tmp_path: Path) -> None:
    """Its records, results and journal entries, no other product's; checked like any pack, the same bytes twice."""
    for name in ("one.zip", "other.zip"):
        packs.pack(filled, tmp_path / name, SCOPE)
    one = tmp_path / "one.zip"
    assert one.read_bytes() == (tmp_path / "other.zip").read_bytes()
    assert [says for well, says in check(one) if not well] == []
    found = packs.Opened(one)
    assert "review.pdf" in found.files
    assert set(found.records) == {
        "DEV-2026-0001", "DEV-2026-0002", "OOS-2026-0001", "CAPA-2026-0001", "DIS-2026-0001",
    }  # fmt: skip
    assert {row["product"] for row in found.lines("results.jsonl")} == {"Tablet 10 mg"}
    stated = [json.loads(row["body"]) for row in found.lines("journal.jsonl") if "review.stated" in row["body"]]
    assert [one["changes"]["text"] for one in stated] == [[None, HOSTILE]]
    scope = found.data("pack.json")["scope"]
    assert (scope["what"], scope["product"], scope["from"], scope["to"]) == (
        "review", "Tablet 10 mg", "2026-01-01", "2026-12-31",
    )  # fmt: skip


def test_another_year_is_empty(filled: Database, tmp_path: Path) -> None:
    """It is told point by point, and there is nothing else in it."""
    packs.pack(filled, tmp_path / "pack.zip", of_review("Tablet 10 mg", 2024))
    found = packs.Opened(tmp_path / "pack.zip")
    assert found.records == {}
    assert "review.pdf" in found.files


def test_the_twelve_points_stand_on_its_pages(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How each stands on the cover, what is missing by its name, a statement with who made it; nothing is markup."""
    given: dict[str, dict[str, Any]] = {}
    drawn: list[bytes] = []

    def draw(data: str, fonts: Path, target: Path) -> None:
        given[target.name] = json.loads(data)
        target.write_bytes(pages(data, str(fonts)))
        if target.name == "review.pdf":
            drawn.extend(pages(data, str(fonts), format="png", ppi=110.0, pdf_standards=[]))  # type: ignore[arg-type]

    monkeypatch.setattr(printing, "_set", draw)
    packs.pack(filled, tmp_path / "pack.zip", SCOPE)
    told = given["review.pdf"]
    overview = told["cover"]["sections"][2]["rows"]
    assert [row[0] for row in overview] == [str(number) for number in range(1, 13)]
    assert [row[2] for row in overview] == [
        "Missing", "Kept", "Kept", "Kept", "Missing in part", "Missing", "None",
        "Stated by Anna Berg (Aurora)", "Kept", "Missing", "Missing", "Missing in part",
    ]  # fmt: skip
    titles = [one["title"].replace("\u200b", "") for one in told["records"]]
    assert titles == [one.title for one in POINTS]
    words = json.dumps(told["records"][7], ensure_ascii=False)
    assert "Stated by Anna Berg (Aurora), 24 Nov 2026 09:00 UTC" in words
    assert "=cmd #panic() $x$ <!channel> [U+542B][U+91CF]" in words
    assert ["Missing", "attach the list of regulatory affairs"] in told["records"][9]["sections"][0]["facts"]
    if os.environ.get("PICTURES"):
        for name, place in (("cover", 0), ("point", 4)):
            (Path(__file__).parents[3] / "docs" / "pictures" / f"review-{name}.png").write_bytes(drawn[place])
