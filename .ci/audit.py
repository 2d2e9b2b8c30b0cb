"""Asks the package index's vulnerability service about everything that the lock files pin, by pip-audit.

A known vulnerability ends it with status 1. A service that cannot be reached, or does not know what was asked, is told
of plainly and fails nothing: a build must not hang on a service elsewhere. What went wrong otherwise fails.
"""  # noqa: INP001 - no package

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
PATIENCE = 300  # seconds for all questions together
# What pip-audit ends with when the service does not answer, or answers with an error.
UNREACHABLE = re.compile(
    r"requests\.exceptions\.\w+|\bServiceError|\bConnectionError|Could not connect|not redirecting"
)


def main() -> int:
    """Ask and say what was found."""
    ignored = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["audit"]["ignored"]
    order = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner=off",
        "--format=json",
    ]
    for lock in LOCKS:
        order += ["--requirement", str(ROOT / lock)]
    for one in ignored:
        order += ["--ignore-vuln", one]
    try:
        done = subprocess.run(order, capture_output=True, text=True, check=False, timeout=PATIENCE)  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        return said(0, f"NOT AUDITED: the vulnerability service gave no answers within {PATIENCE} seconds.")
    return said(*judged(done.stdout, done.stderr))


def said(status: int, words: str) -> int:
    """Print words; gives the status."""
    print(words)  # noqa: T201 - its whole purpose
    return status


def judged(report: str, complaint: str) -> tuple[int, str]:
    """Give the status and the words for a report of pip-audit, and what it complained of."""
    if not report.strip():
        last = complaint.strip().rpartition("\n")[2]
        if UNREACHABLE.search(last):
            return 0, f"NOT AUDITED: the vulnerability service cannot be reached ({last[:200]})."
        return 1, f"pip-audit gave no report:\n{complaint}"
    asked: list[dict[str, Any]] = json.loads(report)["dependencies"]
    found = [f"{one['name']} {one['version']}: {vulnerability(each)}" for one in asked for each in one.get("vulns", [])]
    if found:
        return 1, "Known vulnerabilities:\n" + "\n".join(found)
    skipped = [one["name"] for one in asked if "skip_reason" in one]
    if len(skipped) == len(asked):
        return 0, f"NOT AUDITED: the vulnerability service has no answer about any of the {len(asked)} packages."
    if skipped:
        return 0, f"No known vulnerability; NOT AUDITED, for the service has no answer: {', '.join(skipped)}."
    return 0, f"No known vulnerability in {len(asked)} packages."


def vulnerability(one: dict[str, Any]) -> str:
    """Name a vulnerability and what mends it."""
    return f"{one['id']}, mended in {', '.join(one['fix_versions']) or 'no version yet'}"


if __name__ == "__main__":
    sys.exit(main())
