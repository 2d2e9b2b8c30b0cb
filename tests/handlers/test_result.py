"""Results in Slack: judged against a specification, confirmed or discarded by a person, one by one or by a file."""

import hashlib
from typing import Any

import pytest
from sqlmodel import select

from quality import people, result, tabular, uploads
from quality.people import Identity
from sandbox import Driver
from storage import person
from storage.person import Role
from storage.result import LabResult, ResultState, Verdict
from tests.handlers.test_markup import said
from tests.handlers.test_specification import door, effective
from tests.stage import OOS, SHARED, TUESDAY, Stage
from tests.stage import kept as kept_message

SPECIFICATION = "SPEC-2026-0001 v1 · Tablet 10 mg, Finished product"
AT = TUESDAY
RESULT = {"Test": "Assay", "Batch or lot": "AB-1004", "Result": "99,6", "Analyst": "G. Rao"}


def kept(stage: Stage) -> list[LabResult]:
    with stage.database.reading() as session:
        return list(session.exec(select(LabResult).order_by("id")).all())


async def give(stage: Stage, who: Driver, **more: str) -> dict[str, str]:
    """Record a result from the front door."""
    await door(stage, who, "Record result")
    who.fill(RESULT | {label.replace("_", " "): value for label, value in more.items()})
    refused = await who.submit()
    await stage.settle()
    return refused


async def upload(stage: Stage, content: bytes, name: str = "coa.csv", **more: Any) -> str:
    """Upload a file of results as Gita; gives what she was told last."""
    await door(stage, stage.gita, "Upload results")
    stage.gita.fill({"Upload file": [(name, content)], **{key.replace("_", " "): one for key, one in more.items()}})
    assert await stage.gita.submit() == {}
    await stage.settle()
    return stage.gita.direct_messages[-1].words


async def test_without_a_specification_nothing_is_judged(stage: Stage) -> None:
    """What to do is said; Log OOS result has no field for one."""
    assert "No specification is in force" in await pressed(stage, "Record result")
    assert "No specification is in force" in await pressed(stage, "Upload results")
    await stage.gita.click("Log OOS result")
    assert stage.gita.modal is not None
    assert "Specification" not in stage.gita.modal.labels


async def pressed(stage: Stage, button: str) -> str:
    await door(stage, stage.gita, button)
    return stage.gita.ephemerals[-1].words


async def test_a_result_that_complies_is_said_to(stage: Stage) -> None:
    """With the value as it was compared; it is recorded and journaled, and no record is logged."""
    await effective(stage)
    await door(stage, stage.gita, "Record result")
    assert stage.gita.modal is not None
    assert (stage.gita.modal.title, stage.gita.modal.labels) == (
        "Record result",
        ["Specification", "Test", "Batch or lot", "Time point", "Result", "Unit", "Analyst", "Analysed at"],
    )
    await stage.gita.close_modal()
    assert await give(stage, stage.gita, Result="104,96") == {}
    assert stage.gita.modal is not None
    assert "104,96, compared as 105.0, complies with 95,0 to 105,0 %." in stage.gita.modal.words
    (one,) = kept(stage)
    assert (one.verdict, one.state, one.reported, one.rounded, one.unit) == (
        Verdict.COMPLIES, ResultState.RECORDED, "104,96", "105.0", "%",
    )  # fmt: skip
    assert stage.journal()[-1].event == "result.recorded"
    assert len(stage.cards) == 1


async def test_an_oos_result_waits_for_confirm(stage: Stage) -> None:
    """Nothing is logged silently: the person is asked, and Confirm logs the record as theirs."""
    await effective(stage)
    assert await give(stage, stage.gita, Result="93,4") == {}
    assert stage.gita.modal is not None
    assert "OOS to confirm" in stage.gita.modal.words
    await stage.gita.close_modal()
    asked = stage.gita.direct_messages[-1]
    assert "93,4, compared as 93.4, is outside the limits: 95,0 to 105,0 %" in asked.words
    assert len(stage.cards) == 1
    before = kept_message(asked)
    await stage.gita.click("Confirm", asked)
    await stage.settle()
    assert "It is OOS-2026-0001 now" in stage.gita.ephemerals[-1].words
    assert stage.gita.direct_messages[-1].buttons == ["Trend"]
    card = stage.card("OOS-2026-0001")
    for words in ("Assay: 93,4 %", "Judged by: SPEC-2026-0001, version 1", "On hold: AB-1004", "Logged by Gita Rao"):
        assert words in card.words
    (one,) = kept(stage)
    assert (one.state, one.record_id is not None) == (ResultState.CONFIRMED, True)
    assert "OOS logged" in stage.gita.direct_messages[-1].words
    await stage.gita.click("Confirm", before)
    await stage.settle()
    assert "is Confirmed already, by Gita Rao, 24 Nov 2026 09:01 UTC." in stage.gita.ephemerals[-1].words
    assert len([one for one in stage.cards if one.words.startswith("OOS")]) == 1


async def test_the_digest_names_what_waits_to_be_confirmed(stage: Stage) -> None:
    """The first six, the oldest first, until somebody decided; nothing of them stays when all are."""
    await effective(stage)
    rows = b"".join(b"AB-%d,Assay,9%d.1,%%\r\n" % (number, number % 5) for number in range(8))
    await upload(stage, b"Batch or lot,Test,Result,Unit\r\n" + rows, Analysed_at=AT)
    await stage.anna.command("/quality digest")
    await stage.settle()
    told = stage.anna.ephemerals[-1].words
    assert "Results to confirm (6+)" in told
    assert "AB-0: Assay 90.1 % is OOS, recorded 24 Nov 2026" in told
    assert "AB-6" not in told
    assert "and more: see Results to confirm, under Specifications" in told
    for one in kept(stage):
        with stage.database.writing() as session:
            actor = people.actor_in_channel(session, SHARED, Identity("T0AURORA", "U0ANNA"))
            result.discard(session, actor, one.id, "Transposed digits.", stage.box.now())
    await stage.anna.command("/quality digest")
    await stage.settle()
    assert "Results to confirm" not in stage.anna.ephemerals[-1].words


async def test_a_typing_error_is_discarded_with_a_reason(stage: Stage) -> None:
    """The row stays, with why; nothing is logged."""
    await effective(stage)
    assert await give(stage, stage.gita, Result="9,34") == {}
    await stage.gita.close_modal()
    told = await stage.refused(stage.gita, "Discard", stage.gita.direct_messages[-1])
    assert "QA of either company, other than Gita Rao, may discard it" in told
    await door(stage, stage.elif_, "Results to confirm")
    await stage.elif_.click("Discard", stage.elif_.ephemerals[-1])
    stage.elif_.fill({"Reason": "93.4 was meant, then 99.4."})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    (one,) = kept(stage)
    assert (one.state, one.reason) == (ResultState.DISCARDED, "93.4 was meant, then 99.4.")
    assert (stage.journal()[-1].event, stage.journal()[-1].content["reason"]) == ("result.discarded", one.reason)
    assert len(stage.cards) == 1


async def test_only_who_recorded_it_or_their_qa_decides(stage: Stage) -> None:
    """The other company's people, and colleagues, are told whose it is; it is found in the list."""
    await effective(stage)
    assert await give(stage, stage.gita, Result="93,4") == {}
    await stage.gita.close_modal()
    for who in (stage.anna, stage.hugo):
        await door(stage, who, "Results to confirm")
        with stage.nothing_changes():
            await who.click("Confirm", who.ephemerals[-1])
            await stage.settle()
        assert "Gita Rao recorded this result" in who.ephemerals[-1].words
    await door(stage, stage.elif_, "Results to confirm")
    await stage.elif_.click("Confirm", stage.elif_.ephemerals[-1])
    await stage.settle()
    assert stage.card("OOS-2026-0001").words.count("Elif Kaya")


async def test_what_cannot_be_judged_is_told_at_its_field(stage: Stage) -> None:
    """A word for a number, a unit that does not turn, a moment before the specification."""
    await effective(stage)
    assert "is no number" in (await give(stage, stage.gita, Result="Complies"))["Result"]
    assert "limits are in %" in (await give(stage, stage.gita, Unit="mg/g"))["Result"]
    assert await give(stage, stage.gita) == {}
    await stage.gita.close_modal()
    assert "recorded this result" not in str(await give(stage, stage.gita, Result="99,7"))


async def test_log_oos_result_needs_only_test_batch_and_result(stage: Stage) -> None:
    """With a specification the rest comes from it; one that complies is said to, an OOS is logged at once."""
    await effective(stage)
    await stage.hugo.click("Log OOS result")
    assert stage.hugo.modal is not None
    assert stage.hugo.modal.labels[0] == "Specification"
    stage.hugo.fill({"Specification": SPECIFICATION, "Test": "assay", "Batch or lot": "AB-1", "Result": "99.0"})
    assert await stage.hugo.submit() == {}
    assert "99.0 complies with 95,0 to 105,0 %" in stage.hugo.modal.words
    await stage.hugo.close_modal()
    await stage.hugo.click("Log OOS result")
    stage.hugo.fill({"Specification": SPECIFICATION, "Test": "assay", "Batch or lot": "AB-1", "Result": "96.4"})
    assert await stage.hugo.submit() == {}
    await stage.settle()
    card = stage.cards[-1]
    assert card.words.startswith("OOS-2026-0001 · OOT result\nAssay: 96.4 % (out of trend)")
    assert [one.state for one in kept(stage)] == [ResultState.RECORDED, ResultState.CONFIRMED]
    await stage.hugo.click("Log OOS result")
    stage.hugo.fill({"Specification": SPECIFICATION, "Test": "pH", "Batch or lot": "AB-1", "Result": "7"})
    assert "Its tests: Assay, Impurity A, Appearance" in (await stage.hugo.submit())["Test"]
    stage.hugo.fill({"Test": "assay", "Lower limit": "3"})
    assert "Leave it empty" in (await stage.hugo.submit())["Lower limit"]


async def test_log_oos_result_without_a_specification_is_as_ever(stage: Stage) -> None:
    """Also where there is a catalogue: kind and type of sample are needed then."""
    await effective(stage)
    await stage.hugo.click("Log OOS result")
    stage.hugo.fill({name: value for name, value in OOS.items() if name != "Sample type"})
    assert "needed without a specification" in (await stage.hugo.submit())["Sample type"]
    stage.hugo.fill(OOS)
    assert await stage.hugo.submit() == {}
    await stage.settle()
    assert stage.cards[-1].words.startswith("OOS-2026-0001 · OOS result")


async def test_a_certificate_is_judged_as_a_whole(stage: Stage) -> None:
    """What complies is recorded; the others come with their buttons and are logged when they are confirmed."""
    await effective(stage)
    rows = (
        b"Batch or lot,Test,Result,Unit,Analyst\r\n"
        b"AB-1,Assay,99.6,%,G. Rao\r\nAB-1,Impurity A,<0.05,%,G. Rao\r\nAB-1,Appearance,Complies,,\r\n"
        b"AB-2,Assay,93.4,%,\r\nAB-2,Impurity A,0.02,%,\r\nAB-3,Assay,96.9,%,\r\n"
    )
    told = await upload(stage, rows, Analysed_at=AT)
    assert "6 results are recorded: 4 comply, 1 OOT, 1 OOS." in told
    assert "AB-2 · Assay: 93.4 % · OOS" in told
    assert len(stage.cards) == 1
    assert [one.state for one in kept(stage)].count(ResultState.TO_CONFIRM) == 2
    assert kept(stage)[3].source == "coa.csv, line 5"
    (loaded,) = [entry.content["changes"] for entry in stage.journal() if entry.event == "result.loaded"]
    assert loaded["sha256 of the file"] == [None, hashlib.sha256(rows).hexdigest()]
    assert (loaded["file"], loaded["rows"], loaded["to confirm"]) == ([None, "coa.csv"], [None, 6], [None, 2])
    await stage.gita.click("Confirm", stage.gita.direct_messages[-1])
    await stage.settle()
    assert stage.cards[-1].words.startswith("OOS-2026-0001")


async def test_a_certificate_with_faults_is_not_loaded_at_all(stage: Stage) -> None:
    """Every fault by its line, the most of them, and how many more there are; the same file again is told."""
    await effective(stage)
    rows = (
        b"Batch or lot,Test,Result,Unit\r\nAB-1,Assay,99.6,mg/g\r\nAB-1,pH,7,\r\n,Assay,1,\r\n" + b"AB-2,X,1,\r\n" * 40
    )
    told = await upload(stage, rows)
    assert "nothing of it was loaded" in told
    for words in (
        "Line 2, Result: The result is in mg/g, the limits are in %",
        "Line 3, Test: SPEC-2026-0001 has no test “pH”. Its tests: Assay, Impurity A, Appearance.",
        "Line 4: Batch or lot is empty.",
        "Line 2 and 42 more, Analysed at: is empty, and the form gave no time for all.",
        "… and 19 more.",
    ):
        assert words in told, told
    assert kept(stage) == []


async def test_a_certificate_is_not_recorded_twice(stage: Stage) -> None:
    """The same results again are refused row by row, by whom they were recorded."""
    await effective(stage)
    rows = b"Lot,Test,Result,Analysed at\r\nAB-1,Assay,99.6,2026-11-24\r\nAB-1,Impurity A,0.01,2026-11-24 09:00\r\n"
    assert "2 results are recorded" in await upload(stage, rows)
    told = await upload(stage, rows)
    assert "Line 2, Result: Gita Rao recorded this result on 24 Nov 2026 09:01 UTC already. Take it out." in told
    assert "1 result is recorded: 1 comply" in await upload(
        stage, b"Lot,Test,Result\r\nAB-9,Assay,99\r\n", Analysed_at=AT
    )
    assert len(kept(stage)) == 3


async def test_a_long_file_says_how_far_it_is(stage: Stage) -> None:
    """One message, edited as the reading goes on."""
    await effective(stage)
    rows = b"Lot,Test,Result\r\n" + b"".join(b"AB-%d,Assay,99.6\r\n" % number for number in range(600))
    before = len(stage.gita.direct_messages)
    assert "600 results are recorded: 600 comply" in await upload(stage, rows, Analysed_at=AT)
    assert len(stage.gita.direct_messages) == before + 1


async def test_the_template_of_results_is_whole(stage: Stage) -> None:
    """Its columns are those that are read."""
    await door(stage, stage.gita, "Template of results")
    (file,) = stage.gita.files(stage.gita.direct_messages[-1])
    assert tabular.read(file.name, file.content, uploads.RESULT_COLUMNS).faults == []


async def test_viewers_record_nothing(stage: Stage) -> None:
    """They are told who may."""
    await effective(stage)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0HUGO")[0].roles = [Role.VIEWER]
    for button in ("Record result", "Upload results"):
        await door(stage, stage.hugo, button)
        assert "Only QA or member may record results" in stage.hugo.ephemerals[-1].words


@pytest.mark.parametrize("evil", ["<!channel> *x*", "<@U0ANNA>"])
async def test_typed_words_are_never_markup(stage: Stage, evil: str) -> None:
    """Lot, analyst and file name are shown as they were typed."""
    await effective(stage)
    assert await give(stage, stage.gita, Result="1", Batch_or_lot=evil, Analyst=evil) == {}
    assert evil in stage.gita.direct_messages[-1].words
    rows = f"Lot,Test,Result\r\n{evil},Assay,1\r\n{evil},{evil},1\r\n".encode()
    await stage.gita.close_modal()
    assert evil in await upload(stage, rows, f"{evil}.csv")
    assert [text for text in said(stage) if evil in text] == []


async def test_a_file_that_does_not_come_is_told_of(stage: Stage) -> None:
    """From the second attempt in vain on, in the message that later says what became of it."""
    await effective(stage)
    number = len(stage.gita.direct_messages)
    stage.box.fail_next("download", status=503, times=2)
    await upload(stage, b"Lot,Test,Result\r\nAB-1,Assay,99.6\r\n", Analysed_at=AT)
    assert len(stage.gita.direct_messages) == number
    await stage.beat(seconds=11)
    told = stage.gita.direct_messages[number:]
    why = "Slack answered the download with status 503."
    assert [one.words for one in told] == [
        f"coa.csv for SPEC-2026-0001 could not be fetched yet: {why} It is tried again by itself."
    ]
    await stage.beat(seconds=21)
    assert [one.words for one in stage.gita.direct_messages[number:]] == [
        "coa.csv for SPEC-2026-0001: 1 result is recorded: 1 comply, 0 OOT, 0 OOS."
    ]
