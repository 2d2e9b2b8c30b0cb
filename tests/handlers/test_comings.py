"""People who leave the channel or Slack, and come again: their rights, and what becomes of their work."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.samples import CMO
from handlers import comings
from sandbox import Driver, cast_of, wire
from storage import person
from storage.person import Person, Role
from tests.stage import ELIF, FINN, HUGO, SHARED, Stage, staged


async def leave(stage: Stage, who: Driver) -> None:
    await who.leave(SHARED)
    await stage.settle()


async def deactivated(stage: Stage, who: Driver, **user: Any) -> None:
    """Let Slack say that a person was changed, deactivated where nothing else is given."""
    told = {"id": who.person.id, "team_id": who.person.team, "deleted": True} | user
    event = {"type": "user_change", "user": told, "event_ts": stage.box.world.clock.ts()}
    await stage.box.line.send_event(wire.event(stage.box.world, event))
    await stage.settle()


def found(stage: Stage, who: Driver) -> Person:
    with stage.database.reading() as session:
        there = person.find(session, 1, who.person.team, who.person.id)
    assert there is not None
    return there


def offers(who: Driver) -> list[Any]:
    return [message for message in who.direct_messages if " left. " in message.words]


async def test_who_leaves_the_channel_has_no_rights_any_more(stage: Stage) -> None:
    """From the moment they left, old buttons refuse them; the journal says why."""
    card = await stage.owned()
    await leave(stage, stage.gita)
    assert not found(stage, stage.gita).active
    (entry,) = [entry for entry in stage.journal() if entry.event == "person.left"]
    assert entry.content["reason"] == "left the channel"
    assert entry.content["by"]["name"] == "QualBridge"
    direct = next(message for message in stage.gita.direct_messages if "You own" in message.words)
    with stage.nothing_changes():
        await stage.gita.click("Start investigation", direct)
        await stage.settle()
    assert "You are no longer on the roster of " in stage.gita.direct_messages[-1].words
    assert "Owner: Gita Rao" in card.words


async def test_the_open_work_of_who_left_is_offered_to_their_qa(stage: Stage) -> None:
    """QA of the company, not of the other, get the open records with Assign owner, and assign from there."""
    card = await stage.owned(Title="Hers")
    await stage.owned(Title="Hugo's", owner=HUGO)
    gone = await stage.owned(Title="Logged twice")
    await stage.void(stage.elif_, gone)
    await leave(stage, stage.gita)
    for who in (stage.elif_, stage.finn):
        (offer,) = offers(who)
        assert f"Gita Rao ({CMO}) left. 1 open record needs an owner: press Assign owner." in offer.words
        assert "DEV-2026-0001 · Hers" in offer.words
        assert "Hugo's" not in offer.words
        assert "Logged twice" not in offer.words
        assert "Assign owner" in offer.buttons
    assert offers(stage.anna) == []
    await stage.elif_.click("Assign owner", offers(stage.elif_)[0])
    stage.elif_.fill({"Owner": HUGO})
    assert await stage.elif_.submit() == {}
    await stage.settle()
    assert "Owner: Hugo Meyer" in card.words


async def test_cards_of_who_left_are_drawn_anew(stage: Stage) -> None:
    """The card says that QA assigns another owner."""
    card = await stage.owned()
    updates = len(stage.calls("chat.update"))
    await leave(stage, stage.gita)
    assert len(stage.calls("chat.update")) > updates
    assert f"Gita Rao ({CMO}) starts the investigation" not in card.words


async def test_when_the_last_qa_leaves_the_other_company_is_told(stage: Stage) -> None:
    """Where a company has no QA any more, its open work is offered to the other company's."""
    await stage.owned(owner=ELIF)
    await leave(stage, stage.finn)
    await leave(stage, stage.elif_)
    assert "1 open record needs an owner" in offers(stage.anna)[-1].words


async def test_who_owned_nothing_leaves_quietly(stage: Stage) -> None:
    """Without open work nobody is written to."""
    await leave(stage, stage.hugo)
    assert offers(stage.elif_) == []
    assert not found(stage, stage.hugo).active


async def test_a_deactivated_person_is_off_the_roster(stage: Stage) -> None:
    """Slack says that somebody was deactivated: as if they had left, and once."""
    await stage.owned()
    for _ in range(2):
        await deactivated(stage, stage.gita)
    assert not found(stage, stage.gita).active
    (entry,) = [entry for entry in stage.journal() if entry.event == "person.left"]
    assert entry.content["reason"] == "deactivated in Slack"
    assert len(offers(stage.elif_)) == 1


async def test_who_moves_is_told_in_the_hours_of_where_they_are(stage: Stage) -> None:
    """A new time zone or name is taken over and journaled; nothing else of a profile is."""
    gita = {"deleted": False, "real_name": "Gita Rao-Weber", "tz": "Asia/Tokyo"}
    await deactivated(stage, stage.gita, **gita)
    who = found(stage, stage.gita)
    assert (who.name, who.time_zone, who.active) == ("Gita Rao-Weber", "Asia/Tokyo", True)
    (entry,) = (one for one in stage.journal() if one.event == "person.profile_changed")
    assert entry.content["changes"] == {
        "name": ["Gita Rao", "Gita Rao-Weber"],
        "time zone": ["Europe/Zurich", "Asia/Tokyo"],
    }
    with stage.nothing_changes():
        await deactivated(stage, stage.gita, **gita, profile={"status_text": "On a train"})


async def test_other_changes_of_a_person_change_nothing(stage: Stage) -> None:
    """A new photograph, or somebody unknown, is no reason."""
    with stage.nothing_changes():
        await deactivated(stage, stage.gita, deleted=False)
        await deactivated(stage, stage.gita, id="U0UNKNOWN")
        await deactivated(stage, stage.gita, id=None)


async def test_who_comes_again_is_a_member(stage: Stage) -> None:
    """QA who left and came again holds no QA role until QA gives it; what they owned meanwhile is theirs as it was."""
    await leave(stage, stage.finn)
    await stage.finn.join(SHARED)
    await stage.settle()
    back = found(stage, stage.finn)
    assert (back.active, back.roles, back.left_at) == (True, [Role.MEMBER], None)
    assert [entry.event for entry in stage.journal()][-1] == "person.returned"
    card = await stage.log(stage.gita)
    assert "is for QA of either company" in await stage.refused(stage.finn, "Assign owner", card)


async def test_leaving_ends_an_absence_and_a_stand_in(stage: Stage) -> None:
    """A stand-in who leaves gets nobody's messages any more."""
    card = await stage.owned(owner=HUGO, Class="Minor")
    await stage.press(stage.anna, "Acknowledge", card)
    await stage.hugo.click("My work", stage.gita.pins()[0])
    await stage.settle()
    await stage.hugo.click("Out of office", stage.hugo.ephemerals[-1])
    stage.hugo.fill({"Stand-in": "Gita Rao", "Until": stage.box.now().date().replace(month=12, day=31)})
    assert await stage.hugo.submit() == {}
    await leave(stage, stage.gita)
    await stage.box.move_clock(stage.box.now().replace(month=12, day=17))
    await stage.bot.timetable.beat()
    await stage.settle()
    assert "DEV-2026-0001 is due" in stage.hugo.direct_messages[-1].words
    assert not [m for m in stage.gita.direct_messages if "DEV-2026-0001 is due" in m.words]


async def test_a_leavers_record_needs_an_owner(stage: Stage) -> None:
    """In My work of their QA, until it has one."""
    await stage.owned(Title="Hers")
    await leave(stage, stage.gita)
    await stage.elif_.click("My work", stage.elif_.messages()[0])
    await stage.settle()
    words = stage.elif_.ephemerals[-1].words
    assert "Hers" in words.partition("Needs an owner")[2]


async def test_owning_without_being_there(stage: Stage) -> None:
    """Nobody who left is offered as an owner."""
    await leave(stage, stage.gita)
    card = await stage.log(stage.hugo)
    await stage.elif_.click("Assign owner", card)
    assert stage.elif_.modal is not None
    assert "Gita Rao" not in str(stage.elif_.modal.blocks)
    assert FINN.partition(" · ")[0] in str(stage.elif_.modal.blocks)


async def test_an_event_that_failed_is_told_and_taken_once_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is acknowledged only when its work is done, and counts as heard only then."""
    leaving, failures = comings.roster.leave, [RuntimeError("the disk is full")]

    def fail_once(*args: Any) -> None:
        if failures:
            raise failures.pop()
        leaving(*args)

    monkeypatch.setattr(comings.roster, "leave", fail_once)
    await stage.gita.leave(SHARED)  # Slack tells it again at once
    await stage.settle()
    told = [one for one in stage.box.line.deliveries if one.what == "member_left_channel"]
    assert [one.status for one in told] == [500, 200]
    assert not found(stage, stage.gita).active
    number = len(stage.journal())
    await stage.box.line.send_again(told[-1])
    assert len(stage.journal()) == number


async def test_who_leaves_keeps_no_open_home(tmp_path: Path) -> None:
    """What was shown there is gone with their rights, and their colleagues' Homes follow."""
    async with staged(tmp_path, cast=cast_of("both")) as stage:
        await stage.set_up()
        await stage.owned(Title="Not for leavers")
        for who in (stage.gita, stage.elif_):
            await who.open_home()
        await stage.settle()
        assert stage.gita.home is not None
        assert stage.elif_.home is not None
        assert "Not for leavers" in stage.gita.home.words
        await stage.box.move_clock(stage.box.now() + timedelta(minutes=1))
        published = len(stage.calls("views.publish"))
        await leave(stage, stage.gita)
        assert "Not for leavers" not in stage.gita.home.words
        assert len(stage.calls("views.publish")) == published + 2


async def test_a_deactivation_needs_no_workspace(stage: Stage) -> None:
    """Slack may leave it out for people of other companies; a user id is one person's everywhere."""
    event = {"type": "user_change", "user": {"id": "U0GITA", "deleted": True}, "event_ts": stage.box.world.clock.ts()}
    await stage.box.line.send_event(wire.event(stage.box.world, event))
    await stage.settle()
    assert not found(stage, stage.gita).active


async def test_who_comes_back_while_slack_is_slow(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is back when Slack tells the event once more."""
    await leave(stage, stage.gita)
    found_there = await stage.bot.installations.find("T0AURORA")
    assert found_there is not None
    asking, failures = found_there.slack.users_info, [TimeoutError(), None, None]

    async def slow(**given: Any) -> Any:
        if failures and (failure := failures.pop(0)):
            raise failure
        return await asking(**given)

    monkeypatch.setattr(found_there.slack, "users_info", slow)
    await stage.gita.join(SHARED)
    await stage.settle()
    assert found(stage, stage.gita).active
