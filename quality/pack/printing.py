"""Prints pages: a process for each part sets them, beside the reading, so that memory ends with each."""

import json
import subprocess
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from quality.pack import cover
from quality.pack.glyphs import put_fonts
from quality.pack.subject import Subject

MOST_RECORDS = 100  # in one file, as many as fit behind the cover
MOST_BYTES = 150_000  # of what stands in it: setting pages takes a thousand times that in memory
PICTURE = 10  # a picture takes so many times less than words of its length
PRINTERS = 2
SCRIPT = Path(__file__).with_name("typeset.py")
WITHIN = 600  # seconds for one part


class Printing:
    """The pages of a pack: all in one file, or the cover in one and the records in parts."""

    def __init__(self, folder: Path, subject: Subject) -> None:
        self.folder, self.subject = folder, subject
        self.frame = cover.frame(subject)
        self.parts: list[tuple[str, str, str, int]] = []  # path, first and last number, how many
        self._files: list[str] = []
        self._waiting: list[dict[str, Any]] = []
        self._bytes = 0
        self._printers = ThreadPoolExecutor(PRINTERS)
        self._printed: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        (self.folder / "pages").mkdir()
        (self.folder / "fonts").mkdir()
        put_fonts(self.folder / "fonts")
        return self

    def __exit__(
        self, wrong: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._printers.shutdown(cancel_futures=wrong is not None)

    @property
    def paths(self) -> list[str]:
        """All files of pages, in order."""
        return [*self._files, "pack.pdf", *(path for path, *_ in self.parts)]

    def add_file(self, path: str, pages: dict[str, Any]) -> None:
        """Print a file of its own, which stands before the others."""
        self._files.append(path)
        self._print(path, self.frame | pages)

    def add(self, record: dict[str, Any]) -> None:
        """Print a record with others; returns when few enough wait for their turn."""
        pictures = sum(len(section.get("image", "")) for section in record["sections"])
        size = len(json.dumps(record, ensure_ascii=False)) - pictures + pictures // PICTURE
        if self._waiting and (len(self._waiting) >= MOST_RECORDS or self._bytes + size > MOST_BYTES):
            self._part()
        self._waiting.append(record)
        self._bytes += size

    def finish(self) -> None:
        """Print the cover, with the records behind it where all fit there; returns when everything is printed."""
        if self.parts:
            self._part()
        contents = cover.parts_of_it(self.parts) if self.parts else cover.records_in_it(self._waiting)
        pages = {"cover": cover.of_pack(self.subject, contents), "records": self._waiting}
        self._print("pack.pdf", self.frame | pages)
        while self._printed:
            self._printed.popleft().result()

    def _part(self) -> None:
        first, last = (self._waiting[place]["number"] for place in (0, -1))
        path = f"pages/{len(self.parts) + 1:04}-{first}-to-{last}.pdf"
        self.parts.append((path, first, last, len(self._waiting)))
        self._print(path, self.frame | {"records": self._waiting})
        self._waiting, self._bytes = [], 0

    def _print(self, path: str, pages: dict[str, Any]) -> None:
        while len(self._printed) > PRINTERS:
            self._printed.popleft().result()
        data = json.dumps(pages, ensure_ascii=False)
        self._printed.append(self._printers.submit(_set, data, self.folder / "fonts", self.folder / path))


def _set(data: str, fonts: Path, target: Path) -> None:
    with target.open("wb") as out:
        # Our own script and interpreter: nothing of it comes from outside.
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", str(SCRIPT), str(fonts)],
            input=data.encode(),
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=WITHIN,
            check=False,
        )
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise RuntimeError(f"the pages of {target.name} could not be set: {' '.join(why)[:200]}")
