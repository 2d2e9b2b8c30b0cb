"""Sets pages: JSON of what is to stand on them in, a PDF out; a process of its own, whose memory ends with it.

python typeset.py FONT_FOLDER < pages.json > pages.pdf

It is PDF/A-2b, to be read in decades, and PDF/UA-1, to be read aloud. What is typed arrives as data: nothing in it is
markup. No moment of making stands in it, so the same pages are the same bytes. Run by its path, it imports nothing of
this program.
"""

import json
import sys
from pathlib import Path

import typst

TEMPLATE = Path(__file__).with_name("pages.typ")
STANDARDS = ["a-2b", "ua-1"]


def pages(data: str, fonts: str, **how: object) -> bytes:
    """Set pages, in the fonts that come with typst and those of a folder; a glyph that none has is typst's error."""
    known = typst.Fonts(include_system_fonts=False, font_paths=[fonts])
    moment = json.loads(data)["made_of"]
    made = typst.Compiler(TEMPLATE.read_bytes(), font_paths=known, sys_inputs={"data": data})
    options = {"format": "pdf", "pdf_standards": STANDARDS, "timestamp": moment} | how
    return made.compile(**options)  # type: ignore[return-value]  # one file as bytes, with these


if __name__ == "__main__":
    sys.stdout.buffer.write(pages(sys.stdin.buffer.read().decode(), sys.argv[1]))
