"""Whatever stands in a submitted form is read into typed values or refused by name, and drawn again without harm.

INPUTS=1000000 tries that many; SEED=2 tries others.
"""

import os
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import pytest

import handlers
from handlers.forms import ELEMENT, Form
from handlers.payload import told
from handlers.text import as_kept, clean, cut, escape, is_blank, one_line, unescape
from quality.refusal import FieldErrors, Refusal
from storage.record import lot_key
from tests.handlers.test_fuzz import ANYTHING

SEED = int(os.environ.get("SEED", "0"))
INPUTS = int(os.environ.get("INPUTS", "20000"))
MODULES = [import_module(f"handlers.{path.stem}") for path in Path(handlers.__path__[0]).glob("[a-z]*.py")]
FORMS = list({id(one): one for module in MODULES for one in vars(module).values() if isinstance(one, Form)}.values())
STATES = (
    "value",
    "selected_option",
    "selected_options",
    "selected_date",
    "selected_time",
    "selected_date_time",
    "files",
)
LETTERS = "aZ09 ,.;:-_/\\'\"<>&|*`~@#!=+{}[]()\n\r\t\x00\x1b\x7f\u00ad\u200b\u202e\u2066\u3164\ud800\udfffé日🧪́ﬁ"


def anything(dice: Random, depth: int = 0) -> Any:
    """Make up a value: text most of all, as people and programs send it."""
    kind = dice.random()
    if kind < 0.5:
        return "".join(dice.choices(LETTERS, k=dice.choice([0, 1, 3, 12, 60, 200])))
    if kind < 0.8 or depth > 2:
        return dice.choice(ANYTHING)
    if kind < 0.9:
        return [anything(dice, depth + 1) for _ in range(dice.randrange(4))]
    names = ("value", "text", "id", "name", "size", "selected_option", "x")
    return {dice.choice(names): anything(dice, depth + 1) for _ in range(dice.randrange(4))}


def filled_in(dice: Random, form: Form) -> dict[str, Any]:
    """Fill a form in, each field somehow, now and then not at all."""
    values: dict[str, Any] = {}
    for field in form.fields:
        if dice.random() < 0.9:
            state = {dice.choice(STATES): anything(dice) for _ in range(dice.choice([1, 1, 2]))}
            values[field.name] = {ELEMENT: state} if dice.random() < 0.9 else anything(dice)
    return {"state": {"values": values}}


def outcome(form: Form, view: dict[str, Any]) -> tuple[set[str], list[str]]:
    """Read a form; gives the fields that were read or refused, and what was said of the latter."""
    try:
        return set(form.read(told(view))), []
    except FieldErrors as refused:
        return set(refused.errors), [*refused.errors.values()]
    except Refusal as lacking:
        return set(), [str(lacking)]


def test_the_forms_are_found() -> None:
    """All of them, wherever they stand."""
    assert len(FORMS) > 20


@pytest.mark.timeout(0 if INPUTS > 100_000 else 120)
def test_anything_filled_in() -> None:
    """Typed values, or what is wrong with which field; never an error that nobody foresaw."""
    dice = Random(SEED)  # noqa: S311 - to be tried again
    for _ in range(INPUTS):
        form = dice.choice(FORMS)
        named, wrong = outcome(form, filled_in(dice, form))
        assert named <= {field.name for field in form.fields}
        assert all(wrong)


@pytest.mark.timeout(0 if INPUTS > 100_000 else 120)
def test_any_text() -> None:
    """What was typed is cleaned once and for all, compared, cut and escaped into what can be sent."""
    dice = Random(SEED)  # noqa: S311 - as above
    for _ in range(INPUTS):
        typed = "".join(dice.choices(LETTERS, k=dice.choice([0, 1, 5, 40, 300])))
        kept = clean(typed)
        assert clean(kept) == kept
        kept.encode()
        for shown in (escape(kept, 100), cut(kept, 100)):
            assert len(shown) <= 100
        assert not {"<", ">"} & set(escape(kept))
        assert one_line(one_line(kept)) == one_line(kept)
        as_kept(typed, {"U1": "Anna"})
        unescape(typed)
        is_blank(typed)
        lot_key(kept)
