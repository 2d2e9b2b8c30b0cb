"""Logging deviations, as people of both companies do."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import person
from tests.stage import DEVIATION, ELIF, GITA, INVESTIGATION, Stage

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
        "Due: Fri 8 Jan 2027, 17:00 Berlin (45 calendar days, agreement v1)",
        "Owner: nobody yet",
        "On hold: AB-1, AB-2",
        "Where: Line 2",
        "Logged by Gita Rao (Borealis Manufacturing (example))",
    ):
        assert words in card.words
    assert card.buttons == [
        *("Acknowledge", "Assign owner", "Start investigation"),
        *("Reclassify", "Extend due date", "Add CAPA", "Comment", "History", "Export", "Void"),
        *("Stop clock", "Batch distributed", "Link record", "Add evidence", "QMS number", "Private notes", "Clocks"),
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
    """The message shortcut opens the form with the message's text, author, time and link."""
    message = await stage.elif_.say("Freezer 4 was warm this night")
    await stage.anna.shortcut("Log as deviation", message)
    modal = stage.anna.modal
    assert modal is not None
    values = {block["block_id"]: block["element"].get("initial_value", "") for block in modal.blocks}
    assert values["title"] == "Freezer 4 was warm this night"
    assert "From a message of Elif Kaya in Slack" in values["happened"]
    assert values["happened"].endswith(f"/archives/C0SHARED/p{message.ts.replace('.', '')}")


async def test_a_drafts_text_is_as_people_read_it(stage: Stage) -> None:
    """Slack's escapes, links and mentions in a message become plain words of the draft."""
    message = await stage.elif_.say("x")
    message.text = "pH &lt; 5 &amp; rising, <@U0ANNA> see <https://example.com/sop|SOP-12>"
    await stage.anna.shortcut("Log as deviation", message)
    assert stage.anna.modal is not None
    title = next(block for block in stage.anna.modal.blocks if block["block_id"] == "title")
    assert title["element"]["initial_value"] == "pH < 5 & rising, @Anna Berg see SOP-12 (https://example.com/sop)"


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
    assert "Due: Sat 31 Oct 2026, 17:00 Berlin (30 calendar days, agreement v1) · late" in card.words


def _mrkdwn(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [text for part in value.values() for text in _mrkdwn(part)]
    return [text for part in value for text in _mrkdwn(part)] if isinstance(value, list) else []


def lines(stage: Stage) -> list[str]:
    """Give what the thread of the first card tells, questions about reports left out."""
    return [message.words for message in stage.gita.thread(stage.cards[0]) if not message.buttons]


async def test_the_life_of_a_minor_deviation(stage: Stage) -> None:
    """Logged, acknowledged, owned, investigated, signed by the CMO's QA: after each step the card says what is next."""
    card = await stage.log(stage.gita, Class="Minor", Batch_or_lot="AB-1")
    assert "Next: Aurora Therapeutics (example) acknowledges by Wed 25 Nov 2026, 17:00 Berlin. " in card.words
    assert "QA of either company assigns an owner." in card.words
    assert "On hold" not in card.words
    await stage.press(stage.carla, "Acknowledge", card)
    assert "Next: QA of either company assigns an owner." in card.words
    assert await stage.press(stage.finn, "Assign owner", card, Owner=GITA) == {}
    assert "Next: Gita Rao (Borealis Manufacturing (example)) starts the investigation." in card.words
    await stage.press(stage.gita, "Start investigation", card)
    assert "State: Under investigation" in card.words
    assert "Next: Gita Rao (Borealis Manufacturing (example)) investigates and submits it for approval." in card.words
    assert await stage.press(stage.gita, "Submit for approval", card, **INVESTIGATION) == {}
    assert "State: Pending approval" in card.words
    assert (
        "Next: Elif Kaya or Finn Larsen (Borealis Manufacturing (example)) approves by signature.\n" in card.words
    )  # and nobody of the sponsor
    assert "Reason if no CAPA: Gaskets are changed before each batch since October." in card.words
    assert "Send back" in card.buttons
    assert await stage.sign(stage.finn, "Approve", card) == {}
    for words in (
        "State: Closed",
        "Next: Nothing more to do.",
        "Closed: Finn Larsen (Borealis Manufacturing (example)), 24 Nov 2026 09:00 UTC",
        "Signed: Finn Larsen (Borealis Manufacturing (example)), QA: Approval of the investigation and its conclusion",
        "and its conclusion · 24 Nov 2026 09:00 UTC (10:00 Zurich) · SHA-256 ",
    ):
        assert words in card.words
    assert "Due:" not in card.words
    assert card.buttons == [
        *("Add CAPA", "Comment", "History", "Export", "Reopen"),
        *("Link record", "Add evidence", "QMS number", "Private notes", "Clocks"),
    ]
    told = lines(stage)
    assert [line.partition(")) ")[2].partition(" · ")[0] for line in told] == [
        "acknowledged it",
        "assigned it to Gita Rao",
        "started the investigation",
        "submitted it for approval",
        "signed and closed it: Approval of the investigation and its conclusion",
    ]


async def test_the_life_of_a_major_deviation(stage: Stage) -> None:
    """Two companies sign, in order, and the last signature waits for the CAPA that the investigation asked for."""
    given = {"CAPA needed": "Yes", "Reason if no CAPA": ""}
    card = await stage.investigated(Batch_or_lot="AB-1", **given)
    assert (
        "Next: Aurora Therapeutics (example) acknowledges by Wed 25 Nov 2026, 17:00 Berlin. "
        "Elif Kaya or Finn Larsen (Borealis Manufacturing (example)) approves by signature. "
        "Then QA of Aurora Therapeutics (example) signs."
    ) in card.words
    says = await stage.refused(stage.anna, "Approve", card)
    assert "is for QA of the company whose signature is next" in says
    assert "Elif Kaya (Borealis Manufacturing (example)), Finn Larsen (Borealis Manufacturing (example))." in says
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert "State: Pending approval" in card.words
    assert "Signed: Elif Kaya (Borealis Manufacturing (example)), QA" in card.words
    assert (
        "A CAPA has to be added or linked; then Anna Berg or Ben Ortiz (Aurora Therapeutics (example)) approves"
        in card.words
    )
    for who in (stage.elif_, stage.finn):
        says = await stage.refused(who, "Approve", card)
        assert "Anna Berg (Aurora Therapeutics (example)), Ben Ortiz (Aurora Therapeutics (example))." in says
    says = await stage.refused(stage.ben, "Approve", card)
    assert "DEV-2026-0001 needs a CAPA before its last signature, for its investigation says so." in says
    await stage.capa(stage.gita, card)
    assert "Links: CAPA-2026-0001 (Planned)" in card.words
    assert await stage.sign(stage.ben, "Approve", card) == {}
    assert "State: Closed" in card.words
    assert "On hold" not in card.words
    assert card.words.count("Signed: ") == 2
    assert "linked it with CAPA-2026-0001" in lines(stage)[-2]
    assert (
        "Ben Ortiz (Aurora Therapeutics (example)) signed and closed it: "
        "Approval of the investigation and its conclusion · QA, 24 Nov 2026 09:01 UTC (10:01 Berlin), SHA-256 "
    ) in lines(stage)[-1]
    assert "DEV-2026-0001 (Closed)" in stage.card("CAPA-2026-0001").words


async def test_a_round_that_is_sent_back_keeps_its_void_signatures(stage: Stage) -> None:
    """Send back voids the signatures of the round, visibly, keeps the reason, and what was filled in is there again."""
    card = await stage.investigated()
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert await stage.press(stage.anna, "Send back", card, Reason="Which lots of gaskets?") == {}
    assert "State: Under investigation" in card.words
    assert "Void signature: Elif Kaya" in card.words
    assert "void: sent back by Anna Berg" in card.words
    assert "sent it back:\nWhich lots of gaskets?" in lines(stage)[-1]
    await stage.press(stage.gita, "Submit for approval", card)
    modal = stage.gita.modal
    assert modal is not None
    assert "The gasket of the housing was nicked." in modal.words
    stage.gita.fill({"Conclusion": "Lot 7 of the gaskets."})
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert await stage.sign(stage.finn, "Approve", card) == {}
    assert await stage.sign(stage.anna, "Approve", card) == {}
    assert "State: Closed" in card.words
    assert card.words.count("\nSigned: ") + card.words.count("\nVoid signature: ") == 3


async def test_a_closed_deviation_is_reopened_by_both_companies(stage: Stage) -> None:
    """One company's QA asks with a reason, the other's agrees: under investigation again, its signature void."""
    card = await stage.closed()
    assert await stage.press(stage.elif_, "Reopen", card, Reason="A complaint came in.") == {}
    assert "State: Closed" in card.words
    assert (
        "Next: Anna Berg or Ben Ortiz (Aurora Therapeutics (example)) answers "
        "Elif Kaya (Borealis Manufacturing (example)), who asks to reopen"
    ) in card.words
    assert card.buttons[:3] == ["Agree", "Refuse", "Withdraw"]
    for who in (stage.elif_, stage.finn, stage.gita, stage.carla):
        assert "is for QA of the other company" in await stage.refused(who, "Agree", card)
    await stage.press(stage.ben, "Agree", card)
    assert "State: Under investigation" in card.words
    assert "Void signature: Elif Kaya" in card.words
    assert "void: the record was reopened" in card.words
    await stage.gita.click("Clocks", card)
    await stage.settle()
    assert "Rule: 30 calendar days from reopening (agreement v1, row 8)" in stage.gita.ephemerals[-1].words
    assert (
        "reopened it:\nasked by Elif Kaya (Borealis Manufacturing (example)): A complaint came in." in lines(stage)[-1]
    )


async def test_raising_a_class_is_done_and_lowering_it_asked(stage: Stage) -> None:
    """QA raises a class at once, the clocks run anew from awareness; a lower one waits for the other company's QA."""
    card = await stage.log(stage.gita, Class="Minor", Batch_or_lot="AB-1")
    assert "Due: Thu 24 Dec 2026" in card.words
    assert await stage.press(stage.elif_, "Reclassify", card, Class="Critical", Reason="Sterile filter.") == {}
    assert card.words.startswith("DEV-2026-0001 · Critical deviation")
    assert "Due: Fri 8 Jan 2027" in card.words
    assert "On hold: AB-1" in card.words
    assert "reclassified it as Critical (before: Minor, 24 Dec 2026 16:00 UTC):\nSterile filter." in lines(stage)[-1]
    assert await stage.press(stage.elif_, "Reclassify", card, Class="Critical", Reason="x") == {
        "Class": "DEV-2026-0001 is Critical already. Choose another class."
    }
    await stage.elif_.close_modal()
    assert await stage.press(stage.elif_, "Reclassify", card, Class="Major", Reason="Not sterile after all.") == {}
    assert card.words.startswith("DEV-2026-0001 · Critical deviation")
    assert "who asks to lower" in card.words
    assert "is for QA of the other company" in await stage.refused(stage.finn, "Agree", card)
    await stage.press(stage.anna, "Agree", card)
    assert card.words.startswith("DEV-2026-0001 · Major deviation")


async def test_human_error_and_no_capa_need_their_reasons(stage: Stage) -> None:
    """What EU GMP and 211.192 ask for is missed at its field; blanks are no reason; nothing typed is lost."""
    card = await stage.owned()
    await stage.press(stage.gita, "Start investigation", card)
    given = {"Root cause category": "People", "Reason if no CAPA": " \u00a0 ", "Conclusion": " \u200b "}
    await stage.press(stage.gita, "Submit for approval", card)
    stage.gita.fill(INVESTIGATION | given)
    with stage.nothing_changes():
        assert await stage.gita.submit(client_checks=False) == {"Conclusion": "Conclusion is needed. Fill it in."}
        stage.gita.fill({"Conclusion": "x" * 3001})
        errors = await stage.gita.submit(client_checks=False)
        assert errors == {"Conclusion": "This is 3001 characters long; 3000 is the most. Shorten it."}
        stage.gita.fill({"Conclusion": "It will not come back."})
        assert await stage.gita.submit() == {
            "Reason if no CAPA": "Say why no CAPA is needed, or choose Yes above.",
            "Human error justification": "Human error as a root cause needs a justification that process, procedure "
            "and system were excluded.",
        }
    stage.gita.fill({"CAPA needed": "Yes", "Human error justification": "All three were reviewed."})
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert "Human error justification: All three were reviewed." in card.words


async def test_who_owns_or_worked_on_it_does_not_approve(stage: Stage) -> None:
    """The owner who is QA does not approve, nor do they after another took it over; the refusal names who may."""
    card = await stage.owned(owner=ELIF)
    await stage.press(stage.elif_, "Start investigation", card)
    assert await stage.press(stage.elif_, "Submit for approval", card, **INVESTIGATION) == {}
    assert "Next: " in card.words
    says = await stage.refused(stage.elif_, "Approve", card)
    assert says.endswith(": Finn Larsen (Borealis Manufacturing (example)).")
    assert await stage.press(stage.finn, "Assign owner", card, Owner=GITA) == {}
    assert (await stage.refused(stage.elif_, "Approve", card)).endswith(
        "Finn Larsen (Borealis Manufacturing (example))."
    )


async def test_typed_text_stays_data_through_a_whole_life(stage: Stage) -> None:
    """In card, thread, form, Sign, history and lists what people typed is shown as typed and reaches nobody."""
    shown = "<!channel> <@U0ANNA> *bold* `x` :tada: & <https://example.com|here> evil שלום \U0001f9ea"
    card = await stage.owned(Title=HOSTILE, Class="Minor", Batch_or_lot="<!here>")
    await stage.press(stage.gita, "Start investigation", card)
    hostile = dict.fromkeys(("Root cause", "Other batches considered", "Impact", "Conclusion"), HOSTILE)
    assert await stage.press(stage.gita, "Submit for approval", card, **(INVESTIGATION | hostile)) == {}
    view = await stage.opened_sign(stage.elif_, "Approve", card)
    assert view.words.count(shown) >= 5
    await stage.elif_.close_modal()
    assert await stage.press(stage.elif_, "Send back", card, Reason=HOSTILE) == {}
    assert shown in lines(stage)[-1]
    for command in ("/deviation DEV-2026-0001", "/deviation list", "/quality history DEV-2026-0001", "/quality mine"):
        await stage.anna.command(command)
        assert shown in stage.anna.ephemerals[-1].words
    for call in stage.box.calls:
        assert "<!channel>" not in str(call.arguments.get("text"))
        blocks = call.arguments.get("blocks") or (call.arguments.get("view") or {}).get("blocks") or []
        for text in _mrkdwn(blocks):
            assert "<!" not in text.replace("<!date^", "")
            assert "<@" not in text
