"""What stands on the pages of a pack, as data for the template: sections as tables of facts or of rows.

A record's content is shown by its keys, whatever its kind: a kind of record that is added shows without a line here.
`SECTIONS` is the order of what a record has besides.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from quality.files import measure
from quality.pack import timeline
from quality.pack.gather import Gathered
from quality.pack.glyphs import seen
from quality.pack.timeline import label, value
from quality.pack.told import people_of
from quality.words import moment

Told = dict[str, Any]
Rows = Sequence[Sequence[str]]
HEAD = (  # facts at the top of a record, by their keys
    ("State", "state"), ("Outcome", "outcome"), ("Class", "class"), ("Product", "product"), ("Batches", "batches"),
    ("Batches on hold by it", "holds_batches"), ("Owner", "owner"), ("Logged by", "logged_by"),
    ("Detected", "detected_at"), ("Recorded", "recorded_at"), ("Acknowledged", "acknowledged_at"),
    ("Acknowledged by", "acknowledged_by"), ("Batch distributed, first notice", "distributed_at"),
    ("Closed", "closed_at"), ("Closed by", "closed_by"), ("Void because", "void_reason"), ("Version", "version"),
)  # fmt: skip
# Of the content, what stands at the top of the record already, or in a section of its own.
TOLD = {
    "format", "scope", "record", "class", "title", "product", "batches", "logged_by", "logged_side", "detected_at",
    "recorded_at", "evidence",
}  # fmt: skip
MOST_COLUMNS = 6


@dataclass(frozen=True)
class Section:
    """A part of a record's pages: its heading, its columns with their shares of the width, and what fills it.

    Without columns its rows are entries, one below the other: place, when and who, proof, and what.
    """

    title: str
    head: tuple[str, ...]
    widths: tuple[float, ...]
    rows: Callable[[Told, Gathered], Rows]
    none: str = ""  # what stands there when there is nothing; empty: not even the heading


def _signatures(told: Told, _found: Gathered) -> Rows:
    return [
        (
            f"{one['name']}\n{one['company']}, {one['role']}",
            one["signed"],
            one["meaning"] + ("" if one["counts"] else f"\nVOID: {one['voided_because']}"),
            f"version {one['version']}, {one['scope']}\n{one['hash']}",
        )
        for one in told["signatures"]
    ]


def _clocks(told: Told, _found: Gathered) -> Rows:
    return [
        (
            f"{one['name']}\n{one['state']}",
            one["rule"]
            + (f"\nagreement {one['agreement_version']}, row {one['agreement_row']}" if one["agreement_row"] else ""),
            value(one["started_at"]),
            value(one["due_at"]) + (f"\nfirst {value(one['first_due_at'])}" if one["extensions"] else ""),
            value(one["stopped_at"]),
        )
        for one in told["clocks"]
    ]


def _reports(told: Told, _found: Gathered) -> Rows:
    return [
        (
            one["name"],
            value(one["answer"]),
            _both(one["answered_by"], one["answered_at"]),
            _both(one["filed_by"], one["filed_at"]),
            value(one["reason"]),
        )
        for one in told["reports_to_authorities"]
    ]


def _both(by: str | None, at: str | None) -> str:
    return f"{value(by)}\n{value(at)}" if by else value(at)


def _links(told: Told, _found: Gathered) -> Rows:
    return [(one["how"], one["number"], one["title"], one["state"]) for one in told["links"]]


def _files(told: Told, _found: Gathered) -> Rows:
    return [
        (
            f"{one['name']}\n{one['file']}",
            f"{measure(one['size'])}\n{one['media_type']}",
            f"{one['added_by']}\n{value(one['added_at'])}" + ("\n" + one["description"] if one["description"] else ""),
            ("part of what is signed" if one["submitted"] else "not part of what is signed") + f"\n{one['sha256']}",
        )
        for one in told["evidence"]
    ]


def _thread(told: Told, _found: Gathered) -> Rows:
    return [
        ("", f"{value(one['said_at'])}  {one['name']}", _deleted(one["deleted_at"]), one["text"])
        for one in told["thread"]
    ]


def _deleted(at: str | None) -> str:
    return f"deleted in Slack {value(at)}" if at else ""


def _timeline(_told: Told, found: Gathered) -> Rows:
    return [
        (f"{entry.seq}", f"{moment(entry.at)}  {timeline.by(entry)}", entry.hash[:12], timeline.said(entry))
        for entry in found.entries
    ]


SECTIONS = (
    Section("Signatures", ("Signed by", "When", "Meaning", "What was signed, its SHA-256"), (2, 2, 2.4, 3),
            _signatures, "Nobody has signed it."),
    Section("Clocks", ("Clock", "Rule", "Counts from", "Due", "Ended"), (1.5, 2.4, 2, 2, 2), _clocks),
    Section("Reports to authorities", ("Report", "Answer", "Answered", "Filed", "Reason"), (2, 1, 2, 2, 2), _reports),
    Section("Links", ("How", "Record", "Title", "State"), (1, 1.4, 4, 1.6), _links),
    Section("Attachments", ("File", "Size, type", "Given by", "SHA-256"), (2.6, 1.6, 2.2, 3), _files),
    Section("Said in the thread", (), (), _thread),
    Section("Timeline from the journal", (), (), _timeline),
)  # fmt: skip


def of_record(told: Told, found: Gathered) -> dict[str, Any]:
    """Give the pages of a record."""
    head = [(name, value(told[key])) for name, key in HEAD if told[key] not in (None, "", [])]
    head += [(f"QMS number of the {side}", number) for side, number in told["own_numbers"].items()]
    if asked := told["request"]:
        head.append(("Open request", f"{asked['by']} asked to {asked['asked']}: {asked['reason']}"))
    sections = [{"title": "", "facts": head}, *_content(told["content"], people_of(found.sheet))]
    for one in SECTIONS:
        rows = one.rows(told, found)
        if rows or one.none:
            sections.append({"title": one.title, **_shown(one, rows)})
    line = {name: told[name] or "" for name in ("number", "title", "class", "state")}
    return seen(line | {"sections": sections})


def _shown(section: Section, rows: Rows) -> dict[str, Any]:
    if not rows:
        return {"none": section.none}
    if not section.head:
        return {"entries": rows}
    return {"head": section.head, "widths": section.widths, "rows": rows}


def _content(content: Told, people: dict[str, str]) -> Iterable[dict[str, Any]]:
    """Show what was submitted, by its keys: a part as facts, several alike as a table."""
    for name, part in content.items():
        if name in TOLD or not part:
            continue
        if isinstance(part, dict):
            yield {"title": label(name), "facts": [(label(key), _named(key, one, people)) for key, one in part.items()]}
        elif _is_part(part):
            yield {"title": label(name), **_alike(part, people)}
        else:
            yield {"title": label(name), "facts": [("", value(part))]}


def _alike(parts: Sequence[Told], people: dict[str, str]) -> dict[str, Any]:
    """Show several of a kind: as a table where it has room for what they say, else one below the other."""
    said = [key for key in parts[0] if any(one.get(key) not in (None, "", []) for one in parts)]
    if len(said) <= MOST_COLUMNS:
        rows = [[_named(key, one.get(key), people) for key in said] for one in parts]
        return {"head": [*map(label, said)], "widths": [1] * len(said), "rows": rows}
    place, name, *rest = said
    return {
        "entries": [(value(one[place]), value(one[name]), "", "; ".join(_said(one, rest, people))) for one in parts]
    }


def _said(one: Told, keys: Iterable[str], people: dict[str, str]) -> Iterable[str]:
    return (f"{label(key)}: {_named(key, one[key], people)}" for key in keys if one[key] not in (None, "", []))


def _named(key: str, given: Any, people: dict[str, str]) -> str:
    """Write a value, a person by name and company."""
    return people.get(given, str(given)) if key.endswith("_by") else value(given)


def _is_part(one: Any) -> bool:
    return isinstance(one, list) and all(isinstance(each, dict) for each in one)
