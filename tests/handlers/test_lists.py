"""Lists, search and batches."""

import itertools

import pytest

from handlers import cards, lists
from quality.transitions import ENDS, OPEN
from storage.partnership import Side
from storage.record import Asked, Kind, Outcome, Record, Row, State
from tests.stage import GITA, TUESDAY, Stage


async def ask(stage: Stage, command: str) -> str:
    await stage.anna.command(command)
    return stage.anna.ephemerals[-1].words


async def test_filters(stage: Stage) -> None:
    """open, overdue, mine, closed, all and batch show just those records."""
    await stage.log(stage.gita, Title="First", Batch_or_lot="AB-1")
    await stage.log(stage.gita, Title="Second", Batch_or_lot="ab-1")
    await stage.log(stage.gita, "Log OOS result")
    await stage.anna.click("Assign owner", stage.card("DEV-2026-0001"))
    stage.anna.fill({"Owner": "Anna Berg · Aurora Therapeutics (example)"})
    assert await stage.anna.submit() == {}
    await stage.void(stage.elif_, stage.card("DEV-2026-0002"))
    for words, shown in {
        "": {"DEV-2026-0001"},
        "open": {"DEV-2026-0001"},
        "closed": {"DEV-2026-0002"},
        "all": {"DEV-2026-0001", "DEV-2026-0002"},
        "mine": {"DEV-2026-0001"},
        "batch AB-1": {"DEV-2026-0001", "DEV-2026-0002"},
        "closed batch AB-1": {"DEV-2026-0002"},
    }.items():
        found = await ask(stage, f"/deviation list {words}".strip())
        assert {number for number in ("DEV-2026-0001", "DEV-2026-0002", "OOS-2026-0001") if number in found} == shown
    assert "Nothing is late." in await ask(stage, "/deviation list overdue")
    await stage.beat(days=60)
    assert "DEV-2026-0001" in await ask(stage, "/deviation list overdue")
    assert "days late)" in await ask(stage, "/oos list overdue")


async def test_pages_turn_in_place(stage: Stage) -> None:
    """A list longer than a page turns by buttons; a page past the end says so and leads back."""
    for number in range(12):
        await stage.log(stage.gita, Title=f"Number {number}")
    assert "Number 11" in await ask(stage, "/deviation list")
    first = stage.anna.ephemerals[-1]
    await stage.anna.click("Next", first)
    await stage.settle()
    second = stage.anna.ephemerals[-1]
    assert "Number 0" in second.words
    assert second.ts == first.ts
    assert "Next" not in second.buttons
    assert "There is no page 99" in await ask(stage, "/deviation list page 99")
    await stage.anna.click("First page")
    await stage.settle()
    assert "Number 11" in stage.anna.ephemerals[-1].words


@pytest.mark.parametrize("words", ["list nonsense", "list batch", "list page x", "list page -1"])
async def test_words_a_list_does_not_know_are_answered(stage: Stage, words: str) -> None:
    """An unknown word after `list` is answered with what it can do."""
    assert "Say list, then one of open, overdue" in (await ask(stage, f"/deviation {words}")).replace("`", "")


async def test_search_finds_by_number_word_batch_and_product(stage: Stage) -> None:
    """Search looks in all of a record's texts, by the beginnings of words."""
    await stage.log(stage.gita, Title="Überdruck im Isolator", Batch_or_lot="AB-77", Product="Auroprim")
    await stage.log(stage.gita, "Log OOS result")
    for words in ("DEV-2026-0001", "über isolator", "AB-77", "aurop", "bubble"):
        found = await ask(stage, f"/quality search {words}")
        assert "DEV-2026-0001" in found, words
        assert "OOS-2026-0001" not in found, words
    for words in ('"', "NEAR(", "* OR", "nothing at all", "'; DROP TABLE record; --"):
        assert "Nothing found" in await ask(stage, f"/quality search {words}"), words
    assert "Say what to look for" in await ask(stage, "/quality search")


async def test_search_from_the_front_door(stage: Stage) -> None:
    """A person without the app searches in a modal, which shows what was found."""
    await stage.log(stage.gita, Title="Isolator pressure")
    await stage.gita.click("Search")
    stage.gita.fill({"Search for": "isolator"})
    assert await stage.gita.submit() == {}
    assert stage.gita.modal is not None
    assert "DEV-2026-0001" in stage.gita.modal.text
    await stage.gita.click_in_modal("Open")
    await stage.settle()
    assert "DEV-2026-0001 · Major deviation" in (stage.gita.modal.text if stage.gita.modal else "")


async def test_open_records_and_my_work(stage: Stage) -> None:
    """The front door shows open records of all kinds, and what waits for the person."""
    await stage.hugo.click("Open records")
    await stage.settle()
    assert "There are none" in stage.hugo.ephemerals[-1].words
    await stage.hugo.click("My work")
    await stage.settle()
    assert "Nothing waits for you" in stage.hugo.ephemerals[-1].words
    await stage.log(stage.anna)
    await stage.log(stage.hugo, "Log OOS result")
    await stage.hugo.click("Open records")
    await stage.settle()
    assert "DEV-2026-0001" in stage.hugo.ephemerals[-1].words
    assert "OOS-2026-0001" in stage.hugo.ephemerals[-1].words
    await stage.hugo.click("My work")
    await stage.settle()
    words = stage.hugo.ephemerals[-1].words
    assert "Borealis Manufacturing (example) has to acknowledge (1)" in words
    assert "DEV-2026-0001" in words
    assert "OOS-2026-0001" not in words


async def test_mine_shows_what_a_person_owns_and_qa_what_lacks_an_owner(stage: Stage) -> None:
    """`/quality mine` of QA names records without owner; an owner sees theirs."""
    card = await stage.log(stage.gita)
    assert "Needs an owner" in await ask(stage, "/quality mine")
    await stage.anna.click("Assign owner", card)
    stage.anna.fill({"Owner": GITA})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "Needs an owner" not in await ask(stage, "/quality mine")
    await stage.gita.click("My work")
    await stage.settle()
    assert "You own (1)" in stage.gita.ephemerals[-1].words


async def test_a_batch_is_on_hold_while_an_open_record_holds_it(stage: Stage) -> None:
    """`/quality batch` names the records and the hold; an unknown batch is answered."""
    card = await stage.log(stage.gita, Batch_or_lot="AB-1")
    assert "Batch AB-1 is on hold because of DEV-2026-0001" in await ask(stage, "/quality batch AB-1")
    await stage.void(stage.anna, card)
    assert "Batch ab-1 is not on hold" in await ask(stage, "/quality batch ab-1")
    assert "No record names batch XX-9" in await ask(stage, "/quality batch XX-9")
    assert "Say which batch" in await ask(stage, "/quality batch")


async def test_a_filtered_list_of_a_batch_is_not_called_unknown(stage: Stage) -> None:
    """A batch whose records are all closed is known, only not open."""
    card = await stage.log(stage.gita, Batch_or_lot="AB-1")
    await stage.void(stage.anna, card)
    assert "All that name the batch: /quality batch AB-1" in await ask(stage, "/deviation list open batch AB-1")


async def test_a_record_that_waits_for_two_things_is_counted_once(stage: Stage) -> None:
    """What has to be acknowledged and lacks an owner stands under both, and is one record."""
    await stage.log(stage.gita)
    assert (await ask(stage, "/quality mine")).count("DEV-2026-0001") == 2
    assert stage.anna.ephemerals[-1].text == "1 record waits for you."


async def test_unknown_records_are_answered(stage: Stage) -> None:
    """A number that no record has is answered with how to look for it."""
    for command in ("/deviation DEV-2026-0099", "/oos OOS-2025-0001", "/quality history DEV-2026-0099"):
        assert "There is no record" in await ask(stage, command)


async def test_a_hold_is_seen_however_many_records_name_the_batch(stage: Stage) -> None:
    """The oldest of many records still holds its batch, however the batch is written."""
    await stage.log(stage.gita, Class="Critical", Batch_or_lot="AB-1")
    for _ in range(31):
        await stage.log(stage.gita, Class="Minor", Batch_or_lot="ab\u20111")
    assert "is on hold because of DEV-2026-0001" in await ask(stage, "/quality batch AB-1")


async def test_lists_of_long_batches_turn_pages(stage: Stage) -> None:
    """A batch of many wide letters fits into the buttons that turn the page."""
    assert "There is no page 2" in await ask(stage, "/deviation list page 2 batch " + "ü" * 400)


async def test_a_list_has_the_buttons_of_the_card(stage: Stage) -> None:
    """What is done in a record's life can be done in a list, My work and Home; what is kept beside it on its card."""
    card = await stage.log(stage.gita, Class="Major", Batch_distributed="Yes")
    assert await stage.press(stage.elif_, "Assign owner", card, Owner=GITA) == {}
    aside = {"Stop clock", "Batch distributed", "Link record", "Add evidence", "QMS number", "Private notes", "Clocks"}
    assert aside < set(card.buttons)
    expected = {"Open", *card.buttons} - aside
    for command in ("/deviation list", "/quality mine"):
        await stage.anna.command(command)
        await stage.settle()
        shown = stage.anna.ephemerals[-1].buttons
        assert set(shown) >= expected
        assert not aside & set(shown)
    await stage.anna.open_home()
    await stage.settle()
    assert stage.anna.home is not None
    assert set(stage.anna.home.buttons) >= expected
    assert not aside & set(stage.anna.home.buttons)


@pytest.mark.parametrize("kind", Kind)
def test_a_row_of_buttons_is_within_slacks_limit(kind: Kind) -> None:
    """At most 25 elements in one block of actions, and a page of records within 50 blocks, in every state."""
    for state, asked in itertools.product((*OPEN[kind], *ENDS[kind], State.VOID), (None, *Asked)):
        record = Record(id=1, partnership_id=1, kind=kind, state=state, title="T", number="N-1", asked=asked)
        record.outcome, record.turn, record.awaits_cmo = Outcome.CONFIRMED, Side.CMO, True
        shown = cards.rows([Row(record, None, None, has_reports=True)] * lists.PAGE, TUESDAY, "UTC")
        assert max(len(block.get("elements", ())) for block in shown) <= 25
        assert len(shown) + 3 <= 50
