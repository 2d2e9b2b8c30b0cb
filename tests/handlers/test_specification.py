"""Specifications in Slack: proposed by a form or a file, signed by both companies' QA, shown and listed."""

import pytest

from sandbox import Driver, Message
from tests.handlers.test_markup import said
from tests.stage import Stage

NEW = {"Product": "Tablet 10 mg", "Sample type": "Finished product"}
ASSAY = {
    "Test": "Assay",
    "Test category": "Assay or potency",
    "Lower limit": "95.0",
    "Upper limit": "105.0",
    "Unit": "%",
}
TESTS = (
    b"Test;Test category;Lower limit;Upper limit;Text criterion;Unit;Lower alert limit\r\n"
    b"Assay;Assay or potency;95,0;105,0;;%;97,0\r\n"
    b"Impurity A;Purity or impurity;;0,05;;%;\r\n"
    b"Appearance;Identity;;;White tablets;;\r\n"
)


async def begin(stage: Stage) -> None:
    """Open New specification from the front door, as Gita, whose company has no app."""
    await door(stage, stage.gita, "New specification")


async def door(stage: Stage, who: Driver, button: str) -> None:
    """Press a button under the list of specifications."""
    await who.click("Specifications")
    await stage.settle()
    await who.click(button, who.ephemerals[-1])
    await stage.settle()


async def propose(stage: Stage, tests: bytes = TESTS, name: str = "tests.csv", **more: str) -> Message:
    """Propose a specification with the tests of a file, as Gita; gives its card."""
    await begin(stage)
    stage.gita.fill({**NEW, **more, "Upload file": [(name, tests)]})
    assert await stage.gita.submit() == {}
    await stage.settle()
    return stage.cards[-1]


async def effective(stage: Stage, **more: str) -> Message:
    """Have a specification signed by both companies."""
    card = await propose(stage, **more)
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert await stage.sign(stage.anna, "Approve", card) == {}
    return stage.card(card.words.split(" ", 1)[0])


async def test_a_specification_is_proposed_test_by_test(stage: Stage) -> None:
    """After New specification the form asks for its tests, one after the other, and shows those that are there."""
    await begin(stage)
    assert stage.gita.modal is not None
    assert stage.gita.modal.title == "New specification"
    assert stage.gita.modal.labels == ["Product", "Sample type", "Title", "Effective from", "Upload file"]
    stage.gita.fill(NEW)
    assert await stage.gita.submit() == {}
    assert stage.gita.modal.title == "Add test"
    stage.gita.fill(ASSAY)
    assert await stage.gita.submit() == {}
    assert "Assay is added. Add another, or press Done." in stage.gita.modal.words
    assert "1. Assay (Assay or potency): 95.0 to 105.0 %" in stage.gita.modal.words
    stage.gita.fill({"Test": "Appearance", "Text criterion": "White tablets"})
    assert await stage.gita.submit() == {}
    stage.gita.fill({"Test": "assay", "Lower limit": "1"})
    assert "already" in (await stage.gita.submit())["Test"]
    await stage.gita.close_modal()
    await stage.settle()
    card = stage.cards[-1]
    assert card.words.startswith("SPEC-2026-0001 · Specification\nTablet 10 mg, Finished product")
    for words in ("State: Proposed", "QA of both companies approve it", "2. Appearance: “White tablets”", "Version: 1"):
        assert words in card.words
    assert card.buttons == [
        *("Approve", "Add test", "Reassign"),
        *("Upload tests", "Remove test", "Comment", "History", "Export", "Void"),
        *("Link record", "Add evidence", "QMS number", "Private notes"),
    ]


async def test_both_companies_sign_all_of_its_tests(stage: Stage) -> None:
    """The Sign form shows each test; the last signature makes it effective."""
    card = await propose(stage)
    view = await stage.opened_sign(stage.elif_, "Approve", card)
    for words in ("Assay", "95,0 to 105,0 %", "alert below 97,0", "Impurity A", "at most 0,05 %", "“White tablets”"):
        assert words in view.words
    await stage.elif_.close_modal()
    assert await stage.sign(stage.elif_, "Approve", card) == {}
    assert await stage.sign(stage.anna, "Approve", card) == {}
    assert "State: Effective" in stage.cards[-1].words
    assert "In force: from Tue 24 Nov 2026" in stage.cards[-1].words
    assert {"Record result", "Upload results", "Void"} <= set(stage.cards[-1].buttons)


async def test_a_file_s_faults_are_told_all_at_once(stage: Stage) -> None:
    """With line and column; nothing of it is loaded, and the corrected file may follow."""
    bad = b"Test,Lower limit,Upper limit\nAssay,95.0,abc\n,1,\nAssay,,2\nWater,=A1,\n"
    card = await propose(stage, bad)
    told = stage.gita.direct_messages[-1].words
    for words in (
        "nothing of it was loaded",
        "Line 2, Upper limit: This is not a number",
        "Line 3: Test is empty.",
        "Line 4, Test: Assay is named in line 2 already",
        "Line 5, Lower limit: “=A1” is a formula",
    ):
        assert words in told, told
    assert "has no test yet" in await stage.refused(stage.elif_, "Approve", card)
    await stage.gita.click("Upload tests", stage.card("SPEC-2026-0001"))
    stage.gita.fill({"Upload file": [("again.csv", TESTS)]})
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert "3 tests are added" in stage.gita.direct_messages[-1].words
    assert "Impurity A" in stage.cards[-1].words


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("tests.pdf", b"%PDF-1.7", "neither a CSV nor an XLSX"), ("tests.csv", b"", "0 bytes")],
)
async def test_what_is_no_table_is_refused_at_the_field(stage: Stage, name: str, content: bytes, says: str) -> None:
    """By its name and its size, before it is fetched."""
    await begin(stage)
    stage.gita.fill({**NEW, "Upload file": [(name, content)]})
    assert says in (await stage.gita.submit())["Upload file"]
    await stage.settle()
    assert stage.cards == []


async def test_a_test_is_taken_out_with_a_reason(stage: Stage) -> None:
    """Which one is chosen from a list; the thread says so."""
    card = await propose(stage)
    assert await stage.press(stage.gita, "Remove test", card, Test="1. Assay", Reason="Another method.") == {}
    assert "Assay" not in stage.cards[-1].words
    assert "took out the test Assay" in stage.gita.thread(stage.cards[-1])[-1].words


async def test_the_list_has_all_that_begins(stage: Stage) -> None:
    """By the command and by the front door; empty it says so; a template is sent; an unknown word is told."""
    await stage.elif_.click("Specifications")
    await stage.settle()
    assert "There are none" in stage.elif_.ephemerals[-1].words
    assert "New specification" in stage.elif_.ephemerals[-1].buttons
    await effective(stage)
    await stage.anna.command("/quality specification")
    await stage.settle()
    assert "SPEC-2026-0001 · Tablet 10 mg" in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality specification spec-2026-0001")
    assert "State: Effective" in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality specification template")
    await stage.settle()
    (file,) = stage.anna.files(stage.anna.direct_messages[-1])
    assert file.content.startswith(b"\xef\xbb\xbfTest,Test category")
    await stage.anna.command("/quality specification nonsense")
    assert "I do not know" in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality specification new")
    assert stage.anna.modal is not None


async def test_the_template_is_a_file_that_can_be_uploaded(stage: Stage) -> None:
    """Its examples are whole tests."""
    await door(stage, stage.elif_, "Template of tests")
    (file,) = stage.elif_.files(stage.elif_.direct_messages[-1])
    await propose(stage, file.content, file.name)
    assert "4 tests are added" in stage.gita.direct_messages[-1].words


async def test_it_waits_for_approval_in_digests_and_lists(stage: Stage) -> None:
    """Whose QA has still to sign sees it."""
    await propose(stage)
    await stage.anna.command("/quality digest")
    await stage.settle()
    assert "SPEC-2026-0001" in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality mine")
    await stage.settle()
    assert "has to approve" in stage.anna.ephemerals[-1].words
    await stage.anna.command("/quality search impurity")
    await stage.settle()
    assert "SPEC-2026-0001" in stage.anna.ephemerals[-1].words


async def test_typed_words_are_never_markup(stage: Stage) -> None:
    """Product, test and criterion are shown as they were typed, on card, list, form and message."""
    evil = "<!channel> *x* &amp;"
    rows = f'Test,Text criterion\n"{evil}","{evil}"\n'.encode()
    card = await propose(stage, rows, Product=evil)
    assert evil in card.words
    await stage.anna.command("/quality specification")
    await stage.settle()
    assert evil in stage.anna.ephemerals[-1].words
    assert [text for text in said(stage) if "<!channel>" in text] == []
