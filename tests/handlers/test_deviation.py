"""Logging deviations, as people of both companies do."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import person
from tests.stage import DEVIATION, Stage

LABELS = [
    "Title",
    "What happened",
    "What should have happened",
    "Batch or lot",
    "Product",
    "Where",
    "Detected at",
    "Class",
    "Batch distributed",
    "Immediate action",
    "Source records",
]
HOSTILE = (
    "<!channel> <@U0ANNA> *bold* `x` :tada: & <https://example.com|here> \u202eevil\u202c שלום \U0001f9ea \x00\x07"
)


async def test_the_command_opens_the_form_with_the_title(stage: Stage) -> None:
    """`/deviation <title>` opens Log deviation with its fields in order and the title filled in."""
    await stage.anna.command("/deviation Filter failed")
    modal = stage.anna.modal
    assert modal is not None
    assert (modal.title, modal.labels) == ("Log deviation", LABELS)
    stage.anna.fill({"What happened": "It broke."})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "Filter failed" in stage.cards[0].words


async def test_a_deviation_logged_without_the_app_stands_in_the_channel(stage: Stage) -> None:
    """A person of the company without the app logs from the front door; the card tells state, turn, due and origin."""
    card = await stage.log(
        stage.gita,
        Batch_or_lot="AB-1, AB-2",
        Product="Auroprim",
        Where="Line 2",
        Class="Critical",
        Batch_distributed="No",
    )
    assert card.words.startswith("DEV-2026-0001 · Critical deviation")
    for words in (
        "Filter integrity test failed",
        "State: Open",
        "Next: Aurora Therapeutics (example) acknowledges by Wed 25 Nov 2026, 17:00 Berlin.",
        "Due: Fri 8 Jan 2027, 17:00 Berlin (45 calendar days from detection)",
        "Owner: nobody yet",
        "On hold: AB-1, AB-2",
        "Where: Line 2",
        "Logged by Gita Rao (Borealis Manufacturing (example))",
    ):
        assert words in card.words
    assert card.buttons == [
        *("Acknowledge", "Assign owner", "Start investigation", "Reclassify", "Extend due date"),
        *("Add CAPA", "Link record", "Comment", "History", "Export", "Void"),
    ]


async def test_numbers_follow_each_other(stage: Stage) -> None:
    """Records are numbered without gaps, a refused form taking no number."""
    await stage.log(stage.gita)
    await stage.gita.click("Log deviation")
    stage.gita.fill(DEVIATION | {"Detected at": stage.box.now() + timedelta(days=1)})
    assert await stage.gita.submit() == {"Detected at": "This lies in the future. Give the time it was detected."}
    await stage.gita.close_modal()
    card = await stage.log(stage.anna)
    assert card.words.startswith("DEV-2026-0002")


async def test_faults_stand_at_their_fields_and_nothing_typed_is_lost(stage: Stage) -> None:
    """All faults of a form are told at once, at their fields, and what was typed stays."""
    await stage.gita.click("Log deviation")
    stage.gita.fill({"Title": " \u200f ", "What happened": "x" * 3001, "Batch or lot": "L" * 61})
    errors = await stage.gita.submit(client_checks=False)
    assert errors == {
        "Title": "Title is needed. Fill it in.",
        "What happened": "This is 3001 characters long; 3000 is the most. Shorten it.",
        "Batch or lot": "One of these is longer than 60 characters. Part them with commas.",
    }
    stage.gita.fill({"Title": "Now", "What happened": "this", "Batch or lot": ""})
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert len(stage.cards) == 1


async def test_a_title_of_ten_thousand_characters_keeps_its_text(stage: Stage) -> None:
    """A title too long for one opens the form with its beginning as title and the text below it."""
    await stage.anna.command("/deviation " + "long " * 2000)
    modal = stage.anna.modal
    assert modal is not None
    values = {block["block_id"]: block["element"].get("initial_value", "") for block in modal.blocks}
    assert len(values["title"]) == 150
    assert len(values["happened"]) == 3000
    await stage.anna.close_modal()
    await stage.gita.click("Log deviation")
    stage.gita.fill(DEVIATION | {"Title": "x" * 10_000})
    errors = await stage.gita.submit(client_checks=False)
    assert errors == {"Title": "This is 10000 characters long; 150 is the most. Shorten it."}


async def test_typed_text_is_data(stage: Stage) -> None:
    """Mentions, links, markup, emoji names and invisible characters are shown as typed and reach nobody."""
    card = await stage.log(stage.gita, Title=HOSTILE, What_happened=HOSTILE)
    await stage.anna.click("Comment", card)
    stage.anna.fill({"Comment": HOSTILE})
    assert await stage.anna.submit() == {}
    await stage.settle()
    shown = "<!channel> <@U0ANNA> *bold* `x` :tada: & <https://example.com|here> evil שלום \U0001f9ea"
    assert shown in stage.cards[0].words
    assert shown in stage.anna.thread(stage.cards[0])[-1].words
    for call in stage.calls("chat.postMessage"):
        assert "<!channel>" not in call.arguments["text"]
        for text in _mrkdwn(call.arguments["blocks"]):
            assert "<!" not in text.replace("<!date^", "")  # the bot's own, in each reader's zone
            assert "<@" not in text


async def test_a_replayed_submission_logs_once(stage: Stage) -> None:
    """The same signed submission delivered again changes nothing."""
    await stage.log(stage.gita)
    logged = next(d for d in reversed(stage.box.connect_events()) if d.body.get("type") == "view_submission")
    again = await stage.box.line.send_again(logged)
    assert again.status == 200
    await stage.settle()
    assert len(stage.cards) == 1


async def test_a_message_becomes_a_draft(stage: Stage) -> None:
    """The message shortcut opens the form with the message's text, author and time."""
    message = await stage.elif_.say("Freezer 4 was warm this night")
    await stage.anna.shortcut("Log as deviation", message)
    modal = stage.anna.modal
    assert modal is not None
    values = {block["block_id"]: block["element"].get("initial_value", "") for block in modal.blocks}
    assert values["title"] == "Freezer 4 was warm this night"
    assert "From a message of Elif Kaya in Slack" in values["happened"]


async def test_a_drafts_text_is_as_people_read_it(stage: Stage) -> None:
    """Slack's escapes, links and mentions in a message become plain words of the draft."""
    message = await stage.elif_.say("x")
    message.text = "pH &lt; 5 &amp; rising, <@U0ANNA> see <https://example.com/sop|SOP-12>"
    await stage.anna.shortcut("Log as deviation", message)
    assert stage.anna.modal is not None
    title = next(block for block in stage.anna.modal.blocks if block["block_id"] == "title")
    assert title["element"]["initial_value"] == "pH < 5 & rising, @Anna Berg see SOP-12"


@pytest.mark.parametrize("who", ["mira", "guest"])
async def test_a_stranger_is_refused_with_a_sentence_that_helps(stage: Stage, who: str) -> None:
    """A person of a third company, or a guest, logs nothing and is told whom to ask."""
    person = getattr(stage, who)
    await person.click("Log deviation")
    await stage.settle()
    assert person.modal is None
    assert "ask QA: Anna Berg (Aurora Therapeutics (example))" in person.ephemerals[-1].words


async def test_somebody_removed_between_click_and_submission_is_refused(stage: Stage) -> None:
    """Permission is asked again when the form is submitted."""
    await stage.gita.click("Log deviation")
    stage.gita.fill(DEVIATION)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0GITA")[0].active = False
    errors = await stage.gita.submit()
    assert "no longer on the roster" in errors["Title"]
    await stage.settle()
    assert stage.cards == []


async def test_detection_in_the_past_starts_the_clocks_there(stage: Stage) -> None:
    """A deviation detected weeks ago is due from then on, and late when that is past."""
    card = await stage.log(stage.gita, Detected_at=datetime(2026, 10, 1, 6, tzinfo=UTC), Class="Minor")
    assert "Due: Sat 31 Oct 2026, 17:00 Berlin (30 calendar days from detection) · late" in card.words


def _mrkdwn(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [text for part in value.values() for text in _mrkdwn(part)]
    return [text for part in value for text in _mrkdwn(part)] if isinstance(value, list) else []
