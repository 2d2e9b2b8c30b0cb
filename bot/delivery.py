"""The one mouth: sends what the outbox holds, in order, drawn from the present state, and notes where it stands.

A row is claimed before it is sent and noted when Slack took it. Between the two lies the one window in which a
message can appear twice: after a crash the row is sent again when its claim runs out, and where Slack took a message
but its answer was lost, the row is sent again as failed.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session

from handlers import slack_errors
from handlers.messages import Post, render
from storage import message, outbox, partnership, person
from storage.database import Database
from storage.message import Message
from storage.outbox import Outgoing

log = logging.getLogger(__name__)

BATCH = 100
SHORTEST = 0.1  # seconds
IDLE = 15.0  # seconds between looks at the outbox when nothing wakes it
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
GONE = ("message_not_found", "cant_update_message", "edit_window_closed")


@dataclass(frozen=True)
class Drawn:
    """A row drawn, with what is known of the places it goes to."""

    row: Outgoing
    post: Post
    channel_id: str
    before: Message | None  # the message it replaces
    parent: Message | None  # the message it answers


class NotYet(Exception):  # noqa: N818 - a reason to wait, not an error
    """Something that has to be said first has not been said."""


class Delivery:
    """Sends the outbox."""

    def __init__(self, database: Database, slack: AsyncWebClient, team_id: str, now: Callable[[], datetime]) -> None:
        self.database = database
        self.slack = slack
        self.team_id = team_id
        self.now = now
        self._something_new = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Say that the outbox has something new."""
        self._something_new.set()

    async def run(self) -> None:
        """Send until told to stop."""
        while not self._stopping:
            self._something_new.clear()
            pause = IDLE
            try:
                await self.send_due()
                pause = await self._until_next()
            except Exception:
                log.exception("the outbox could not be read")
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._something_new.wait()

    async def _until_next(self) -> float:
        """Give the seconds until the next row is due, within bounds: what waits for Slack is not kept longer."""
        due = await self.database.read(outbox.next_due)
        return IDLE if due is None else min(max((due - self.now()).total_seconds(), SHORTEST), IDLE)

    def stop(self) -> None:
        """Say that the message in hand is the last one; the others are given back."""
        self._stopping = True
        self.wake()

    async def send_due(self) -> int:
        """Send all that is due; gives how many rows were claimed."""
        number = 0
        while not self._stopping and (rows := await self.database.write(self._claim)):
            number += len(rows)
            await self._send_all(rows)
        return number

    def _claim(self, session: Session) -> list[Outgoing]:
        return outbox.claim(session, self.now(), BATCH)

    async def _send_all(self, rows: list[Outgoing]) -> None:
        """Send each partnership's rows in order, the partnerships beside each other."""
        by_partnership = sorted(rows, key=lambda row: row.partnership_id)
        channels = groupby(by_partnership, key=lambda row: row.partnership_id)
        await asyncio.gather(*[self._send_in_order(list(group)) for _, group in channels])

    async def _send_in_order(self, rows: list[Outgoing]) -> None:
        drawn_already: set[tuple[str, Any]] = set()
        for position, row in enumerate(rows):
            if self._stopping:
                await self._give_back(rows[position:], self.now())
                return
            what = (row.kind, row.about.get("record_id"))
            if row.kind == "card" and what in drawn_already:
                # The card just sent was drawn from a state that includes this row's change.
                await self._done(row.id, "not needed")
                continue
            drawn_already.add(what)
            retry_at = await self._send(row)
            if retry_at is not None:
                await self._give_back(rows[position + 1 :], retry_at)
                return

    async def _give_back(self, rows: list[Outgoing], at: datetime) -> None:
        await self.database.write(lambda session: outbox.release(session, rows, at))

    async def _send(self, row: Outgoing) -> datetime | None:
        """Send a row; gives when to go on where Slack cannot be talked to at all now."""
        try:
            if not await self._still_mine(row):
                return None
            drawn = await self.database.read(lambda session: self._draw(session, row))
            if drawn is None:
                await self._done(row.id, "not needed")
            else:
                await self._say(drawn)
        except Exception as error:  # noqa: BLE001 - whatever failed, the row stays and is tried again
            return await self._failed(row, error)
        return None

    async def _still_mine(self, row: Outgoing) -> bool:
        """Whether the row is still claimed by us; a claim that grew old in a long queue is renewed."""
        now = self.now()
        if row.claimed_until is not None and row.claimed_until - now > outbox.LEASE * 3 / 4:
            return True
        return await self.database.write(lambda session: outbox.renew(session, row, now))

    def _draw(self, session: Session, row: Outgoing) -> Drawn | None:
        post = render(session, row, self.now())
        if post is None:
            return None
        pid = row.partnership_id
        before = message.find(session, pid, post.subject) if post.subject else None
        parent = message.find(session, pid, post.thread_of) if post.thread_of else None
        if post.thread_of and parent is None:
            raise NotYet(f"{post.thread_of} is not posted yet")
        return Drawn(row, post, partnership.get(session, pid).channel_id, before, parent)

    async def _say(self, drawn: Drawn) -> None:
        if drawn.before is not None:
            await self._update(drawn, drawn.before)
        else:
            await self._post(drawn)

    async def _update(self, drawn: Drawn, before: Message) -> None:
        screen = drawn.post.screen
        try:
            await self.slack.chat_update(
                channel=before.channel_id, ts=before.ts, text=screen.text, blocks=screen.blocks
            )
        except SlackApiError as error:
            if slack_errors.word(error) not in GONE:
                raise
            await self._post(drawn)  # somebody deleted it: it is posted anew
            return
        await self._done(drawn.row.id, "sent")

    async def _post(self, drawn: Drawn) -> None:
        post, row = drawn.post, drawn.row
        channel_id = await self._direct_channel(drawn) if post.person else drawn.channel_id
        answer = await self.slack.chat_postMessage(
            channel=channel_id,
            thread_ts=drawn.parent.ts if drawn.parent else None,
            text=post.screen.text,
            blocks=post.screen.blocks,
            metadata={"event_type": "qualbridge", "event_payload": {"key": row.key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        said = Message(
            partnership_id=row.partnership_id,
            subject=post.subject or "",
            team_id=self.team_id,
            channel_id=answer["channel"],
            ts=answer["ts"],
        )

        def note(session: Session) -> None:
            outbox.done(session, row.id, "sent", self.now())
            if post.subject:
                message.save(session, said)

        await self.database.write(note)
        if post.subject:
            await self._dress(said, pin=post.pin)

    async def _direct_channel(self, drawn: Drawn) -> str:
        told = drawn.post.person
        assert told is not None  # noqa: S101 - asked for only where there is one
        if told.dm_channel_id is None:
            opened = await self.slack.conversations_open(users=told.user_id)
            channel_id = str(opened["channel"]["id"])
            await self.database.write(lambda s: person.save_direct_channel(s, told.id, channel_id))
            return channel_id
        return told.dm_channel_id

    async def _dress(self, said: Message, *, pin: bool) -> None:
        """Learn a lasting message's address and pin it; that either fails keeps nothing from working."""
        try:
            answer = await self.slack.chat_getPermalink(channel=said.channel_id, message_ts=said.ts)
            said.permalink = answer["permalink"]
            await self.database.write(lambda session: message.save(session, said))
            if pin:
                await self.slack.pins_add(channel=said.channel_id, timestamp=said.ts)
        except slack_errors.FAILURES as error:
            log.warning("%s: %s", said.subject, slack_errors.word(error))

    async def _done(self, row_id: int, outcome: str) -> None:
        await self.database.write(lambda session: outbox.done(session, row_id, outcome, self.now()))

    async def _failed(self, row: Outgoing, error: Exception) -> datetime | None:
        """Put a row back for later; gives when, if nothing else can be said before either."""
        asked = slack_errors.retry_after(error)
        pause = timedelta(seconds=asked) if asked else min(FIRST_PAUSE * 2 ** min(row.attempts - 1, 12), LONGEST_PAUSE)
        foreseen = isinstance(error, (*slack_errors.FAILURES, NotYet))
        why = slack_errors.word(error)
        log.warning("outbox %s: %s, again in %s", row.key, why, pause, exc_info=None if foreseen else error)
        at = self.now() + pause
        await self.database.write(lambda session: outbox.retry(session, row.id, at, why))
        return at if asked or isinstance(error, slack_errors.UNREACHABLE) else None
