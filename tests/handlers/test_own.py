"""Both companies' QMS numbers, and notes that the other company never sees, by buttons."""

import json

from sandbox import Driver, Message
from storage.journal import JournalEntry
from tests import packs
from tests.stage import CMO, SHARED, SPONSOR, Stage

SECRET = "Zebra-quartz: our tank was dirty."


async def keep(stage: Stage, who: Driver, card: Message, text: str = SECRET) -> None:
    assert await stage.press(who, "Private notes", card, Note=text) == {}


def entry(stage: Stage, event: str) -> JournalEntry:
    return next(one for one in reversed(stage.journal()) if one.event == event)


async def test_both_numbers_stand_on_the_card(stage: Stage) -> None:
    """Each company gives its own; a new one takes its place, and the journal holds what was there before."""
    card = await stage.log(stage.gita)
    for who, number in ((stage.gita, "DV-889"), (stage.carla, "QE <!channel> 12"), (stage.hugo, "DV-890")):
        assert await stage.press(who, "QMS number", card, Number=number) == {}
    told = stage.card("DEV-2026-0001").words
    assert f"QMS numbers: {SPONSOR} QE <!channel> 12 · {CMO} DV-890" in told
    found = entry(stage, "deviation.numbered").content
    assert found["changes"] == {"company": [None, CMO], "number": ["DV-889", "DV-890"]}
    assert found["by"]["name"] == "Hugo Meyer"
    assert "gave it the QMS number DV-890 of" in stage.anna.thread(card)[-1].words


async def test_a_record_is_found_by_either_number(stage: Stage) -> None:
    """By people of both companies."""
    card = await stage.log(stage.gita)
    assert await stage.press(stage.gita, "QMS number", card, Number="DV-889") == {}
    await stage.anna.command("/quality search DV-889")
    assert "DEV-2026-0001" in stage.anna.ephemerals[-1].words


async def test_the_same_number_again_is_refused(stage: Stage) -> None:
    """Nothing would change."""
    card = await stage.log(stage.gita)
    assert await stage.press(stage.gita, "QMS number", card, Number="DV-889") == {}
    with stage.nothing_changes():
        assert "already" in (await stage.press(stage.hugo, "QMS number", card, Number=" DV-889 "))["Number"]


async def test_a_number_overtakes_nobodys_form(stage: Stage) -> None:
    """Who fills in a form meanwhile sends it without being told to look again."""
    card = await stage.log(stage.gita)
    await stage.elif_.click("Assign owner", card)
    assert await stage.press(stage.gita, "QMS number", card, Number="DV-889") == {}
    stage.elif_.fill({"Owner": f"Gita Rao · {CMO}"})
    assert await stage.elif_.submit() == {}


async def test_a_company_reads_its_own_notes(stage: Stage) -> None:
    """Newest first, with who wrote them, whoever of the company asks."""
    card = await stage.log(stage.gita)
    await keep(stage, stage.gita, card)
    await keep(stage, stage.elif_, card, "Cleaned since.")
    await stage.press(stage.hugo, "Private notes", card)
    assert stage.hugo.modal is not None
    words = stage.hugo.modal.words
    assert f"Only people of {CMO} see these notes." in words
    assert words.index(f"Elif Kaya ({CMO})") < words.index("Cleaned since.") < words.index(SECRET)


async def test_the_other_company_never_sees_a_note(stage: Stage) -> None:
    """Neither in its own notes, on the card or in the thread, in History, lists, search, digest, export nor journal."""
    card = await stage.log(stage.gita)
    await keep(stage, stage.gita, card)
    await stage.press(stage.anna, "Private notes", card)
    assert stage.anna.modal is not None
    assert SECRET not in stage.anna.modal.words
    await stage.anna.close_modal()
    for command in ("search tank dirty", "list", "mine", "digest", "history DEV-2026-0001"):
        await stage.anna.command(f"/quality {command}")
    await stage.press(stage.anna, "Export", stage.card("DEV-2026-0001"))
    assert b"Zebra" not in b"".join(packs.received(stage.anna).files.values())
    await stage.beat(days=1)
    for person in ("U0ANNA", "U0BEN", "U0MIRA"):
        seen = stage.box.person(person)
        told = [*seen.messages(SHARED), *seen.direct_messages, *seen.ephemerals]
        assert "Zebra" not in " ".join(message.words for message in told)
    assert "Zebra" not in " ".join(one.body for one in stage.journal())
    assert "Zebra" not in json.dumps([call.arguments for call in stage.calls("chat.postMessage")], default=str)


async def test_the_journal_proves_a_note(stage: Stage) -> None:
    """It says who kept one, when, and its hash; the thread says nothing."""
    card = await stage.log(stage.gita)
    before = len(stage.anna.thread(card))
    await keep(stage, stage.gita, card)
    found = entry(stage, "deviation.note_kept").content
    assert found["by"]["name"] == "Gita Rao"
    assert len(found["changes"]["SHA-256"][1]) == 64
    assert len(stage.anna.thread(card)) == before
    await stage.anna.command("/quality history DEV-2026-0001")
    assert f"Gita Rao ({CMO}) kept a private note of {CMO}" in stage.anna.ephemerals[-1].words


async def test_viewers_and_strangers_keep_nothing(stage: Stage) -> None:
    """Who only reads, and who belongs to neither company."""
    card = await stage.log(stage.gita)
    for button in ("QMS number", "Private notes"):
        assert "belong to" in await stage.refused(stage.mira, button, card)


async def test_notes_of_closed_and_void_records(stage: Stage) -> None:
    """What one learns later has its place too."""
    card = await stage.log(stage.gita)
    await stage.void(stage.elif_, card)
    await keep(stage, stage.gita, card)
    assert entry(stage, "deviation.note_kept").content["record"] == "DEV-2026-0001"


async def test_two_colleagues_set_the_number(stage: Stage) -> None:
    """The second is told what it is meanwhile, and nothing is overwritten unseen."""
    card = await stage.log(stage.gita)
    for who in (stage.elif_, stage.finn):
        await who.click("QMS number", card)
    stage.elif_.fill({"Number": "QE-1"})
    assert await stage.elif_.submit() == {}
    stage.finn.fill({"Number": "QE-2"})
    assert "changed it meanwhile, to QE-1" in (await stage.finn.submit())["Number"]
