"""`/quality people`: who is on the roster, and how QA of a company change their own part of it."""

from typing import Any

import pytest
from sqlmodel import select

from bot.samples import SET_UP
from quality.people import Identity, Profile, enrol_all
from sandbox import Driver
from storage.person import Person, Role
from tests.stage import CMO, SHARED, SPONSOR, Stage

GUS = f"Gus Teller · {SPONSOR}"


async def people(stage: Stage, who: Driver) -> Any:
    """Open the roster by the front door; gives what is shown."""
    await who.click("People")
    await stage.settle()
    return who.ephemerals[-1]


async def change(stage: Stage, by: Driver, name: str, button: str, **values: Any) -> dict[str, str]:
    """Press a person's button in the roster, fill the form in and submit it; gives the errors."""
    await by.click(button, await people(stage, by), near=name)
    await stage.settle()
    assert by.modal is not None, by.ephemerals[-1].words
    by.fill(values)
    refused = await by.submit()
    await stage.settle()
    return refused


async def add(stage: Stage, by: Driver, **values: Any) -> dict[str, str]:
    """Add a person; gives the errors."""
    await by.click("Add person", await people(stage, by))
    await stage.settle()
    assert by.modal is not None, by.ephemerals[-1].words
    by.fill(values)
    refused = await by.submit()
    await stage.settle()
    return refused


def roles(stage: Stage, name: str) -> list[str] | None:
    """Give the roles of somebody who is on the roster, None for who is not."""
    with stage.database.reading() as session:
        who = session.exec(select(Person).where(Person.name == name)).first()
        return [str(role) for role in who.roles] if who is not None and who.active else None


async def test_everybody_sees_the_roster(stage: Stage) -> None:
    """Their own company first, QA before the others, with each person's roles; members have no buttons."""
    shown = await people(stage, stage.gita)
    words = shown.words
    assert words.index(f"{CMO} (CMO), 4 people") < words.index(f"{SPONSOR} (sponsor), 4 people")
    assert words.index("Elif Kaya\nQA") < words.index("Gita Rao\nMember")
    assert words.index("Anna Berg\nQA") < words.index("Carla Novak\nMember")
    assert shown.buttons == []


async def test_the_command_shows_it_too(stage: Stage) -> None:
    """For people whose company has the app."""
    await stage.anna.command("/quality people")
    assert "Dan Whitfield\nMember" in stage.anna.ephemerals[-1].words
    assert stage.anna.ephemerals[-1].buttons == ["Change roles", "Remove"] * 4 + ["Add person"]


async def test_a_head_of_quality_is_named(stage: Stage) -> None:
    """By QA of the company; the person is told, the journal says who did it and why, and escalations reach them."""
    given = {"Roles": ["Member", "Head of quality"], "Reason": "Named in the quality agreement."}
    assert await change(stage, stage.anna, "Dan Whitfield", "Change roles", **given) == {}
    assert roles(stage, "Dan Whitfield") == [Role.MEMBER, Role.HEAD]
    told = stage.dan.direct_messages[-1].words
    assert told.startswith(f"Anna Berg ({SPONSOR}) set your roles")
    assert "Member, Head of quality. You may log records, own and comment on them; log records, and hear of" in told
    entry = stage.journal()[-1]
    assert entry.event == "person.roles_set"
    assert entry.content["changes"]["roles"] == ["member", "member, head of quality"]
    assert (entry.content["by"]["name"], entry.content["reason"]) == ("Anna Berg", "Named in the quality agreement.")
    assert "Dan Whitfield\nMember, Head of quality" in (await people(stage, stage.gita)).words


async def test_qa_change_only_their_own_company(stage: Stage) -> None:
    """Neither QA of the other company nor a member finds the buttons; one that is kept does nothing."""
    kept = await people(stage, stage.anna)
    shown = await people(stage, stage.elif_)
    assert "Change roles" not in shown.words.partition(SPONSOR)[2]
    for button in ("Add person", "Change roles", "Remove"):
        with stage.nothing_changes():
            await stage.carla.click(button, kept)
            await stage.settle()
        assert stage.carla.modal is None
        assert f"Only QA may change the roster of {SPONSOR}" in stage.carla.ephemerals[-1].words
    with stage.nothing_changes():
        await stage.elif_.click("Remove", kept)
        await stage.settle()
    assert stage.elif_.modal is None
    assert f"Only QA of {SPONSOR} may change its roster: Anna Berg" in stage.elif_.ephemerals[-1].words


async def test_a_guest_gets_their_company_from_its_qa(stage: Stage) -> None:
    """Slack cannot tell for whom a guest works; from then on they act for the company that added them."""
    assert "You are a guest here" in await refused(stage)
    assert await add(stage, stage.anna, Person=GUS, Roles=["Member"]) == {}
    assert roles(stage, "Gus Teller") == [Role.MEMBER]
    card = await stage.log(stage.guest)
    assert f"Gus Teller ({SPONSOR})" in card.words
    shown = await people(stage, stage.elif_)
    assert "Gus Teller" in shown.words.partition(SPONSOR)[2]


async def refused(stage: Stage) -> str:
    await stage.guest.click("Log deviation")
    await stage.settle()
    return stage.guest.ephemerals[-1].words


async def test_the_other_company_may_take_a_guest(stage: Stage) -> None:
    """A CMO's people can be guests in the sponsor's workspace; who is taken already is not offered again."""
    assert await add(stage, stage.elif_, Person=GUS, Roles=["Member"]) == {}
    shown = await people(stage, stage.gita)
    assert "Gus Teller" in shown.words.partition(SPONSOR)[0]
    await stage.anna.click("Add person", await people(stage, stage.anna))
    await stage.settle()
    assert stage.anna.modal is not None
    assert "Gus Teller" not in str(stage.anna.modal.blocks)
    assert "Elif Kaya" not in str(stage.anna.modal.blocks)
    assert "Mira Stone" in str(stage.anna.modal.blocks)


async def test_who_is_removed_has_no_rights_at_once(stage: Stage) -> None:
    """A form that was open before is refused, and their open work is offered to QA."""
    await stage.owned(Title="Hers")
    await stage.gita.click("Log deviation")
    assert await change(stage, stage.elif_, "Gita Rao", "Remove", Reason="Left the project.") == {}
    stage.gita.fill({"Title": "Late", "What happened": "After removal."})
    with stage.nothing_changes():
        errors = await stage.gita.submit()
        await stage.settle()
    assert "You are no longer on the roster" in str(errors)
    assert f"Elif Kaya ({CMO}) took you off the roster" in stage.gita.direct_messages[-1].words
    assert f"Gita Rao ({CMO}) is not on the roster any more. 1 open record" in stage.elif_.direct_messages[-1].words
    assert f"Gita Rao ({CMO}) starts the investigation" not in stage.card("DEV-2026-0001").words
    entry = next(one for one in stage.journal() if one.event == "person.removed")
    assert (entry.content["by"]["name"], entry.content["reason"]) == ("Elif Kaya", "Left the project.")
    await stage.box.person("U0GITA").click("Log deviation")
    await stage.settle()
    assert stage.gita.ephemerals[-1].words.startswith("You are no longer on the roster")


async def test_what_is_told_again_of_somebody_removed_meanwhile_is_no_failure(stage: Stage) -> None:
    """It was acted on while they took part; only a form that was not is refused."""
    await stage.log(stage.gita)
    sent = next(d for d in reversed(stage.box.connect_events()) if d.body.get("type") == "view_submission")
    assert await change(stage, stage.elif_, "Gita Rao", "Remove", Reason="Left the project.") == {}
    with stage.nothing_changes():
        again = await stage.box.line.send_again(sent)
        await stage.settle()
    assert (again.status, again.answer or None) == (200, None)


async def test_who_was_removed_is_added_again(stage: Stage) -> None:
    """By QA alone: coming back into the channel gives no right."""
    assert await change(stage, stage.elif_, "Hugo Meyer", "Remove", Reason="Moved.") == {}
    await stage.hugo.leave(SHARED)
    await stage.hugo.join(SHARED)
    await stage.settle()
    assert roles(stage, "Hugo Meyer") is None
    assert await add(stage, stage.elif_, Person=f"Hugo Meyer · {CMO}", Roles=["Viewer"]) == {}
    assert roles(stage, "Hugo Meyer") == [Role.VIEWER]
    await stage.hugo.click("Log deviation")
    await stage.settle()
    assert "Only QA or member may log deviations" in stage.hugo.ephemerals[-1].words


async def test_a_company_keeps_one_qa(stage: Stage) -> None:
    """The last one is neither removed nor made anything else: nobody could sign, nor put it right."""
    given = {"Roles": ["Member"], "Reason": "On leave."}
    assert await change(stage, stage.elif_, "Finn Larsen", "Change roles", **given) == {}
    for button, values in (("Change roles", given), ("Remove", {"Reason": "Retires."})):
        with stage.nothing_changes():
            errors = await change(stage, stage.elif_, "Elif Kaya", button, **values)
        assert "Elif Kaya is the only QA" in str(errors)


@pytest.mark.parametrize(
    ("chosen", "says"),
    [(["Member", "Viewer"], "A viewer only reads"), ([], "required"), (["Member"], "has these roles already")],
)
async def test_roles_that_do_not_fit_are_refused(stage: Stage, chosen: list[str], says: str) -> None:
    """At their field, and nothing is changed."""
    with stage.nothing_changes():
        errors = await change(stage, stage.elif_, "Gita Rao", "Change roles", Roles=chosen, Reason="A new task.")
    assert says in errors["Roles"]


async def test_two_qa_change_one_person(stage: Stage) -> None:
    """Who comes second is told what the first one made of them."""
    kept = await people(stage, stage.finn)
    await stage.finn.click("Change roles", kept, near="Gita Rao")
    await change(stage, stage.elif_, "Gita Rao", "Change roles", Roles=["Viewer"], Reason="Reads only.")
    stage.finn.fill({"Roles": ["QA"], "Reason": "Promoted."})
    with stage.nothing_changes():
        errors = await stage.finn.submit()
    assert "were changed meanwhile, to viewer" in str(errors)


async def test_a_company_that_has_not_confirmed_changes_nobody(empty_stage: Stage) -> None:
    """The sponsor set it up; the CMO's QA confirms first."""
    stage = empty_stage
    await stage.anna.command("/quality setup")
    await stage.settle()
    stage.anna.fill(SET_UP)
    assert await stage.anna.submit() == {}
    await stage.settle()
    shown = await people(stage, stage.elif_)
    assert f"{CMO} (CMO), 4 people, has still to confirm" in shown.words
    await stage.elif_.click("Add person", shown)
    await stage.settle()
    assert "has not confirmed this partnership yet" in stage.elif_.ephemerals[-1].words


async def test_a_long_roster_has_pages(stage: Stage) -> None:
    """Each with the buttons of its people; the next one takes the place of the one shown."""

    def enrol(session: Any) -> None:
        new = [Profile(Identity("T0BOREAL", f"U0X{n}"), f"Worker {n:02}", "UTC") for n in range(30)]
        enrol_all(session, 1, new, stage.box.now())

    await stage.database.write(enrol)
    shown = await people(stage, stage.elif_)
    assert f"{CMO} (CMO), 34 people" in shown.words
    assert "Worker 25" not in shown.words
    await stage.elif_.click("Next page", shown)
    await stage.settle()
    second = stage.elif_.ephemerals[-1]
    assert "Worker 20" in second.words
    assert second.buttons.count("Change roles") == 15


async def test_who_left_meanwhile_is_not_added(stage: Stage) -> None:
    """It is asked again when the form is sent: who is not in the channel any more joins no roster."""
    await stage.elif_.click("People")
    await stage.settle()
    await stage.elif_.click("Add person", stage.elif_.ephemerals[-1])
    await stage.settle()
    stage.elif_.fill({"Person": f"Gus Teller · {SPONSOR}", "Roles": ["QA", "Member"]})
    await stage.box.person("U0GUEST").leave(SHARED)
    await stage.settle()
    told = await stage.elif_.submit()
    assert told == {"Person": "Gus Teller is not in this channel any more. Choose somebody who is."}
    assert roles(stage, "Gus Teller") is None


async def test_who_left_meanwhile_sets_nothing_up(empty_stage: Stage) -> None:
    """Nor is anybody named QA who left."""
    stage = empty_stage
    for gone, label in (("U0ANNA", "Sponsor"), ("U0FINN", "CMO QA")):
        await stage.anna.command("/quality setup")
        await stage.settle()
        stage.anna.fill(SET_UP)
        await stage.box.person(gone).leave(SHARED)
        told = await stage.anna.submit()
        assert "is not in this channel any more" in told.get(label, ""), told
        await stage.box.person(gone).join(SHARED)
        await stage.anna.close_modal()
