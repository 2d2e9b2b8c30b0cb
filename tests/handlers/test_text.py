"""Typed text: cleaned on its way in, escaped and cut on its way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from handlers import slack_errors
from handlers.forms import Listing, Text
from handlers.text import clean, cut, escape, is_blank, one_line, unmarked


def test_clean_keeps_text_and_drops_what_hides_it() -> None:
    """Control and direction characters go, letters of any script, emoji and line ends stay."""
    assert clean(" a\r\nb\x00\x1b\u202e\u2066 שלום \U0001f9ea\t ") == "a\nb שלום \U0001f9ea"


@given(st.text(), st.integers(1, 400))
def test_escaped_text_is_never_markup_nor_too_long(text: str, limit: int) -> None:
    """Escaped text holds no angle bracket and no bare ampersand, and keeps its limit."""
    escaped = escape(text, limit)
    assert len(escaped) <= limit
    assert "<" not in escaped
    assert ">" not in escaped
    bare = escaped.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert "&" not in bare


@given(st.text(), st.integers(1, 400))
def test_cut_text_keeps_its_limit_and_its_beginning(text: str, limit: int) -> None:
    """Cut text is the text itself, or its beginning with an ellipsis."""
    short = cut(text, limit)
    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """What was cleaned is clean."""
    assert clean(clean(text)) == clean(text)
    assert "\n" not in one_line(text)


def test_slack_errors_are_one_word_whatever_came() -> None:
    """Slack's JSON, text in its place, a bare answer, and no answer at all each give a word."""
    text = AsyncSlackResponse(
        client=None, http_verb="POST", api_url="x", req_args={}, data="Oops", headers={}, status_code=500
    )
    assert slack_errors.word(SlackApiError("", {"error": "ratelimited"})) == "ratelimited"
    assert slack_errors.word(SlackApiError("", text)) == "status 500"
    assert slack_errors.word(SlackApiError("", "nothing")) == "status unknown"
    assert slack_errors.word(TimeoutError()) == "TimeoutError"


def test_unmarked_words_keep_everything_but_their_marks() -> None:
    """Where nothing is markup, buttons and commands stand without marks; typed stars and ticks that are none stay."""
    assert unmarked("Press *Add CAPA*, or `/quality signature`.") == "Press Add CAPA, or /quality signature."
    assert unmarked("2 * 3 * 4 and *bold* of a title, ` and *") == "2 * 3 * 4 and *bold* of a title, ` and *"


UNSEEN = [
    "\u200d",
    "\u2063\u2063",
    "\u180e",
    "\u3164",
    "\u2800",
    "\u115f",
    "\u1160",
    "\uffa0",
    "\u034f",
    " \u3000\u0301",
    "\t",
]


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_a_text_in_which_nothing_is_seen_is_blank(text: str) -> None:
    """A field filled with it is empty, and a list has no such item."""
    assert is_blank(text)
    assert Text("reason", "Reason").read({"value": text}) is None
    assert Listing("lots", "Lots").read({"value": f"AB-1,{text},AB-2"}) == ("AB-1", "AB-2")


@pytest.mark.parametrize("text", [".", "e\u0301", "\u200dx", "한", "⠁"], ids=ascii)
def test_a_text_with_anything_to_be_seen_is_kept(text: str) -> None:
    """Whatever invisible stands around it."""
    assert not is_blank(text)
    assert Text("reason", "Reason").read({"value": text}) == clean(text)
