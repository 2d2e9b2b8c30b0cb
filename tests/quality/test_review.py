"""The annual review of a product: twelve points, each with what is kept, what is missing, or what was stated."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from quality import result, review
from quality.refusal import Refusal
from quality.result import ResultForm
from quality.review import Review, Standing
from storage import partnership
from storage.investigation import Disposition
from storage.partnership import Partnership
from storage.record import Class
from tests import support
from tests.support import ANNA, DAY, ELIF, GITA, NOW, actor

PRODUCT = "Tablet 10 mg"


def gathered(session: Session, there: Partnership, product: str = PRODUCT, year: int = 2026) -> Review:
    both = partnership.companies(session, there.id)
    written = review.known_as(session, there.id, product)
    return review.gather(session, review.scope_of(there, both, written, year, NOW))


def filled(session: Session) -> None:
    """Fill a year: results, an OOS, deviations of each class with a CAPA, a released lot."""
    spec = support.effective(session)
    for at, reported in enumerate(("99.0", "99.2", "93.1")):
        form = ResultForm(spec.id, "Assay", f"AB-{at}", reported, NOW - timedelta(minutes=at))
        made = result.record(session, actor(session, GITA), form, NOW)
    result.confirm(session, actor(session, GITA), made.id, NOW)
    major = support.log_deviation(session, product="tablet 10 MG", lots=("AB-7",))
    support.log_deviation(session, product=PRODUCT, class_=Class.MINOR)
    support.log_deviation(session, product="Syrup")
    support.log_capa(session, sources=(major.number,))
    support.sign(session, ANNA, support.dispose(session, lot="AB-9", product=PRODUCT))


def test_the_twelve_points_are_always_there(session: Session, there: Partnership) -> None:
    """In their order; of what is not kept here it is named what to attach, of an empty year that there was none."""
    filled(session)
    found = gathered(session, there)
    assert [one.point.number for one in found.points] == list(range(1, 13))
    standing = {one.point.number: one.standing for one in found.points}
    missing = (Standing.MISSING, Standing.IN_PART)
    assert {number for number, one in standing.items() if one in missing} == {1, 5, 6, 8, 10, 11, 12}
    assert {number for number, one in standing.items() if one is Standing.KEPT} == {2, 3, 4, 9}
    assert (standing[7], standing[5]) == (Standing.NONE, Standing.IN_PART)
    assert all(one.point.missing for one in found.missing)
    empty = gathered(session, there, year=2024)
    assert {one.standing for one in empty.points} == {Standing.MISSING, Standing.NONE}
    assert all("2024" in one.gathered.says for one in empty.points if one.standing is Standing.NONE)
    assert empty.batches.rows == []


@pytest.mark.both_engines
def test_what_is_kept_is_gathered(session: Session, there: Partnership) -> None:
    """By whatever case the product is written; of other products nothing."""
    filled(session)
    points = {one.point.number: one.gathered for one in gathered(session, there, "TABLET 10 mg").points}
    assert points[2].says == "Results: 3, of 1 different tests. OOS: 1. OOT: 0."
    (tests,) = points[2].tables
    assert tests.rows == [
        ("Finished product", "Assay", "3", "2", "0", "1", "2 of 10 results: there are no control limits yet.")
    ]
    assert points[3].says == "OOS results: 1. Confirmed: 0. Invalidated: 0. Inconclusive: 0. Open: 1."
    assert points[3].tables[0].rows[0][0] == "OOS-2026-0001"
    assert points[4].says == "Critical: 0. Major: 1. Minor: 1."
    deviations, figures = points[4].tables
    (row,) = deviations.rows
    assert (row[0], row[-1]) == ("DEV-2026-0001\nMajor", "CAPA-2026-0001 Planned")
    assert "AB-7" in row[1]
    assert "Human-error share" in [one[0] for one in figures.rows]
    assert points[5].tables[0].rows[0][:3] == ("SPEC-2026-0001", "Finished product", "1")
    assert points[9].says == "CAPAs: 1. Effective: 0. Not effective: 0. Open: 1."
    assert points[12].says == "Version 1 of the quality agreement is in force."


def test_what_an_earlier_year_left_open(session: Session, there: Partnership) -> None:
    """It counts in each year in which it was open, and a CAPA with its own life, whenever its source was closed."""
    before, year = NOW - 365 * DAY, 2026
    old = support.log_deviation(session, now=before - 365 * DAY, product=PRODUCT)
    capa = support.log_capa(session, sources=(old.number,), now=before)
    old.closed_at = before
    session.flush()
    points = gathered(session, there, year=year).points
    assert points[3].gathered.says == f"No major or critical deviation was logged, open or closed in {year}."
    assert [row[0] for row in points[8].gathered.tables[0].rows] == [capa.number]
    earlier = gathered(session, there, year=2025)
    assert earlier.points[3].gathered.says == "Critical: 0. Major: 1."
    assert (earlier.points[8].standing, gathered(session, there, year=2023).points[8].standing) == (
        Standing.KEPT, Standing.NONE,
    )  # fmt: skip
    other = support.log_deviation(session, now=before, product="Syrup")
    support.log_capa(session, sources=(other.number,))
    assert len(gathered(session, there, year=year).points[8].gathered.tables[0].rows) == 1


@pytest.mark.both_engines
def test_a_record_without_a_product_counts_by_its_batch(session: Session, there: Partnership) -> None:
    """Where results or a disposition of the product name that batch; another product's record by its product alone."""
    filled(session)
    by_result = support.log_deviation(session, product="", lots=("X-1", "ab-1"))
    by_disposition = support.log_deviation(session, product="", lots=("AB-9",))
    support.log_deviation(session, product="", lots=("X-1",))
    support.log_deviation(session, product="Syrup", lots=("AB-1",))
    capa = support.log_capa(session, sources=(by_result.number,))
    points = gathered(session, there).points
    told = [row[0].partition("\n")[0] for row in points[3].gathered.tables[0].rows]
    assert told == ["DEV-2026-0001", by_result.number, by_disposition.number]
    assert capa.number in {row[0] for row in points[8].gathered.tables[0].rows}


def test_the_batches_of_the_year(session: Session, there: Partnership) -> None:
    """Those that results, records or a disposition name, with what was decided."""
    filled(session)
    rows = gathered(session, there).batches.rows
    assert [row[0] for row in rows] == ["AB-0", "AB-1", "AB-1001", "AB-2", "AB-7", "AB-9"]
    assert rows[0][1:] == ("1", "", "none")
    assert rows[3][1:] == ("1", "OOS-2026-0001", "none")
    assert rows[4][1:] == ("0", "DEV-2026-0001", "none")
    assert rows[-1][1:] == ("0", "", "DIS-2026-0001: Released, Tue 24 Nov 2026")


@pytest.mark.both_engines
def test_a_batch_s_disposition_counts_whenever_it_was_decided(session: Session, there: Partnership) -> None:
    """A batch tested in December and released in January is no batch without a disposition; of other products none."""
    filled(session)
    later = NOW + 60 * DAY
    support.sign(session, ANNA, support.dispose(session, lot="ab-0", product=PRODUCT, now=later), now=later)
    support.dispose(session, lot="AB-1", product="", now=later)
    support.dispose(session, lot="AB-2", product="Syrup", decision=Disposition.REJECT, now=later)
    told = {lot: decided for lot, _, _, decided in gathered(session, there).batches.rows}
    assert told["AB-0"] == "DIS-2027-0001: Released, Sat 23 Jan 2027"
    assert (told["AB-1"], told["AB-2"]) == ("DIS-2027-0002: Proposed", "none")


def test_an_oos_result_without_a_record_is_told(session: Session, there: Partnership) -> None:
    """Nobody reads that none failed while one waits to be confirmed, or after one was discarded."""
    spec = support.effective(session)
    form = ResultForm(spec.id, "Assay", "AB-3", "93.1", NOW)
    waits = result.record(session, actor(session, GITA), form, NOW)
    point = gathered(session, there).points[2]
    assert point.standing is Standing.KEPT
    assert point.gathered.says.endswith("Open: 0. Without an OOS record: 1.")
    assert [row[3] for row in point.gathered.tables[0].rows] == ["To confirm"]
    result.discard(session, actor(session, ANNA), waits.id, "Typed twice.", NOW)
    (table,) = gathered(session, there).points[2].gathered.tables
    assert [(row[3], row[5]) for row in table.rows] == [("Discarded", "Typed twice.")]


def test_time_points_stand_in_the_order_of_time(session: Session, there: Partnership) -> None:
    """Three months before twelve."""
    spec = support.effective(session, sample_type="Stability")
    for point in ("12 months", "3 months", "24 months"):
        form = ResultForm(spec.id, "Assay", "AB-1", "99.0", NOW, time_point=point)
        result.record(session, actor(session, GITA), form, NOW)
    rows = gathered(session, there).points[6].gathered.tables[0].rows
    assert [row[1] for row in rows] == ["Assay, 3 months", "Assay, 12 months", "Assay, 24 months"]


def test_what_has_not_come_yet_is_not_told_as_come(session: Session, there: Partnership) -> None:
    """Of a year that runs: a specification that comes into force in December, the agreement of its end."""
    support.effective(session, effective_on=(NOW + 14 * DAY).date())
    points = gathered(session, there).points
    assert points[4].gathered.says == "No version of its specifications came into force in 2026."
    assert points[11].gathered.says == "Version 1 of the quality agreement is in force."
    both = partnership.companies(session, there.id)
    over = review.gather(session, review.scope_of(there, both, PRODUCT, 2026, NOW + 60 * DAY)).points
    assert over[4].gathered.says == "Versions of specifications that came into force: 1."
    assert over[11].gathered.says == "Version 1 of the quality agreement was in force at the end of the year."


def test_a_statement_stands_instead_of_what_is_missing(session: Session, there: Partnership) -> None:
    """By QA of either company, journaled; a later one is told first, the earlier one stays."""
    filled(session)
    review.state(session, actor(session, ANNA), "tablet 10 mg", 2026, 6, "No variation.", NOW)
    review.state(session, actor(session, ELIF), PRODUCT, 2026, 6, "See RA-7.", NOW + DAY)
    found = gathered(session, there).points[5]
    assert (found.standing, [one.row.text for one in found.stated]) == (Standing.STATED, ["See RA-7.", "No variation."])
    assert found.stated[1].words == "Stated by Anna Berg (Aurora), 24 Nov 2026 09:00 UTC"
    entry = support.last_entry(session)
    assert (entry.event, entry.content["changes"]["text"]) == ("review.stated", [None, "See RA-7."])
    assert gathered(session, there, year=2025).points[5].standing is Standing.MISSING


@pytest.mark.parametrize(
    ("who", "point", "year"), [(GITA, 6, 2026), (ANNA, 13, 2026), (ANNA, 6, 2027), (ANNA, 6, 1999)]
)
@pytest.mark.usefixtures("there")
def test_who_states_what(session: Session, who: support.Profile, point: int, year: int) -> None:
    """QA alone, to one of the twelve points, of a year that has begun."""
    filled(session)
    with pytest.raises(Refusal):
        review.state(session, actor(session, who), PRODUCT, year, point, "x", NOW)
    assert support.last_entry(session).event != "review.stated"


def test_a_company_that_has_not_confirmed_states_nothing(session: Session) -> None:
    """Until then its QA cannot bind it."""
    support.set_up(session, confirmed=False)
    support.log_deviation(session, product=PRODUCT)
    told = support.refused(session, review.state, actor(session, ELIF), PRODUCT, 2026, 6, "x", NOW)
    assert "Confirm" in told


def test_a_product_that_nothing_names(session: Session, there: Partnership) -> None:
    """It is said, and where products are found; another channel's product is none."""
    other = support.set_up(session, "C0OTHER")
    support.log_deviation(session, product="Syrup")
    assert gathered(session, there, "Syrup").product == "Syrup"
    for channel, product in ((there, "Pills"), (other, "Syrup")):
        with pytest.raises(Refusal, match=f"No record, result or specification names the product “{product}”"):
            gathered(session, channel, product)


@pytest.mark.usefixtures("there")
def test_the_products_to_choose_from(session: Session) -> None:
    """Each once, as it was first written, by name; those of this channel, and none of void records."""
    filled(session)
    assert review.products(session, actor(session, ANNA)) == ["Syrup", PRODUCT]
    support.set_up(session, "C0OTHER")
    told = support.refused(session, review.products, actor(session, ANNA, "C0OTHER"))
    assert "No record names a product yet" in told


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Tablet 10 mg 2025", ("Tablet 10 mg", 2025)),
        ("Tablet 10 mg", ("Tablet 10 mg", 2026)),
        ("Tablet", ("Tablet", 2026)),
        ("Tablet 2026", ("Tablet", 2026)),
    ],
)
def test_product_and_year_as_they_are_typed(text: str, found: tuple[str, int]) -> None:
    """The year stands last; without one it is the present."""
    assert review.parse(text, 2026) == found


@pytest.mark.parametrize(
    ("text", "says"), [("", "Say which product"), ("Tablet 2027", "2000 to 2026"), ("X 1999", "2000")]
)
def test_what_cannot_be_read(text: str, says: str) -> None:
    """It says what can be said."""
    with pytest.raises(Refusal, match=says):
        review.parse(text, 2026)
