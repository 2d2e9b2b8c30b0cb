"""The pages of a product's annual review: how the twelve points stand first, then each with what was gathered."""

from collections.abc import Iterable
from typing import Any

from quality import words
from quality.pack.glyphs import seen, shown
from quality.pack.subject import Subject
from quality.review import Found, Review, Standing
from quality.review_points import Table
from storage.partnership import Side

NAME = "review.pdf"
KEPT_HERE = (
    "What is kept in QualBridge is gathered below; what is not kept there is named as missing, with what has to be "
    "attached. The records themselves stand in the other files of this pack."
)


def of_review(subject: Subject, found: Review) -> dict[str, Any]:
    """Give the pages of a review, which are its cover and a part for each point."""
    both = subject.companies
    names = f"{both[Side.SPONSOR].name} and {both[Side.CMO].name}"
    facts = [
        ("Product", found.product),
        ("Year", f"{found.year}, {words.day(found.scope.period.first)} to {words.day(found.scope.period.last)}"),
        ("Sponsor", both[Side.SPONSOR].name),
        ("CMO", both[Side.CMO].name),
        ("Batches", str(len(found.batches.rows))),
        ("As of", f"{words.moment(subject.end.at)}: entry {subject.end.seq} of the journal, {subject.end.hash[:12]}"),
    ]
    overview = [(f"{one.point.number}", one.point.title, _stands(one)) for one in found.points]
    table = {"title": "The twelve points of EU GMP 1.10", "head": ("", "Point", "Stands"), "widths": (0.5, 6, 3)}
    cover = {
        "kind": "PRODUCT QUALITY REVIEW",
        "title": f"{found.product}, {found.year}",
        "subtitle": names,
        "sections": [
            {"title": "", "facts": facts},
            {"title": "", "none": KEPT_HERE},
            table | {"rows": overview},
            _table(found.batches),
        ],
    }
    return {"cover": shown(cover), "records": [_point(one, found) for one in found.points]}


def _stands(one: Found) -> str:
    return f"{one.standing} by {one.stated[0].by}" if one.stated else str(one.standing)


def _point(one: Found, found: Review) -> dict[str, Any]:
    line = {"number": f"{one.point.number}", "title": one.point.title, "class": "", "state": ""}
    sections: list[dict[str, Any]] = [{"title": "", "facts": [("Stands", str(one.standing)), *_facts(one, found)]}]
    sections += [_table(table) for table in one.gathered.tables]
    for stated in one.stated[1:]:
        sections.append({"title": "", "facts": [(f"Earlier: {stated.words}", stated.row.text)]})
    return seen(line | {"sections": sections})


def _facts(one: Found, found: Review) -> Iterable[tuple[str, str]]:
    if one.gathered.says:
        yield ("Kept here" if one.gathered.tables else f"None in {found.year}"), one.gathered.says
    if one.point.missing:
        yield ("Missing" if one.standing is not Standing.STATED else "Not kept here"), one.point.missing
    for stated in one.stated[:1]:
        yield stated.words, stated.row.text


def _table(table: Table) -> dict[str, Any]:
    if not table.rows:
        return {"title": table.title, "none": "None."}
    return {"title": table.title, "head": table.head, "widths": table.widths, "rows": table.rows}
