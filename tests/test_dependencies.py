"""What the lock files pin: its licences, and what an audit of it says."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from docs import licences

AUDIT = runpy.run_path(str(Path(__file__).parent.parent / ".ci/audit.py"))
GOOD = {"name": "mako", "version": "1.4.3", "vulns": []}
BAD = {"name": "mako", "version": "1.0", "vulns": [{"id": "PYSEC-2099-1", "fix_versions": ["1.2"], "aliases": []}]}
UNKNOWN = {"name": "mako", "skip_reason": "Dependency not found on PyPI and could not be audited: mako (1.4.3)"}


def test_the_list_of_licences_is_up_to_date() -> None:
    """docs/licences.md names what the lock files pin, each with a licence that is allowed."""
    assert licences.check() == ""


def test_the_tools_pin_what_the_bot_runs_on() -> None:
    """Tests run on the very versions that are installed in service."""
    tools = licences.pins("requirements-dev.lock")
    for name, versions in licences.pins("requirements.lock").items():
        assert tools[name] == versions


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only AND MIT OR Apache-2.0 AND MIT", True),
        ("none named", False),
        ("not installed here", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_by_the_list_alone(expression: str, *, allowed: bool) -> None:
    """One alternative has to be on the list, with all that it joins."""
    assert licences.is_allowed(expression) == allowed


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ([GOOD, GOOD], 0, "No known vulnerability in 2 packages."),
        ([GOOD, BAD, UNKNOWN], 1, "mako 1.0: PYSEC-2099-1, mended in 1.2"),
        ([GOOD, UNKNOWN], 0, "NOT AUDITED, for the service has no answer: mako"),
        ([UNKNOWN, UNKNOWN], 0, "NOT AUDITED: the vulnerability service has no answer about any of the 2 packages."),
    ],
)
def test_an_audit_fails_on_a_known_vulnerability_alone(asked: list[dict[str, Any]], status: int, words: str) -> None:
    """What the service knows nothing of is named and fails nothing."""
    given, told = AUDIT["judged"](json.dumps({"dependencies": asked, "fixes": []}), "")
    assert given == status
    assert words in told


@pytest.mark.parametrize(
    ("complaint", "status"),
    [
        ("ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed", 0),
        ("Traceback ...\nrequests.exceptions.ReadTimeout: Read timed out.", 0),
        ("pip_audit._service.interface.ServiceError", 0),
        ("ERROR:pip_audit._cli:requirement mako is missing a hash", 1),
        ("No module named pip_audit", 1),
        ("", 1),
    ],
)
def test_a_service_that_cannot_be_reached_fails_nothing(complaint: str, status: int) -> None:
    """It is said plainly; anything else that kept the audit from its report fails."""
    given, told = AUDIT["judged"]("", complaint)
    assert given == status
    assert ("NOT AUDITED" in told) == (status == 0)
