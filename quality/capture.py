"""What people say in the thread of a record's card, kept with the record where both companies agreed to it.

Whoever says something is heard, on the roster or not, for a conversation with gaps misleads; files are kept of those
who may comment. What is changed or deleted in Slack afterwards is journaled, and what was said stays.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from quality import change, evidence, people
from quality.evidence import SharedFile
from quality.files import clean_name
from quality.people import Actor, Doer, Identity, Machine
from quality.refusal import NotOnRoster, Refusal
from storage import message, partnership, person, reply
from storage import record as records
from storage.partnership import Partnership
from storage.record import Record
from storage.reply import Reply

CARD = "card:"
NOT_ON_ROSTER = "somebody not on the roster"


@dataclass(frozen=True)
class Said:
    """A reply in a thread, as Slack tells of it; its text as people read it."""

    channel_id: str
    thread_ts: str
    ts: str
    who: Identity
    text: str
    at: datetime
    files: tuple[SharedFile, ...] = ()


@dataclass(frozen=True)
class Somebody:
    """Who says something and may not act here: known by Slack's ids, and by the name of an earlier roster if any."""

    who: Identity
    name: str = NOT_ON_ROSTER

    def signature(self) -> dict[str, str]:
        """Name them as the journal keeps it: of no company."""
        return {"name": self.name, "company": "", "side": "", "team": self.who.team_id, "user": self.who.user_id}


def place_of(session: Session, channel_id: str, thread_ts: str) -> tuple[Partnership, Record] | None:
    """Find the record whose card's thread this is, where its talk is kept; None for all other talk."""
    there = partnership.find_in_channel(session, channel_id)
    if there is None or there.captures_since is None:
        return None
    posted = message.find_at(session, there.id, channel_id, thread_ts)
    if posted is None or not posted.subject.startswith(CARD):
        return None
    return there, records.get(session, there.id, int(posted.subject.removeprefix(CARD)))


def concerns(session: Session, channel_id: str, thread_ts: str, ts: str) -> bool:
    """Whether a reply is to be kept, or is kept already: that outlasts the switching off."""
    return place_of(session, channel_id, thread_ts) is not None or reply.find(session, channel_id, ts) is not None


def hear(session: Session, said: Said, now: datetime, *, known: bool = False) -> Reply | None:
    """Keep a reply; None where it is not kept here, or kept already.

    NotOnRoster for a colleague to be looked up first, unless that was done.
    """
    place = place_of(session, said.channel_id, said.thread_ts)
    if place is None or place[0].captures_since is None or said.at < place[0].captures_since:
        return None
    if reply.find(session, said.channel_id, said.ts) is not None:
        return None
    there, record = place
    doer = _who(session, there, said.who, known=known)
    kept = _kept(session, said, record, doer)
    if kept is None:
        return None
    changes: dict[str, Any] = {"reply": [None, said.ts]}
    if said.files:
        changes["files"] = [None, [clean_name(one.name) if one.name else one.file_id for one in said.files]]
    record.replies += 1
    change.note(session, doer, record, "replied", now, changes=changes, reason=said.text or None)
    if isinstance(doer, Actor) and evidence.may_give(doer):
        evidence.ask(session, doer, record, said.files, now, message_ts=said.ts)
    return kept


def _kept(session: Session, said: Said, record: Record, doer: Doer) -> Reply | None:
    row = Reply(
        partnership_id=record.partnership_id, record_id=record.id, channel_id=said.channel_id, ts=said.ts,
        team_id=said.who.team_id, user_id=said.who.user_id, name=doer.signature()["name"][:120], text=said.text,
        said_at=said.at,
    )  # fmt: skip
    return reply.find(session, said.channel_id, said.ts) if reply.add(session, row) else None


def _who(session: Session, there: Partnership, who: Identity, *, known: bool) -> Doer:
    try:
        return people.actor_of(session, there.id, who)
    except NotOnRoster:
        if not known:
            raise
    except Refusal:
        pass
    row = person.find(session, there.id, who.team_id, who.user_id)
    return Somebody(who, f"{row.name}, no longer on the roster") if row else Somebody(who)


def change_reply(session: Session, channel_id: str, ts: str, text: str, now: datetime) -> bool:
    """Journal that a kept reply was changed in Slack; False where it is not kept or says the same."""
    kept = reply.find(session, channel_id, ts)
    if kept is None or kept.deleted_at is not None or kept.text == text:
        return False
    record = records.get(session, kept.partnership_id, kept.record_id)
    before, kept.text = kept.text, text
    changes = {"reply": [None, ts], "text": [before, text]}
    change.note(session, _author(session, kept), record, "reply_changed", now, changes=changes)
    return True


def delete_reply(session: Session, channel_id: str, ts: str, now: datetime) -> bool:
    """Journal that a kept reply was deleted in Slack, which does not say by whom; what was said stays."""
    kept = reply.find(session, channel_id, ts)
    if kept is None or kept.deleted_at is not None:
        return False
    record = records.get(session, kept.partnership_id, kept.record_id)
    kept.deleted_at = now
    changes = {"reply": [None, ts], "author": [None, kept.name], "text": [kept.text, None]}
    change.note(session, Machine(), record, "reply_deleted", now, changes=changes)
    return True


def _author(session: Session, kept: Reply) -> Doer:
    there = partnership.get(session, kept.partnership_id)
    return _who(session, there, Identity(kept.team_id, kept.user_id), known=True)


def names(session: Session, channel_id: str) -> dict[str, str]:
    """Give the names of the roster by Slack's user ids, to read mentions by."""
    there = partnership.find_in_channel(session, channel_id)
    return {who.user_id: who.name for who in person.list_active(session, there.id)} if there else {}


def switch(there: Partnership, now: datetime, *, on: bool) -> None:
    """Let talk be kept from now on, or no longer."""
    if on is not (there.captures_since is not None):
        there.captures_since = now if on else None
