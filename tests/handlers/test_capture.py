"""What is said in a record's thread is kept with it, where both companies agreed to that."""

from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import select

from quality import capture
from storage import person
from storage.reply import Reply
from tests import packs
from tests.stage import Stage

HOSTILE = '<!channel> *bold* `code` "quoted" & </script>'


async def switch(stage: Stage, to: str = "On") -> None:
    """Have Anna propose capture, and Elif agree."""
    await stage.anna.command("/quality agreement")
    await stage.settle()
    await stage.anna.click("Change", stage.anna.ephemerals[-1], near="Capture of threads")
    stage.anna.fill({"Capture of threads": to, "Reason": "The thread is part of the record."})
    assert await stage.anna.submit() == {}
    await stage.settle()
    await stage.elif_.click("Agree")
    await stage.settle()


@pytest.fixture
async def listening(stage: Stage) -> Stage:
    """Switch capture on."""
    await switch(stage)
    return stage


def talk(stage: Stage) -> list[dict[str, Any]]:
    """List what the journal has of what was said."""
    found = [entry for entry in stage.journal() if entry.event.partition(".")[2].startswith("repl")]
    return [entry.content | {"event": entry.event} for entry in found]


def replies(stage: Stage) -> list[Reply]:
    with stage.database.reading() as session:
        return list(session.exec(select(Reply).order_by("id")).all())


async def again(stage: Stage, event: str = "message") -> None:
    """Have Slack deliver the last event of a type once more."""
    sent = [one for one in stage.box.connect_events() if one.body.get("event", {}).get("type") == event]
    await stage.box.line.send_again(sent[-1])
    await stage.settle()


async def test_both_companies_switch_it_on(stage: Stage) -> None:
    """It is off at first; a proposal of one company alone changes nothing; both together, and it is on."""
    card = await stage.log(stage.gita)
    await stage.gita.say("Before it was agreed.", thread=card)
    await stage.settle()
    assert talk(stage) == []
    await switch(stage)
    entry = next(one for one in reversed(stage.journal()) if one.event == "agreement.in_force")
    assert entry.content["changes"]["capture of threads"] == ["Off", "On"]
    await stage.gita.say("After it was agreed.", thread=card)
    await stage.settle()
    assert [one["reason"] for one in talk(stage)] == ["After it was agreed."]
    await switch(stage, "Off")
    await stage.gita.say("Off again.", thread=card)
    await stage.settle()
    assert len(talk(stage)) == 1


async def test_a_reply_is_kept_without_an_echo(listening: Stage) -> None:
    """Word for word, with who said it; the thread gets no line, the card counts it, history and export tell it."""
    stage = listening
    card = await stage.log(stage.gita)
    before = len(stage.gita.thread(card))
    await stage.hugo.say(f"The gasket was nicked. {HOSTILE}", thread=card)
    await stage.settle()
    assert len(stage.gita.thread(card)) == before + 1
    (said,) = talk(stage)
    assert said["reason"] == f"The gasket was nicked. {HOSTILE}"
    assert (said["by"]["name"], said["by"]["company"]) == ("Hugo Meyer", "Borealis Manufacturing (example)")
    assert said["version"] == 1
    assert "Kept: 1 reply of this thread" in stage.cards[0].words
    await stage.anna.click("History", stage.cards[0])
    await stage.settle()
    assert f"said in the thread: The gasket was nicked. {HOSTILE}" in stage.anna.ephemerals[-1].words
    await stage.anna.click("Export", stage.cards[0])
    await stage.settle()
    found = packs.received(stage.anna)
    assert any(body["reason"] == said["reason"] for body in found.journal)
    assert [one["text"] for one in found.records["DEV-2026-0001"]["thread"]] == [said["reason"]]
    await stage.anna.command("/quality search nicked")
    await stage.settle()
    assert "DEV-2026-0001" in stage.anna.ephemerals[-1].words


async def test_a_reply_told_twice_is_one(listening: Stage) -> None:
    """A repeated delivery, and the copy that a broadcast to the channel brings, change nothing."""
    stage = listening
    card = await stage.log(stage.gita)
    await stage.gita.say("Once.", thread=card, broadcast=True)
    await again(stage)
    assert [one["reason"] for one in talk(stage)] == ["Once."]


async def test_edits_and_deletions_are_told_and_the_original_stays(listening: Stage) -> None:
    """What was changed stands there before and after; what was deleted stays; each once."""
    stage = listening
    card = await stage.log(stage.gita)
    said = await stage.gita.say("2.1 bar", thread=card)
    await stage.gita.edit(said, "2.7 bar")
    await again(stage)
    await stage.gita.delete(said)
    await again(stage)
    first, changed, deleted = talk(stage)
    assert (first["event"], first["reason"]) == ("deviation.replied", "2.1 bar")
    assert (changed["event"], changed["changes"]["text"]) == ("deviation.reply_changed", ["2.1 bar", "2.7 bar"])
    assert (deleted["event"], deleted["changes"]["text"]) == ("deviation.reply_deleted", ["2.7 bar", None])
    assert (changed["by"]["name"], deleted["by"]["name"]) == ("Gita Rao", "QualBridge")
    await stage.anna.click("History", card)
    await stage.settle()
    words = stage.anna.ephemerals[-1].words
    assert "Gita Rao (Borealis Manufacturing (example)) changed in Slack what they said in the thread" in words
    assert "(before: 2.1 bar)" in words
    assert "was told that a reply of Gita Rao was deleted in Slack (before: 2.7 bar)" in words


async def test_an_edit_that_comes_before_the_reply(listening: Stage) -> None:
    """Slack may tell of the change first: both texts are kept, and the reply's own event adds nothing."""
    stage = listening
    card = await stage.log(stage.gita)
    here = stage.bot.desk.database
    said = await stage.gita.say("2.1 bar", thread=card)
    original = stage.box.connect_events()[-1]
    with here.writing() as session:  # as if the reply's own event had been lost on its way
        session.execute(delete(Reply))
    await stage.gita.edit(said, "2.7 bar")
    body = original.body | {"event_id": "Ev0LATE"}
    await stage.box.line.send_event(body)
    await stage.settle()
    assert [(one["event"], one["reason"]) for one in talk(stage)[1:]] == [
        ("deviation.replied", "2.1 bar"),
        ("deviation.reply_changed", None),
    ]
    assert [one.text for one in replies(stage)] == ["2.7 bar"]


async def test_what_was_said_before_the_switch_is_not_kept_by_an_edit(stage: Stage) -> None:
    """Nobody's earlier words come into the record by changing them afterwards."""
    card = await stage.log(stage.gita)
    said = await stage.gita.say("Before.", thread=card)
    await switch(stage)
    await stage.gita.edit(said, "Before, changed.")
    await stage.settle()
    assert talk(stage) == []


async def test_people_who_are_not_on_the_roster_are_heard_as_such(listening: Stage) -> None:
    """A stranger and a guest are kept by Slack's ids, somebody removed by their name; none of their files is."""
    stage = listening
    card = await stage.log(stage.gita)
    with stage.database.writing() as session:
        person.list_of_user(session, "U0HUGO")[0].active = False
    for who in (stage.mira, stage.guest, stage.hugo):
        await who.say("I saw it.", thread=card, files=[("photo.png", b"\x89PNG\r\n\x1a\n0000")])
    await stage.settle()
    assert [(one["by"]["name"], one["by"]["user"], one["by"]["company"]) for one in talk(stage)] == [
        ("somebody not on the roster", "U0MIRA", ""),
        ("somebody not on the roster", "U0GUEST", ""),
        ("Hugo Meyer, no longer on the roster", "U0HUGO", ""),
    ]
    assert stage.calls("download") == []
    assert "file" not in stage.cards[0].words.partition("Kept: ")[2].partition("\n")[0]


async def test_a_colleague_whom_no_roster_knows_joins_it(listening: Stage) -> None:
    """Who speaks for the first time is looked up, as with every other act."""
    stage = listening
    card = await stage.log(stage.gita)
    with stage.database.writing() as session:
        session.delete(person.list_of_user(session, "U0HUGO")[0])
    await stage.hugo.say("I saw it.", thread=card)
    await stage.settle()
    (said,) = talk(stage)
    assert (said["by"]["name"], said["by"]["company"]) == ("Hugo Meyer", "Borealis Manufacturing (example)")


async def test_other_talk_leaves_no_trace(listening: Stage) -> None:
    """Messages of the channel, threads of other messages, and what the bot says are not written down anywhere."""
    stage = listening
    card = await stage.log(stage.gita)
    other = await stage.hugo.say("Lunch?")
    with stage.nothing_changes():
        await stage.gita.say("Yes", thread=other)
        await stage.gita.say("Anything")
        await stage.settle()
    await stage.press(stage.anna, "Acknowledge", card)
    assert talk(stage) == []


async def test_another_partnership_s_channel_is_not_heard(listening: Stage) -> None:
    """A channel that agreed to nothing is not heard, whatever time stamps are the same."""
    stage = listening
    said = await stage.anna.say("Internal.", channel="C0INTERNAL")
    with stage.nothing_changes():
        await stage.ben.say("Reply.", thread=said)
        await stage.settle()


@pytest.mark.parametrize("done", ["closed", "void"])
async def test_talk_goes_on_about_a_record_that_is_done(listening: Stage, done: str) -> None:
    """What is said about a closed or void record is kept with it and changes nothing of it."""
    stage = listening
    if done == "closed":
        card = await stage.closed()
    else:
        card = await stage.log(stage.gita)
        await stage.void(stage.elif_, card)
    state = stage.cards[0].words.partition("State: ")[2].partition("\n")[0]
    await stage.gita.say("For the audit.", thread=card)
    await stage.settle()
    assert [one["reason"] for one in talk(stage)] == ["For the audit."]
    assert f"State: {state}" in stage.cards[0].words


async def test_a_reply_that_could_not_be_kept_is_told_again(listening: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ack means committed: where keeping fails, Slack gets no ack, tells it once more, and then it is kept."""
    stage = listening
    card = await stage.log(stage.gita)
    real, failed = capture.hear, []

    def broken(*given: Any, **more: Any) -> Any:
        if not failed:
            failed.append(1)
            raise RuntimeError("the disk is full")
        return real(*given, **more)

    monkeypatch.setattr(capture, "hear", broken)
    await stage.gita.say("Still here.", thread=card)
    await stage.settle()
    sent = [one for one in stage.box.connect_events() if one.body.get("event", {}).get("type") == "message"]
    assert [bool(one.error) for one in sent[-2:]] == [True, False]
    assert [one["reason"] for one in talk(stage)] == ["Still here."]
