"""The control charts of a pack: of the tests that its results are of, once each has results enough for limits."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session

from quality import trend, trend_words
from quality.pack.glyphs import seen, shown
from quality.pack.results import asked
from quality.pack.subject import Subject
from quality.trend import Trend
from storage import bulk, specification

MOST = 24  # charts in a pack: of the tests with the most results in it
MOST_LOOKED_AT = 60
TELLS = (
    "It shows the newest results of this test in the whole partnership, of other batches too, as of the entry of the "
    "journal that stands above. "
)


def pages(session: Session, subject: Subject) -> Iterator[dict[str, Any]]:
    """Give a page for each chart, in the form of a record's."""
    measured = bulk.measured(session, subject.there.id, MOST_LOOKED_AT, **asked(subject))
    drawn = 0
    for test_id, time_point in measured:
        if drawn == MOST:
            return
        test = specification.find_test(session, subject.there.id, test_id)
        found = trend.of_test_in(session, test, time_point) if test is not None else None
        session.expunge_all()
        if found is not None and found.limits is not None:
            drawn += 1
            yield _page(found, drawn)


def _page(found: Trend, number: int) -> dict[str, Any]:
    from quality.trend_picture import draw  # noqa: PLC0415 - it loads matplotlib, and most packs have no chart

    facts = [("Standing", trend_words.standing(found)), *trend_words.facts(found)]
    sections = [{"title": "", "facts": facts}, {"title": "", "none": TELLS + trend_words.BASIS}]
    line = {"number": f"CHART-{number:03}", "title": f"Control chart: {found.of.words}", "class": "", "state": ""}
    page = seen(line | {"sections": sections})
    alt = shown(trend_words.alt_text(found))
    page["sections"].insert(0, {"title": "", "image": draw(found, "svg").decode(), "alt": alt})
    return page
