"""Dispositions and batches in Slack: proposed from a batch's page, signed by the sponsor's QA, shown with all else."""

from sandbox import Message
from tests.handlers.test_markup import said
from tests.handlers.test_result import AT, upload
from tests.handlers.test_specification import effective
from tests.stage import Stage

GIVEN = {"Decision": "Release", "Reason": "It complies.", "Certificate": "CoA 77"}


async def page(stage: Stage, lot: str = "AB-1") -> Message:
    """Show the page of a batch to Anna."""
    await stage.anna.command(f"/quality batch {lot}")
    await stage.settle()
    return stage.anna.ephemerals[-1]


async def propose(stage: Stage, lot: str = "AB-1", **changes: str) -> dict[str, str]:
    """Propose a disposition as Elif, from the front door; gives the errors."""
    await stage.elif_.click("Batch")
    stage.elif_.fill({"Batch or lot": lot})
    await stage.elif_.submit()
    await stage.elif_.click_in_modal("Propose disposition")
    stage.elif_.fill(GIVEN | changes)
    errors = await stage.elif_.submit()
    await stage.settle()
    return errors


async def test_a_batch_is_released(stage: Stage) -> None:
    """Proposed by the CMO's QA, who has no app, signed by the sponsor's: card, thread and the batch's page say so."""
    await stage.log(stage.gita, Batch_or_lot="AB-1", Class="Minor", Product="Tablet 10 mg")
    assert await propose(stage) == {}
    card = stage.cards[-1]
    assert card.words.startswith("DIS-2026-0001 · Disposition\nRelease of batch AB-1")
    for words in ("State: Proposed", "Product: Tablet 10 mg", "Decision: Release", "Certificate: CoA 77"):
        assert words in card.words
    assert "decides by signature." in card.words
    assert "DIS-2026-0001 (Release) waits for the signature of Aurora" in (await page(stage)).words
    assert "QA of the company whose signature is next" in await stage.refused(stage.elif_, "Approve", card)
    view = await stage.opened_sign(stage.anna, "Approve", card)
    for words in ("Disposition of the batch: Release", "Reason: It complies.", "Batch: AB-1"):
        assert words in view.words
    stage.anna.fill({"Code": stage.anna.phone.code()})
    assert await stage.anna.submit() == {}
    await stage.settle()
    assert "State: Decided · Released" in stage.card("DIS-2026-0001").words
    assert "signed: Disposition of the batch: Release" in stage.anna.thread(card)[-1].words
    shown = (await page(stage)).words
    assert "DIS-2026-0001: Released, signed by Anna Berg (Aurora" in shown
    assert "Release: 1 point is open" in shown
    assert "Other open records: Open: DEV-2026-0001" in shown


async def test_a_released_batch_is_put_on_hold_again(stage: Stage) -> None:
    """Its page says released on, then put on hold by; so does the card of the disposition, and nothing is released."""
    await stage.log(stage.gita, Batch_or_lot="AB-1", Class="Minor")
    await propose(stage)
    assert await stage.sign(stage.anna, "Approve", stage.cards[-1]) == {}
    await stage.log(stage.gita, Batch_or_lot="ab-1", Class="Critical", Title="Glass found")
    shown = (await page(stage)).words
    assert "Batch AB-1 was released on 24 Nov 2026" in shown
    assert "by DIS-2026-0001, then put on hold by DEV-2026-0002 (Critical deviation, Open)." in shown
    card = stage.card("DIS-2026-0001")
    assert "On hold since then by: DEV-2026-0002" in card.words
    assert "put its batch on hold by DEV-2026-0002" in stage.anna.thread(card)[-1].words
    told = stage.anna.direct_messages[-1].words
    assert "Batch AB-1, released by DIS-2026-0001, is on hold because of DEV-2026-0002." in told
    assert not any("released by DIS-2026-0001" in message.words for message in stage.elif_.direct_messages)
    errors = await propose(stage)
    assert errors["Decision"].startswith("Batch AB-1 is on hold because of DEV-2026-0002, so it cannot be released.")


async def test_a_proposal_is_changed(stage: Stage) -> None:
    """The form holds what is proposed; a second proposal for the batch is refused at its field."""
    await stage.log(stage.gita, Batch_or_lot="AB-1", Class="Minor")
    await propose(stage)
    card = stage.cards[-1]
    assert await stage.press(stage.ben, "Change proposal", card, Decision="Reject", Reason="It is too old.") == {}
    assert stage.card("DIS-2026-0001").words.splitlines()[1] == "Reject of batch AB-1"
    assert "DIS-2026-0001 is proposed for batch AB-1 already" in (await propose(stage))["Batch or lot"]
    assert "nor who worked on it" in await stage.refused(stage.ben, "Approve", stage.card("DIS-2026-0001"))


async def test_members_may_not_propose(stage: Stage) -> None:
    """They are told who may, before anything is typed."""
    await stage.carla.command("/quality disposition AB-1")
    await stage.settle()
    assert "Only QA of either company may propose the disposition" in stage.carla.ephemerals[-1].words


async def test_the_command_lists_shows_and_proposes(stage: Stage) -> None:
    """`/quality disposition` with nothing, a number, or a batch; what holds the batch is said in the form."""
    await stage.anna.command("/quality disposition")
    assert "All dispositions" in stage.anna.ephemerals[-1].words
    await stage.log(stage.gita, Batch_or_lot="AB-1")
    await stage.anna.command("/quality disposition AB-1")
    await stage.settle()
    assert stage.anna.modal is not None
    assert "Batch AB-1 is on hold because of DEV-2026-0001" in stage.anna.modal.words
    stage.anna.fill({"Decision": "Reject", "Reason": "Glass."})
    assert await stage.anna.submit() == {}
    await stage.settle()
    await stage.ben.command("/quality disposition DIS-2026-0001")
    await stage.settle()
    assert "Reject of batch AB-1" in stage.ben.ephemerals[-1].words


async def test_the_results_of_a_batch(stage: Stage) -> None:
    """They stand with their verdicts, page by page; what has no result is named, and an OOS to confirm is open."""
    await effective(stage)
    rows = b"".join(b"AB-1,Assay,99.%02d,%%,%d months\r\n" % (number, number) for number in range(12))
    assert "13 results are recorded" in await upload(
        stage, b"Batch or lot,Test,Result,Unit,Time point\r\n" + rows + b"AB-1,Assay,94.1,%,\r\n", Analysed_at=AT
    )
    shown = await page(stage)
    assert "Batch AB-1 is not on hold" in shown.words
    assert "Results: Open: 12 Complies, 1 OOS; 1 to confirm" in shown.words
    assert "Tests without a result: Open: Impurity A, Appearance" in shown.words
    assert "Assay: 94.1 %: OOS · to confirm" in shown.words
    await stage.anna.click("More results", shown)
    await stage.settle()
    later = stage.anna.ephemerals[-1]
    assert "99.01 %" in later.words
    assert "94.1 %" not in later.words.partition("Results\n")[2]
    errors = await propose(stage)
    assert errors == {}
    assert "A result of batch AB-1 is OOS and waits to be confirmed (Assay 94.1)" in await stage.refused(
        stage.anna, "Approve", stage.cards[-1]
    )


async def test_the_records_of_a_batch_page_by_page(stage: Stage) -> None:
    """Eight on a page; what is typed is never markup."""
    for number in range(10):
        await stage.log(stage.gita, Batch_or_lot="<!here>", Class="Minor", Title=f"Number {number}")
    await propose(stage, "<!here>", Reason="<!channel> *now*")
    shown = await page(stage, "<!here>")
    assert "Number 9" in shown.words
    assert "Number 1" not in shown.words
    await stage.anna.click("More records", shown)
    await stage.settle()
    assert "Number 1" in stage.anna.ephemerals[-1].words
    await stage.anna.click("Previous records", stage.anna.ephemerals[-1])
    await stage.settle()
    assert "Number 9" in stage.anna.ephemerals[-1].words
    assert [text for text in said(stage) if "<!here>" in text or "<!channel>" in text] == []
