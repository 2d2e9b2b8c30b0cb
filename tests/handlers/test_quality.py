"""The command /quality, help, the digest for one, and Home."""

import pytest

from tests.stage import ANNA, INTERNAL, Stage


@pytest.mark.parametrize("word", ["batch", "disposition", "result", "specification", "inspection", "export", "Review"])
async def test_every_word_has_help(stage: Stage, word: str) -> None:
    """`help` behind a word tells what it does, and does nothing: no batch is looked for, no form opens."""
    await stage.anna.command(f"/quality {word} help")
    (said,) = stage.anna.ephemerals[-1:]
    assert f"/quality {word.lower()}" in said.words
    assert "/quality mine" not in said.words
    assert stage.anna.modal is None


async def test_an_inspection_takes_no_words(stage: Stage) -> None:
    """What stands behind it is not passed over in silence."""
    await stage.anna.command("/quality inspection close")
    assert "I do not know “close” here" in stage.anna.ephemerals[-1].words


@pytest.mark.parametrize("command", ["/deviation help", "/oos help", "/capa help", "/quality help"])
async def test_every_command_has_help(stage: Stage, command: str) -> None:
    """`help` lists what the command does, placeholders readable."""
    await stage.anna.command(command)
    words = stage.anna.ephemerals[-1].words
    assert command.split(maxsplit=1)[0] in words
    assert "<" in words or "DEV" in words or "OOS" in words


async def test_an_unknown_word_answers_with_usage(stage: Stage) -> None:
    """`/quality` with a word it does not know names it and shows its usage."""
    await stage.anna.command("/quality <!channel> nonsense")
    words = stage.anna.ephemerals[-1].words
    assert "<!channel>" in words
    assert "/quality search <words>" in words


async def test_the_front_door_for_one(stage: Stage) -> None:
    """`/quality` shows the front door to the person alone."""
    await stage.anna.command("/quality")
    assert "Log deviation" in stage.anna.ephemerals[-1].buttons


async def test_people_without_the_app_have_no_commands(stage: Stage) -> None:
    """Slack knows no command for the company without the app; the bot is not even asked."""
    before = len(stage.box.connect_events())
    await stage.gita.command("/quality")
    assert "not a valid command" in stage.gita.ephemerals[-1].words
    assert len(stage.box.connect_events()) == before


async def test_another_channel_is_not_set_up_by_this_one(stage: Stage) -> None:
    """A channel beside a set-up one shows nothing of it."""
    await stage.log(stage.gita)
    await stage.anna.command("/deviation list", channel=INTERNAL)
    assert "/quality setup" in stage.anna.ephemerals[-1].words


async def test_in_the_direct_message_commands_find_the_one_partnership(stage: Stage) -> None:
    """In the direct message a command works on the person's only partnership."""
    await stage.log(stage.gita)
    await stage.anna.command("/deviation list", channel="D0ANNA")
    assert "DEV-2026-0001" in stage.anna.ephemerals[-1].words


async def test_the_digest_for_one_now(stage: Stage) -> None:
    """`/quality digest` shows the digest at once, to the person alone."""
    await stage.anna.command("/quality digest")
    assert "nothing is open, due or waiting" in stage.anna.ephemerals[-1].words
    await stage.log(stage.gita, Batch_or_lot="AB-1")
    await stage.anna.command("/quality digest")
    words = stage.anna.ephemerals[-1].words
    for heading in ("Waiting for acknowledgement (1)", "New (1)", "Batches on hold (1)"):
        assert heading in words
    assert "SHA-256" in words


async def test_home_shows_my_work_and_the_buttons(stage: Stage) -> None:
    """App Home shows what waits for the person and logs from there."""
    card = await stage.log(stage.gita)
    await stage.ben.click("Assign owner", card)
    stage.ben.fill({"Owner": "Ben Ortiz · Aurora Therapeutics (example)"})
    assert await stage.ben.submit() == {}
    await stage.settle()
    await stage.ben.open_home()
    await stage.settle()
    assert stage.ben.home is not None
    assert "You own (1)" in stage.ben.home.text
    await stage.ben.click("Log deviation", stage.ben.home)
    stage.ben.fill({"Title": "From Home", "What happened": "x"})
    assert await stage.ben.submit() == {}
    await stage.settle()
    assert "From Home" in stage.cards[-1].words


async def test_home_of_somebody_without_a_partnership_says_what_to_do(empty_stage: Stage) -> None:
    """Home before any setup tells where to begin."""
    await empty_stage.anna.open_home()
    await empty_stage.settle()
    assert empty_stage.anna.home is not None
    assert "/quality setup" in empty_stage.anna.home.text


async def test_an_owner_opens_the_record_from_home(stage: Stage) -> None:
    """A button on Home, where an ephemeral has no place, answers in a modal, and so do the buttons in it."""
    card = await stage.log(stage.gita)
    await stage.anna.click("Acknowledge", card)
    await stage.anna.open_home()
    await stage.settle()
    assert stage.anna.home is not None
    await stage.anna.click("Open", stage.anna.home)
    assert stage.anna.modal is not None
    assert "DEV-2026-0001 · Major deviation" in stage.anna.modal.text
    await stage.elif_.click("Assign owner", stage.card("DEV-2026-0001"))
    stage.elif_.fill({"Owner": ANNA})
    assert await stage.elif_.submit() == {}
    await stage.anna.click_in_modal("Start investigation")
    await stage.settle()
    assert "State: Under investigation" in stage.anna.modal.text
    await stage.anna.click_in_modal("History")
    assert "History of DEV-2026-0001" in stage.anna.modal.text


async def test_a_mention_in_a_set_up_channel_shows_the_front_door(stage: Stage) -> None:
    """A mention is answered in its thread with the buttons, for people without the app as well."""
    asked = await stage.gita.say("@QualBridge what can you do?")
    await stage.settle()
    assert "Log deviation" in stage.gita.thread(asked)[-1].buttons
    foreign = await stage.mira.say("@QualBridge and for me?")
    await stage.settle()
    assert stage.mira.thread(foreign)[-1].buttons == []
    assert "neither company's" in stage.mira.thread(foreign)[-1].words


async def test_what_nobody_foresaw_is_told_with_a_code(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """An unforeseen error answers with a code that stands in the log, and nothing is changed."""
    stage.box.fail_next("views.open", error="fatal_error")
    await stage.anna.command("/deviation x")
    words = stage.anna.ephemerals[-1].words
    code = words.partition("(code ")[2][:6]
    assert "nothing was changed" in words
    assert code
    assert code in caplog.text


async def test_a_form_that_came_too_late_asks_to_press_again(stage: Stage) -> None:
    """When Slack's trigger has run out, the person is asked to press once more."""
    stage.box.fail_next("views.open", error="expired_trigger_id")
    await stage.anna.command("/deviation x")
    assert "press once more" in stage.anna.ephemerals[-1].words


async def test_an_event_that_slack_repeats_is_answered_once(stage: Stage) -> None:
    """A mention delivered again brings no second answer."""
    asked = await stage.gita.say("@QualBridge hello")
    await stage.settle()
    event = next(
        d for d in reversed(stage.box.connect_events()) if d.body.get("event", {}).get("type") == "app_mention"
    )
    await stage.box.line.send_again(event)
    await stage.settle()
    assert len(stage.gita.thread(asked)) == 1
