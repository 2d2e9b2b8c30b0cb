"""The buttons of a record: who may press them, what they do, and what two people at once see."""

from datetime import UTC, date, datetime, timedelta

import pytest

from quality import people
from quality.people import Identity, Profile
from storage import person
from storage.person import Role
from tests.stage import FINN, GITA, Stage, kept


async def test_the_other_company_acknowledges(stage: Stage) -> None:
    """Anyone of the company that did not log it acknowledges: person and time on the card, a line in the thread."""
    card = await stage.log(stage.gita)
    await stage.carla.click("Acknowledge", card)
    await stage.settle()
    card = stage.cards[0]
    assert "Acknowledged: Carla Novak (Aurora Therapeutics (example)), 24 Nov 2026" in card.words
    assert "Acknowledge" not in card.buttons
    assert "Carla Novak (Aurora Therapeutics (example)) acknowledged it" in stage.gita.thread(card)[-1].words
    assert stage.events() == ["deviation.logged", "deviation.acknowledged"]


async def test_the_company_without_the_app_acknowledges(stage: Stage) -> None:
    """What the sponsor logged, a person of the CMO acknowledges by the button."""
    card = await stage.log(stage.anna)
    await stage.hugo.click("Acknowledge", card)
    await stage.settle()
    assert "Acknowledged: Hugo Meyer (Borealis Manufacturing (example))" in stage.cards[0].words


async def test_the_company_that_logged_it_cannot_acknowledge(stage: Stage) -> None:
    """A colleague of the person who logged it is told which company has to."""
    card = await stage.log(stage.gita)
    says = await stage.refused(stage.elif_, "Acknowledge", card)
    assert "Acknowledge on DEV-2026-0001 is for the company that did not log it (but viewers): Anna Berg" in says
    assert stage.events() == ["deviation.logged"]


async def test_of_two_who_press_one_wins(stage: Stage) -> None:
    """The second to acknowledge, on a card drawn before, is told who did it and when."""
    stale = await stage.log(stage.gita)
    await stage.anna.click("Acknowledge", stale)
    await stage.box.line.send_again(stage.box.connect_events()[-1])
    await stage.settle()
    assert "is not open on DEV-2026-0001: Anna Berg (Aurora Therapeutics (example)) acknowledged it on 24 Nov 2026" in (
        stage.anna.ephemerals[-1].words
    )
    assert stage.events() == ["deviation.logged", "deviation.acknowledged"]


async def test_qa_assigns_an_owner_who_is_told(stage: Stage) -> None:
    """QA of either company assigns an owner; card and thread say so and the owner gets a direct message."""
    card = await stage.log(stage.gita)
    await stage.anna.click("Assign owner", card)
    assert stage.anna.modal is not None
    assert (stage.anna.modal.title, stage.anna.modal.labels) == ("Assign owner", ["Owner"])
    stage.anna.fill({"Owner": GITA})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "Owner: Gita Rao (Borealis Manufacturing (example))" in stage.cards[0].words
    assert "assigned it to Gita Rao" in stage.anna.thread(stage.cards[0])[-1].words
    direct = stage.gita.direct_messages[-1]
    assert "You own DEV-2026-0001 now" in direct.words
    await stage.gita.click("Open", direct)
    await stage.settle()
    assert "DEV-2026-0001 · Major deviation" in stage.gita.direct_messages[-1].words


async def test_members_do_not_assign(stage: Stage) -> None:
    """A member who presses Assign owner is told who may."""
    card = await stage.log(stage.gita)
    words = await stage.refused(stage.gita, "Assign owner", card)
    assert "Assign owner on DEV-2026-0001 is for QA of either company" in words
    assert "Elif Kaya (Borealis Manufacturing (example))" in words


async def test_an_owner_is_not_assigned_over_another_change(stage: Stage) -> None:
    """A form opened before somebody else changed the record shows who did what, and what was filled in."""
    card = await stage.log(stage.gita)
    for who in (stage.anna, stage.ben):
        await who.click("Assign owner", card)
    stage.anna.fill({"Owner": GITA})
    stage.ben.fill({"Owner": FINN})
    assert await stage.anna.submit() == {}
    with stage.nothing_changes():
        assert await stage.ben.submit() == {}
    assert stage.ben.modal is not None
    words = stage.ben.modal.words
    assert "was changed meanwhile: Anna Berg (Aurora Therapeutics (example)) assigned it to Gita Rao" in words
    assert "Owner: Gita Rao (Borealis Manufacturing (example))" in words
    chosen = stage.ben.modal.state["owner"]["value"]["selected_option"]
    assert chosen["text"]["text"] == FINN
    assert await stage.ben.submit() == {}
    await stage.settle()
    assert "Owner: Finn Larsen" in stage.cards[0].words


async def test_the_present_owner_is_not_assigned_again(stage: Stage) -> None:
    """Assigning who owns it already is told at the field."""
    card = await stage.log(stage.gita)
    for _ in range(2):
        await stage.anna.click("Assign owner", card)
        stage.anna.fill({"Owner": GITA})
        errors = await stage.anna.submit()
    assert errors == {"Owner": "Gita Rao owns DEV-2026-0001 already."}


async def test_a_comment_stands_in_thread_and_history(stage: Stage) -> None:
    """A comment is quoted in the thread and kept in the journal."""
    card = await stage.log(stage.gita)
    await stage.hugo.click("Comment", card)
    stage.hugo.fill({"Comment": "Gasket was nicked."})
    assert await stage.hugo.submit() == {}
    await stage.settle()
    assert "Gasket was nicked." in stage.anna.thread(card)[-1].words
    await stage.hugo.click("History", card)
    await stage.settle()
    words = stage.hugo.ephemerals[-1].words
    assert "History of DEV-2026-0001" in words
    assert "Hugo Meyer (Borealis Manufacturing (example)) commented: Gasket was nicked." in words
    assert "logged it: batch distributed Unknown" in words or "logged it: " in words


async def test_long_histories_turn_pages(stage: Stage) -> None:
    """A history of more entries than a page has a button to the older ones, shown in its place."""
    card = await stage.log(stage.gita)
    for number in range(14):
        await stage.hugo.click("Comment", card)
        stage.hugo.fill({"Comment": f"note {number}"})
        assert await stage.hugo.submit() == {}
    await stage.settle()
    await stage.anna.command("/quality history DEV-2026-0001")
    first = stage.anna.ephemerals[-1]
    assert "note 13" in first.words
    assert "note 1\n" not in first.words
    await stage.anna.click("Older", first)
    await stage.settle()
    assert "logged it" in stage.anna.ephemerals[-1].words
    assert "note 13" not in stage.anna.ephemerals[-1].words


async def test_qa_voids_with_a_reason(stage: Stage) -> None:
    """QA voids a record that nobody acknowledged: who, when and why are seen for ever, its working buttons go."""
    card = await stage.log(stage.gita, Batch_or_lot="AB-1")
    await stage.void(stage.elif_, card)
    card = stage.cards[0]
    for words in (
        "State: Void",
        "Next: Nothing more to do.",
        "Void: Elif Kaya (Borealis Manufacturing (example)), 24 Nov 2026",
        "Void because: Logged twice.",
    ):
        assert words in card.words
    assert "On hold" not in card.words
    assert card.buttons == ["Comment", "History", "Export", "Add evidence", "QMS number", "Private notes", "Clocks"]
    assert "voided it:\nLogged twice." in stage.gita.thread(card)[-1].words


@pytest.mark.parametrize(
    "button",
    ["Acknowledge", "Assign owner", "Start investigation", "Reclassify", "Extend due date", "Add CAPA", "Void"],
)
async def test_buttons_of_an_old_card_say_that_it_is_void(stage: Stage, button: str) -> None:
    """On a card drawn before the record was void, a button answers who voided it and when, with the fresh card."""
    old = kept(await stage.log(stage.gita))
    await stage.void(stage.anna, old)
    says = await stage.refused(stage.ben, button, old)
    assert "DEV-2026-0001 is Void: Anna Berg (Aurora Therapeutics (example)) voided it on 24 Nov 2026" in says
    assert "State: Void" in says


async def test_members_do_not_void(stage: Stage) -> None:
    """A member who presses Void is told who may."""
    card = await stage.log(stage.gita)
    says = await stage.refused(stage.carla, "Void", card)
    assert "Void on DEV-2026-0001 is for QA of either company: Anna Berg" in says


async def test_viewers_read_only(stage: Stage) -> None:
    """A viewer opens history and lists, and logs, comments and acknowledges nothing."""
    card = await stage.log(stage.gita)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0CARLA")[0].roles = [Role.VIEWER]
    for button in ("Comment", "Link record", "Add CAPA"):
        says = await stage.refused(stage.carla, button, card)
        assert "(but viewers): Anna Berg" in says or "Only QA or member may" in says
    for button in ("Acknowledge", "Assign owner", "Start investigation", "Reclassify", "Extend due date", "Void"):
        assert f"{button} on DEV-2026-0001 is for" in await stage.refused(stage.carla, button, card)
    await stage.carla.click("History", card)
    await stage.settle()
    assert "History of DEV-2026-0001" in stage.carla.ephemerals[-1].words
    assert stage.carla.modal is None


async def test_strangers_press_in_vain(stage: Stage) -> None:
    """A stranger and a guest in the channel see the buttons and are refused at each, of records of every kind."""
    cards = [await stage.log(stage.gita), await stage.log(stage.hugo, "Log OOS result"), await stage.capa(stage.gita)]
    for card in cards:
        for button in card.buttons:
            assert "neither company's" in await stage.refused(stage.mira, button, card)
            assert "You are a guest here" in await stage.refused(stage.guest, button, card)


async def test_a_button_nobody_knows_is_answered(stage: Stage) -> None:
    """A button of an older version says what to do."""
    card = await stage.log(stage.gita)
    button = {"type": "button", "action_id": "gone", "value": "x", "text": {"type": "plain_text", "text": "Gone"}}
    card.blocks.append({"type": "actions", "block_id": "old", "elements": [button]})
    await stage.anna.click("Gone", card)
    await stage.settle()
    assert "does not know this any more" in stage.anna.ephemerals[-1].words


async def test_a_record_shown_privately_is_refreshed_by_its_buttons(stage: Stage) -> None:
    """Pressing Acknowledge on a record that only the person sees redraws that view too."""
    await stage.log(stage.gita)
    await stage.anna.command("/deviation DEV-2026-0001")
    await stage.anna.click("Acknowledge", stage.anna.ephemerals[-1])
    await stage.settle()
    assert "Acknowledged: Anna Berg" in stage.anna.ephemerals[-1].words


async def test_a_person_unknown_to_the_roster_is_looked_up_once(stage: Stage) -> None:
    """A colleague whom the roster missed takes part at once, after one look-up; later acts need none."""
    card = await stage.log(stage.gita)
    with stage.database.writing() as session:
        session.delete(person.list_of_user(session, "U0CARLA")[0])
    before = len(stage.calls("users.info"))
    await stage.carla.click("Acknowledge", card)
    await stage.settle()
    await stage.carla.click("History", card)
    await stage.settle()
    assert len(stage.calls("users.info")) == before + 1
    assert "Acknowledged: Carla Novak" in stage.cards[0].words


async def test_when_slack_does_not_say_who_somebody_is_they_may_try_again(stage: Stage) -> None:
    """While Slack does not answer the look-up, the unknown person is asked to try again; nothing is done."""
    card = await stage.log(stage.gita)
    with stage.database.writing() as session:
        session.delete(person.list_of_user(session, "U0CARLA")[0])
    stage.box.fail_next("users.info", error="fatal_error")
    await stage.carla.click("Acknowledge", card)
    await stage.settle()
    assert "try again in a moment" in stage.carla.ephemerals[-1].words
    assert "Acknowledge" in stage.cards[0].buttons


async def test_an_act_waits_for_no_call_of_slack(stage: Stage) -> None:
    """Between a click and its answer there is no call of Slack; the change is committed when it is answered."""
    card = await stage.log(stage.gita)
    before = len(stage.box.calls)
    await stage.anna.click("Acknowledge", card)
    assert len(stage.box.calls) == before
    assert stage.events() == ["deviation.logged", "deviation.acknowledged"]
    await stage.box.move_clock(stage.box.now() + timedelta(minutes=1))


async def test_of_a_long_roster_the_owner_is_found_by_typing(stage: Stage) -> None:
    """With more people than a list can hold, the owner is offered as one types the name."""
    with stage.database.writing() as session:
        for number in range(120):
            profile = Profile(Identity("T0BOREAL", f"U{number}"), f"Person {number:03}", "UTC")
            people.enrol(session, 1, profile, stage.box.now())
    card = await stage.log(stage.gita)
    await stage.anna.click("Assign owner", card)
    stage.anna.fill({"Owner": GITA})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "Owner: Gita Rao" in stage.cards[0].words


STOPPED = {"Stopped until": date(2026, 12, 4), "Reason": "The laboratory is closed."}


async def test_a_clock_is_stopped_by_both_companies(stage: Stage) -> None:
    """The owner or QA asks, the other company agrees; the card says until when, and no reminder comes meanwhile."""
    card = await stage.owned(Class="Minor", Detected_at=datetime(2026, 11, 1, 9, tzinfo=UTC))  # due Tue 1 December
    assert "is for the owner or QA" in await stage.refused(stage.hugo, "Stop clock", card)
    assert await stage.press(stage.gita, "Stop clock", card, **STOPPED) == {}
    assert "who asks to stop the clock until Fri 4 Dec 2026" in card.words
    assert "Stop clock" not in card.buttons
    for who in (stage.elif_, stage.gita, stage.carla):
        assert "is for QA of the other company" in await stage.refused(who, "Agree", card)
    await stage.press(stage.anna, "Agree", card)
    assert "Due: Tue 1 Dec 2026, 17:00 Berlin (30 calendar days, agreement v1) · stopped until Fri 4 Dec" in card.words
    assert "Resume clock" in card.buttons
    assert not {"Stop clock", "Extend due date"} & set(card.buttons)
    assert "agreed to stop the clock until Fri 4 Dec 2026" in stage.gita.thread(card)[-1].words
    before = len(stage.gita.direct_messages)
    for day in (30, 31, 32, 33):
        await stage.box.move_clock(datetime(2026, 11, 1, 8, tzinfo=UTC) + timedelta(days=day - 1))
        await stage.bot.timetable.beat()
        await stage.settle()
    assert not [m for m in stage.gita.direct_messages[before:] if "DEV-2026-0001 is" in m.words]
    await stage.press(stage.anna, "Acknowledge", card)


async def test_a_stopped_clock_goes_on_by_itself(stage: Stage) -> None:
    """On the day agreed it goes on, due later by as many days as it stood, and says so in the thread."""
    card = await stage.owned(Class="Minor")
    assert await stage.press(stage.gita, "Stop clock", card, **STOPPED) == {}
    await stage.press(stage.anna, "Agree", card)
    await stage.box.move_clock(datetime(2026, 12, 4, 8, tzinfo=UTC))
    await stage.bot.timetable.beat()
    await stage.settle()
    assert "Due: Sun 3 Jan 2027, 17:00 Berlin (30 calendar days, agreement v1)" in card.words
    assert "stopped" not in card.words
    assert "Stop clock" in card.buttons
    assert "QualBridge let the clock go on, due 3 Jan 2027 16:00 UTC" in stage.gita.thread(card)[-1].words


async def test_a_stopped_clock_is_resumed_by_button(stage: Stage) -> None:
    """Who may stop it resumes it; who presses the old button afterwards is told who did."""
    card = await stage.owned(Class="Minor")
    assert await stage.press(stage.elif_, "Stop clock", card, **STOPPED) == {}
    await stage.press(stage.anna, "Agree", card)
    await stage.box.move_clock(datetime(2026, 11, 26, 9, tzinfo=UTC))
    assert "is for the owner or QA" in await stage.refused(stage.hugo, "Resume clock", card)
    old = kept(card)
    await stage.press(stage.gita, "Resume clock", card)
    assert "Due: Sat 26 Dec 2026, 17:00 Berlin" in card.words
    says = await stage.refused(stage.anna, "Resume clock", old)
    assert (
        "Resume clock is not open on DEV-2026-0001: Gita Rao (Borealis Manufacturing (example)) let the clock" in says
    )


@pytest.mark.parametrize(
    ("day", "says"),
    [(date(2026, 11, 24), "Give a day after today"), (date(2027, 11, 24), "for 180 days at most")],
)
async def test_a_clock_is_not_stopped_for_ever(stage: Stage, day: date, says: str) -> None:
    """A day that is not ahead, or too far, is refused at its field."""
    card = await stage.owned(Class="Minor")
    refused = await stage.press(stage.gita, "Stop clock", card, **(STOPPED | {"Stopped until": day}))
    assert says in refused["Stopped until"]


async def test_a_stop_agreed_too_late_is_refused(stage: Stage) -> None:
    """Once the day asked for has come, nothing is stopped backwards."""
    card = await stage.owned(Class="Minor")
    assert await stage.press(stage.gita, "Stop clock", card, **STOPPED) == {}
    await stage.box.move_clock(datetime(2026, 12, 4, 8, tzinfo=UTC))
    assert "The day asked for, Fri 4 Dec 2026, has come" in await stage.refused(stage.anna, "Agree", card)
