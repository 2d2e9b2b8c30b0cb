"""Refusals say what to do."""

from quality.refusal import FieldErrors, NotOnRoster, NotSetUp, Refusal


def test_field_errors_are_kept_by_field_and_read_as_one() -> None:
    """A form's errors stand at their fields; as text they follow one another."""
    refused = FieldErrors({"title": "Missing.", "result": "No number."})
    assert refused.errors == {"title": "Missing.", "result": "No number."}
    assert str(refused) == "Missing.; No number."


def test_a_channel_without_a_partnership_says_how_to_set_it_up() -> None:
    """The command and the button are named."""
    assert "/quality setup" in str(NotSetUp())
    assert "Set up" in str(NotSetUp())


def test_who_is_not_on_the_roster_is_told_whom_to_ask() -> None:
    """The partnership is kept, so that the person can be enrolled."""
    refused = NotOnRoster(7, "C0QUALITY")
    assert refused.partnership_id == 7
    assert "QA of your company" in str(refused)


def test_every_refusal_is_one() -> None:
    """One error handler answers them all."""
    assert all(issubclass(kind, Refusal) for kind in (FieldErrors, NotSetUp, NotOnRoster))
