"""Signing devices in Slack: set up by command or button, shown once, replaced with a colleague's consent."""

import asyncio
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select

from bot.samples import key_shown
from quality.device import OneTimeCodes
from sandbox import Driver, Message
from storage import person
from storage.device import Device
from storage.person import Role
from storage.secret import Safe
from tests.stage import Stage, kept

PNG = b"\x89PNG\r\n\x1a\n"


def devices(stage: Stage) -> list[Device]:
    """List all devices, whatever became of them."""
    with stage.database.reading() as session:
        return list(session.exec(select(Device).order_by("id")).all())


async def begin(stage: Stage, who: Driver) -> None:
    """Press Signing device on the front door."""
    await who.click("Signing device")
    await stage.settle()


async def asked(stage: Stage, who: Driver, reason: str = "Lost on the train.") -> None:
    """Ask to replace one's device."""
    await begin(stage, who)
    who.fill({"Reason": reason})
    assert await who.submit() == {}
    await stage.settle()


def question(who: Driver) -> Message:
    """Give the question that a QA got about a colleague's device."""
    return next(message for message in reversed(who.direct_messages) if "Agree" in message.buttons)


async def test_the_command_sets_a_device_up(stage: Stage) -> None:
    """`/quality signature` shows the key once and sends it as a QR image by DM, deleted after the first code."""
    await stage.anna.command("/quality signature")
    modal = stage.anna.modal
    assert modal is not None
    assert (modal.title, modal.labels) == ("Signing device", ["Code"])
    assert "The key is shown only now." in modal.words
    await stage.settle()
    direct = stage.anna.direct_messages[-1]
    assert direct.words == "Scan this with your authenticator app. It is deleted once you confirm the device."
    (image,) = stage.anna.files(direct)
    assert image.name == "signing-device.png"
    assert image.alt_text == "QR image with the key of your signing device; the same key stands in the form"
    assert image.content.startswith(PNG)
    stage.anna.phone.add(key_shown(stage.anna))
    stage.anna.fill({"Code": stage.anna.phone.code()})
    assert await stage.anna.submit() == {}
    assert stage.anna.modal is None
    await stage.settle()
    assert stage.anna.files(direct) == []
    assert "This file was deleted." in direct.words
    assert "Your signing device is set up." in stage.anna.direct_messages[-1].words
    (told,) = (message.words for message in stage.ben.direct_messages if "signing device" in message.words)
    assert told == (
        "Anna Berg (Aurora Therapeutics (example)) set up a signing device. If that surprises you, ask them."
    )
    assert not [message for message in stage.elif_.direct_messages if "signing device" in message.words]


async def test_the_company_without_the_app_sets_up_by_the_button(stage: Stage) -> None:
    """A person without commands uses the button of the front door; the key goes nowhere but their form and DM."""
    await begin(stage, stage.elif_)
    key = key_shown(stage.elif_)
    assert stage.elif_.files(stage.elif_.direct_messages[-1])
    stage.elif_.phone.add(key)
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert [one.confirmed_at is not None for one in devices(stage)] == [True]
    assert key not in devices(stage)[0].secret
    assert key not in "".join(entry.body for entry in stage.journal())
    assert [key in str(call.arguments) for call in stage.box.calls].count(True) == 1  # the form
    assert "person.device_set_up" in [entry.event for entry in stage.journal()]


async def test_the_image_holds_the_key_that_is_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The QR image is made of an address with the same key, the issuer and the person's name."""
    made: list[str] = []

    def make(address: str, **_: object) -> object:
        made.append(address)
        raise OSError

    monkeypatch.setattr("handlers.device.segno.make", make)
    await begin(stage, stage.elif_)
    address = urlsplit(made[0])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [key_shown(stage.elif_)], "issuer": ["QualBridge"]}
    assert "Elif%20Kaya" in address.path


async def test_a_form_opened_again_shows_another_key(stage: Stage) -> None:
    """The key is shown once: opening again gives another, the old image goes, and the first key confirms nothing."""
    await begin(stage, stage.elif_)
    first = key_shown(stage.elif_)
    first_image = stage.elif_.direct_messages[-1]
    await stage.elif_.close_modal()
    await begin(stage, stage.elif_)
    second = key_shown(stage.elif_)
    assert first != second
    assert stage.elif_.files(first_image) == []
    assert len(devices(stage)) == 1
    stage.elif_.phone.add(first)
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert "This is not the code that your device shows now." in (await stage.elif_.submit())["Code"]
    stage.elif_.phone.add(second)
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert all(stage.elif_.files(message) == [] for message in stage.elif_.direct_messages)


@pytest.mark.parametrize("code", ["000000", "", "12", "abcdef", "<!channel>"])
async def test_a_wrong_first_code_confirms_nothing(stage: Stage, code: str) -> None:
    """Until a first code is right the device signs nothing."""
    await begin(stage, stage.elif_)
    stage.elif_.phone.add(key_shown(stage.elif_))
    stage.elif_.fill({"Code": code})
    with stage.nothing_changes():
        errors = await stage.elif_.submit(client_checks=False)
    assert errors["Code"] in (
        "This is not the code that your device shows now. Is its clock right?",
        "Code is needed. Fill it in.",
    )
    assert devices(stage)[0].confirmed_at is None


async def test_somebody_elses_form_sets_nothing_up(stage: Stage) -> None:
    """The form of one person, submitted by another, confirms no device."""
    await begin(stage, stage.elif_)
    stage.elif_.phone.add(key_shown(stage.elif_))
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert stage.elif_.modal is not None
    for who in (stage.finn, stage.anna, stage.mira):
        with stage.nothing_changes():
            answer = await stage.submit_as(who, stage.elif_.modal)
        assert "errors" in answer


@pytest.mark.parametrize("who", ["mira", "guest"])
async def test_strangers_set_no_device_up(stage: Stage, who: str) -> None:
    """Somebody of neither company, and a guest, are told whom to ask."""
    assert "ask QA: Anna Berg" in await stage.refused(getattr(stage, who), "Signing device", stage.gita.pins()[0])


async def test_viewers_need_no_device(stage: Stage) -> None:
    """A viewer, who signs nothing, is told who sets one up."""
    with stage.database.writing() as session:
        person.list_of_user(session, "U0CARLA")[0].roles = [Role.VIEWER]
    says = await stage.refused(stage.carla, "Signing device", stage.gita.pins()[0])
    assert "Only QA or member may set up a signing device" in says


@pytest.mark.parametrize("fault", [{"error": "fatal_error"}, {"status": 500}, {"drop": True}])
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal", "conversations.open"])
async def test_without_the_image_the_form_still_works(stage: Stage, method: str, fault: dict[str, object]) -> None:
    """When Slack takes no file, the key in the form is enough."""
    stage.box.fail_next(method, **fault)
    await begin(stage, stage.elif_)
    stage.elif_.phone.add(key_shown(stage.elif_))
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "Your signing device is set up." in stage.elif_.direct_messages[-1].words
    card = await stage.investigated(Class="Minor")
    assert await stage.sign(stage.elif_, "Approve", card) == {}


async def test_an_image_that_comes_after_the_first_code_goes_at_once(stage: Stage) -> None:
    """A person who types faster than Slack takes the file: the image does not outlive the confirmation."""
    stage.box.fail_next("files.completeUploadExternal", hang=0.4)
    await stage.elif_.click("Signing device")
    stage.elif_.phone.add(key_shown(stage.elif_))
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert all(stage.elif_.files(message) == [] for message in stage.elif_.direct_messages)


async def test_a_missing_key_is_named(stage: Stage) -> None:
    """Without ENCRYPTION_KEY no device is set up, and the answer says which setting is missing."""
    stage.bot.desk.codes = OneTimeCodes(Safe(""))
    assert "ENCRYPTION_KEY is missing" in await stage.refused(stage.elif_, "Signing device", stage.gita.pins()[0])
    await stage.anna.command("/quality signature")
    assert "ENCRYPTION_KEY is missing" in stage.anna.ephemerals[-1].words
    assert devices(stage) == []


async def test_a_device_is_replaced_with_a_colleagues_consent(stage: Stage) -> None:
    """The other QA of the company is asked with the reason; agreed, the old device signs no more and a new one is."""
    await stage.device(stage.elif_)
    old = stage.elif_.phone.keys[-1].id
    await begin(stage, stage.elif_)
    modal = stage.elif_.modal
    assert modal is not None
    assert (modal.title, modal.labels) == ("Replace signing device", ["Reason"])
    assert "Your signing device is set up since 24 Nov 2026" in modal.words
    stage.elif_.fill({"Reason": "Lost <!channel> on the train."})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    direct = question(stage.finn)
    assert "Elif Kaya (Borealis Manufacturing (example)) asks to replace their signing device." in direct.words
    assert "Lost <!channel> on the train." in direct.words
    for who in (stage.anna, stage.ben, stage.elif_):
        assert not [message for message in who.direct_messages if "asks to replace" in message.words]
    card = await stage.investigated(Class="Minor")
    assert await stage.sign(stage.elif_, "Approve", card) == {}  # until then the present one signs
    await stage.finn.click("Agree", direct)
    await stage.settle()
    assert "Elif Kaya's signing device is revoked." in stage.finn.direct_messages[-1].words
    assert "Your old signing device signs no more." in stage.elif_.direct_messages[-1].words
    other = await stage.investigated(Class="Minor")
    assert "You have no signing device yet." in await stage.refused(stage.elif_, "Approve", other)
    await stage.elif_.click("Set up signing device", stage.elif_.direct_messages[-1])
    await stage.settle()
    stage.elif_.phone.remove(old)
    stage.elif_.phone.add(key_shown(stage.elif_))
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert await stage.sign(stage.elif_, "Approve", other) == {}
    assert [entry.event for entry in stage.journal() if entry.event.startswith("person.device")] == [
        "person.device_set_up",
        "person.device_replacement_asked",
        "person.device_revoked",
        "person.device_set_up",
    ]


async def test_a_replacement_is_refused(stage: Stage) -> None:
    """Refused, the present device still signs, the person is told, and the question is answered once."""
    await stage.device(stage.elif_)
    await asked(stage, stage.elif_)
    direct = question(stage.finn)
    await stage.finn.click("Refuse", direct)
    await stage.settle()
    assert "Elif Kaya keeps the present signing device." in stage.finn.direct_messages[-1].words
    assert "refused that you replace your signing device. The present one still signs." in (
        stage.elif_.direct_messages[-1].words
    )
    for button in ("Agree", "Refuse"):
        with stage.nothing_changes():
            await stage.finn.click(button, direct)
            await stage.settle()
        assert "Elif Kaya's question is answered already" in stage.finn.direct_messages[-1].words
    card = await stage.investigated(Class="Minor")
    assert await stage.sign(stage.elif_, "Approve", card) == {}


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("elif_", "Only another QA of Borealis Manufacturing (example) may answer: Finn Larsen"),
        ("gita", "Only another QA of Borealis Manufacturing (example) may answer: Finn Larsen"),
        ("anna", "That is for QA of the person's own company"),
        ("carla", "That is for QA of the person's own company"),
        ("mira", "neither company's"),
        ("guest", "not on this channel's roster"),
    ],
)
@pytest.mark.parametrize("button", ["Agree", "Refuse"])
async def test_nobody_else_answers_for_a_device(stage: Stage, who: str, says: str, button: str) -> None:
    """Not oneself, no member, nobody of the partner's company, no stranger answers the question."""
    await stage.device(stage.elif_)
    await asked(stage, stage.elif_)
    other, direct = getattr(stage, who), question(stage.finn)
    with stage.nothing_changes():
        await other.click(button, direct)
        await stage.settle()
    answer = stage.box.world.messages[-1]  # beside the button, which only a forger can press
    assert answer.seen_by == other.person.id
    assert says in answer.words
    assert devices(stage)[0].revoked_at is None


async def test_of_two_answers_at_once_one_counts(stage: Stage) -> None:
    """Two QA answer the question at the same moment: one answer counts, the other is told that it is answered."""
    with stage.database.writing() as session:
        person.list_of_user(session, "U0GITA")[0].roles = [Role.QA]
    await stage.device(stage.elif_)
    await asked(stage, stage.elif_)
    await asyncio.gather(
        stage.finn.click("Agree", question(stage.finn)), stage.gita.click("Refuse", question(stage.gita))
    )
    await stage.settle()
    answered = [entry.event for entry in stage.journal()][-1]
    assert answered in ("person.device_revoked", "person.device_replacement_refused")
    late = stage.gita if answered == "person.device_revoked" else stage.finn
    assert "question is answered already" in late.direct_messages[-1].words


async def test_a_company_with_one_qa_names_another_first(stage: Stage) -> None:
    """Where no other QA could agree, nothing is asked, and the form says what to do; blanks are no reason."""
    await stage.device(stage.elif_)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0FINN")[0].roles = [Role.MEMBER]
    await begin(stage, stage.elif_)
    for reason, says in ((" \u200b ", "Reason is needed."), ("x" * 3001, "3000 is the most"), ("Lost.", "no other QA")):
        stage.elif_.fill({"Reason": reason})
        with stage.nothing_changes():
            errors = await stage.elif_.submit(client_checks=False)
        assert says in errors["Reason"]


async def test_a_locked_device_is_not_unlocked_by_asking(stage: Stage) -> None:
    """A person locked after five wrong codes stays locked while a replacement is asked."""
    await stage.device(stage.elif_)
    card = await stage.investigated(Class="Minor")
    await stage.opened_sign(stage.elif_, "Approve", card)
    for _ in range(5):
        stage.elif_.fill({"Code": "000000"})
        await stage.elif_.submit()
    await stage.elif_.close_modal()
    await asked(stage, stage.elif_)
    assert "Signing is locked for you" in await stage.refused(stage.elif_, "Approve", card)
    await stage.box.move_clock(stage.box.now() + timedelta(minutes=16))
    assert await stage.sign(stage.elif_, "Approve", card) == {}


async def test_keys_stand_in_no_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Neither key nor code is written to the log, also when Slack takes no file."""
    caplog.set_level("DEBUG")
    stage.box.fail_next("files.getUploadURLExternal", error="fatal_error")
    await begin(stage, stage.elif_)
    key = key_shown(stage.elif_)
    stage.elif_.phone.add(key)
    code = stage.elif_.phone.code()
    stage.elif_.fill({"Code": code})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.split(".")[0] in ("handlers", "bot", "quality"))
    assert key not in ours
    assert not re.search(rf"\b{code}\b", ours)


async def test_an_old_notice_answers_no_later_question(stage: Stage) -> None:
    """Agree on the notice of a question that was refused agrees to nothing that was asked since."""
    await stage.device(stage.elif_)
    await ask_anew(stage, "My phone is lost.")
    old = next(message for message in stage.finn.direct_messages if "Agree" in message.buttons)
    shown = kept(old)
    await stage.finn.click("Refuse", old)
    await stage.settle()
    await ask_anew(stage, "A new phone.")
    with stage.nothing_changes():
        await stage.finn.click("Agree", shown)
        await stage.settle()
    assert "Elif Kaya asked anew on 24 Nov 2026" in stage.box.world.messages[-1].words
    assert [entry.event for entry in stage.journal()][-1] == "person.device_replacement_asked"
    new = [message for message in stage.finn.direct_messages if "Agree" in message.buttons][-1]
    await stage.finn.click("Agree", new)
    await stage.settle()
    assert [entry.event for entry in stage.journal()][-1] == "person.device_revoked"


async def ask_anew(stage: Stage, reason: str) -> None:
    """Ask as Elif for another device."""
    await stage.elif_.click("Signing device")
    await stage.settle()
    stage.elif_.fill({"Reason": reason})
    assert await stage.elif_.submit() == {}
    await stage.settle()
