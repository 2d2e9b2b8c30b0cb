"""A mention of the bot in a thread: the button that makes a record of what was said there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox import Driver, cast_of, wire
from storage import person
from storage.person import Role
from tests.stage import SHARED, Stage, staged

HOSTILE = '<!channel> *bold* `code` <https://evil.example|safe> & "quoted"'


def filled(who: Driver) -> dict[str, str]:
    assert who.modal is not None, who.ephemerals[-1].words
    return {block["block_id"]: block["element"].get("initial_value", "") for block in who.modal.blocks}


async def test_a_thread_becomes_a_draft_for_those_without_shortcuts(stage: Stage) -> None:
    """Mentioned in a thread, the bot offers a button; it opens the form with the parent's author, time, link, text."""
    parent = await stage.gita.say(f"Freezer 4 was warm this night {HOSTILE}")
    await stage.hugo.say("@QualBridge please", thread=parent)
    await stage.settle()
    offer = stage.hugo.thread(parent)[-1]
    assert offer.buttons == ["Log as deviation"]
    await stage.elif_.click("Log as deviation", offer)
    given = filled(stage.elif_)
    assert given["title"].startswith(f"Freezer 4 was warm this night {HOSTILE}"[:60])
    assert HOSTILE in given["happened"]
    assert "From a message of Gita Rao in Slack, 24 Nov 2026" in given["happened"]
    assert given["happened"].endswith(f"/archives/C0SHARED/p{parent.ts.replace('.', '')}")
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert HOSTILE in stage.cards[-1].words


async def test_outside_a_thread_the_front_door_offers_it_too(stage: Stage) -> None:
    """The mention itself becomes the draft, its own words and its author."""
    said = await stage.gita.say("@QualBridge the pH probe drifts")
    await stage.settle()
    (answer,) = stage.gita.thread(said)
    assert answer.buttons[-1] == "Log as deviation"
    assert "Log deviation" in answer.buttons
    await stage.gita.click("Log as deviation", answer)
    assert "the pH probe drifts" in filled(stage.gita)["title"]


@pytest.mark.parametrize("text", ['"' * 3000, "\\\n" * 1500, "ü" * 3000, "&<>" * 1000, "\x01" * 3000])
async def test_a_long_mention_fits_into_a_button(stage: Stage, text: str) -> None:
    """Whatever was said, the answer comes, and the form has all of it that Slack lets the bot read."""
    said = await stage.gita.say(f"@QualBridge x {text}")
    await stage.settle()
    await stage.gita.click("Log as deviation", stage.gita.thread(said)[-1])
    assert "From a message of Gita Rao in Slack" in filled(stage.gita)["happened"]


async def test_in_a_card_s_thread_the_mention_itself_is_meant(stage: Stage) -> None:
    """A thread that began with a card of ours is about that record: what is said there becomes the draft."""
    card = await stage.log(stage.gita)
    await stage.hugo.say("@QualBridge and filter 3 leaks, too", thread=card)
    await stage.settle()
    await stage.hugo.click("Log as deviation", stage.hugo.thread(card)[-1])
    given = filled(stage.hugo)
    assert "and filter 3 leaks, too" in given["title"]
    assert "From a message of Hugo Meyer" in given["happened"]


@pytest.mark.parametrize("who", ["mira", "guest"])
async def test_strangers_are_told_whom_to_ask(stage: Stage, who: str) -> None:
    """Neither a stranger nor a guest gets the button by mentioning, nor the form by pressing another's."""
    parent = await stage.gita.say("Freezer 4 was warm")
    await stage.hugo.say("@QualBridge", thread=parent)
    await stage.settle()
    offer = stage.hugo.thread(parent)[-1]
    assert "ask QA: Anna Berg" in await stage.refused(getattr(stage, who), "Log as deviation", offer)
    await getattr(stage, who).say("@QualBridge", thread=parent)
    await stage.settle()
    assert stage.hugo.thread(parent)[-1].buttons == []


async def test_a_viewer_logs_nothing(stage: Stage) -> None:
    """Who only reads is told who may log."""
    parent = await stage.gita.say("Freezer 4 was warm")
    await stage.hugo.say("@QualBridge", thread=parent)
    await stage.settle()
    with stage.database.writing() as session:
        person.list_of_user(session, "U0CARLA")[0].roles = [Role.VIEWER]
    said = await stage.refused(stage.carla, "Log as deviation", stage.hugo.thread(parent)[-1])
    assert "may log deviations" in said


@pytest.mark.parametrize("method", ["conversations.replies", "chat.getPermalink"])
async def test_what_slack_does_not_say_is_left_to_the_person(stage: Stage, method: str) -> None:
    """Without the text, or without the link, the form opens all the same, and says what is missing."""
    parent = await stage.gita.say("Freezer 4 was warm")
    await stage.hugo.say("@QualBridge", thread=parent)
    await stage.settle()
    stage.box.fail_next(method, error="ratelimited")
    await stage.hugo.click("Log as deviation", stage.hugo.thread(parent)[-1])
    given = filled(stage.hugo)["happened"]
    assert ("could not be read here" in given) is (method == "conversations.replies")
    assert ("/archives/" in given) is (method == "conversations.replies")


async def test_in_a_channel_that_is_not_set_up_it_still_offers_set_up(empty_stage: Stage) -> None:
    """The answer in a thread is the button Set up."""
    parent = await empty_stage.gita.say("Freezer 4 was warm")
    await empty_stage.anna.say("@QualBridge", thread=parent)
    await empty_stage.settle()
    assert empty_stage.anna.thread(parent)[-1].buttons == ["Set up"]


@pytest.fixture
async def deaf(tmp_path: Path) -> AsyncIterator[Stage]:
    """Install the app without its optional scopes."""
    async with staged(tmp_path, grant_optional=False) as stage:
        await stage.set_up()
        yield stage


async def test_without_the_optional_scopes_the_mention_s_own_words_are_there(deaf: Stage) -> None:
    """The bot may not read the channel: what the event told is in the form, author and link too."""
    said = await deaf.gita.say("@QualBridge the pH probe drifts")
    await deaf.settle()
    await deaf.gita.click("Log as deviation", deaf.gita.thread(said)[-1])
    given = filled(deaf.gita)
    assert "the pH probe drifts" in given["title"]
    assert "/archives/" in given["happened"]


async def test_the_channels_own_bot_answers(tmp_path: Path) -> None:
    """Whichever is mentioned: one installation alone writes in a channel; in a silent one the answer is private."""
    async with staged(tmp_path, cast=cast_of("both")) as stage:
        await stage.set_up()
        await stage.box.invite("U0QUALBOREAL", SHARED)
        said = await stage.gita.say("Hello there")
        mention = {"type": "app_mention", "user": "U0GITA", "text": "<@U0QUALBOREAL> hello", "ts": said.ts}
        team = {"channel": SHARED, "team": "T0BOREAL", "user_team": "T0BOREAL", "event_ts": said.ts}
        body = wire.event(stage.box.world, mention | team)
        await stage.box.line.send_event(body | {"team_id": "T0BOREAL"})
        await stage.settle()
        assert [one.user for one in stage.gita.thread(said)] == ["U0QUALBRIDGE"]
        await stage.box.archive(SHARED)
        await stage.settle()
        posts = len(stage.calls("chat.postMessage"))
        body = wire.event(stage.box.world, mention | team)
        await stage.box.line.send_event(body | {"team_id": "T0BOREAL"})
        await stage.settle()
        posted = stage.calls("chat.postMessage")[posts:]
        assert [call for call in posted if call.arguments["channel"] == SHARED] == []
