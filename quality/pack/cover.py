"""The first pages of a pack: whose it is, what it holds, where the journal ended, and what lies where."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from quality import words
from quality.pack.glyphs import shown
from quality.pack.scope import What
from quality.pack.subject import Subject
from storage.partnership import Side
from storage.record import Kind

NOUNS = {
    Kind.DEVIATION: ("deviation", "deviations"),
    Kind.OOS: ("OOS or OOT result", "OOS and OOT results"),
    Kind.CAPA: ("CAPA", "CAPAs"),
    Kind.SPECIFICATION: ("specification", "specifications"),
    Kind.DISPOSITION: ("disposition", "dispositions"),
}
WHOLE = "The journal is in it from its first entry to the one above: the whole chain can be recomputed."
IN_PART = (
    "The journal's entries of these records are in it, each with the hash before it, so each link can be recomputed. "
    "Entries of other records are withheld; the chain as a whole is checked in a pack of everything."
)
WITHHELD = (
    "Both companies get the same pack. Private notes, which a company keeps for itself, are in no pack; the journal "
    "proves them by a hash alone. Exports that nothing followed are not told of: the same records make the same bytes."
)
CHECK = (
    "HOW-TO-CHECK.md says how to check this pack with standard tools. Compare the SHA-256 of the whole file with the "
    "one that was told when it was handed over, and the journal's hash with the one that the daily digest named."
)


def count(told: dict[str, Any]) -> Counter[str]:
    """Count what a record brings."""
    number = {
        "signatures": len(told["signatures"]),
        "attachments": len(told["evidence"]),
        "replies": len(told["thread"]),
    }
    return Counter({"records": 1, told["kind"]: 1, **number})


def frame(subject: Subject) -> dict[str, Any]:
    """Give what stands around the pages of every part."""
    both, end = subject.companies, subject.end
    names = f"{both[Side.SPONSOR].name} and {both[Side.CMO].name}"
    described = f"Records of {names} as of entry {end.seq} of their journal"
    what = "Product quality review" if subject.scope.what is What.REVIEW else "Inspection pack"
    around: dict[str, Any] = shown(
        {
            "title": f"{what} of {names}: {subject.scope.words}",
            "description": described,
            "running": f"{what} · {names} · as of {words.moment(end.at)}, entry {end.seq}, {end.hash[:12]}",
            "made_of": int(end.at.timestamp()),
        }
    )
    return around | {"cover": None, "records": []}


def of_pack(subject: Subject, contents: dict[str, Any]) -> dict[str, Any]:
    """Give the cover, with its table of contents."""
    both, end = subject.companies, subject.end
    facts = [
        ("Sponsor", both[Side.SPONSOR].name),
        ("CMO", both[Side.CMO].name),
        ("Holds", subject.scope.words),
        ("Records", _records(subject)),
        *((noun.capitalize(), f"{subject.counts[noun]:,}") for noun in ("results", "signatures", "attachments")),
        ("Replies in threads", f"{subject.counts['replies']:,}"),
        ("Journal entries in it", f"{subject.counts['entries']:,}"),
        ("As of", f"{words.moment(end.at)}: entry {end.seq} of the journal, the last one that changed something"),
        ("Its hash", end.hash),
        (
            "Times",
            f"in UTC; a signature's also in its signer's zone. The companies' common zone: {subject.there.time_zone}",
        ),
    ]
    sections = [
        {"title": "", "facts": facts},
        *({"title": "", "none": text} for text in (WHOLE if subject.is_whole else IN_PART, WITHHELD, CHECK)),
        contents,
    ]
    title = f"{both[Side.SPONSOR].name} and {both[Side.CMO].name}"
    return dict(
        shown({"kind": "INSPECTION PACK", "title": title, "subtitle": subject.scope.words, "sections": sections})
    )


def _records(subject: Subject) -> str:
    numbers = ((subject.counts[kind], one, many) for kind, (one, many) in NOUNS.items())
    kinds = [f"{number:,} {one if number == 1 else many}" for number, one, many in numbers if number]
    return f"{subject.counts['records']:,}" + (f": {', '.join(kinds)}" if kinds else "")


def records_in_it(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """List the records that follow the cover."""
    if not records:
        return {"title": "Contents", "none": "No record is in it."}
    rows = [(one["number"], one["title"], one["class"], one["state"]) for one in records]
    return {
        "title": "Contents",
        "head": ("Record", "Title", "Class", "State"),
        "widths": (1.5, 5, 1, 1.8),
        "rows": rows,
    }


def parts_of_it(parts: Sequence[tuple[str, str, str, int]]) -> dict[str, Any]:
    """List the files that the records' pages are in."""
    rows = [(path, f"{first} to {last}", f"{number:,}") for path, first, last, number in parts]
    return {"title": "Contents", "head": ("File", "Records", "How many"), "widths": (2, 4, 1), "rows": rows}
