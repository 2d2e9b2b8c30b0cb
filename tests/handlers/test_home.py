"""App Home: work, figures and buttons of each partnership apart, kept fresh, page by page."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.samples import SET_UP
from handlers.home import draw
from quality import partnership
from sandbox import cast_of
from tests import support
from tests.stage import CMO, GRID, SHARED, SPONSOR, Stage, staged

DELPHI = "Delphi Fill & Finish (example)"


async def test_home_tells_figures_and_what_waits(stage: Stage) -> None:
    """How many records are open and overdue, and what waits for the person and their company."""
    await stage.anna.open_home()
    await stage.settle()
    assert stage.anna.home is not None
    assert "Open: nothing. Overdue: nothing." in stage.anna.home.words
    assert "Nothing waits for you." in stage.anna.home.words
    await stage.log(stage.gita, Detected_at=datetime(2026, 9, 1, 9, tzinfo=UTC))
    await stage.log(stage.gita, "Log OOS result", Analysed_at=datetime(2026, 11, 24, 8, tzinfo=UTC))
    await stage.anna.open_home()
    await stage.settle()
    assert "Open: 1 deviation, 1 OOS result. Overdue: 1." in stage.anna.home.words
    assert f"{SPONSOR} has to acknowledge (2)" in stage.anna.home.words


async def test_home_is_kept_fresh(stage: Stage) -> None:
    """While it may be before a person's eyes, each change shows without opening it again; later it does not."""
    await stage.anna.open_home()
    await stage.settle()
    card = await stage.log(stage.gita)
    assert stage.anna.home is not None
    assert "DEV-2026-0001" in stage.anna.home.words
    await stage.press(stage.carla, "Acknowledge", card)
    assert "has to acknowledge" not in stage.anna.home.words
    await stage.box.move_clock(stage.box.now().replace(hour=11))
    published = len(stage.calls("views.publish"))
    await stage.log(stage.gita)
    assert len(stage.calls("views.publish")) == published


async def test_home_of_two_partnerships_keeps_them_apart(tmp_path: Path) -> None:
    """Each under its own heading; a CMO's person sees theirs alone."""
    async with staged(tmp_path, cast=cast_of("both", third=True)) as stage:
        await stage.set_up()
        await set_up_delphi(stage)
        await stage.gita.click("Log deviation")
        stage.gita.fill({"Title": "Leak at Borealis", "What happened": "A valve leaked."})
        assert await stage.gita.submit() == {}
        await stage.kira.click("Log deviation")
        stage.kira.fill({"Title": "Leak at Delphi", "What happened": "Another valve."})
        assert await stage.kira.submit() == {}
        await stage.settle()
        await stage.anna.open_home()
        await stage.settle()
        assert stage.anna.home is not None
        first, second = stage.anna.home.words.split(f"{SPONSOR} and {DELPHI}")
        assert f"{SPONSOR} and {CMO}" in first
        assert ("Leak at Borealis" in first, "Leak at Delphi" in first) == (True, False)
        assert ("Leak at Borealis" in second, "Leak at Delphi" in second) == (False, True)
        await stage.gita.open_home()
        await stage.settle()
        assert stage.gita.home is not None
        assert "Delphi" not in stage.gita.home.words
        await stage.log(stage.gita)
        assert "Open: 2 deviations" in stage.gita.home.words


async def set_up_delphi(stage: Stage) -> None:
    """Set the second CMO's channel up, Iris confirming."""
    await stage.anna.command("/quality setup", channel="C0DELPHI")
    await stage.settle()
    qa = [f"Iris Doyle · {DELPHI}"]
    sponsor_qa = [f"Anna Berg · {SPONSOR}", f"Ben Ortiz · {SPONSOR}"]
    stage.anna.fill({**SET_UP, "CMO": DELPHI, "CMO QA": qa, "Sponsor QA": sponsor_qa})
    assert await stage.anna.submit() == {}
    await stage.settle()
    await stage.iris.click("Confirm")
    await stage.settle()


async def test_home_has_pages(stage: Stage) -> None:
    """Three partnerships on each; the next page takes the place of the one shown."""

    def more(session: Any) -> None:
        for number in range(4):
            form = replace(support.SET_UP, channel_id=f"C{number}", sponsor=f"Sponsor {number}", cmo=f"Maker {number}")
            anna = support.profile("Anna Berg", "T0AURORA")
            form = replace(form, sponsor_team_id="T0AURORA", sponsor_qa=(anna,))
            partnership.set_up(session, anna, form, stage.box.now())

    await stage.database.write(more)
    await stage.anna.open_home()
    await stage.settle()
    home = stage.anna.home
    assert home is not None
    assert ("Maker 1" in home.words, "Maker 2" in home.words) == (True, False)
    await stage.anna.click("Next page", home)
    await stage.settle()
    home = stage.anna.home
    assert home is not None
    assert ("Maker 1" in home.words, "Maker 2" in home.words) == (False, True)
    assert "First page" in home.buttons
    await stage.anna.click("First page", home)
    await stage.settle()
    assert stage.anna.home is not None
    assert CMO in stage.anna.home.words


async def test_the_same_user_id_of_another_workspace_sees_nothing(stage: Stage) -> None:
    """Ids are taken together with the workspace that Slack names."""
    with stage.database.reading() as session:
        shown = draw(session, "U0ANNA", {"T0CYGNUS"}, 0, stage.box.now())
    assert "You work in no channel" in str(shown)


async def test_home_stays_whole_on_grid(tmp_path: Path) -> None:
    """Also of somebody whom the roster knows by the workspace, where the organisation's installation shows Home."""
    async with staged(tmp_path, cast=cast_of("grid")) as stage:
        await stage.hugo.leave(SHARED)
        await stage.set_up(**GRID)
        await stage.hugo.join(SHARED)
        await stage.settle()
        await stage.hugo.open_home()
        await stage.settle()
        assert stage.hugo.home is not None
        assert "Open: nothing" in stage.hugo.home.words
        await stage.log(stage.anna)
        assert "Open: 1 deviation." in stage.hugo.home.words
