"""The channel of a partnership: what becomes of it when nothing can be said there, and when it can again."""

from datetime import datetime

from sqlmodel import Session

from quality import setting
from storage import outbox, partnership
from storage.partnership import Side


def tell_muted(session: Session, partnership_id: int, why: str, now: datetime) -> None:
    """Note that nothing can be said in a channel, and tell one person who can do something about it, once."""
    if not partnership.mute(session, partnership_id, why, now):
        return
    there = setting.read(session, [partnership_id])[partnership_id]
    at_home = (side for side, one in there.companies.items() if one.team_id == there.partnership.home_team_id)
    for who in there.qa_of(next(at_home, Side.SPONSOR))[:1]:
        key = f"muted:{partnership_id}:{now.isoformat()}"
        outbox.put(session, partnership_id, "muted", key, now, to=there.stand_in(who, now).id)


def hear_again(session: Session, partnership_id: int, now: datetime) -> None:
    """Say at once what waits for a channel, for it can be spoken in again."""
    partnership.unmute(session, partnership_id)
    outbox.hasten(session, partnership_id, now)
