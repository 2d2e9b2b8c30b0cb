"""The pages of a pack: every sign that may stand on them can be set, and what cannot is said."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from quality.pack import glyphs, printing
from quality.pack.glyphs import NOT_SHOWN, put_fonts, seen
from quality.pack.typeset import pages
from storage.database import Database
from storage.record import Class
from tests import packs, support

HOSTILE = '#eval("1") #panic() $x$ *b* _i_ @ref <label> \\u{41} // no comment /* nor */ ] } ) `raw` = heading'


@pytest.fixture
def fonts(tmp_path: Path) -> str:
    put_fonts(tmp_path)
    return str(tmp_path)


def document(*texts: str, title: str = "A title") -> str:
    """Give pages with texts in every place that a text can have."""
    sections: list[dict[str, Any]] = [
        {"title": title, "facts": [[text, text] for text in texts]},
        {"title": "", "head": list(texts[:4]), "widths": [1] * len(texts[:4]), "rows": [list(texts[:4])]},
        {"title": "", "entries": [[text[:3], text, text, text] for text in texts]},
        {"title": "", "none": " ".join(texts)},
    ]
    cover = {"kind": title, "title": title, "subtitle": title, "sections": sections}
    record = {"number": title, "title": title, "sections": sections}
    around = {"title": title, "description": title, "running": title, "made_of": 0}
    return json.dumps(around | {"cover": cover, "records": [record]})


def test_every_sign_that_may_be_shown_can_be_set(fonts: str) -> None:
    """In bold and plain, alone and beside any other: a page of PDF/A may not lack one, so that would be an error."""
    signs = [chr(code) for code in sorted(glyphs._known())]
    may = [sign for sign in signs if glyphs.shown(sign) == sign]
    assert len(may) > 5000
    mixed = random.Random(3).sample(may, len(may))  # noqa: S311 - the same order each time
    rows = [" ".join(some[first : first + 30]) for some in (may, mixed) for first in range(0, len(may), 30)]
    joined = [row.replace(" ", "")[:16] for row in rows]
    assert pages(document(*rows, *joined, title="".join(mixed[:12])), fonts).startswith(b"%PDF")


@pytest.mark.parametrize(
    "text", [HOSTILE, "a\nb\n\nc", "", " ", "x" * 3000, "שלום עליכם ab مرحبا", "é café Ω ≥ µ \u2013"]
)
def test_any_text_can_be_set(fonts: str, text: str) -> None:
    """Markup is text, long words break, empty ones leave room."""
    assert pages(document(glyphs.shown(text) or "-", text[:20] or "-"), fonts).startswith(b"%PDF")


def test_signs_that_no_font_has_stand_as_their_numbers(fonts: str) -> None:
    """Letters of other scripts, pictures, marks that no letter takes, signs that are unseen; the record says so."""
    shown = seen({"title": "中 \U0001f9ea a\u0323\u0302 \u202eevil \x00", "sections": [{"title": "", "facts": []}]})
    assert shown["title"] == "[U+4E2D] [U+1F9EA] \u1ead [U+202E]evil [U+0000]"
    assert shown["sections"][-1] == {"title": "", "none": NOT_SHOWN}
    assert pages(document(shown["title"]), fonts).startswith(b"%PDF")
    plain = seen({"title": "Füllstraße 5 µm", "sections": []})
    assert plain == {"title": "Füllstraße 5 µm", "sections": []}


def test_pages_can_be_looked_at(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack's own pages as pictures; with PICTURES set, those of the documentation are made anew."""
    with database.writing() as session:
        support.set_up(session)
        made = support.log_deviation(
            session, product="Auroxin 5 mg", expected="2.8 bar or more.", location="Fill line 2"
        )
        support.log_deviation(
            session, title="Label roll of another lot on line 1", class_=Class.MINOR, lots=("AB-1002",)
        )
        support.log_oos(session, lots=("AB-1003",))
        support.keep_file(session, support.GITA, made)
        support.close(session, support.log_capa(session, sources=(made.number,)))
        support.close(session, made, support.NOW + support.HOUR)
    drawn: list[list[bytes]] = []

    def draw(data: str, fonts: Path, target: Path) -> None:
        target.write_bytes(pages(data, str(fonts)))
        drawn.append(pages(data, str(fonts), format="png", ppi=110.0, pdf_standards=[]))  # type: ignore[arg-type]

    monkeypatch.setattr(printing, "_set", draw)
    packs.pack(database, tmp_path / "pack.zip")
    (found,) = drawn
    assert all(one.startswith(b"\x89PNG") for one in found)
    if os.environ.get("PICTURES"):
        for name, place in (("cover", 0), ("record", 1)):
            (Path(__file__).parents[3] / "docs" / "pictures" / f"pack-{name}.png").write_bytes(found[place])


def test_the_same_pages_are_the_same_bytes(fonts: str) -> None:
    """Nothing of the moment or the machine is in them."""
    assert pages(document("a", "b"), fonts) == pages(document("a", "b"), fonts)
