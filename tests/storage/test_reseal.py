"""Sealing anew: a key is retired by putting another before it and starting once."""

import pytest
from sqlmodel import Session

from storage.device import Device
from storage.installation import Installed
from storage.partnership import Partnership
from storage.reseal import Resealed, reseal
from storage.secret import Safe, Sealed
from tests.support import NOW

OLD, NEW = "o" * 40, "n" * 40


def test_an_old_key_can_be_retired(session: Session, there: Partnership) -> None:
    """Tokens and devices are sealed anew once; afterwards the new key alone opens them, the old one none."""
    old = Safe(OLD)
    installed = Installed(
        serves="T1", name="x", bot_user_id="U1", bot_id="B1", scopes="", token=old.lock("xoxb-1"),
        refresh_token=old.lock("xoxe-1"), installed_at=NOW, installed_by="U2",
    )  # fmt: skip
    device = Device(team_id="T1", user_id="U2", partnership_id=there.id, secret=old.lock("KEY"), set_up_at=NOW)
    session.add_all([installed, device])
    session.flush()
    assert reseal(session, Safe(f"{NEW},{OLD}")) == Resealed(anew=3, lost=0)
    assert reseal(session, Safe(f"{NEW},{OLD}")) == Resealed(anew=0, lost=0)
    new = Safe(NEW)
    assert [new.open(one) for one in (installed.token, installed.refresh_token or "", device.secret)] == [
        "xoxb-1",
        "xoxe-1",
        "KEY",
    ]
    with pytest.raises(Sealed):
        old.open(device.secret)
    assert reseal(session, old) == Resealed(anew=0, lost=3)
