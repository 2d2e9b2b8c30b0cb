"""Sealing anew, with the first of the keys, what an earlier one sealed: after that the earlier one can be retired."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from storage.device import Device
from storage.installation import Installed
from storage.secret import Safe, Sealed


@dataclass(frozen=True)
class Resealed:
    """How many secrets were sealed anew, and how many none of the keys opens."""

    anew: int
    lost: int


def reseal(session: Session, safe: Safe) -> Resealed:
    """Seal anew whatever lies in the database and the first key did not seal."""
    anew = lost = 0
    live = select(Installed).where(col(Installed.ended_at).is_(None))
    used = select(Device).where(col(Device.revoked_at).is_(None))
    rows: list[tuple[Installed | Device, str]] = [
        *((one, name) for one in session.exec(live.with_for_update()) for name in ("token", "refresh_token")),
        *((one, "secret") for one in session.exec(used.with_for_update())),
    ]
    for row, name in rows:
        sealed = getattr(row, name)
        try:
            renewed = safe.resealed(sealed) if sealed else None
        except Sealed:
            lost += 1
            continue
        if renewed is not None:
            setattr(row, name, renewed)
            anew += 1
    return Resealed(anew, lost)
