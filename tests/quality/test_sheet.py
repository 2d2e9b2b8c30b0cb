"""Everything about one record, gathered."""

import pytest
from sqlmodel import Session

from quality import record as records
from quality import sheet
from storage.capa import Capa
from storage.deviation import Deviation
from storage.message import Message
from storage.oos import Oos
from storage.partnership import Partnership
from tests import support
from tests.support import ANNA, ELIF, GITA, NOW, actor, ref


@pytest.mark.parametrize(
    ("kind", "details"), [("deviation", Deviation), ("oos", Oos), ("capa", Capa)], ids=["deviation", "OOS", "CAPA"]
)
def test_a_sheet_has_the_details_of_its_kind(
    session: Session, there: Partnership, kind: str, details: type[object]
) -> None:
    """Each kind of record comes with its own table, its closing clock and who logged it."""
    made = getattr(support, f"log_{kind}")(session)
    found = sheet.of_record(session, there.id, made.id)
    assert isinstance(found.details, details)
    assert found.close_by.record_id == made.id
    assert found.named(found.logged_by) == "Gita Rao (Borealis)"
    assert found.other_company.name == "Aurora"


def test_a_new_records_sheet_is_bare(session: Session, there: Partnership) -> None:
    """Nobody owns, acknowledged or closed it, and it stands nowhere in Slack yet."""
    made = support.log_deviation(session, lots=("B-2", "A-1"))
    found = sheet.of_record(session, there.id, made.id)
    assert (found.owner, found.acknowledged_by, found.closed_by, found.permalink) == (None, None, None, None)
    assert (found.lots, found.links) == (["A-1", "B-2"], [])
    assert found.waits_for_acknowledgement


def test_a_finished_records_sheet_is_full(session: Session, there: Partnership) -> None:
    """Owner, acknowledger, closer and address are there."""
    made = support.log_deviation(session)
    records.acknowledge(session, actor(session, ANNA), ref(made), NOW)
    support.assign(session, made, GITA)
    records.close(session, actor(session, ELIF), ref(made), NOW)
    place = {"team_id": support.SPONSOR_TEAM, "channel_id": support.CHANNEL, "ts": "1.0"}
    session.add(Message(partnership_id=there.id, subject=f"card:{made.id}", permalink="https://x/1", **place))
    found = sheet.by_number(session, actor(session, ANNA), made.number)
    people = [found.owner, found.acknowledged_by, found.closed_by]
    assert [who.name for who in people if who] == ["Gita Rao", "Anna Berg", "Elif Kaya"]
    assert found.permalink == "https://x/1"
    assert not found.waits_for_acknowledgement


def test_links_are_shown_from_both_ends(session: Session, there: Partnership) -> None:
    """A CAPA shows its sources, a source its CAPAs."""
    source = support.log_deviation(session)
    capa = support.log_capa(session, sources=(source.number,))
    assert sheet.by_id(session, actor(session, ANNA), capa.id).links == [source]
    assert sheet.by_id(session, actor(session, ANNA), source.id).links == [capa]
    assert not sheet.by_id(session, actor(session, ANNA), capa.id).waits_for_acknowledgement


def test_another_channels_record_has_no_sheet(session: Session, there: Partnership) -> None:
    """An actor is refused; delivery gets a LookupError."""
    support.set_up(session, "C0OTHER")
    foreign = support.log_deviation(session, channel_id="C0OTHER")
    support.refused(session, sheet.by_id, actor(session, ANNA), foreign.id)
    support.refused(session, sheet.by_number, actor(session, ANNA), foreign.number)
    with pytest.raises(LookupError):
        sheet.of_record(session, there.id, foreign.id)
