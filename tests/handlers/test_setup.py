"""Setting a channel up, as its people see it."""

import pytest
from sqlmodel import col, delete

from bot.samples import CMO, SET_UP, SPONSOR
from storage import person
from storage.partnership import Side
from storage.person import Person, Role
from tests.stage import INTERNAL, Stage

BUTTONS = [
    *("Log deviation", "Log OOS result", "New CAPA"),
    *(
        "Open records",
        "My work",
        "Search",
        "Batch",
        "Specifications",
        "Figures",
        "Product review",
        "Inspection",
        "People",
        "Agreement",
        "Signing device",
        "Inspection pack",
    ),
]


async def test_everything_in_a_channel_that_is_not_set_up_says_what_to_do(empty_stage: Stage) -> None:
    """Every command in a channel that is not set up answers with /quality setup, and opens nothing."""
    for command in ("/deviation", "/deviation x", "/deviation list", "/oos", "/capa", "/quality", "/quality mine"):
        await empty_stage.anna.command(command)
        assert "/quality setup" in empty_stage.anna.ephemerals[-1].words
    assert empty_stage.anna.modal is None


async def test_a_mention_offers_the_set_up(empty_stage: Stage) -> None:
    """A mention in a channel that is not set up is answered with a Set up button, which people of both may press."""
    asked = await empty_stage.gita.say("@QualBridge hello")
    await empty_stage.settle()
    answer = empty_stage.gita.thread(asked)[-1]
    assert answer.buttons == ["Set up"]
    await empty_stage.gita.click("Set up", answer)
    await empty_stage.settle()
    assert empty_stage.gita.modal is not None
    assert empty_stage.gita.modal.title == "Set up channel"


async def test_setting_up_posts_and_pins_the_front_door(empty_stage: Stage) -> None:
    """After setup the front door stands pinned in the channel with its buttons, and a card asks to confirm."""
    stage = empty_stage
    await stage.anna.command("/quality setup")
    await stage.settle()
    assert stage.anna.modal is not None
    assert stage.anna.modal.labels == list(SET_UP)
    stage.anna.fill(SET_UP)
    assert await stage.anna.submit() == {}
    await stage.settle()
    (door,) = stage.gita.pins()
    assert door.buttons == BUTTONS
    confirm = stage.gita.messages()[-1]
    assert confirm.buttons == ["Confirm"]
    assert CMO in confirm.words


async def test_the_channels_people_join_the_roster(stage: Stage) -> None:
    """Both companies' people become members; the stranger and the guest stay off the roster."""
    with stage.database.reading() as session:
        roster = {who.name: (who.side, who.roles) for who in person.list_active(session, 1)}
    assert roster["Anna Berg"] == (Side.SPONSOR, [Role.QA])
    assert roster["Elif Kaya"] == (Side.CMO, [Role.QA])
    assert roster["Gita Rao"] == (Side.CMO, [Role.MEMBER])
    assert roster["Carla Novak"] == (Side.SPONSOR, [Role.MEMBER])
    assert "Mira Stone" not in roster
    assert "Gus Teller" not in roster


async def test_only_the_other_companys_qa_confirms(empty_stage: Stage) -> None:
    """The confirmation is refused to its member and to the company that set up, and said to be done afterwards."""
    stage = empty_stage
    await stage.anna.command("/quality setup")
    await stage.settle()
    stage.anna.fill(SET_UP)
    assert await stage.anna.submit() == {}
    await stage.settle()
    for who, says in ((stage.gita, "Only QA may confirm"), (stage.anna, "has confirmed already")):
        await who.click("Confirm")
        await stage.settle()
        assert says in who.ephemerals[-1].words
    await stage.finn.click("Confirm")
    await stage.settle()
    assert any("Both companies confirmed" in message.words for message in stage.anna.messages())


@pytest.mark.parametrize(
    ("changes", "label", "says"),
    [
        ({"CMO QA": [f"Anna Berg · {SPONSOR}"]}, "CMO QA", "named for the sponsor as well"),
        ({"Sponsor QA": [f"Gita Rao · {CMO}"]}, "Sponsor QA", "not of the sponsor's workspace"),
        ({"CMO QA": [f"Carla Novak · {SPONSOR}"]}, "CMO QA", "of the sponsor's workspace"),
        ({"CMO QA": [f"Elif Kaya · {CMO}", "Mira Stone · Cygnus Advisory (example)"]}, "CMO QA", "several workspaces"),
    ],
)
async def test_people_of_the_wrong_company_are_refused_at_their_field(
    empty_stage: Stage, changes: dict[str, list[str]], label: str, says: str
) -> None:
    """A person named for a company that is not theirs is refused at the field, and nothing is set up."""
    await empty_stage.anna.command("/quality setup")
    await empty_stage.settle()
    empty_stage.anna.fill(SET_UP | changes)
    errors = await empty_stage.anna.submit()
    assert list(errors) == [label]
    assert says in errors[label]
    assert empty_stage.anna.modal is not None


async def test_a_stranger_cannot_set_a_channel_up(empty_stage: Stage) -> None:
    """A person of neither company is refused when they submit the setup."""
    asked = await empty_stage.mira.say("@QualBridge")
    await empty_stage.settle()
    await empty_stage.mira.click("Set up", empty_stage.mira.thread(asked)[-1])
    await empty_stage.settle()
    empty_stage.mira.fill(SET_UP)
    assert "neither company" in str(await empty_stage.mira.submit())


async def test_a_channel_is_set_up_once(stage: Stage) -> None:
    """A second setup of the channel is refused."""
    await stage.ben.command("/quality setup")
    assert "set up already" in stage.ben.ephemerals[-1].words
    assert stage.ben.modal is None


async def test_two_setups_at_once_make_one_partnership(empty_stage: Stage) -> None:
    """Of two people who set up at the same time the second is told that it is done."""
    for who in (empty_stage.anna, empty_stage.ben):
        await who.command("/quality setup")
        await empty_stage.settle()
        who.fill(SET_UP)
    assert await empty_stage.anna.submit() == {}
    assert "set up already" in str(await empty_stage.ben.submit())


async def test_set_up_belongs_in_a_channel(empty_stage: Stage) -> None:
    """In the direct message with the bot, setup says where to run it."""
    await empty_stage.anna.command("/quality setup", channel="D0ANNA")
    assert "in the channel" in empty_stage.anna.direct_messages[-1].words


async def test_when_slack_does_not_tell_the_members_the_modal_says_so(empty_stage: Stage) -> None:
    """Where Slack refuses to list the members, the open modal says what to do."""
    empty_stage.box.fail_next("conversations.members", error="channel_not_found", times=3)
    await empty_stage.anna.command("/quality setup", channel=INTERNAL)
    await empty_stage.settle()
    assert empty_stage.anna.modal is not None
    assert "/invite" in empty_stage.anna.modal.text


async def test_a_colleague_who_joins_later_is_on_the_roster(stage: Stage) -> None:
    """A person of a company who joins the channel becomes a member by that."""
    await stage.hugo.leave("C0SHARED")
    with stage.database.writing() as session:
        session.execute(delete(Person).where(col(Person.user_id) == "U0HUGO"))  # as if never seen
    await stage.hugo.join("C0SHARED")
    await stage.settle()
    with stage.database.reading() as session:
        assert [who.name for who in person.list_of_user(session, "U0HUGO")] == ["Hugo Meyer"]


async def test_companies_and_people_with_hostile_names_are_shown_as_data(empty_stage: Stage) -> None:
    """Names are typed text as well: nowhere in markup are they anything but data."""
    stage = empty_stage
    await stage.set_up(Sponsor="A & <!channel> *Co*", CMO="<@U0ANNA>")
    card = await stage.log(stage.gita)
    await stage.anna.click("Assign owner", card)
    stage.anna.fill({"Owner": "Gita Rao · <@U0ANNA>"})
    assert await stage.anna.submit() == {}
    await stage.beat(days=60)
    assert "A & <!channel> *Co*" in stage.cards[0].words
    for call in stage.box.calls:
        for text in (call.arguments.get("text") or "",):
            assert "<!channel>" not in text
            assert "<@U0ANNA>" not in text


async def test_slack_that_limits_the_look_ups_is_waited_for(empty_stage: Stage) -> None:
    """A rate limit while the members are read leaves nobody out; what cannot be read is said."""
    stage = empty_stage
    stage.box.fail_next("users.info", error="ratelimited", retry_after=0, times=2)
    stage.box.fail_next("users.info", error="fatal_error", times=3)
    await stage.anna.command("/quality setup")
    await stage.settle()
    assert stage.anna.modal is not None
    assert stage.anna.modal.labels == list(SET_UP)


async def test_a_setup_that_cannot_be_filled_says_why(empty_stage: Stage) -> None:
    """When the members cannot be listed at all, the waiting modal does not wait for ever."""
    empty_stage.box.fail_next("conversations.members", status=500, times=3)
    await empty_stage.anna.command("/quality setup")
    await empty_stage.settle()
    assert empty_stage.anna.modal is not None
    assert "did not tell who is in this channel" in empty_stage.anna.modal.text
