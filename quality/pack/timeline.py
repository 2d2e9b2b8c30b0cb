"""A record's journal as people read it on paper: what each entry tells of, and all that it changed."""

from datetime import datetime
from typing import Any

from quality import events, words
from storage.journal import JournalEntry

NOTHING = "\u2013"  # a dash: a field that was left empty
EMPTY: tuple[Any, ...] = (None, "", [])
LABELS = {
    "sha256": "SHA-256",
    "capa_needed": "CAPA needed",
    "no_capa_reason": "Reason if no CAPA",
    "human_error": "Human error justification",
    "disposition": "Disposition recommendation",
    "other_batches": "Other batches considered",
    "happened": "What happened",
    "expected": "What should have happened",
    "location": "Where",
    "distributed": "Batch distributed",
    "report": "First report",
    "phase_one": "Phase I result",
    "phase_two": "Phase II result",
    "slack_file": "Slack's id of the file",
}


def by(entry: JournalEntry) -> str:
    """`Elif Kaya (Borealis)`: who did it, as they were called then."""
    who = entry.content["by"]
    return f"{who['name']} ({who['company']})" if who["company"] else str(who["name"])


def said(entry: JournalEntry) -> str:
    """Say what an entry tells of, with its reason and every value that it changed."""
    content = entry.content
    lines = [events.said_of(entry)]
    if signed := content.get("signature"):
        lines.append(f"{signed['role']}, {words.signed(entry.at, signed['zone'])}, SHA-256 {signed['hash']}")
    in_sentence = events.named_in(entry)
    lines += [
        _changed(name, before, after)
        for name, (before, after) in content["changes"].items()
        if name not in in_sentence or before not in EMPTY
    ]
    if content["reason"]:
        lines.append(f"“{content['reason']}”")
    return "\n".join(lines)


def _changed(name: str, before: Any, after: Any) -> str:
    was = f" (before: {value(before)})" if before not in EMPTY else ""
    return f"{label(name)}: {value(after)}{was}"


def label(name: str) -> str:
    """Give the words of a field: `root_cause` is `Root cause`."""
    if name in LABELS:
        return LABELS[name]
    told = name.removesuffix("_").replace("_", " ")
    return told[:1].upper() + told[1:]


def value(given: Any) -> str:
    """Write any value of a record or an entry for people."""
    if given is None or given == "":
        return NOTHING
    if isinstance(given, bool):
        return "Yes" if given else "No"
    if isinstance(given, list):
        return ", ".join(map(value, given)) or NOTHING
    if isinstance(given, dict):
        return "; ".join(f"{label(name)}: {value(one)}" for name, one in given.items())
    return _moment(str(given))


def _moment(text: str) -> str:
    """Write a moment as people do; any other text stays as it is."""
    if len(text) < len("2026-11-24T09:00:00+00:00") or not text[:4].isdecimal() or text[10] != "T":
        return text
    try:
        return words.moment(datetime.fromisoformat(text))
    except ValueError:
        return text
