"""Signs that the fonts of the pages have; another one stands there as its number: `[U+4E2D]`.

A page of PDF/A may not lack a glyph. What was typed stays whole in the JSON and the tables, and the page says that
signs of it were replaced.
"""

import re
import shutil
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

NOT_SHOWN = "Signs that no font of this page has stand here as their numbers; records.jsonl has them as typed."
FONTS = (WIDEST, BOLD) = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")  # what the fonts that come with typst lack
WIDE = 16  # characters of a word after which a line may end
PLAIN = re.compile(r"[\n -~]*")
LONG = re.compile(r"\S{17,}")
BREAK = "\u200b"
SPACES = {"\n": "\n", "\t": " ", "\r": " ", "\u00a0": "\u00a0"}


def put_fonts(target: Path) -> None:
    """Put the fonts into a folder, which has to be there, for pages to be set in."""
    for name in FONTS:
        shutil.copyfile(folder() / name, target / name)


@cache
def folder() -> Path:
    """Give the folder of the fonts that come with matplotlib."""
    found = find_spec("matplotlib")
    if found is None or not found.submodule_search_locations:
        raise LookupError("matplotlib is not installed, whose fonts the pages are set in")
    return Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


@cache
def _known() -> frozenset[int]:
    with TTFont(folder() / WIDEST, lazy=True) as font:
        return frozenset(font.getBestCmap())


def seen(pages: dict[str, Any]) -> dict[str, Any]:
    """Give the pages of a record as they can be shown; where signs had to be replaced, they say so at their end."""
    lacking: set[str] = set()
    shown: dict[str, Any] = _each(pages, lacking)
    if lacking:
        shown["sections"].append({"title": "", "none": NOT_SHOWN})
    return shown


def shown(told: Any) -> Any:
    """Give texts, in whatever they stand, as they can be shown."""
    return _each(told, set())


def _each(told: Any, lacking: set[str]) -> Any:
    if isinstance(told, str):
        return _breakable(told if PLAIN.fullmatch(told) else _shown(told, lacking))
    if isinstance(told, dict):
        return {name: _each(one, lacking) for name, one in told.items()}
    return [_each(one, lacking) for one in told] if isinstance(told, list | tuple) else told


def _breakable(text: str) -> str:
    """Let words that no column is wide enough for go on in the next line."""
    return LONG.sub(lambda word: BREAK.join(wrap(word[0])), text) if len(text) > WIDE else text


def wrap(word: str) -> list[str]:
    """Give a long word in pieces."""
    return [word[first : first + WIDE] for first in range(0, len(word), WIDE)]


def _shown(text: str, lacking: set[str]) -> str:
    """Write a text in signs that can be shown; marks that stand on a letter become one sign with it where they can."""
    return "".join(_sign(sign, lacking) for sign in unicodedata.normalize("NFC", text))


def _sign(sign: str, lacking: set[str]) -> str:
    if sign in SPACES:
        return SPACES[sign]
    kind = unicodedata.category(sign)
    if kind[0] in "CM" or ord(sign) not in _known():
        lacking.add(sign)
        return f"[U+{ord(sign):04X}]"
    return sign
