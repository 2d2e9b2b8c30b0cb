"""Signing in Slack: what the Sign modal says, and everything that is no signature."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from quality.device import OneTimeCodes
from sandbox import Driver, Message
from sandbox.world import View
from storage import partnership, person
from storage.partnership import Side
from storage.person import Role
from storage.secret import Safe
from tests import support
from tests.stage import INVESTIGATION, PHASE_TWO, Stage, kept

REFUSED = (
    "journal",
    "journal_head",
    "signing_device",
)  # where a refused signature may leave something: its note, and the count
NEVER = ("was used already: wait for the next one", "is not the one your device shows now")


async def minor(stage: Stage, **values: Any) -> Message:
    """Bring a minor deviation to the approval; Elif has a device."""
    card = await stage.investigated(Class="Minor", **values)
    if not stage.elif_.phone.keys:
        await stage.device(stage.elif_)
    return card


async def give(stage: Stage, who: Driver, code: str) -> dict[str, str]:
    """Type a code and submit; the database keeps nothing but the note of it."""
    who.fill({"Code": code})
    before = len(stage.journal())
    with stage.nothing_changes(*REFUSED):
        errors = await who.submit(client_checks=False)
        await stage.settle()
    assert any(entry.event.endswith(".signature_refused") for entry in stage.journal()[before:])
    return errors


def shown(view: View | None) -> str:
    """Give what a modal says."""
    assert view is not None
    return view.words


def forge(view: View, **data: Any) -> None:
    """Change what a modal carries; None takes it away."""
    known = json.loads(view.body["private_metadata"]) | data
    view.body["private_metadata"] = json.dumps({name: value for name, value in known.items() if value is not None})


def last_refusal(stage: Stage) -> tuple[str, str]:
    """Give who was refused a signature last, and why."""
    entry = next(entry for entry in reversed(stage.journal()) if entry.event.endswith(".signature_refused"))
    return entry.content["by"]["name"], entry.content["reason"]


async def test_the_sign_modal_says_what_is_signed(stage: Stage) -> None:
    """Who signs, which version, with which meaning, the whole content and its hash stand above the code."""
    card = await minor(stage, Title="Filter & <gasket>", Batch_or_lot="AB-1")
    await stage.press(stage.anna, "Acknowledge", card)
    view = await stage.opened_sign(stage.elif_, "Approve", card)
    assert (view.title, view.labels) == ("Sign", ["Code"])
    for words in (
        "You sign DEV-2026-0001, version ",
        "as Elif Kaya, QA of Borealis Manufacturing (example).",
        "Meaning: Approval of the investigation and its conclusion",
        "Title: Filter & <gasket>",
        "Batch: AB-1",
        "What happened: Bubble point 2.1 bar, at least 2.8 required.",
        *(f"{label}: {value}" for label, value in INVESTIGATION.items()),
        "Whether the batch is distributed is still unknown.",
        "SHA-256 of what is signed: ",
    ):
        assert words in view.words
    promised = view.words.partition("SHA-256 of what is signed: ")[2][:12]
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    assert stage.elif_.modal is None
    await stage.settle()
    assert f"SHA-256 {promised}" in card.words


@pytest.mark.parametrize("put", ["{0}", " {0} ", "{1} {2}", "{1}\u00a0{2}"])
async def test_a_code_works_however_it_is_spaced(stage: Stage, put: str) -> None:
    """A code may be typed as the phone shows it, with a blank in the middle."""
    card = await minor(stage)
    await stage.opened_sign(stage.elif_, "Approve", card)
    code = stage.elif_.phone.code()
    stage.elif_.fill({"Code": put.format(code, code[:3], code[3:])})
    assert await stage.elif_.submit(client_checks=False) == {}
    await stage.settle()
    assert "State: Closed" in card.words


@pytest.mark.parametrize(
    "code", ["000000", "123 45", "1234567", "abcdef", "١٢٣٤٥٦", "<@U0A>", "'; --", "12345\u200b", "²²²²²²", "-12345"]
)
async def test_a_wrong_code_signs_nothing(stage: Stage, code: str) -> None:
    """What is not the device's present code is refused at its field, counted and journaled; the next one works."""
    card = await minor(stage)
    view = await stage.opened_sign(stage.elif_, "Approve", card)
    errors = await give(stage, stage.elif_, code)
    assert errors == {"Code": f"This code {NEVER[1]}. After 4 more wrong ones signing is locked for 15 minutes."}
    assert stage.elif_.modal is view
    assert last_refusal(stage)[0] == "Elif Kaya"
    assert "State: Pending approval" in card.words
    assert not [line for line in stage.gita.thread(card) if "tried to sign" in line.words]
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "State: Closed" in card.words
    await stage.anna.command("/quality history DEV-2026-0001")
    assert "tried to sign and was refused: This code is not the one" in stage.anna.ephemerals[-1].words


async def test_codes_of_another_time_or_person_sign_nothing(stage: Stage) -> None:
    """A code two minutes old, one of two minutes from now and a colleague's are wrong."""
    card = await minor(stage)
    await stage.device(stage.finn)
    await stage.opened_sign(stage.elif_, "Approve", card)
    now = stage.box.now()
    for code in (
        stage.elif_.phone.code(ago=timedelta(minutes=2)),
        stage.elif_.phone.code(at=now + timedelta(minutes=2)),
        stage.finn.phone.code(),
    ):
        assert NEVER[1] in (await give(stage, stage.elif_, code))["Code"]


async def test_a_code_of_just_before_is_accepted(stage: Stage) -> None:
    """A device half a minute behind still signs, for people take a while to type."""
    card = await minor(stage)
    await stage.opened_sign(stage.elif_, "Approve", card)
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    stage.elif_.fill({"Code": stage.elif_.phone.code(ago=timedelta(seconds=30))})
    assert await stage.elif_.submit() == {}


async def test_a_code_is_accepted_once(stage: Stage) -> None:
    """The code that signed one record signs no other; the next one does. The code of the set-up is used, too."""
    await stage.device(stage.elif_)
    first, second = await minor(stage), await minor(stage, Title="Another")
    await stage.press(stage.elif_, "Approve", first)
    errors = await give(stage, stage.elif_, stage.elif_.phone.code())
    assert NEVER[0] in errors["Code"]
    await stage.elif_.close_modal()
    assert await stage.sign(stage.elif_, "Approve", first) == {}
    await stage.press(stage.elif_, "Approve", second)
    errors = await give(stage, stage.elif_, stage.elif_.phone.code())
    assert NEVER[0] in errors["Code"]
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "State: Closed" in second.words


async def test_five_failures_lock_and_tell_the_companys_qa(stage: Stage) -> None:
    """After five wrong codes even the right one is refused for 15 minutes, and the other QA of the company is told."""
    card = await minor(stage)
    await stage.opened_sign(stage.elif_, "Approve", card)
    says = [(await give(stage, stage.elif_, "000000"))["Code"] for _ in range(5)]
    assert "After 1 more wrong one signing is locked" in says[3]
    assert "That was the fifth: signing is locked for you until 24 Nov 2026 09:15 UTC." in says[4]
    assert "person.signing_locked" in [entry.event for entry in stage.journal()]
    (told,) = (message.words for message in stage.finn.direct_messages if "locked" in message.words)
    assert told == (
        "Elif Kaya (Borealis Manufacturing (example)) gave five wrong codes when signing and is locked until "
        "24 Nov 2026 09:15 UTC. Ask them."
    )
    for who in (stage.anna, stage.ben, stage.elif_):
        assert not [message for message in who.direct_messages if "five wrong codes" in message.words]
    errors = await give(stage, stage.elif_, stage.elif_.phone.code())
    assert "Signing is locked for you until 24 Nov 2026 09:15 UTC, after 5 wrong codes." in errors["Code"]
    await stage.elif_.close_modal()
    assert "Signing is locked for you until" in await stage.refused(stage.elif_, "Approve", card)
    await stage.box.move_clock(stage.box.now() + timedelta(minutes=15))
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert "State: Closed" in card.words


async def test_a_good_code_forgets_the_failures(stage: Stage) -> None:
    """Four wrong codes, a good one, four wrong ones: not locked."""
    first, second = await minor(stage), await minor(stage, Title="Another")
    for card in (first, second):
        await stage.opened_sign(stage.elif_, "Approve", card)
        for _ in range(4):
            await give(stage, stage.elif_, "000000")
        stage.elif_.fill({"Code": stage.elif_.phone.code()})
        assert await stage.elif_.submit() == {}
        await stage.settle()
    assert "State: Closed" in second.words


async def test_somebody_elses_form_signs_nothing(stage: Stage) -> None:
    """A Sign modal submitted by another than its opener is refused, whoever it is, and the attempt is kept."""
    card = await minor(stage)
    view = await stage.opened_sign(stage.elif_, "Approve", card)
    await stage.device(stage.finn)
    await stage.device(stage.anna)
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    for who, says in (
        (stage.finn, "Somebody else opened this form"),
        (stage.anna, "Somebody else opened this form"),
        (stage.gita, "Somebody else opened this form"),
        (stage.mira, "neither company's"),
        (stage.guest, "not on this channel's roster"),
    ):
        view.state["code"]["value"]["value"] = (who if who.phone.keys else stage.elif_).phone.code()
        with stage.nothing_changes("journal", "journal_head"):
            answer = await stage.submit_as(who, view)
        assert says in answer["errors"]["code"], who.person.name
        name, reason = last_refusal(stage)
        assert says in reason
        assert name in (who.person.name, "somebody not on the roster")
    assert "State: Pending approval" in card.words


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"a": "close"}, "That is nothing to be signed."),
        ({"a": "void"}, "That is nothing to be signed."),
        ({"a": None}, "That is nothing to be signed."),
        ({"a": "approve_plan"}, "That cannot be done with DEV-2026-0001."),
        ({"a": "check"}, "That cannot be done with DEV-2026-0001."),
        ({"r": 4711}, "That record is not one of this channel's."),
        ({"u": None}, "Somebody else opened this form"),
        ({"u": "U0FINN"}, "Somebody else opened this form"),
    ],
)
async def test_a_forged_form_signs_nothing(stage: Stage, data: dict[str, Any], says: str) -> None:
    """A form that carries another act, record or opener is refused in words, with a good code; the note is kept."""
    card = await minor(stage)
    forge(await stage.opened_sign(stage.elif_, "Approve", card), **data)
    errors = await give(stage, stage.elif_, stage.elif_.phone.code())
    assert says in errors["Code"]
    assert says in last_refusal(stage)[1]


@pytest.mark.parametrize(
    "data", [{"r": "x"}, {"r": None}, {"v": "1"}, {"v": True}, {"p": "1"}, {"p": None, "r": 10**30}]
)
async def test_a_broken_form_signs_nothing(stage: Stage, data: dict[str, Any]) -> None:
    """A form that carries nonsense is answered, and nothing is changed."""
    card = await minor(stage)
    forge(await stage.opened_sign(stage.elif_, "Approve", card), **data)
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    with stage.nothing_changes():
        errors = await stage.elif_.submit(client_checks=False)
    assert "QualBridge does not know this any more" in errors["Code"]


async def test_a_form_for_another_record_is_answered_with_that_record(stage: Stage) -> None:
    """A form whose record is changed to one that cannot be signed shows how that one stands."""
    card, other = await minor(stage), await stage.log(stage.gita, Title="Other")
    forge(await stage.opened_sign(stage.elif_, "Approve", card), r=2)
    assert await give(stage, stage.elif_, stage.elif_.phone.code()) == {}
    assert "DEV-2026-0002 is Open: Gita Rao (Borealis Manufacturing (example)) logged it" in shown(stage.elif_.modal)
    assert "State: Open" in other.words
    assert "State: Pending approval" in card.words


async def test_another_partnerships_form_signs_nothing(stage: Stage) -> None:
    """Another partnership's id with this one's record is refused, also to a person of both; each keeps its own note."""
    card = await stage.investigated()
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    with stage.database.writing() as session:
        support.set_up(session, "C0ELSEWHERE")
    forge(await stage.opened_sign(stage.anna, "Approve", card), p=2)
    errors = await give(stage, stage.anna, stage.anna.phone.code())
    assert errors == {"Code": "That record is not one of this channel's."}
    assert stage.journal()[-1].partnership_id == 2
    await stage.anna.close_modal()
    card = await minor(stage, Title="Another")
    forge(await stage.opened_sign(stage.elif_, "Approve", card), p=2)
    assert "neither company's" in (await give(stage, stage.elif_, stage.elif_.phone.code()))["Code"]
    assert last_refusal(stage)[0] == "somebody not on the roster"


@pytest.mark.parametrize("version", [1, 999, -1])
async def test_another_version_is_shown_anew(stage: Stage, version: int) -> None:
    """A form of another version than the record's shows the present one, and the code can be given again."""
    card = await minor(stage)
    forge(await stage.opened_sign(stage.elif_, "Approve", card), v=version)
    assert await give(stage, stage.elif_, stage.elif_.phone.code()) == {}
    assert "DEV-2026-0001 was changed meanwhile: Gita Rao" in shown(stage.elif_.modal)
    assert "You sign DEV-2026-0001, version " in shown(stage.elif_.modal)
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "State: Closed" in card.words


async def test_what_changed_while_signing_is_shown_before_it_is_signed(stage: Stage) -> None:
    """Another QA raises the class while the Sign modal is open: the modal says who did what, and shows the content."""
    card = await minor(stage)
    view = await stage.opened_sign(stage.elif_, "Approve", card)
    before = view.words.partition("SHA-256 of what is signed: ")[2]
    assert await stage.press(stage.ben, "Reclassify", card, Class="Major", Reason="It came back.") == {}
    code = stage.elif_.phone.code()
    assert await give(stage, stage.elif_, code) == {}
    assert stage.elif_.modal is view
    says = "was changed meanwhile: Ben Ortiz (Aurora Therapeutics (example)) reclassified it as Major on 24 Nov 2026"
    assert says in view.words
    assert view.words.partition("SHA-256 of what is signed: ")[2] != before
    assert "Title: Filter integrity test failed" in view.words
    assert view.state["code"]["value"]["value"] == code
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "State: Pending approval" in card.words  # major now: the sponsor signs as well
    assert "Signed: Elif Kaya" in card.words


@pytest.mark.parametrize("what", ["removed", "viewer", "member", "owner"])
async def test_who_may_sign_is_asked_again_with_the_code(stage: Stage, what: str) -> None:
    """Somebody taken off the roster, or without QA's role, or who owns it by now, signs nothing from an open form."""
    card = await minor(stage)
    await stage.opened_sign(stage.elif_, "Approve", card)
    says = "Approve on DEV-2026-0001 is for QA of the company whose signature is next"
    if what == "owner":
        assert (
            await stage.press(stage.finn, "Assign owner", card, Owner="Elif Kaya · Borealis Manufacturing (example)")
            == {}
        )
    with stage.database.writing() as session:
        row = person.list_of_user(session, "U0ELIF")[0]
        if what == "removed":
            row.active, says = False, "You are no longer on the roster"
        elif what != "owner":
            row.roles = [Role.VIEWER if what == "viewer" else Role.MEMBER]
    errors = await give(stage, stage.elif_, stage.elif_.phone.code())
    words = errors.get("Code") or shown(stage.elif_.modal)
    assert says in words.replace("*", "")
    assert last_refusal(stage)[0] == "Elif Kaya"
    assert "State: Pending approval" in card.words


async def test_a_company_that_did_not_confirm_signs_nothing(empty_stage: Stage) -> None:
    """Until the other company confirmed, records are logged and its QA's approval is refused with what to do."""
    stage = empty_stage
    await stage.set_up()
    card = await minor(stage)
    with stage.database.writing() as session:
        partnership.companies(session, 1)[Side.CMO].confirmed_at = None
    says = await stage.refused(stage.elif_, "Approve", card)
    assert "Borealis Manufacturing (example) has not confirmed this partnership yet" in says


async def test_of_two_who_sign_at_once_one_does(stage: Stage) -> None:
    """Two QA of a company submit at the same moment: one signature, and the other is told whose and when."""
    card = await stage.investigated()
    for who in (stage.elif_, stage.finn):
        await stage.device(who)
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    for who in (stage.elif_, stage.finn):
        await stage.press(who, "Approve", card)
        who.fill({"Code": who.phone.code()})
    assert await asyncio.gather(stage.elif_.submit(), stage.finn.submit()) == [{}, {}]
    await stage.settle()
    winner, loser = (stage.elif_, stage.finn) if stage.elif_.modal is None else (stage.finn, stage.elif_)
    assert winner.modal is None
    says = shown(loser.modal)
    assert f"was changed meanwhile: {winner.person.name} (Borealis Manufacturing (example)) signed: Approval" in says
    assert "on 24 Nov 2026 09:00 UTC" in says
    assert "Anna Berg or Ben Ortiz (Aurora Therapeutics (example)) approves by signature." in says
    assert card.words.count("\nSigned: ") == 1
    assert stage.events().count("deviation.approved") == 1


async def test_of_two_who_close_at_once_one_does(stage: Stage) -> None:
    """The last signature of a record is given once; who comes second sees the closed record."""
    card = await minor(stage)
    await stage.device(stage.finn)
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    for who in (stage.elif_, stage.finn):
        await stage.press(who, "Approve", card)
        who.fill({"Code": who.phone.code()})
    assert await asyncio.gather(stage.elif_.submit(), stage.finn.submit()) == [{}, {}]
    await stage.settle()
    loser = stage.elif_ if stage.elif_.modal else stage.finn
    assert "DEV-2026-0001 is Closed: " in shown(loser.modal)
    assert "signed and closed it: Approval of the investigation and its conclusion on 24 Nov" in shown(loser.modal)
    assert stage.events().count("deviation.closed") == 1
    assert "Reopen" in (loser.modal.buttons if loser.modal else [])


async def test_a_form_sent_twice_signs_once(stage: Stage) -> None:
    """The same signed submission delivered again, at once or later, changes nothing and is no failure."""
    card = await minor(stage)
    await stage.opened_sign(stage.elif_, "Approve", card)
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    sent = next(d for d in reversed(stage.box.connect_events()) if d.body.get("type") == "view_submission")
    with stage.nothing_changes():
        again = await asyncio.gather(*(stage.box.line.send_again(sent) for _ in range(3)))
        await stage.settle()
    assert [one.status for one in again] == [200, 200, 200]
    assert card.words.count("\nSigned: ") == 1


async def test_a_form_submitted_after_the_record_is_done_shows_it(stage: Stage) -> None:
    """A Sign modal that was left open while the record was voided signs nothing, and says who voided it."""
    card = await minor(stage)
    await stage.opened_sign(stage.elif_, "Approve", card)
    await stage.void(stage.finn, card)
    assert await give(stage, stage.elif_, stage.elif_.phone.code()) == {}
    assert "DEV-2026-0001 is Void: Finn Larsen (Borealis Manufacturing (example)) voided it" in shown(stage.elif_.modal)
    assert "State: Void" in shown(stage.elif_.modal)
    assert "Void: Finn Larsen" in card.words


async def test_old_cards_and_forms_sign_nothing_sent_back(stage: Stage) -> None:
    """Approve on a card drawn before the record was sent back tells who did that; nothing is signed."""
    card = await minor(stage)
    old = kept(card)
    assert await stage.press(stage.finn, "Send back", card, Reason="Which lot?") == {}
    says = await stage.refused(stage.elif_, "Approve", old)
    assert "DEV-2026-0001 is Under investigation: Finn Larsen (Borealis Manufacturing (example)) sent it back" in says
    assert "State: Under investigation" in says


async def test_who_has_no_device_is_offered_one(stage: Stage) -> None:
    """Approve without a signing device answers with the button that sets one up, and then it signs."""
    card = await stage.investigated(Class="Minor")
    says = await stage.refused(stage.elif_, "Approve", card)
    assert "You have no signing device yet." in says
    answer = stage.elif_.ephemerals[-1]
    assert answer.buttons == ["Set up signing device"]
    await stage.elif_.click("Set up signing device", answer)
    assert shown(stage.elif_.modal)
    await stage.elif_.close_modal()
    assert await stage.sign(stage.elif_, "Approve", card) == {}


@pytest.mark.parametrize("key", ["", "another key of at least thirty-two characters"])
async def test_without_the_key_nothing_is_signed(stage: Stage, key: str) -> None:
    """When ENCRYPTION_KEY is gone, or another, the answer names it, and nothing is signed."""
    card = await minor(stage)
    await stage.opened_sign(stage.elif_, "Approve", card)
    stage.bot.desk.codes = OneTimeCodes(Safe(key))
    errors = await give(stage, stage.elif_, stage.elif_.phone.code())
    assert "ENCRYPTION_KEY is missing or not the one that the devices were set up with" in errors["Code"]


async def test_the_sign_modal_takes_the_largest_record(stage: Stage) -> None:
    """The longest texts fit into the Sign modal, whole."""
    texts = {label: "&" * 3000 for label in INVESTIGATION if label not in ("Root cause category", "CAPA needed")}
    texts.pop("Disposition recommendation")
    lots = ",".join(f"{number:02}{'L' * 28}" for number in range(30))
    card = await minor(
        stage,
        Title="T" * 150,
        What_happened="&" * 3000,
        What_should_have_happened="&" * 3000,
        Immediate_action="&" * 3000,
        Batch_or_lot=lots,
        **texts,
    )
    for number in range(4):
        assert await stage.sign(stage.elif_, "Approve", card) == {}, number
        assert await stage.press(stage.anna, "Reopen", card, Reason="&" * 3000) == {}
        await stage.press(stage.finn, "Agree", card)
        assert await stage.press(stage.gita, "Submit for approval", card, Conclusion=f"{number}" * 3000) == {}
    view = await stage.opened_sign(stage.elif_, "Approve", card)
    assert view.words.count("&" * 3000) == 7
    assert "3" * 3000 in view.words
    assert [call.answer for call in stage.box.calls if not call.answer["ok"]] == []


async def test_plans_are_signed_by_both_in_any_order_and_once_each(stage: Stage) -> None:
    """Of the plan of retests each company signs once; a QA who signed is told whose turn it is."""
    card = await stage.log(stage.hugo, "Log OOS result")
    await stage.press(stage.finn, "Assign owner", card, Owner="Hugo Meyer · Borealis Manufacturing (example)")
    await stage.press(stage.hugo, "Phase I result", card, Laboratory_cause_found="No", Evidence="Nothing.")
    plan = {"Hypothesis": "Not mixed.", "Number of retests": "1", "Second analyst": "Ida Holm"}
    assert await stage.press(stage.hugo, "Retest plan", card, **plan) == {}
    for who in (stage.anna, stage.elif_):
        await stage.device(who)
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    for who in (stage.anna, stage.elif_):
        await stage.press(who, "Approve plan", card)
        assert "Meaning: Approval of the retest plan" in shown(who.modal)
        assert "Hypothesis: Not mixed." in shown(who.modal)
        who.fill({"Code": who.phone.code()})
    assert await asyncio.gather(stage.anna.submit(), stage.elif_.submit()) == [{}, {}]
    second = stage.anna if stage.anna.modal else stage.elif_
    assert "was changed meanwhile: " in shown(second.modal)
    assert "signed: Approval of the retest plan" in shown(second.modal)
    assert await second.submit() == {}  # its own signature still makes sense, so the same code may be given again
    await stage.settle()
    assert "approved 24 Nov 2026" in card.words
    assert "OOS-2026-0001: " in await stage.refused(stage.anna, "Approve plan", _with(card, "Approve plan"))
    assert await stage.press(stage.hugo, "Record retest", card, Result="93.0", Analyst="Ida Holm") == {}
    assert await stage.press(stage.hugo, "Phase II result", card, **PHASE_TWO) == {}
    assert "State: Pending approval" in card.words


def _with(card: Message, button: str) -> Message:
    """Give a card with the button Approve plan on it, as an older one has it."""
    old = kept(card)
    value = next(element for block in card.blocks for element in block.get("elements", ()) if "value" in element)
    added = {**value, "action_id": "record.approve_plan", "text": {"type": "plain_text", "text": button}}
    old.blocks = [*card.blocks, {"type": "actions", "block_id": "old", "elements": [added]}]
    return old


async def test_what_was_signed_outlives_names_and_roster(stage: Stage) -> None:
    """Renaming a signer or taking them off the roster changes nothing of what they signed."""
    card = await minor(stage)
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    before = next(line for line in card.words.splitlines() if line.startswith("Signed: "))
    with stage.database.writing() as session:
        row = person.list_of_user(session, "U0ELIF")[0]
        row.name, row.active = "Elif Kaya-Brandt", False
    assert await stage.press(stage.anna, "Comment", card, Comment="Seen.") == {}
    await stage.anna.command("/deviation DEV-2026-0001")
    assert before in stage.anna.ephemerals[-1].words


async def to_be_checked(stage: Stage) -> Message:
    """Bring a CAPA to its check; QA of both companies have devices."""
    card = await stage.capa(stage.gita)
    assert await stage.sign(stage.elif_, "Approve plan", card) == {}
    assert await stage.press(stage.gita, "Mark implemented", card, Evidence="SOP-12 v3.") == {}
    await stage.box.move_clock(stage.box.now() + timedelta(days=90))
    for who in (stage.anna, stage.finn):
        await stage.device(who)
    await stage.box.move_clock(stage.box.now() + timedelta(seconds=31))
    return card


async def check(stage: Stage, who: Driver, card: Message, outcome: str, evidence: str) -> View:
    """Fill in a check up to its Sign modal, with the code."""
    assert await stage.press(who, "Check effectiveness", card, Outcome=outcome, Evidence=evidence) == {}
    who.fill({"Code": who.phone.code()})
    assert who.modal is not None
    return who.modal


async def test_of_two_checks_at_once_one_counts(stage: Stage) -> None:
    """Two QA sign different checks at the same moment: one closes the CAPA, the other sees it closed."""
    card = await to_be_checked(stage)
    await check(stage, stage.anna, card, "Effective", "None came back.")
    await check(stage, stage.finn, card, "Not effective", "Two came back.")
    assert await asyncio.gather(stage.anna.submit(), stage.finn.submit()) == [{}, {}]
    await stage.settle()
    late = stage.anna if stage.anna.modal else stage.finn
    assert "CAPA-2026-0001 is Closed: " in shown(late.modal)
    assert "signed and closed it: Check of effectiveness: " in shown(late.modal)
    assert card.words.count("Evidence of check") == 1
    followers = [one for one in stage.cards if one.words.startswith("CAPA-2027-")]
    assert len(followers) == card.words.count("State: Closed · Not effective")


async def test_a_check_is_signed_on_what_the_record_is_by_then(stage: Stage) -> None:
    """Reassigned while the check is signed: the modal keeps outcome and evidence, and the code can be given again."""
    card = await to_be_checked(stage)
    view = await check(stage, stage.anna, card, "Effective", "None <came> back.")
    assert await stage.press(stage.elif_, "Reassign", card, Owner="Hugo Meyer · Borealis Manufacturing (example)") == {}
    assert await give(stage, stage.anna, stage.anna.phone.code()) == {}
    assert stage.anna.modal is view
    for words in (
        "was changed meanwhile: Elif Kaya",
        "Meaning: Check of effectiveness: Effective",
        "None <came> back.",
    ):
        assert words in view.words
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "State: Closed · Effective" in card.words
    assert "Evidence of check 1: None <came> back." in card.words


@pytest.mark.parametrize("data", [{"d": 4711}, {"d": None}, {"d": 2}])
async def test_a_check_that_somebody_else_filled_in_is_not_signed(stage: Stage, data: dict[str, Any]) -> None:
    """A form that carries another person's filled-in check, or none, signs nothing."""
    card = await to_be_checked(stage)
    view = await check(stage, stage.anna, card, "Effective", "None came back.")
    await check(stage, stage.finn, card, "Not effective", "Two came back.")
    forge(view, **data)
    errors = await give(stage, stage.anna, stage.anna.phone.code())
    assert errors == {"Code": "What you filled in is no longer there. Press Check effectiveness again."}
    assert "State: Implemented" in card.words


async def test_a_check_is_not_approved_instead(stage: Stage) -> None:
    """Approve in place of check, in a forged form, is nothing a CAPA knows."""
    card = await to_be_checked(stage)
    forge(await check(stage, stage.anna, card, "Effective", "None came back."), a="approve")
    assert (
        "That cannot be done with CAPA-2026-0001." in (await give(stage, stage.anna, stage.anna.phone.code()))["Code"]
    )
    forge(view_of(stage), a="approve_plan")
    await give(stage, stage.anna, stage.anna.phone.code())
    assert "State: Implemented" in card.words


def view_of(stage: Stage) -> View:
    """Give Anna's modal."""
    assert stage.anna.modal is not None
    return stage.anna.modal


async def test_a_check_takes_its_words(stage: Stage) -> None:
    """Blanks are no evidence, and an outcome that is none of the list is refused."""
    card = await to_be_checked(stage)
    await stage.press(stage.anna, "Check effectiveness", card)
    stage.anna.fill({"Outcome": "Effective", "Evidence": " \u200b\n "})
    with stage.nothing_changes():
        assert await stage.anna.submit(client_checks=False) == {"Evidence": "Evidence is needed. Fill it in."}
        stage.anna.fill({"Evidence": "x" * 3001})
        assert "3000 is the most" in (await stage.anna.submit(client_checks=False))["Evidence"]
        stage.anna.fill({"Evidence": "None came back."})
        chosen = view_of(stage).state["outcome"]["value"]["selected_option"]
        view_of(stage).state["outcome"]["value"]["selected_option"] = chosen | {"value": "Confirmed"}
        assert await stage.anna.submit(client_checks=False) == {"Outcome": "Choose one of the list."}


async def test_a_sign_form_without_a_code_is_an_attempt_that_is_journaled(stage: Stage) -> None:
    """It is refused at its field, kept with the record, and counts like a wrong code; the right one signs after it."""
    card = await stage.investigated(Class="Minor")
    await stage.opened_sign(stage.elif_, "Approve", card)
    number = len(stage.journal())
    stage.elif_.fill({"Code": "   "})
    told = (await stage.elif_.submit())["Code"]
    assert told.startswith("This code is not the one your device shows now. After 4 more wrong ones")
    (entry,) = stage.journal()[number:]
    assert (entry.event, entry.content["reason"]) == ("deviation.signature_refused", told)
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}


async def test_pressing_approve_in_vain_is_no_attempt(stage: Stage) -> None:
    """Who may not sign gets no form, so nothing is journaled, of the owner as of QA whose turn it is not."""
    card = await stage.investigated()
    number = len(stage.journal())
    for who in (stage.gita, stage.anna):
        assert "is for QA of the company whose signature is next" in await stage.refused(who, "Approve", card)
    assert len(stage.journal()) == number
