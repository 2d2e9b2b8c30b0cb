"""Which files are kept as evidence: their types, sizes and names; pure rules over a name and its bytes.

A type is told by the ending of the name and confirmed by the bytes: a file that is not what it is called is refused.
What can act (programs, scripts, pages, macros) is refused, and so are archives, which nobody has looked into.
"""

import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from quality.refusal import Refusal

MOST_BYTES = 25 * 1024 * 1024
MOST_FILES = 10  # in one form, which is Slack's own limit
LONGEST_NAME = 150
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
MACROS = "vbaProject.bin"
PAGES = (b"<!doctype html", b"<html", b"<?xml", b"<script")
SCRIPT = b"#!"
LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how files of an older kind begin, and those under a password
HEAD = 512  # bytes in which a page or a script shows itself


class Unfit(Refusal):
    """A file that is not kept, whatever is tried; the words say why and what to do."""


@dataclass(frozen=True)
class FileType:
    """A type of file that is kept: what it is called, and whether bytes are of it."""

    media_type: str
    endings: tuple[str, ...]
    fits: Callable[[bytes], bool]


def _begins(*signs: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signs)


def _webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc")


def _office(part: str) -> Callable[[bytes], bool]:
    """Tell an Office Open XML document by a part that it must have; one with macros is none of these."""

    def fits(content: bytes) -> bool:
        try:
            with zipfile.ZipFile(BytesIO(content)) as package:
                names = package.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            return False
        return part in names and not any(name.endswith(MACROS) for name in names)

    return fits


def _text(content: bytes) -> bool:
    """Tell text, which has no sign of its own, by what it cannot hold: zeros, the beginnings of pages and scripts."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16, as spreadsheets export it
        content = content.decode("utf-16", errors="replace").encode()
    head = content[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return b"\0" not in content and not head.startswith((*PAGES, SCRIPT))


OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = (
    FileType("application/pdf", ("pdf",), lambda content: b"%PDF-" in content[:1024]),
    FileType("image/png", ("png",), _begins(b"\x89PNG\r\n\x1a\n")),
    FileType("image/jpeg", ("jpg", "jpeg"), _begins(b"\xff\xd8\xff")),
    FileType("image/gif", ("gif",), _begins(b"GIF87a", b"GIF89a")),
    FileType("image/tiff", ("tif", "tiff"), _begins(b"II*\0", b"MM\0*")),
    FileType("image/webp", ("webp",), _webp),
    FileType("image/heic", ("heic",), _heic),
    FileType("text/csv", ("csv",), _text),
    FileType("text/plain", ("txt",), _text),
    FileType(f"{OFFICE}.spreadsheetml.sheet", ("xlsx",), _office("xl/workbook.xml")),
    FileType(f"{OFFICE}.wordprocessingml.document", ("docx",), _office("word/document.xml")),
    FileType(f"{OFFICE}.presentationml.presentation", ("pptx",), _office("ppt/presentation.xml")),
)
BY_ENDING = {ending: kind for kind in TYPES for ending in kind.endings}
ENDINGS = tuple(BY_ENDING)


def clean_name(name: str) -> str:
    """Give a file's name without folders, control and invisible characters, cut to a length that keeps its ending."""
    seen = "".join(" " if unicodedata.category(c) in UNSEEN else c for c in unicodedata.normalize("NFC", name))
    last = seen.replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    bare = " ".join(last.split()).lstrip(". ")
    stem, dot, ending = bare.rpartition(".")
    if len(bare) > LONGEST_NAME and dot:
        bare = f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return bare[:LONGEST_NAME] or "file"


def check_known(name: str, size: int | None) -> FileType:
    """Check what is known of a file before it is fetched; gives the type that its name says. Unfit says why not."""
    kind = BY_ENDING.get(name.rpartition(".")[2].lower()) if "." in name else None
    if kind is None:
        known = ", ".join(ENDINGS)
        raise Unfit(
            f"“{name}” is of a type that is not kept. Kept are {known}: save it as one of these, such as a PDF."
        )
    if size is not None:
        _check_size(name, size)
    return kind


def examine(name: str, content: bytes) -> FileType:
    """Check a file's bytes; gives its type. Unfit says why it is not kept."""
    kind = check_known(name, len(content))
    if content.startswith(LOCKED) and kind.media_type.startswith(OFFICE):
        raise Unfit(
            f"“{name}” is protected by a password, or saved in the format of before 2007. Save it without a password "
            f"as {kind.endings[0]} and share it again."
        )
    if not kind.fits(content):
        raise Unfit(
            f"“{name}” is not what its name says: its content is no {kind.endings[0]} file, or it holds macros. "
            "Save it anew in the right type and share it again."
        )
    return kind


def _check_size(name: str, size: int) -> None:
    if size <= 0:
        raise Unfit(f"“{name}” is empty: it has 0 bytes. Share it again, with its content.")
    if size > MOST_BYTES:
        raise Unfit(
            f"“{name}” has {measure(size)}, and {measure(MOST_BYTES)} is the most that is kept. Share it in parts, "
            "or as a smaller PDF."
        )


def measure(size: int) -> str:
    """`812 bytes`, `24 kB`, `3.1 MB`."""
    if size < 1000:  # noqa: PLR2004 - a kilobyte
        return f"{size} bytes"
    if size < 1_000_000:  # noqa: PLR2004 - a megabyte
        return f"{round(size / 1000)} kB"
    return f"{size / 1_000_000:.1f} MB".replace(".0 MB", " MB")
