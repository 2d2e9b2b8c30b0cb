"""Secrets at rest: only the keys open them, the first one locks, and keys can be rotated."""

import pytest

from storage.secret import Safe, Sealed

OLD, NEW = "o" * 32, "n" * 32


def test_a_secret_is_opened_by_its_key() -> None:
    """What is kept shows nothing of it."""
    sealed = Safe(OLD).lock("GEZDGNBV")
    assert "GEZDGNBV" not in sealed
    assert Safe(OLD).open(sealed) == "GEZDGNBV"


def test_a_secret_is_locked_differently_each_time() -> None:
    """Two devices with one key would not be seen to be alike."""
    assert len({Safe(OLD).lock("GEZDGNBV") for _ in range(3)}) == 3


@pytest.mark.parametrize("keys", [NEW, "", OLD[:-1], OLD.upper()], ids=["another", "none", "a shorter one", "case"])
def test_no_other_key_opens_it(keys: str) -> None:
    """Nor does a key that is nearly right."""
    sealed = Safe(OLD).lock("GEZDGNBV")
    with pytest.raises(Sealed):
        Safe(keys).open(sealed)


@pytest.mark.parametrize("kept", ["", "GEZDGNBV", "gAAAAA", "ü"])
def test_what_was_never_locked_is_not_opened(kept: str) -> None:
    """Plain or broken text in the table is no secret."""
    with pytest.raises(Sealed):
        Safe(OLD).open(kept)


def test_a_changed_secret_is_not_opened() -> None:
    """The cipher notices a changed letter."""
    sealed = Safe(OLD).lock("GEZDGNBV")
    changed = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
    with pytest.raises(Sealed):
        Safe(OLD).open(changed)


def test_keys_rotate() -> None:
    """The first of several keys locks, all of them open."""
    both = Safe(f" {NEW} , {OLD},")
    assert both.open(Safe(OLD).lock("a")) == "a"
    sealed = both.lock("b")
    assert Safe(NEW).open(sealed) == "b"
    with pytest.raises(Sealed):
        Safe(OLD).open(sealed)


@pytest.mark.parametrize("keys", ["", " ", ",", " , "])
def test_without_a_key_nothing_is_locked(keys: str) -> None:
    """There is no safe without a key."""
    assert not Safe(keys).has_key
    with pytest.raises(Sealed):
        Safe(keys).lock("a")
