"""A payload's fields: those that are there, and those that are not."""

import pytest

from handlers.payload import Lacking, told


def test_a_field_that_is_missing_is_named() -> None:
    """At any depth but in what the bot drew itself; what may be missing is asked for as in any dictionary."""
    body = told({"event": {"items": [{"ts": "1.2"}]}, "blocks": [{"type": "section"}]})
    assert body["event"]["items"][0]["ts"] == "1.2"
    assert body["event"].get("channel") is None
    with pytest.raises(Lacking, match=r"\(channel\)"):
        body["event"]["channel"]
    with pytest.raises(Lacking, match=r"\(user\)"):
        body["event"]["items"][0]["user"]
    with pytest.raises(KeyError):
        body["blocks"][0]["text"]


def test_a_field_of_the_wrong_kind_is_not_there() -> None:
    """Nothing that reads it has to ask for its type; lists of parts hold nothing else."""
    body = told({"team_id": ["T0"], "actions": [None, {"action_id": "a"}, "x"], "view": "no", "user": {"id": 7}})
    assert body == {"actions": [{"action_id": "a"}], "user": {}}
