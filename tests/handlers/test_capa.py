"""Logging CAPAs."""

from datetime import date

import pytest

from bot.samples import SPONSOR
from tests.stage import FINN, Stage

LABELS = [
    "Title",
    "Problem",
    "Action type",
    "Source records",
    "Owner",
    "Due date",
    "Action plan",
    "Effectiveness criterion",
]
CAPA = {"Title": "Pressure hold", "Problem": "Nicked gasket", "Owner": FINN, "Action plan": "Add a step; train."}


async def test_a_capa_is_logged_for_a_record(stage: Stage) -> None:
    """`/capa for <record>` fills the source in; the CAPA names its owner, and both records name each other."""
    await stage.log(stage.gita)
    await stage.anna.command("/capa for dev-2026-0001")
    modal = stage.anna.modal
    assert modal is not None
    assert (modal.title, modal.labels) == ("New CAPA", LABELS)
    stage.anna.fill(CAPA | {"Due date": date(2027, 1, 15)})
    assert await stage.anna.submit() == {}
    await stage.settle()
    card = stage.card("CAPA-2026-0001")
    for words in ("Owner: Finn Larsen", "Due: Fri 15 Jan 2027, 17:00 Berlin", "Links: DEV-2026-0001 (Open)"):
        assert words in card.words
    assert card.buttons == [
        *("Accept", "Reassign", "Approve plan", "Change plan", "Extend due date"),
        *("Link record", "Comment", "History", "Export", "Void"),
    ]
    assert "Links: CAPA-2026-0001 (Planned)" in stage.card("DEV-2026-0001").words
    assert "linked it with CAPA-2026-0001" in stage.anna.thread(stage.card("DEV-2026-0001"))[-1].words
    assert "You own CAPA-2026-0001 now" in stage.finn.direct_messages[-1].words


async def test_add_capa_starts_from_the_card(stage: Stage) -> None:
    """A person without the app presses Add CAPA; the source is filled in."""
    card = await stage.log(stage.gita)
    await stage.gita.click("Add CAPA", card)
    stage.gita.fill(CAPA)
    assert await stage.gita.submit() == {}
    await stage.settle()
    assert "Links: DEV-2026-0001 (Open)" in stage.card("CAPA-2026-0001").words


@pytest.mark.parametrize(
    ("changes", "label", "says"),
    [
        ({"Due date": date(2026, 11, 23)}, "Due date", "This day is past"),
        ({"Source records": "DEV-2026-0099"}, "Source records", "no record DEV-2026-0099"),
        ({"Source records": "' OR 1=1 --"}, "Source records", "no record"),
    ],
)
async def test_bad_capas_are_refused_at_their_field(
    stage: Stage, changes: dict[str, object], label: str, says: str
) -> None:
    """A due date in the past or an unknown source is told at its field."""
    await stage.finn.click("New CAPA")
    stage.finn.fill(CAPA | changes)
    errors = await stage.finn.submit()
    assert list(errors) == [label]
    assert says in errors[label]


async def test_both_companies_people_can_own(stage: Stage) -> None:
    """The owner is chosen from both companies' people; strangers and guests are not offered."""
    await stage.finn.click("New CAPA")
    assert stage.finn.modal is not None
    owner = next(block for block in stage.finn.modal.blocks if block["block_id"] == "owner")
    offered = [option["text"]["text"] for option in owner["element"]["options"]]
    assert f"Anna Berg · {SPONSOR}" in offered
    assert FINN in offered
    assert not [name for name in offered if name.startswith(("Mira", "Gus"))]


@pytest.mark.parametrize("text", ["for", "for nothing", "for DEV-2026-0099", "whatever"])
async def test_words_it_does_not_know_are_answered(stage: Stage, text: str) -> None:
    """`/capa` with an unknown word or record says what to do and opens nothing."""
    await stage.anna.command(f"/capa {text}")
    assert stage.anna.modal is None
    words = stage.anna.ephemerals[-1].words
    assert "/capa for" in words or "There is no record DEV-2026-0099" in words


async def test_a_capa_is_not_born_late(stage: Stage) -> None:
    """Today is no due date any more once the working day is over."""
    await stage.box.move_clock(stage.box.now().replace(hour=18))
    await stage.finn.click("New CAPA")
    stage.finn.fill(CAPA | {"Due date": date(2026, 11, 24)})
    assert await stage.finn.submit() == {"Due date": "This day's working hours are over. Give a later day."}


async def test_an_owner_that_nobody_offered_is_refused(stage: Stage) -> None:
    """A value that is no person of the list is told at its field."""
    await stage.finn.click("New CAPA")
    stage.finn.fill(CAPA)
    assert stage.finn.modal is not None
    chosen = stage.finn.modal.state["owner"]["value"]["selected_option"]
    stage.finn.modal.state["owner"]["value"]["selected_option"] = chosen | {"value": "frog"}
    errors = await stage.finn.submit(client_checks=False)
    assert errors == {"Owner": "Choose a person of the list."}
