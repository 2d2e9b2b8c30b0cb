"""Files given with a record: by the form and in its thread, kept whole or not at all, and given back."""

import hashlib
import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import select

from bot import fetching
from bot.fetch import Unseen
from quality import evidence as evidence_rules
from quality.files import MOST_BYTES
from sandbox import Message, cast_of, wire
from storage import download, evidence, person
from storage.download import Download
from storage.evidence import Evidence
from storage.person import Role
from tests import packs
from tests.handlers.test_capture import switch, talk
from tests.stage import INVESTIGATION, Stage, staged

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" * 40
PDF = b"%PDF-1.7\n" + b"page" * 40


def office(part: str, *more: str) -> bytes:
    """Make a document of Office Open XML."""
    held = BytesIO()
    with ZipFile(held, "w") as package:
        for name in ("[Content_Types].xml", part, *more):
            package.writestr(name, "x")
    return held.getvalue()


def kept(stage: Stage) -> list[Evidence]:
    with stage.database.reading() as session:
        return list(session.exec(select(Evidence).order_by("id")).all())


def wanted(stage: Stage) -> list[Download]:
    with stage.database.reading() as session:
        return list(session.exec(select(Download).order_by("id")).all())


def content(stage: Stage, one: Evidence) -> bytes | None:
    with stage.database.reading() as session:
        return evidence.find_content(session, one.id)


async def give(stage: Stage, card: Message, *files: tuple[str, bytes], **more: str) -> dict[str, str]:
    """Give files by the form, as Gita."""
    await stage.gita.click("Add evidence", stage.card(card.words.split(" ", 1)[0]))
    assert stage.gita.modal is not None, stage.gita.ephemerals[-1].words
    stage.gita.fill({"Files": list(files), **more})
    refused = await stage.gita.submit()
    await stage.settle()
    return refused


def told(stage: Stage) -> str:
    """Give what Gita was told last by direct message."""
    return stage.gita.direct_messages[-1].words


async def test_a_form_s_file_is_kept_whole(stage: Stage) -> None:
    """Name, size, SHA-256, who and when; the thread and the card tell of it, History and the export list it."""
    card = await stage.log(stage.gita)
    assert await give(stage, card, ("gauge.png", PNG), Description="The gauge at 2.1 bar.") == {}
    (one,) = kept(stage)
    digest = hashlib.sha256(PNG).hexdigest()
    assert (one.name, one.size, one.sha256, one.media_type) == ("gauge.png", len(PNG), digest, "image/png")
    assert content(stage, one) == PNG
    entry = next(one for one in stage.journal() if one.event == "deviation.evidence_added")
    assert entry.content["changes"]["sha256"] == [None, digest]
    assert (entry.content["by"]["name"], entry.content["reason"]) == ("Gita Rao", "The gauge at 2.1 bar.")
    line = stage.gita.thread(card)[-1].words
    assert f"added evidence: gauge.png ({len(PNG)} bytes, SHA-256 {digest})" in line
    assert "Kept: 1 file of evidence" in stage.cards[0].words
    await stage.anna.click("Export", stage.cards[0])
    await stage.settle()
    (file,) = stage.anna.files(stage.anna.direct_messages[-1])
    (listed,) = packs.Opened(file.content).records["DEV-2026-0001"]["evidence"]
    assert (listed["name"], listed["size"], listed["sha256"]) == ("gauge.png", len(PNG), digest)
    assert listed["added_by"] == "Gita Rao (Borealis Manufacturing (example))"
    assert (listed["submitted"], "content" in listed) == (False, False)
    await stage.anna.command("/quality search gauge.png")
    await stage.settle()
    assert "DEV-2026-0001" in stage.anna.ephemerals[-1].words


async def test_a_kept_file_is_given_back(stage: Stage) -> None:
    """Evidence lists the files; Send me brings the very bytes by direct message, which is journaled; viewers too."""
    card = await stage.log(stage.gita)
    assert await give(stage, card, ("gauge.png", PNG)) == {}
    with stage.database.writing() as session:
        person.list_of_user(session, "U0CARLA")[0].roles = [Role.VIEWER]
    await stage.carla.click("Evidence", stage.cards[0])
    await stage.settle()
    assert "gauge.png" in stage.carla.ephemerals[-1].words
    assert hashlib.sha256(PNG).hexdigest() in stage.carla.ephemerals[-1].words
    await stage.carla.click("Send me", stage.carla.ephemerals[-1])
    await stage.settle()
    (file,) = stage.carla.files(stage.carla.direct_messages[-1])
    assert (file.name, file.content) == ("gauge.png", PNG)
    assert stage.events()[-1] == "deviation.evidence_sent"
    for who in (stage.mira, stage.guest):
        assert "ask QA: Anna Berg" in await stage.refused(who, "Evidence", stage.cards[0])


async def test_a_long_list_is_paged(stage: Stage) -> None:
    """With the longest names and descriptions a page fits into a message; Older leads to the rest."""
    card = await stage.log(stage.gita)
    for batch in range(3):
        files = [(f"{batch}{number}{'&' * 150}.txt", b"measured") for number in range(10)]
        assert await give(stage, card, *files, Description="<&> " * 700) == {}
    await stage.anna.click("Evidence", stage.cards[0])
    await stage.settle()
    assert stage.anna.ephemerals[-1].words.count("SHA-256 ") == 20
    await stage.anna.click("Older", stage.anna.ephemerals[-1])
    await stage.settle()
    words = stage.anna.ephemerals[-1].words
    assert words.count("SHA-256 ") == 10
    assert "Older" not in stage.anna.ephemerals[-1].buttons
    await stage.anna.click("Send me", stage.anna.ephemerals[-1], near="00&&")
    await stage.settle()
    assert stage.anna.files(stage.anna.direct_messages[-1])[0].content == b"measured"


async def test_a_viewer_gives_no_evidence(stage: Stage) -> None:
    """Who only reads is told who may; what they share in a thread is named and not kept."""
    card = await stage.log(stage.gita)
    await switch(stage)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0CARLA")[0].roles = [Role.VIEWER]
    assert "Add evidence on DEV-2026-0001 is for" in await stage.refused(stage.carla, "Add evidence", card)
    await stage.carla.say("See this.", thread=card, files=[("photo.png", PNG)])
    await stage.settle()
    assert talk(stage)[0]["changes"]["files"] == [None, ["photo.png"]]
    assert kept(stage) == []


@pytest.mark.parametrize("who", ["anna", "gita"])
async def test_a_file_in_the_thread_is_kept_without_an_echo(stage: Stage, who: str) -> None:
    """Of either company: of the other one's file Slack tells no more than the id, and is asked."""
    card = await stage.log(stage.gita)
    await switch(stage)
    card = stage.card("DEV-2026-0001")
    before = len(stage.gita.thread(card))
    await getattr(stage, who).say("The report.", thread=card, files=[("report.pdf", PDF), ("gauge.png", PNG)])
    await stage.settle()
    assert sorted(one.name for one in kept(stage)) == ["gauge.png", "report.pdf"]
    assert len(stage.gita.thread(card)) == before + 1
    assert "Kept: 2 files of evidence, 1 reply of this thread" in stage.cards[0].words
    assert stage.events().count("deviation.evidence_kept") == 2


async def test_the_same_event_twice_keeps_a_file_once(stage: Stage) -> None:
    """Delivered again, and shared again in the same thread, a file is fetched once."""
    card = await stage.log(stage.gita)
    await switch(stage)
    await stage.gita.say("The report.", thread=card, files=[("report.pdf", PDF)])
    await stage.box.line.send_again(stage.box.connect_events()[-1])
    await stage.settle()
    assert (len(kept(stage)), len(stage.calls("download")), len(talk(stage))) == (1, 1, 1)


async def test_capture_off_keeps_no_file(stage: Stage) -> None:
    """What is shared in a thread stays in Slack alone where nobody agreed to keep it."""
    card = await stage.log(stage.gita)
    with stage.nothing_changes():
        await stage.gita.say("The report.", thread=card, files=[("report.pdf", PDF)])
        await stage.settle()


async def test_a_changed_or_deleted_message_leaves_its_file(stage: Stage) -> None:
    """An edit, and a deletion, before the file was fetched: both are journaled, and the file is kept all the same."""
    card = await stage.log(stage.gita)
    await switch(stage)
    said = await stage.gita.say("The report.", thread=card, files=[("report.pdf", PDF)])
    await stage.gita.edit(said, "The report, final.")
    await stage.gita.delete(said)
    await stage.settle()
    assert [one["event"].partition(".")[2] for one in talk(stage)] == ["replied", "reply_changed", "reply_deleted"]
    assert [one.name for one in kept(stage)] == ["report.pdf"]


async def test_a_file_deleted_in_slack_stays(stage: Stage) -> None:
    """That it was deleted is journaled, once; what is kept stays as it is."""
    card = await stage.log(stage.gita)
    assert await give(stage, card, ("gauge.png", PNG)) == {}
    (one,) = kept(stage)
    await stage.gita.delete_file(one.file_id)
    await stage.box.line.send_again(stage.box.connect_events()[-1])
    await stage.settle()
    assert stage.events().count("deviation.evidence_deleted") == 1
    assert (kept(stage), content(stage, one)) == ([one], PNG)


async def test_a_file_deleted_before_it_was_fetched(stage: Stage) -> None:
    """Nothing is kept; who gave it is told, and what to do."""
    card = await stage.log(stage.gita)
    await stage.gita.click("Add evidence", card)
    stage.gita.fill({"Files": [("gauge.png", PNG)]})
    assert await stage.gita.submit() == {}
    await stage.gita.delete_file(wanted(stage)[0].file_id)
    await stage.settle()
    assert kept(stage) == []
    assert "“gauge.png” was deleted in Slack before it was fetched. Share it again." in told(stage)


REFUSED: list[tuple[str, bytes, str]] = [
    ("empty.pdf", b"", "it has 0 bytes"),
    ("tool.exe", b"MZ" + bytes(40), "is of a type that is not kept"),
    ("run.sh", b"#!/bin/sh\n", "is of a type that is not kept"),
    ("data.zip", office("x"), "is of a type that is not kept"),
    ("noending", b"x", "is of a type that is not kept"),
]


@pytest.mark.parametrize(("name", "data", "says"), REFUSED)
async def test_what_can_be_told_at_once_is_told_at_the_field(stage: Stage, name: str, data: bytes, says: str) -> None:
    """Empty files and wrong types are refused where they were chosen, and nothing is noted."""
    card = await stage.log(stage.gita)
    with stage.nothing_changes():
        refused = await give(stage, card, (name, data))
    assert says in refused["Files"]


@pytest.mark.parametrize(("name", "data", "says"), REFUSED)
async def test_the_same_in_a_thread_is_told_by_direct_message(stage: Stage, name: str, data: bytes, says: str) -> None:
    """Nothing is kept; the journal says what was shared and why it is not kept, and the person what to do."""
    card = await stage.log(stage.gita)
    await switch(stage)
    await stage.gita.say("See.", thread=card, files=[(name, data)])
    await stage.settle()
    assert kept(stage) == []
    assert says in told(stage)
    assert "not kept with DEV-2026-0001" in told(stage)
    entry = next(one for one in stage.journal() if one.event == "deviation.evidence_not_kept")
    assert says in entry.content["reason"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("report.pdf", PNG),
        ("gauge.png", b"<html>" + b" " * 100),
        ("page.txt", b"<!DOCTYPE html><script>"),
        ("data.csv", b"a,b\n\0\0"),
        ("sheet.xlsx", office("word/document.xml")),
        ("macro.docx", office("word/document.xml", "word/vbaProject.bin")),
        ("broken.pptx", b"PK\x03\x04broken"),
    ],
)
async def test_a_file_that_is_not_what_it_is_called(stage: Stage, name: str, data: bytes) -> None:
    """The bytes decide: a wrong ending, a page, macros are refused for good, and nothing is kept."""
    card = await stage.log(stage.gita)
    assert await give(stage, card, (name, data)) == {}
    assert kept(stage) == []
    assert f"“{name}” is not what its name says" in told(stage)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\report.txt", "report.txt"),
        ("a\u202etxt.exe\n.txt", "a txt.exe .txt"),
        ("<!channel> *b* & report.txt", "<!channel> *b* & report.txt"),
        ("..hidden.txt", "hidden.txt"),
        ("x" * 300 + ".txt", "x" * 146 + ".txt"),
    ],
)
async def test_names_are_data(stage: Stage, given: str, name: str) -> None:
    """Folders, control and reordering characters go; markup stays what it is, and is never markup."""
    card = await stage.log(stage.gita)
    assert await give(stage, card, (given, b"measured")) == {}
    assert [one.name for one in kept(stage)] == [name]
    line = stage.gita.thread(card)[-1]
    assert name.split("&", maxsplit=1)[0][:100] in line.words
    assert "<!channel>" not in line.text


async def test_a_file_over_the_limit(stage: Stage) -> None:
    """What Slack says of its size is believed at once; more bytes than it said are read no further than the limit."""
    card = await stage.log(stage.gita)
    big = b"%PDF-" + bytes(MOST_BYTES)
    with stage.nothing_changes():
        refused = await give(stage, card, ("big.pdf", big))
    assert "26.2 MB is the most that is kept" in refused["Files"]
    await stage.gita.close_modal()
    assert await give(stage, card, ("grows.pdf", PDF)) == {}
    assert len(kept(stage)) == 1
    await stage.gita.click("Add evidence", card)
    stage.gita.fill({"Files": [("liar.pdf", PDF)]})
    assert await stage.gita.submit() == {}
    file = stage.box.world.files[wanted(stage)[-1].file_id]
    file["content"] = big
    await stage.settle()
    assert len(kept(stage)) == 1
    assert "is the most that is kept" in told(stage)


BREAKS: list[dict[str, Any]] = [
    {"drop": True, "times": 2},  # the client itself tries a connection once more
    {"lost": True},
    {"garbage": "<!DOCTYPE html><html>Sign in</html>"},
    {"garbage": ""},
    {"status": 500},
    {"status": 429},
]


@pytest.mark.parametrize("fault", BREAKS, ids=str)
async def test_a_download_that_breaks_off_is_tried_again(stage: Stage, fault: dict[str, Any]) -> None:
    """Cut off, garbage in place of the file, a failure of Slack: nothing is half-kept, and a later attempt keeps it."""
    card = await stage.log(stage.gita)
    stage.box.fail_next("download", **fault)
    assert await give(stage, card, ("report.pdf", PDF)) == {}
    assert kept(stage) == []
    assert stage.events() == ["deviation.logged"]
    (waits,) = wanted(stage)
    assert waits.last_error
    await stage.beat(minutes=2)
    assert [one.sha256 for one in kept(stage)] == [hashlib.sha256(PDF).hexdigest()]


async def test_slack_is_asked_again_where_it_does_not_say(stage: Stage) -> None:
    """A limit or a failure of files.info delays a file; the record's list says that it is still being fetched."""
    card = await stage.log(stage.gita)
    assert await give(stage, card, ("gauge.png", PNG)) == {}
    stage.box.fail_next("files.info", error="ratelimited", retry_after=30)
    assert await give(stage, card, ("report.pdf", PDF)) == {}
    await stage.anna.click("Evidence", stage.cards[0])
    await stage.settle()
    assert "Still being fetched from Slack: 1 file." in stage.anna.ephemerals[-1].words
    await stage.beat(minutes=2)
    assert [one.name for one in kept(stage)] == ["gauge.png", "report.pdf"]


async def test_after_many_attempts_it_is_given_up_and_told(stage: Stage) -> None:
    """A file that never comes is not waited for without end: the person is told what happened and what to do."""
    card = await stage.log(stage.gita)
    stage.box.fail_all("download", status=500)
    assert await give(stage, card, ("report.pdf", PDF)) == {}
    for _ in range(evidence_rules.MOST_ATTEMPTS):
        await stage.box.move_clock(stage.box.now() + timedelta(hours=1))
        await stage.settle()
    assert kept(stage) == []
    assert f"could not be fetched from Slack in {evidence_rules.MOST_ATTEMPTS} attempts" in told(stage)
    assert [one.outcome for one in wanted(stage)] == ["not kept"]
    assert stage.events()[-1] == "deviation.evidence_not_kept"


async def test_the_token_goes_nowhere_else(stage: Stage) -> None:
    """Neither an address that is not Slack's nor a redirect to one is asked, and the person is told."""
    card = await stage.log(stage.gita)
    stage.box.fail_next("download", redirect="http://127.0.0.1:9/steal")
    assert await give(stage, card, ("report.pdf", PDF)) == {}
    assert "lies outside Slack" in told(stage)
    await stage.gita.click("Add evidence", card)
    stage.gita.fill({"Files": [("gauge.png", PNG)]})
    assert await stage.gita.submit() == {}
    stage.box.world.files[wanted(stage)[-1].file_id]["url_private_download"] = "https://slack.com.evil.example/x"
    await stage.settle()
    assert "lies outside Slack" in told(stage)
    assert kept(stage) == []


async def test_a_redirect_within_slack_is_followed_but_not_for_ever(stage: Stage) -> None:
    """The same host may lead on; a circle ends as a failure that is tried again."""
    card = await stage.log(stage.gita)
    stage.box.fail_all("download", redirect=f"{stage.box.url}files/F0X/download/x")
    assert await give(stage, card, ("report.pdf", PDF)) == {}
    assert wanted(stage)[0].last_error == "Slack leads from one address to the next."
    stage.box.heal("download")
    await stage.beat(minutes=2)
    assert len(kept(stage)) == 1


@pytest.mark.parametrize("done", ["closed", "void"])
async def test_evidence_of_a_record_that_is_done(stage: Stage, done: str) -> None:
    """It is kept with a closed or a void record, and no signature is void by that."""
    if done == "closed":
        card = await stage.closed()
    else:
        card = await stage.log(stage.gita)
        await stage.void(stage.elif_, card)
    assert await give(stage, card, ("report.pdf", PDF)) == {}
    assert len(kept(stage)) == 1
    assert "void:" not in stage.cards[0].words


async def test_what_was_there_at_the_submission_is_signed(stage: Stage) -> None:
    """The Sign form and the signed content have the file that came before; one that comes later stands apart."""
    card = await stage.owned(Class="Minor")
    await stage.press(stage.gita, "Start investigation", card)
    assert await give(stage, card, ("report.pdf", PDF)) == {}
    assert await stage.press(stage.gita, "Submit for approval", card, **INVESTIGATION) == {}
    assert await give(stage, card, ("gauge.png", PNG)) == {}
    view = await stage.opened_sign(stage.elif_, "Approve", card)
    assert f"Evidence: report.pdf (169 bytes, SHA-256 {hashlib.sha256(PDF).hexdigest()[:12]})" in view.words
    assert "Evidence that came later: gauge.png" in view.words
    stage.elif_.fill({"Code": stage.elif_.phone.code()})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "State: Closed" in stage.cards[0].words
    await stage.anna.click("Export", stage.cards[0])
    await stage.settle()
    exported = packs.received(stage.anna).records["DEV-2026-0001"]
    signed = json.loads(exported["signatures"][0]["content"])
    assert [one["name"] for one in signed["evidence"]] == ["report.pdf"]
    assert [(one["name"], one["submitted"]) for one in exported["evidence"]] == [
        ("report.pdf", True),
        ("gauge.png", False),
    ]


async def test_a_file_given_twice_is_told_at_the_field(stage: Stage) -> None:
    """The same file of Slack is kept once with a record."""
    card = await stage.log(stage.gita)
    assert await give(stage, card, ("gauge.png", PNG)) == {}
    file = stage.box.world.files[kept(stage)[0].file_id]
    await stage.gita.click("Add evidence", card)
    assert stage.gita.modal is not None
    shown = {key: value for key, value in file.items() if key != "content"}
    stage.gita.modal.state["files"]["value"]["files"] = [shown]
    assert "is kept with DEV-2026-0001 already" in (await stage.gita.submit())["Files"]


async def test_a_forged_file_of_another_record_is_not_handed_out(stage: Stage) -> None:
    """A file's id with another record's button is answered as if it did not exist."""
    card = await stage.log(stage.gita)
    assert await give(stage, card, ("gauge.png", PNG)) == {}
    other = await stage.log(stage.gita, Title="Another")
    assert await give(stage, other, ("report.pdf", PDF)) == {}
    await stage.anna.click("Evidence", stage.card("DEV-2026-0001"))
    await stage.settle()
    list_ = stage.anna.ephemerals[-1]
    button = next(block["accessory"] for block in list_.blocks if block.get("accessory"))
    button["value"] = json.dumps(json.loads(button["value"]) | {"e": 2})
    with stage.nothing_changes():
        await stage.anna.click("Send me", list_)
        await stage.settle()
    assert "That file is not kept with DEV-2026-0001" in stage.anna.ephemerals[-1].words


async def test_what_waits_survives_a_restart(stage: Stage) -> None:
    """An ack means committed: what is noted is fetched by whoever comes next, also after somebody died with it."""
    card = await stage.log(stage.gita)
    await stage.gita.click("Add evidence", card)
    stage.gita.fill({"Files": [("gauge.png", PNG)]})
    assert await stage.gita.submit() == {}
    with stage.database.writing() as session:
        assert len(download.claim(session, stage.box.now(), 9)) == 1
    await stage.settle()
    assert kept(stage) == []
    await stage.beat(minutes=6)
    assert len(kept(stage)) == 1


async def test_a_deletion_is_journaled_once(tmp_path: Path) -> None:
    """Slack tells both companies' installations of it."""
    async with staged(tmp_path, cast=cast_of("both")) as stage:
        await stage.set_up()
        card = await stage.log(stage.gita)
        assert await stage.press(stage.gita, "Add evidence", card, Files=[("report.pdf", b"%PDF-1.7 x")]) == {}
        (one,) = kept(stage)
        for team in ("T0AURORA", "T0BOREAL"):
            event = {"type": "file_deleted", "file_id": one.file_id, "event_ts": stage.box.world.clock.ts()}
            await stage.box.line.send_event(wire.event(stage.box.world, event) | {"team_id": team})
            await stage.settle()
        assert [entry.event for entry in stage.journal()].count("deviation.evidence_deleted") == 1


async def test_a_file_is_asked_for_by_both_installations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the giver's own bot does not see the channel's may."""
    async with staged(tmp_path, cast=cast_of("both")) as stage:
        await stage.set_up()
        card = await stage.log(stage.gita)
        fetch, asked = fetching.fetch, []

        async def seen_by_the_second(slack: AsyncWebClient, file_id: str, name: str) -> Any:
            asked.append(slack.token)
            if len(asked) == 1:
                raise Unseen("It is not where the bot may see it.")
            return await fetch(slack, file_id, name)

        monkeypatch.setattr(fetching, "fetch", seen_by_the_second)
        assert await stage.press(stage.gita, "Add evidence", card, Files=[("report.pdf", b"%PDF-1.7 x")]) == {}
        assert asked == [stage.box.token_of("T0BOREAL"), stage.box.token_of("T0AURORA")]
        assert [one.name for one in kept(stage)] == ["report.pdf"]
