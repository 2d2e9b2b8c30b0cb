"""The channel of a partnership: what becomes of it when nothing can be said there, and when it can again."""

from datetime import datetime

from sqlmodel import Session

from quality import setting
from storage import outbox, partnership
from storage.partnership import Side
from storage.person import Role


def tell_muted(session: Session, partnership_id: int, why: str, now: datetime) -> None:
    """Note that nothing can be said in a channel, and tell one person who can do something about it, once."""
    if not partnership.mute(session, partnership_id, why, now):
        return
    _tell(session, partnership_id, 0, now)


def tell_another(session: Session, partnership_id: int, unreached_id: int, now: datetime) -> None:
    """Tell somebody else that nothing can be said in a channel, for one whom Slack does not reach."""
    _tell(session, partnership_id, unreached_id, now)


def _tell(session: Session, partnership_id: int, after_id: int, now: datetime) -> None:
    """Tell the first of QA after a person: of the company in whose workspace the bot is at home, then of the other."""
    there = setting.read(session, [partnership_id])[partnership_id]
    at_home = (side for side, one in there.companies.items() if one.team_id == there.partnership.home_team_id)
    home = next(at_home, Side.SPONSOR)
    able = [*there.holding(Role.QA, home), *there.holding(Role.QA, home.other)]
    told = list(dict.fromkeys(there.stand_in(who, now).id for who in able))
    left = told[told.index(after_id) + 1 :] if after_id in told else told if not after_id else []
    for person_id in left[:1]:
        key = f"muted:{partnership_id}:{person_id}:{now.isoformat()}"
        outbox.put(session, partnership_id, "muted", key, now, to=person_id)


def hear_again(session: Session, partnership_id: int, now: datetime) -> None:
    """Say at once what waits for a channel, for it can be spoken in again."""
    partnership.unmute(session, partnership_id)
    outbox.hasten(session, partnership_id, now)
