"""What a person typed is data: cleaned when it comes in, escaped and cut when it goes out."""

import html
import re
import unicodedata
from collections.abc import Mapping

# Invisible characters that reorder or hide text; right-to-left letters themselves are text and stay.
BIDI = dict.fromkeys(
    map(ord, "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u200b\u2060\u00ad")
)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # all of Cc and Cs but tab and line end
UNSEEN = ("Cc", "Cf", "Mn", "Zl", "Zp", "Zs")
FILLERS = "\u3164\u115f\u1160\uffa0\u2800"  # of Hangul and Braille: letters and symbols by name, empty to the eye
MARKED = re.compile(r"<(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
MARKS = re.compile(r"\*(?P<button>[A-Z][A-Za-z ]*)\*|`(?P<command>[^`]*)`")  # how our own words mark them
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def clean(text: str) -> str:
    r"""Take control and bidirectional characters and outer blanks out of typed text; line ends become `\n`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(BIDI)
    return unicodedata.normalize("NFC", CONTROL.sub("", lines)).strip()


def is_blank(text: str) -> bool:
    """Whether nothing in a text is seen: blanks, what only formats or combines, and letters that are drawn empty."""
    return all(c in FILLERS or unicodedata.category(c) in UNSEEN for c in text)


def unescape(text: str) -> str:
    """Give what a person typed, the escapes undone that Slack put in."""
    for plain, escaped in reversed(ESCAPES.items()):
        text = text.replace(escaped, plain)
    return text


def as_kept(text: str, names: Mapping[str, str]) -> str:
    """Give a message's text as it is kept: as it is read, people by name, and no address behind a label lost."""

    def said(mark: re.Match[str]) -> str:
        target, label = mark["target"], mark["label"]
        if target.startswith("@"):
            return f"@{names.get(target[1:], label or target[1:])}"
        if not label or label == target or not target.startswith(("http:", "https:", "mailto:")):
            return label or target
        return label if target.partition(":")[2].lstrip("/") == label else f"{label} ({target})"

    return clean(unescape(MARKED.sub(said, text)))


def unmarked(text: str) -> str:
    """Give our own words for a place that shows no mrkdwn: buttons and commands without their marks."""
    return MARKS.sub(lambda mark: mark["button"] or mark["command"], text)


def one_line(text: str) -> str:
    """Give text with every run of white space as one blank."""
    return " ".join(text.split())


def cut(text: str, limit: int) -> str:
    """Cut text to a limit by whole characters, an ellipsis marking that it was."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip() + "…"


def escape(text: str, limit: int = 3000) -> str:
    """Make typed text safe in mrkdwn and in a message's top-level text, at most limit characters long."""
    escaped = html.escape(text, quote=False)
    if len(escaped) <= limit:
        return escaped
    kept, length = [], 1  # the ellipsis
    for c in text:
        piece = ESCAPES.get(c, c)
        length += len(piece)
        if length > limit:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + "…"
