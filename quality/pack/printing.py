"""Prints pages: a process for each part sets them, beside the reading, so that memory ends with each."""

import json
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from quality.pack import cover
from quality.pack.glyphs import folder as fonts
from quality.pack.subject import Subject

PART = 100  # records in one file; as many as fit behind the cover
PRINTERS = 2
SCRIPT = Path(__file__).with_name("typeset.py")
WITHIN = 600  # seconds for one part


class Printing:
    """The pages of a pack: all in one file, or the cover in one and the records in parts."""

    def __init__(self, folder: Path, subject: Subject) -> None:
        self.folder, self.subject = folder, subject
        self.frame = cover.frame(subject)
        self.is_one = len(subject.ids) <= PART
        self.behind_cover: list[dict[str, Any]] = []
        self.parts: list[tuple[str, str, str, int]] = []  # path, first and last number, how many
        self._printers = ThreadPoolExecutor(PRINTERS)
        self._printed: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        (self.folder / "pages").mkdir()
        return self

    def __exit__(
        self, wrong: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._printers.shutdown(cancel_futures=wrong is not None)

    @property
    def paths(self) -> list[str]:
        """The files of the parts, in order."""
        return [path for path, *_ in self.parts]

    def add(self, records: Sequence[dict[str, Any]]) -> None:
        """Print some records; returns when few enough wait for their turn."""
        if self.is_one:
            self.behind_cover += records
            return
        path = f"pages/{len(self.parts) + 1:04}-{records[0]['number']}-to-{records[-1]['number']}.pdf"
        self.parts.append((path, records[0]["number"], records[-1]["number"], len(records)))
        self._print(path, self.frame | {"records": records})

    def finish(self) -> None:
        """Print the cover, with the records behind it where they are few; returns when everything is printed."""
        contents = cover.records_in_it(self.behind_cover) if self.is_one else cover.parts_of_it(self.parts)
        self._print(
            "pack.pdf", self.frame | {"cover": cover.of_pack(self.subject, contents), "records": self.behind_cover}
        )
        while self._printed:
            self._printed.popleft().result()

    def _print(self, path: str, pages: dict[str, Any]) -> None:
        while len(self._printed) > PRINTERS:
            self._printed.popleft().result()
        data = json.dumps(pages, ensure_ascii=False)
        self._printed.append(self._printers.submit(_set, data, self.folder / path))


def _set(data: str, target: Path) -> None:
    with target.open("wb") as out:
        # Our own script and interpreter: nothing of it comes from outside.
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", str(SCRIPT), str(fonts())],
            input=data.encode(),
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=WITHIN,
            check=False,
        )
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise RuntimeError(f"the pages of {target.name} could not be set: {' '.join(why)[:200]}")
