"""The channel of a partnership: what becomes of it when nothing can be said there, and when it can again."""

from datetime import datetime

from sqlmodel import Session

from quality import setting
from quality.people import NO_TEAM, Actor, Machine
from storage import journal, message, outbox, partnership, person, reply
from storage.partnership import Partnership, Side
from storage.person import Role

NOT_SHARED = "not_shared"  # no word of Slack's, who would post it: the other company could not read it


def tell_muted(session: Session, partnership_id: int, why: str, now: datetime) -> None:
    """Note that nothing can be said in a channel, and tell one person who can do something about it, once."""
    if partnership.mute(session, partnership_id, why, now, instead=why == NOT_SHARED):
        _tell(session, partnership_id, 0, now)


def tell_another(session: Session, partnership_id: int, unreached_id: int, now: datetime) -> None:
    """Tell somebody else that nothing can be said in a channel, for one whom Slack does not reach."""
    _tell(session, partnership_id, unreached_id, now)


def _tell(session: Session, partnership_id: int, after_id: int, now: datetime) -> None:
    """Tell the first of QA after a person: of the company in whose workspace the bot is at home, then of the other."""
    there = setting.of(session, partnership_id)
    home = _home_side(session, there.partnership)
    able = [*there.holding(Role.QA, home), *there.holding(Role.QA, home.other)]
    told = there.reached(able, now)
    left = told[told.index(after_id) + 1 :] if after_id in told else told if not after_id else []
    for person_id in left[:1]:
        key = f"muted:{partnership_id}:{person_id}:{now.isoformat()}"
        outbox.put(session, partnership_id, "muted", key, now, to=person_id)


def disconnect(session: Session, channel_id: str, team_id: str, now: datetime, *, shared: bool) -> None:
    """Hold back what is to be said in a channel that one of its companies was cut off from.

    Where nobody else is connected to it any more (not `shared`), it is that company, whatever id Slack names.
    """
    there = partnership.find_in_channel(session, channel_id)
    away = _teams_away(session, there) if there is not None else set()
    if there is not None and away and (team_id in away or not shared):
        tell_muted(session, there.id, NOT_SHARED, now)


def connect(session: Session, channel_id: str, team_id: str, now: datetime) -> None:
    """Say what waited, where the company that was cut off from a channel is connected to it again."""
    there = partnership.find_in_channel(session, channel_id)
    if there is not None and team_id in _teams_away(session, there):
        hear_again(session, there.id, now, unless="")


def hear_returned(session: Session, actor: Actor, now: datetime) -> None:
    """Say what waited, where one of the company that was cut off is in the channel again, by whatever id of theirs."""
    there = actor.partnership
    if actor.person.side is not _home_side(session, there):
        hear_again(session, there.id, now, unless="")


def _home_side(session: Session, there: Partnership) -> Side:
    """Tell which company's installation writes in a channel; on Grid its ids and the company's may differ."""
    both = partnership.companies(session, there.id)
    named = (side for side, one in both.items() if one.team_id == there.home_team_id)
    known = (side for side in both if there.home_team_id in person.list_teams(session, there.id, side))
    return next(named, next(known, Side.SPONSOR))


def _teams_away(session: Session, there: Partnership) -> set[str]:
    """Give the ids of the company that is not at home in the channel: its own, and those of its people."""
    home, both = _home_side(session, there), partnership.companies(session, there.id)
    ids = {side: {one.team_id, *person.list_teams(session, there.id, side)} for side, one in both.items()}
    return ids[home.other] - ids[home] - {there.home_team_id, NO_TEAM}


def follow(session: Session, old_id: str, new_id: str, now: datetime) -> None:
    """Follow a channel that Slack gave another id, as when it is shared or moves into an organisation."""
    there = partnership.find_in_channel(session, old_id)
    if there is None or partnership.find_in_channel(session, new_id) is not None:
        return
    there.channel_id = new_id
    message.follow(session, there.id, old_id, new_id)
    reply.follow(session, there.id, old_id, new_id)
    body = {"by": Machine().signature(), "changes": {"channel": [old_id, new_id]}}
    journal.append(session, there.id, "partnership.channel_changed", now, body)
    hear_again(session, there.id, now)


def hear_again(session: Session, partnership_id: int, now: datetime, *, unless: str = NOT_SHARED) -> None:
    """Say at once what waits for a channel, for it can be spoken in again; not behind the back of who was cut off."""
    if partnership.unmute(session, partnership_id, unless=unless):
        outbox.hasten(session, partnership_id, now)
