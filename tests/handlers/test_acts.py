"""The same buttons wherever a record is shown, and two people who press or submit at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from sandbox import Driver, Message
from sandbox.world import View
from storage import person
from storage.person import Role
from tests.stage import BEN, FINN, GITA, INVESTIGATION, Stage, kept

Screen = Message | View


async def in_list(stage: Stage, who: Driver) -> Screen:
    """Show the list of open records."""
    await who.click("Open records")
    await stage.settle()
    return who.ephemerals[-1]


async def in_mine(stage: Stage, who: Driver) -> Screen:
    """Show what waits for the person."""
    await who.click("My work")
    await stage.settle()
    return who.ephemerals[-1]


async def in_command(_stage: Stage, who: Driver) -> Screen:
    """Show the record by its command."""
    await who.command("/deviation DEV-2026-0001")
    return who.ephemerals[-1]


async def in_home(stage: Stage, who: Driver) -> Screen:
    """Show the person's Home."""
    await who.open_home()
    await stage.settle()
    assert who.home is not None
    return who.home


def answer(who: Driver) -> str:
    """Give what the person was told last: in a modal, or by a message that only they see."""
    return who.modal.words if who.modal else who.ephemerals[-1].words


PLACES = [in_list, in_mine, in_command, in_home]


@pytest.mark.parametrize("place", PLACES)
async def test_the_same_buttons_act_everywhere(
    stage: Stage, place: Callable[[Stage, Driver], Awaitable[Screen]]
) -> None:
    """Acknowledge acts from a list, My work, the record by command and Home, and the answer is the fresh card."""
    card = await stage.log(stage.gita)
    shown = await place(stage, stage.anna)
    for button in ("Acknowledge", "Assign owner", "Start investigation"):
        assert button in shown.buttons
    await stage.anna.click("Acknowledge", shown)
    await stage.settle()
    assert "Acknowledged: Anna Berg (Aurora Therapeutics (example))" in card.words
    assert "DEV-2026-0001 · Major deviation" in answer(stage.anna)
    assert "Acknowledged: Anna Berg" in answer(stage.anna)
    if isinstance(shown, Message):
        assert stage.anna.ephemerals[-1].ts == shown.ts  # in place of what was clicked


@pytest.mark.parametrize("place", PLACES)
async def test_the_same_buttons_open_forms_everywhere(
    stage: Stage, place: Callable[[Stage, Driver], Awaitable[Screen]]
) -> None:
    """Assign owner opens its form from everywhere, and what was filled in counts."""
    card = await stage.log(stage.gita)
    await stage.anna.click("Assign owner", await place(stage, stage.anna))
    stage.anna.fill({"Owner": GITA})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "Owner: Gita Rao" in card.words


@pytest.mark.parametrize("place", PLACES)
async def test_the_same_refusals_everywhere(stage: Stage, place: Callable[[Stage, Driver], Awaitable[Screen]]) -> None:
    """Somebody who may not is told who may, wherever they press."""
    await stage.owned(owner=BEN)
    shown = await place(stage, stage.ben)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0BEN")[0].roles = [Role.VIEWER]
    for button in ("Start investigation", "Acknowledge", "Assign owner"):
        with stage.nothing_changes():
            await stage.ben.click(button, shown)
            await stage.settle()
        assert f"{button} on DEV-2026-0001 is for " in answer(stage.ben)
        if stage.ben.modal:
            await stage.ben.close_modal()


async def test_signing_starts_from_everywhere(stage: Stage) -> None:
    """Approve opens the Sign modal from a list, My work and Home as it does from the card."""
    card = await stage.investigated(Class="Minor")
    await stage.device(stage.elif_)
    await stage.device(stage.anna)
    for place in (in_list, in_mine):
        await stage.elif_.click("Approve", await place(stage, stage.elif_))
        assert stage.elif_.modal is not None
        assert "You sign DEV-2026-0001" in stage.elif_.modal.words
        await stage.elif_.close_modal()
    for place in (in_list, in_command):
        await stage.anna.click("Approve", await place(stage, stage.anna))
        await stage.settle()
        assert "Elif Kaya (Borealis Manufacturing (example)), Finn Larsen" in answer(stage.anna)
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    await stage.elif_.click("Approve", await in_mine(stage, stage.elif_))
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "State: Closed" in card.words


async def test_a_signature_from_home_closes_all_forms(stage: Stage) -> None:
    """Home, the record above it, Sign above that: once signed, no form is left open."""
    card = await stage.investigated()
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    await stage.device(stage.anna)
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    await stage.anna.click("Open", await in_home(stage, stage.anna))
    await stage.anna.click_in_modal("Approve")
    stage.anna.fill({"Code": stage.anna.phone.code()})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert stage.anna.modal is None
    assert "State: Closed" in card.words


async def test_reminders_act_and_answer(stage: Stage) -> None:
    """The owner starts the investigation from the direct message; the answer there is the fresh card."""
    card = await stage.owned()
    direct = stage.gita.direct_messages[-1]
    await stage.gita.click("Start investigation", direct)
    await stage.settle()
    assert "State: Under investigation" in card.words
    assert "State: Under investigation" in stage.gita.direct_messages[-1].words
    await stage.gita.click("Start investigation", direct)
    await stage.settle()
    says = stage.gita.direct_messages[-1].words
    assert "DEV-2026-0001 is Under investigation: Gita Rao (Borealis Manufacturing (example)) started" in says


async def test_of_two_who_submit_at_once_one_wins(stage: Stage) -> None:
    """Two QA submit different owners at the same moment; the other sees who came first and keeps what they chose."""
    card = await stage.log(stage.gita)
    for who, owner in ((stage.anna, GITA), (stage.ben, FINN)):
        await who.click("Assign owner", card)
        who.fill({"Owner": owner})
    assert await asyncio.gather(stage.anna.submit(), stage.ben.submit()) == [{}, {}]
    await stage.settle()
    assert stage.events() == ["deviation.logged", "deviation.assigned"]
    late, mine = (stage.ben, FINN) if stage.anna.modal is None else (stage.anna, GITA)
    assert late.modal is not None
    first = "Anna Berg" if late is stage.ben else "Ben Ortiz"
    assert f"was changed meanwhile: {first} (Aurora Therapeutics (example)) assigned it to " in late.modal.words
    assert "on 24 Nov 2026 09:00 UTC" in late.modal.words
    assert late.modal.state["owner"]["value"]["selected_option"]["text"]["text"] == mine


@pytest.mark.parametrize("button", ["Acknowledge", "Start investigation"])
async def test_of_two_who_click_at_once_one_wins(stage: Stage, button: str) -> None:
    """Two people press at the same moment; it happens once, and the other is told who did it, with the fresh card."""
    old = kept(await stage.owned())
    await asyncio.gather(stage.anna.click(button, old), stage.ben.click(button, old))
    await stage.settle()
    event = {"Acknowledge": "deviation.acknowledged", "Start investigation": "deviation.started"}[button]
    assert stage.events().count(event) == 1
    done = {"Acknowledge": "acknowledged it", "Start investigation": "started the investigation"}[button]
    told = [who.ephemerals[-1].words for who in (stage.anna, stage.ben) if who.ephemerals]
    assert len(told) == 1
    assert f"(Aurora Therapeutics (example)) {done} on 24 Nov 2026 09:00 UTC." in told[0]
    assert "Logged by Gita Rao" in told[0]
    assert len([line for line in stage.gita.thread(stage.cards[0]) if done in line.words]) == 1


async def test_what_was_typed_is_kept_when_somebody_came_first(stage: Stage) -> None:
    """A long form overtaken by another change shows it above what was typed, and can be sent again at once."""
    card = await stage.owned()
    await stage.press(stage.gita, "Start investigation", card)
    await stage.press(stage.gita, "Submit for approval", card)
    stage.gita.fill(INVESTIGATION | {"Conclusion": "Typed <for> long."})
    assert await stage.press(stage.elif_, "Reclassify", card, Class="Minor", Reason="One filter only.") == {}
    await stage.press(stage.anna, "Agree", card)
    with stage.nothing_changes():
        assert await stage.gita.submit() == {}
    modal = stage.gita.modal
    assert modal is not None
    assert modal.title == "Submit investigation"
    assert "was changed meanwhile: Anna Berg (Aurora Therapeutics (example)) reclassified it as Minor" in modal.words
    assert "Nothing of yours was saved yet." in modal.words
    assert modal.state["conclusion"]["value"]["value"] == "Typed <for> long."
    assert modal.state["disposition"]["value"]["selected_option"]["value"] == "Release"
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert "Conclusion: Typed <for> long." in card.words
    assert stage.gita.modal is None


async def test_comments_and_links_wait_for_nobody(stage: Stage) -> None:
    """A comment written while the record changed is saved all the same, for it overwrites nothing."""
    card = await stage.log(stage.gita)
    await stage.hugo.click("Comment", card)
    assert await stage.press(stage.anna, "Assign owner", card, Owner=GITA) == {}
    stage.hugo.fill({"Comment": "Seen."})
    assert await stage.hugo.submit() == {}
    await stage.settle()
    assert "Seen." in stage.gita.thread(card)[-1].words


async def test_double_clicks_do_no_harm(stage: Stage) -> None:
    """Each button pressed twice at once happens once; forms submitted twice count once."""
    old = kept(await stage.log(stage.gita))
    await asyncio.gather(*(stage.anna.click("Acknowledge", old) for _ in range(3)))
    await stage.settle()
    assert stage.events().count("deviation.acknowledged") == 1
    await stage.anna.click("Assign owner", old)
    stage.anna.fill({"Owner": GITA})
    assert await stage.anna.submit() == {}
    sent = stage.box.connect_events()[-1]
    with stage.nothing_changes():
        again = await asyncio.gather(*(stage.box.line.send_again(sent) for _ in range(3)))
    assert {one.status for one in again} == {200}
    assert {str(one.answer or "") for one in again} == {""}
    assert stage.events().count("deviation.assigned") == 1


async def test_a_form_of_a_record_that_is_done_is_answered(stage: Stage) -> None:
    """Forms left open while the record was voided change nothing and show who voided it, without fields."""
    card = await stage.owned()
    await stage.press(stage.gita, "Start investigation", card)
    given = {
        "anna": ("Assign owner", {"Owner": FINN}),
        "ben": ("Reclassify", {"Class": "Critical", "Reason": "x"}),
        "elif_": ("Void", {"Reason": "x"}),
        "gita": ("Submit for approval", INVESTIGATION),
        "hugo": ("Link record", {"Records": "DEV-2026-0002"}),
    }
    await stage.log(stage.gita)
    for name, (button, values) in given.items():
        await stage.press(getattr(stage, name), button, card)
        getattr(stage, name).fill(values)
    await stage.void(stage.finn, card)
    for name in given:
        who = getattr(stage, name)
        with stage.nothing_changes():
            assert await who.submit() == {}, name
            await stage.settle()
        assert who.modal is not None
        assert "DEV-2026-0001 is Void: Finn Larsen (Borealis Manufacturing (example)) voided it" in who.modal.words
        assert who.modal.labels == []
        await who.close_modal()


async def test_somebody_elses_form_is_refused(stage: Stage) -> None:
    """A form that one person opened and another submits changes nothing, whoever submits it."""
    card = await stage.log(stage.gita)
    await stage.anna.click("Assign owner", card)
    stage.anna.fill({"Owner": GITA})
    assert stage.anna.modal is not None
    for who, says in (
        (stage.ben, "Somebody else opened this form."),
        (stage.elif_, "Somebody else opened this form."),
        (stage.gita, "Somebody else opened this form."),
        (stage.mira, "Somebody else opened this form."),
    ):
        with stage.nothing_changes():
            got = await stage.submit_as(who, stage.anna.modal)
        assert says in got["errors"]["owner"]


@pytest.mark.parametrize("what", ["removed", "viewer", "member"])
async def test_who_may_is_asked_again_at_the_submission(stage: Stage, what: str) -> None:
    """Somebody whose role is gone since the form was opened changes nothing."""
    card = await stage.log(stage.gita)
    await stage.anna.click("Assign owner", card)
    stage.anna.fill({"Owner": GITA})
    with stage.database.writing() as session:
        row = person.list_of_user(session, "U0ANNA")[0]
        row.active = what != "removed"
        row.roles = [{"viewer": Role.VIEWER}.get(what, Role.MEMBER)]
    with stage.nothing_changes():
        errors = await stage.anna.submit()
    says = "no longer on the roster" if what == "removed" else "Assign owner on DEV-2026-0001 is for QA"
    assert says in errors["Owner"]


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", "[]", "null", '{"p":1}', '{"p":1,"r":"1","v":1}', '{"p":1,"r":4711,"v":1}'),
        *(f'{{"p":1,"r":{10**30},"v":1}}', f'{{"p":{10**30},"r":1,"v":1}}', f'{{"p":1,"r":-{10**30},"v":1}}'),
    ],
)
async def test_buttons_that_carry_nonsense_are_answered(stage: Stage, value: str) -> None:
    """A button whose data is nonsense, or names no record, does nothing and says so."""
    card = await stage.log(stage.gita)
    forged = kept(card)
    forged.blocks = [
        {
            "type": "actions",
            "block_id": f"forged{place}",
            "elements": [{**element, "value": value} for element in block["elements"]],
        }
        for place, block in enumerate(card.blocks)
        if block["type"] == "actions"
    ]
    for button in card.buttons:
        says = await stage.refused(stage.anna, button, forged)
        assert "does not know this any more" in says or "That record is not one of this channel's." in says, button


@pytest.mark.parametrize("button", ["Assign owner", "Void", "Reclassify", "Comment", "Extend due date", "Link record"])
async def test_blanks_and_too_long_texts_are_refused_at_their_field(stage: Stage, button: str) -> None:
    """A reason of blanks is none, and what is longer than the field is refused; nothing is changed."""
    card = await stage.owned(owner=BEN)
    await stage.press(stage.ben, button, card)
    modal = stage.ben.modal
    assert modal is not None
    texts = [label for label in modal.labels if label in ("Reason", "Comment", "Justification", "Records")]
    for label in texts:
        for text, says in ((" \u200b\n\u00a0", f"{label} is needed. Fill it in."), ("x" * 3001, "is the most")):
            stage.ben.fill({label: text})
            with stage.nothing_changes():
                assert says in (await stage.ben.submit(client_checks=False))[label]
    if not texts:
        stage.ben.fill({"Owner": None})
        with stage.nothing_changes():
            assert await stage.ben.submit(client_checks=False) == {"Owner": "Owner is needed. Fill it in."}


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2026, 11, 1), "This is not later than the present due date, Fri 8 Jan 2027. Give a later day."),
        (date(2026, 11, 24), "This is not later than the present due date, Fri 8 Jan 2027. Give a later day."),
        (date(2027, 1, 8), "This is not later than the present due date, Fri 8 Jan 2027. Give a later day."),
        (date(2033, 1, 8), "This is more than five years ahead. Check the year."),
    ],
)
async def test_a_due_date_moves_forward_only(stage: Stage, day: date, says: str) -> None:
    """A date in the past, or not later than the present one, is refused at its field."""
    card = await stage.owned()
    await stage.press(stage.gita, "Extend due date", card)
    stage.gita.fill({"New due date": day, "Justification": "The laboratory is late."})
    with stage.nothing_changes():
        assert await stage.gita.submit() == {"New due date": says}


async def test_an_extension_is_asked_and_granted(stage: Stage) -> None:
    """The owner asks, the card says who answers, QA who does not own it grants; the second needs both companies."""
    card = await stage.owned()
    assert "is for the owner: Gita Rao" in await stage.refused(stage.elif_, "Extend due date", card)
    given = {"New due date": date(2027, 1, 22), "Justification": "The laboratory is late."}
    assert await stage.press(stage.gita, "Extend due date", card, **given) == {}
    assert "QA of either company answers Gita Rao (Borealis Manufacturing (example)), who asks to extend" in card.words
    assert "extend the due date to Fri 22 Jan 2027" in card.words
    assert card.buttons[:5] == ["Acknowledge", "Assign owner", "Start investigation", "Grant", "Refuse"]
    assert "Extend due date" not in card.buttons
    for who in (stage.gita, stage.carla, stage.hugo):
        assert "Grant on DEV-2026-0001 is for QA of the other company (for an extension: QA who neither asked" in (
            await stage.refused(who, "Grant", card)
        )
    await stage.press(stage.anna, "Grant", card)
    assert "17:00 Berlin (extended from Fri 8 Jan 2027; 45 calendar days, agreement v1)" in card.words
    told = stage.gita.thread(card)[-1].words
    assert "granted the due date 22 Jan 2027 16:00 UTC (before: 8 Jan 2027 16:00 UTC)" in told
    assert "asked by Gita Rao (Borealis Manufacturing (example)): The laboratory is late." in told
    assert await stage.press(stage.gita, "Extend due date", card, **(given | {"New due date": date(2027, 2, 5)})) == {}
    old = kept(card)
    await stage.press(stage.ben, "Grant", card)
    assert "Due: Fri 22 Jan 2027" in card.words
    told = stage.gita.thread(card)[-1].words
    assert "granted Fri 5 Feb 2027; QA of the other company has to grant it too" in told
    says = await stage.refused(stage.anna, "Grant", old)
    assert "was changed meanwhile: Ben Ortiz (Aurora Therapeutics (example)) granted" in says
    await stage.press(stage.finn, "Grant", card)
    assert "Due: Fri 5 Feb 2027, 17:00 Berlin (extended from Fri 8 Jan 2027; " in card.words


async def test_a_request_is_refused_or_taken_back(stage: Stage) -> None:
    """What is asked can be refused by who answers and taken back by who asked; buttons drawn before say who did."""
    card = await stage.owned()
    given = {"New due date": date(2027, 1, 22), "Justification": "The laboratory is late."}
    assert await stage.press(stage.gita, "Extend due date", card, **given) == {}
    old = kept(card)
    await stage.press(stage.elif_, "Refuse", card)
    assert "refused to extend the due date" in stage.gita.thread(card)[-1].words
    says = await stage.refused(stage.anna, "Grant", old)
    assert "Grant is not open on DEV-2026-0001: Elif Kaya (Borealis Manufacturing (example)) refused to" in says
    assert await stage.press(stage.gita, "Extend due date", card, **given) == {}
    assert "Withdraw on DEV-2026-0001 is for who asked: Gita Rao" in await stage.refused(stage.elif_, "Withdraw", card)
    await stage.press(stage.gita, "Withdraw", card)
    assert "took back the request to extend the due date" in stage.gita.thread(card)[-1].words
    assert "Due: Fri 8 Jan 2027" in card.words


async def test_of_two_who_grant_and_refuse_at_once_one_wins(stage: Stage) -> None:
    """Grant and Refuse at the same moment: one is journaled, the other told."""
    card = await stage.owned()
    given = {"New due date": date(2027, 1, 22), "Justification": "The laboratory is late."}
    assert await stage.press(stage.gita, "Extend due date", card, **given) == {}
    old = kept(card)
    await asyncio.gather(stage.anna.click("Grant", old), stage.elif_.click("Refuse", old))
    await stage.settle()
    done = [event for event in stage.events() if event in ("deviation.extended", "deviation.refused")]
    assert len(done) == 1
    late = stage.elif_ if done == ["deviation.extended"] else stage.anna
    assert "is not open on DEV-2026-0001: " in late.ephemerals[-1].words


async def test_what_is_late_is_not_extended(stage: Stage) -> None:
    """Once late, no later date is asked for; and one asked in time is not granted once its day has passed."""
    card = await stage.owned()
    given = {"New due date": date(2027, 1, 22), "Justification": "The laboratory is late."}
    assert await stage.press(stage.gita, "Extend due date", card, **given) == {}
    await stage.box.move_clock(stage.box.now() + timedelta(days=70))
    assert "The day asked for, Fri 22 Jan 2027, has come" in await stage.refused(stage.anna, "Grant", card)
    await stage.press(stage.anna, "Refuse", card)
    says = await stage.refused(stage.gita, "Extend due date", card)
    assert "DEV-2026-0001 was due Fri 8 Jan 2027, 17:00 Berlin. A late record cannot be extended" in says


async def test_an_acknowledged_record_is_voided_by_both(stage: Stage) -> None:
    """Once acknowledged, Void asks the other company's QA; agreed, the reason names who asked."""
    card = await stage.log(stage.gita)
    await stage.press(stage.anna, "Acknowledge", card)
    assert await stage.press(stage.elif_, "Void", card, Reason="Logged twice.") == {}
    assert "State: Open" in card.words
    assert "Anna Berg or Ben Ortiz (Aurora Therapeutics (example)) answers Elif Kaya" in card.words
    assert "is for QA of the other company" in await stage.refused(stage.finn, "Agree", card)
    await stage.press(stage.ben, "Agree", card)
    assert "State: Void" in card.words
    assert "Void because: asked by Elif Kaya (Borealis Manufacturing (example)): Logged twice." in card.words


async def test_records_are_linked_both_ways(stage: Stage) -> None:
    """Link record names the other on both cards and in both threads; unknown numbers and itself are refused."""
    card = await stage.log(stage.gita)
    other = await stage.log(stage.gita, Title="Another")
    await stage.press(stage.hugo, "Link record", card)
    for numbers, says in (
        ("DEV-2026-0001", "is this record itself"),
        ("DEV-2026-0099", "There is no record DEV-2026-0099 in this channel."),
        ("<!channel>", "There is no record <!CHANNEL> in this channel."),
        ("DEV-2026-0002, DEV-2026-0099", "There is no record DEV-2026-0099"),
    ):
        stage.hugo.fill({"Records": numbers})
        with stage.nothing_changes():
            assert says in (await stage.hugo.submit())["Records"]
    stage.hugo.fill({"Records": "dev-2026-0002"})
    assert await stage.hugo.submit() == {}
    await stage.settle()
    assert "Links: DEV-2026-0002 (Open)" in card.words
    assert "Links: DEV-2026-0001 (Open)" in other.words
    assert "linked it with DEV-2026-0002" in stage.gita.thread(card)[-1].words
    assert "linked it with DEV-2026-0001" in stage.gita.thread(other)[-1].words
    again = await stage.press(stage.hugo, "Link record", card, Records="DEV-2026-0002")
    assert again == {"Records": "These are linked with it already."}
