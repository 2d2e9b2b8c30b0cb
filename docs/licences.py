"""Writes docs/licences.md, the licence of every pinned dependency; with `--check`, holds it against the lock files.

.venv/bin/python -m docs.licences [--check]
"""  # noqa: INP001 - a folder of documents, no package

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = Path(__file__).with_suffix(".md")
RULES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["licences"]
INTRO = """\
# Licences

What the lock files pin, and its licence as each package declares it, in the words of SPDX. `.venv/bin/python -m
docs.licences` writes this page; `make audit` fails when it is out of date, or when a licence is not on the list
`tool.licences` in `pyproject.toml`. Some packages come as wheels that hold libraries besides, such as OpenSSL or
PostgreSQL, under licences of their own, which they bring with them. QualBridge is under [Apache-2.0](../LICENSE).
"""
HEAD = "| name | version | licence |\n|---|---|---|\n"
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
WORDS = {  # what packages wrote before SPDX's words came into use
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
SHORT = 40  # characters; what is longer is the licence's text, not its name

Pins = dict[str, list[str]]


def page() -> str:
    """Give the whole page."""
    runs, all_of_it = pins("requirements.lock"), pins("requirements-dev.lock")
    only_development = {name: versions for name, versions in all_of_it.items() if name not in runs}
    return f"{INTRO}\n## What the bot runs on\n\n{_table(runs)}\n## For development alone\n\n{_table(only_development)}"


def pins(lock: str) -> Pins:
    """Give what a lock file pins, by name; other platforms and Pythons may have other versions."""
    found: Pins = {}
    for name, version in PIN.findall((ROOT / lock).read_text(encoding="utf-8")):
        found.setdefault(name, []).append(version)
    return found


def _table(pinned: Pins) -> str:
    rows = (f"| {name} | {', '.join(versions)} | {licence(name)} |\n" for name, versions in pinned.items())
    return HEAD + "".join(rows)


def licence(name: str) -> str:
    """Give a package's licence in SPDX's words, or, where it has none that are known, what it says itself."""
    if name in RULES["read"]:
        return str(RULES["read"][name])
    try:
        told = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return "not installed here"
    if expression := str(told.get("license_expression", "")):
        return expression
    said = str(told.get("license", "")).strip()
    if not said or len(said) > SHORT or "\n" in said:
        kinds = [one for one in told.get("classifier", []) if one.startswith("License ::")]
        said = " or ".join(one.rpartition(" :: ")[2] for one in kinds) or "none named"
    return WORDS.get(said, said)


def refused() -> list[str]:
    """Name each pinned package whose licence is not on the list."""
    names = pins("requirements.lock") | pins("requirements-dev.lock")
    return [f"{name}: {licence(name)}" for name in names if not is_allowed(licence(name))]


def is_allowed(expression: str) -> bool:
    """Whether all licences of one alternative of an expression of SPDX are on the list; no brackets are understood."""
    allowed = set(RULES["allowed"])
    return any(set(alternative.split(" AND ")) <= allowed for alternative in expression.split(" OR "))


def check() -> str:
    """Say what is wrong with the licences or with the page; nothing when all is well."""
    if wrong := refused():
        return "Not on the list tool.licences of pyproject.toml: " + "; ".join(wrong)
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        return "docs/licences.md is out of date: run .venv/bin/python -m docs.licences"
    return ""


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(check() or None)
    PAGE.write_text(page(), encoding="utf-8")
