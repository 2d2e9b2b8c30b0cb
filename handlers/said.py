"""What somebody said in Slack as a draft of a record: its author, time, link and text."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from handlers import slack_errors
from handlers.call import UNKNOWN, Call
from handlers.forms import LONG
from handlers.text import as_kept, cut, one_line
from quality import people, words
from quality.people import Actor
from quality.refusal import Refusal
from storage import person

SLACKS_FIRST, SLACKS_LAST = 1e9, 1e10  # seconds, between which Slack takes a moment
IN_TIME = 1.0  # seconds for what is asked of Slack first: a form has to be opened within three


@dataclass(frozen=True)
class Saying:
    """A message as Slack gives it; without its text where the bot may not read it."""

    channel_id: str
    ts: str
    user_id: str = ""
    text: str | None = None

    @property
    def at(self) -> datetime:
        """When it was said."""
        return moment_of(self.ts)


def moment_of(ts: str) -> datetime:
    """Read a message's time stamp; a Refusal for one that is none."""
    try:
        at = float(ts)
    except ValueError:
        raise Refusal(UNKNOWN) from None
    if not SLACKS_FIRST <= at < SLACKS_LAST:
        raise Refusal(UNKNOWN)
    return datetime.fromtimestamp(at, UTC)


def saying(channel_id: str, message: Mapping[str, Any]) -> Saying:
    """Read a message of a payload."""
    user = str(message.get("user") or "")
    return Saying(channel_id, str(message.get("ts") or ""), user, str(message.get("text") or ""))


async def find(call: Call, channel_id: str, ts: str) -> Saying | None:
    """Ask Slack for a message; None where the bot may not read it, it is gone, or the answer takes too long."""
    try:
        async with asyncio.timeout(IN_TIME):
            answer = await call.slack.conversations_replies(channel=channel_id, ts=ts, limit=1)
    except slack_errors.FAILURES:
        return None
    found = next((one for one in answer.get("messages") or [] if one.get("ts") == ts), None)
    return saying(channel_id, found) if found else None


async def link(call: Call, channel_id: str, ts: str) -> str | None:
    """Ask Slack for a message's address; None where it gives none in time."""
    try:
        async with asyncio.timeout(IN_TIME):
            answer = await call.slack.chat_getPermalink(channel=channel_id, message_ts=ts)
    except slack_errors.FAILURES:
        return None
    return str(answer.get("permalink") or "") or None


async def known(message: Saying) -> Saying:
    """Give a message that needs not be asked for."""
    return message


def names(session: Session, actor: Actor) -> dict[str, str]:
    """Give the roster's names by Slack's ids, to somebody who may log."""
    people.require_part(session, actor, "log deviations")
    return {who.user_id: who.name for who in person.list_active(session, actor.partnership.id)}


def draft(message: Saying, names_of: Mapping[str, str], address: str | None) -> dict[str, Any]:
    """Fill the form Log deviation with what was said, by whom, when and where."""
    who = names_of.get(message.user_id, message.user_id or "an app")
    source = f"From a message of {who} in Slack, {words.moment(message.at)}.{f' {address}' if address else ''}"
    if message.text is None:
        return {"happened": f"{source}\nIts text could not be read here: copy it.", "detected_at": message.at}
    text = as_kept(message.text, names_of)
    happened = f"{cut(text, LONG - len(source) - 2)}\n\n{source}".strip()
    return {"title": one_line(text), "happened": happened, "detected_at": message.at}
