"""The control charts of a pack: of the tests its results are of, the same bytes each time, with words beside them."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from quality import result
from quality.pack import charts, printing
from quality.pack.check import check
from quality.pack.scope import Scope, What
from quality.pack.typeset import pages
from quality.result import ResultForm
from storage.database import Database
from tests import packs, support
from tests.support import ASSAY, GITA, IMPURITY, NOW, actor

STEADY = ("99.6", "99.8", "99.5", "99.9", "99.6", "99.7", "99.8", "99.5", "99.7", "99.6", "99.9", "99.4")


@pytest.fixture
def filled(database: Database) -> Database:
    """Fill a database with results of two tests, one of them often enough for limits; one result stands alone."""
    with database.writing() as session:
        support.set_up(session)
        spec = support.effective(session, tests=(ASSAY, IMPURITY))

        def give(test: str, reported: str, lot: str, at: int, point: str = "") -> None:
            when = NOW - timedelta(minutes=300 - at)
            form = ResultForm(spec.id, test, lot, reported, when, analyst="=#x $y$", time_point=point)
            result.record(session, actor(session, GITA), form, NOW)

        for at, one in enumerate(STEADY):
            give("Assay", one, f"AB-{at}", at)
        give("Impurity A", "0.02", "AB-0", 20)
        give("Assay", "99.1", "AB-0", 21, "6 months")
        support.log_deviation(session)
    return database


def told(database: Database, target: Path, monkeypatch: pytest.MonkeyPatch, scope: Scope) -> list[dict[str, Any]]:
    """Make a pack; gives the pages of its charts as they are set."""
    given: list[str] = []

    def keep(data: str, fonts: Path, target: Path) -> None:
        given.append(data)
        target.write_bytes(pages(data, str(fonts)))

    monkeypatch.setattr(printing, "_set", keep)
    packs.pack(database, target, scope)
    records = [one for data in given for one in json.loads(data)["records"]]
    return [one for one in records if one["number"].startswith("CHART-")]


@pytest.mark.parametrize(
    ("scope", "number"),
    [
        (packs.ALL, 1),
        (Scope(What.BATCH, lot="ab-3"), 1),
        (Scope(What.PERIOD, start=NOW.date(), end=NOW.date()), 1),
        (packs.one("SPEC-2026-0001"), 1),
        (packs.one("DEV-2026-0001"), 0),
        (Scope(What.BATCH, lot="AB-9999"), 0),
    ],
)
def test_each_scope_has_the_charts_of_its_results(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: Scope, number: int
) -> None:
    """Of a test that has ten results; the chart shows them all, of whatever batch, and says so."""
    found = told(filled, tmp_path / "pack.zip", monkeypatch, scope)
    assert len(found) == number
    for one in found:
        assert one["title"] == "Control chart: Assay of Tablet 10 mg, Finished product"
        picture, facts, basis = one["sections"]
        assert picture["image"].startswith("<?xml")
        assert "AB-11 99.4" in picture["alt"]
        assert ["Standing", "In control: 12 results break no rule."] in facts["facts"]
        assert "of other batches too" in basis["none"]


def test_a_pack_with_charts_is_the_same_bytes_and_holds(filled: Database, tmp_path: Path) -> None:
    """Tagged pages for archives, with the picture in them; checked like any other pack."""
    for name in ("one.zip", "other.zip"):
        packs.pack(filled, tmp_path / name)
    one, other = ((tmp_path / name).read_bytes() for name in ("one.zip", "other.zip"))
    assert one == other
    assert [says for well, says in check(tmp_path / "one.zip") if not well] == []
    assert b"<pdfuaid:part>1</pdfuaid:part>" in packs.read(one)["pack.pdf"]


def test_so_many_charts_and_no_more(filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack of everything does not grow with every test there ever was."""
    monkeypatch.setattr(charts, "MOST", 0)
    assert told(filled, tmp_path / "pack.zip", monkeypatch, packs.ALL) == []


def test_a_chart_can_be_looked_at(filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page as a picture; with PICTURES set, that of the documentation is made anew."""
    (one,) = told(filled, tmp_path / "pack.zip", monkeypatch, Scope(What.BATCH, lot="AB-3"))
    drawn: list[bytes] = []

    def draw(data: str, fonts: Path, target: Path) -> None:
        target.write_bytes(b"")
        kept = json.loads(data) | {"cover": None, "records": [one]}
        drawn.append(pages(json.dumps(kept), str(fonts), format="png", ppi=110.0, pdf_standards=[]))

    monkeypatch.setattr(printing, "_set", draw)
    packs.pack(filled, tmp_path / "again.zip", Scope(What.BATCH, lot="AB-3"))
    assert drawn[0].startswith(b"\x89PNG")
    if os.environ.get("PICTURES"):
        (Path(__file__).parents[3] / "docs" / "pictures" / "pack-chart.png").write_bytes(drawn[0])
