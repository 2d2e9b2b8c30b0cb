"""The one mouth: sends what the outbox holds, in order, drawn from the present state, and notes where it stands.

A row is claimed before it is sent and noted when Slack took it. What may have been posted between the two, for a
process died or Slack's answer was lost, is in doubt: it is looked for in Slack before it is sent again.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlmodel import Session

from bot import doubt
from bot.metrics import Metrics
from bot.pace import BETWEEN_POSTS, Limited, Pace
from bot.worker import Worker
from handlers import slack_errors
from handlers.blocks import without_charts
from handlers.installation import Installation, Installations
from handlers.messages import Post, gathered, render
from quality import channel, roster
from storage import message, outbox, partnership, person
from storage.database import Database
from storage.message import Message
from storage.outbox import Outgoing

log = logging.getLogger(__name__)

BATCH = 100
AT_ONCE = 16  # places that are spoken to beside each other
IDLE = 15.0  # seconds between looks at the outbox when nothing wakes it
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
GONE = ("message_not_found", "cant_update_message", "edit_window_closed")
CHANNEL_GONE = (channel.NOT_SHARED, "is_archived", "is_inactive", "channel_not_found", "not_in_channel")
UNINSTALLED = ("not_installed", "account_inactive", "token_revoked", "invalid_auth")
PERSON_GONE = ("user_disabled", "user_not_found", "cannot_dm_bot", "user_not_visible")
NO_CHARTS = ("invalid_blocks", "invalid_blocks_format")
Group = list[Outgoing]
Held = dict[str, datetime]  # methods that Slack limited while a place was spoken to, each until when


@dataclass(frozen=True)
class Drawn:
    """Rows drawn as one message, with what is known of the places it goes to."""

    rows: Group
    post: Post
    home_team_id: str  # whose installation writes in the channel
    channel_id: str
    before: Message | None  # the message it replaces
    parent: Message | None  # the message it answers
    held: Held = field(default_factory=dict)

    @property
    def thread_ts(self) -> str | None:
        """The thread it goes to."""
        return self.parent.ts if self.parent else None


@dataclass(frozen=True)
class Mouth:
    """An installation by which something is said, with the pace that Slack asks of it."""

    team_id: str
    slack: AsyncWebClient
    pace: Pace


class NotInstalled(Exception):  # noqa: N818 - a state of the world
    """Nobody has installed the app any more where something is to be said."""


class NotShared(Exception):  # noqa: N818 - a state of the world
    """One of the two companies was cut off from the channel: nothing is said there behind its back."""


class NoAnswer(Exception):  # noqa: N818 - what Slack gave
    """Slack may have taken a message, and nobody noted where it stands."""


class NotYet(Exception):  # noqa: N818 - a reason to wait, not an error
    """Something that has to be said first has not been said."""


OURS = (NotYet, NoAnswer, NotInstalled, NotShared)


class Delivery(Worker):
    """Sends the outbox."""

    def __init__(
        self, database: Database, installations: Installations, now: Callable[[], datetime],
        between_posts: float = BETWEEN_POSTS, metrics: Metrics | None = None,
    ) -> None:  # fmt: skip
        super().__init__(database, installations, now)
        self.between_posts = between_posts
        self._paces: dict[str, Pace] = {}  # of each installation
        self.metrics = metrics or Metrics()
        self.speaker = secrets.token_hex(8)  # this process, among those that send
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def work(self) -> float:
        """Send what is due; what waits for Slack is kept no longer than until the next is, within bounds."""
        await self.send_due()
        due = await self.database.read(lambda session: outbox.next_due(session, self.speaker, self.now()))
        return IDLE if due is None else min((due - self.now()).total_seconds(), IDLE)

    async def send_due(self) -> int:
        """Send all that is due; gives how many rows were claimed."""
        number = 0
        while not self._stopping and (rows := await self.database.write(self._claim)):
            number += len(rows)
            await self._send_all(rows)
        for said in await self.database.read(lambda session: message.list_undressed(session, BATCH)):
            await self._dress(said)
        return number

    def _claim(self, session: Session) -> Group:
        return outbox.claim(session, self.speaker, self.now(), BATCH)

    async def _send_all(self, rows: Group) -> None:
        """Send the rows of each place in order, the places beside each other: channels, and people."""

        def place(row: Outgoing) -> tuple[int, int]:
            return row.partnership_id, row.person_id or 0

        places = groupby(sorted(rows, key=place), key=place)
        try:
            # Who speaks goes on until the last place is done, whatever went wrong in another.
            ends = await asyncio.gather(
                *[self._send_in_order(list(group)) for _, group in places], return_exceptions=True
            )
        finally:
            await self._fall_silent(rows)
        for failure in ends:
            if isinstance(failure, BaseException):
                raise failure

    async def _fall_silent(self, rows: Group) -> None:
        """Let other processes speak: in channels that were posted in not before their pace allows it."""
        spoken_for = {row.partnership_id for row in rows}
        said_in = {row.partnership_id for row in rows if row.person_id is None} if self.between_posts else set()
        until = self.now() + timedelta(seconds=self.between_posts)

        def silence(session: Session) -> None:
            outbox.fall_silent(session, self.speaker, spoken_for - said_in)
            outbox.fall_silent(session, self.speaker, said_in, until)

        await self.database.write(silence)

    async def _send_in_order(self, rows: Group) -> None:
        async with self._at_once:
            groups = _without_repeats(gathered(rows))
            held: Held = {}  # what one method cannot say now waits; the others go on
            for position, group in enumerate(groups):
                retry_at = self.now() if self._stopping else await self._send(group, held)
                if retry_at is not None:
                    rest = groups[position if self._stopping else position + 1 :]
                    await self._give_back([row for later in rest for row in later], retry_at)
                    return

    async def _give_back(self, rows: Group, at: datetime) -> None:
        if rows:
            await self.database.write(lambda session: outbox.release(session, rows, at))

    async def _send(self, group: Group, held: Held) -> datetime | None:
        """Send rows as one message; gives when to go on where nothing more can be said in this place now."""
        try:
            if not await self._still_ours(group[0]):
                return None
            drawn = await self.database.read(lambda session: self._draw(session, group))
            if drawn is None:
                await self._done(group, "not needed")
            else:
                await self._say(replace(drawn, held=held))
        except Exception as error:  # noqa: BLE001 - whatever failed, the rows stay and are tried again
            return await self._failed(group, error, held)
        return None

    async def _still_ours(self, row: Outgoing) -> bool:
        """Whether we still speak for the partnership; a claim that grew old in a long queue is renewed."""
        now = self.now()
        if row.claimed_until is not None and row.claimed_until - now > outbox.LEASE * 3 / 4:
            return True
        return await self.database.write(
            lambda session: outbox.speak_on(session, self.speaker, row.partnership_id, now)
        )

    def _draw(self, session: Session, group: Group) -> Drawn | None:
        post = render(session, group, self.now())
        if post is None:
            return None
        pid = group[0].partnership_id
        before = message.find(session, pid, post.subject) if post.subject else None
        parent = message.find(session, pid, post.thread_of) if post.thread_of else None
        if post.thread_of and parent is None:
            raise NotYet(f"{post.thread_of} is not posted yet")
        there = partnership.get(session, pid)
        if there.muted_because == channel.NOT_SHARED and post.person is None:
            raise NotShared(channel.NOT_SHARED)
        return Drawn(group, post, there.home_team_id, there.channel_id, before, parent)

    async def _say(self, drawn: Drawn) -> None:
        mouth = await self._mouth(drawn)
        # Only its author can change a message: one of another installation stays as it is, and is said anew.
        if drawn.before is not None and drawn.before.team_id == mouth.team_id:
            await self._update(mouth, drawn, drawn.before)
        else:
            await self._post(mouth, drawn)

    async def _mouth(self, drawn: Drawn) -> Mouth:
        """Give the installation that says it: the channel's, and of a person's own company where it has one."""
        told = drawn.post.person
        found = await self.installations.find(told.team_id) if told else None
        found = found or await self.installations.find(drawn.home_team_id)
        if found is None:
            raise NotInstalled("not_installed")
        return self._mouth_of(found)

    def _mouth_of(self, found: Installation) -> Mouth:
        pace = self._paces.setdefault(found.team_id, Pace(self.now, self.between_posts))
        return Mouth(found.team_id, found.slack, pace)

    async def _update(self, mouth: Mouth, drawn: Drawn, before: Message) -> None:
        screen = drawn.post.screen
        self._check(mouth, drawn, "chat.update")
        try:
            await mouth.slack.chat_update(
                channel=before.channel_id, ts=before.ts, text=screen.text, blocks=screen.blocks
            )
        except SlackApiError as error:
            self._heed(mouth, "chat.update", error)
            lost = slack_errors.word(error) == "channel_not_found" and before.channel_id != drawn.channel_id
            if slack_errors.word(error) not in GONE and not lost:
                raise
            await self._post(mouth, drawn)  # somebody deleted it: it is posted anew
            return
        await self.database.write(lambda session: self._taken(session, drawn, drawn.rows))
        self.metrics.sent(drawn.rows[0].kind)

    async def _post(self, mouth: Mouth, drawn: Drawn) -> None:
        """Post a message, unless one that was in doubt stands there already."""
        channel_id = await self._direct_channel(mouth, drawn) if drawn.post.person else drawn.channel_id
        in_doubt = [row for row in drawn.rows if row.in_doubt]
        found = await self._look_for(mouth, drawn, channel_id, in_doubt) if in_doubt else None
        if found is None:
            answer = await self._posted(mouth, drawn, channel_id)
            if not (answer.get("channel") and answer.get("ts")):
                raise NoAnswer(f"Slack did not say where {drawn.rows[0].key} stands")
            try:
                await self._note(mouth, drawn, drawn.rows, str(answer["channel"]), str(answer["ts"]))
            except Exception as error:
                raise NoAnswer(f"Slack took it, and that could not be noted ({type(error).__name__})") from error
            return
        said = doubt.said(found)
        await self._note(mouth, drawn, [row for row in drawn.rows if row.id in said], channel_id, str(found["ts"]))
        rest = [row for row in drawn.rows if row.id not in said]
        await self._give_back(rest, self.now())

    async def _look_for(self, mouth: Mouth, drawn: Drawn, channel_id: str, rows: Group) -> dict[str, Any] | None:
        """Look whether a message that is in doubt stands in Slack."""
        method = "conversations.replies" if drawn.thread_ts else "conversations.history"
        self._check(mouth, drawn, method)
        try:
            return await doubt.find(mouth.slack, channel_id, drawn.thread_ts, rows)
        except SlackApiError as error:
            self._heed(mouth, method, error)
            raise

    async def _posted(self, mouth: Mouth, drawn: Drawn, channel_id: str) -> AsyncSlackResponse:
        """Post; where Slack does not take charts, without them, and with pictures of them in its thread."""
        screen = drawn.post.screen
        try:
            return await self._call_post(mouth, drawn, channel_id, screen.blocks)
        except SlackApiError as error:
            if not drawn.post.charts or slack_errors.word(error) not in NO_CHARTS:
                raise
        answer = await self._call_post(mouth, drawn, channel_id, without_charts(screen).blocks)
        await self._send_pictures(mouth, drawn.post, channel_id, str(answer["ts"]))
        return answer

    async def _call_post(
        self, mouth: Mouth, drawn: Drawn, channel_id: str, blocks: list[dict[str, object]]
    ) -> AsyncSlackResponse:
        self._check(mouth, drawn, "chat.postMessage")
        await mouth.pace.turn(channel_id)
        try:
            return await mouth.slack.chat_postMessage(
                channel=channel_id,
                thread_ts=drawn.thread_ts,
                text=drawn.post.screen.text,
                blocks=blocks,
                metadata=doubt.metadata(drawn.rows),
                unfurl_links=False,
                unfurl_media=False,
            )
        except Exception as error:
            if isinstance(error, SlackApiError):
                self._heed(mouth, "chat.postMessage", error)
            if slack_errors.is_refusal(error):
                raise
            raise NoAnswer(slack_errors.word(error)) from error

    async def _send_pictures(self, mouth: Mouth, post: Post, channel_id: str, thread_ts: str) -> None:
        """Send charts as pictures; that it fails keeps nothing from working, for their figures stand in the text."""
        for chart in post.charts:
            picture = await asyncio.to_thread(chart.picture)
            try:
                await mouth.slack.files_upload_v2(
                    channel=channel_id, thread_ts=thread_ts, content=picture, filename=f"{chart.name}.png",
                    title=chart.title, alt_txt=chart.alt_text,
                )  # fmt: skip
            except slack_errors.FAILURES as error:
                log.warning("the picture of %s: %s", chart.title, slack_errors.word(error))

    def _check(self, mouth: Mouth, drawn: Drawn, method: str) -> None:
        """Raise Limited where a method waits; in one place until all was gone through, or later posts came first."""
        if method in drawn.held:
            raise Limited(method, drawn.held[method])
        mouth.pace.check(method)

    def _heed(self, mouth: Mouth, method: str, error: SlackApiError) -> None:
        """Count an error, and raise Limited where Slack asks to wait."""
        self.metrics.slack_error(method, slack_errors.word(error))
        asked = slack_errors.retry_after(error)
        if asked:
            raise mouth.pace.limit(method, asked) from error

    async def _note(self, mouth: Mouth, drawn: Drawn, rows: Group, channel_id: str, ts: str) -> None:
        """Note that rows were sent, and where a lasting message stands."""
        post, pid = drawn.post, rows[0].partnership_id
        place = {"team_id": mouth.team_id, "channel_id": channel_id, "ts": ts}
        said = Message(partnership_id=pid, subject=post.subject or "", is_pinned=False if post.pin else None, **place)

        def note(session: Session) -> None:
            self._taken(session, drawn, rows)
            if post.subject:
                message.save(session, said)

        await self.database.write(note)
        self.metrics.sent(rows[0].kind)

    def _taken(self, session: Session, drawn: Drawn, rows: Group) -> None:
        """Note that Slack took rows; a channel that takes something can be spoken in again."""
        outbox.done(session, [row.id for row in rows], "sent", self.now())
        pid = rows[0].partnership_id
        if drawn.post.person is None:
            channel.hear_again(session, pid, self.now())

    async def _direct_channel(self, mouth: Mouth, drawn: Drawn) -> str:
        told = drawn.post.person
        assert told is not None  # noqa: S101 - asked for only where there is one
        if told.dm_channel_id is not None and told.dm_team_id == mouth.team_id:
            return told.dm_channel_id
        self._check(mouth, drawn, "conversations.open")
        try:
            opened = await mouth.slack.conversations_open(users=told.user_id)
        except SlackApiError as error:
            self._heed(mouth, "conversations.open", error)
            raise
        channel_id = str(opened["channel"]["id"])
        await self.database.write(lambda s: person.save_direct_channel(s, told.id, channel_id, mouth.team_id))
        return channel_id

    async def _dress(self, said: Message) -> None:
        """Learn a lasting message's address and pin it; what Slack cannot do now is tried again with a later pass."""
        found = await self.installations.find(said.team_id)
        if found is None:
            return
        mouth = self._mouth_of(found)
        link = partial(mouth.slack.chat_getPermalink, channel=said.channel_id, message_ts=said.ts)
        pin = partial(mouth.slack.pins_add, channel=said.channel_id, timestamp=said.ts)
        try:
            if said.permalink is None:
                answer = await self._asked(mouth, "chat.getPermalink", link)
                said.permalink = str(answer.get("permalink") or "") if answer else ""
            if said.is_pinned is False:
                await self._asked(mouth, "pins.add", pin)
                said.is_pinned = True
        except (Limited, *slack_errors.FAILURES) as error:
            log.warning("%s: %s", said.subject, slack_errors.word(error))
        await self.database.write(lambda session: message.dress(session, said))

    async def _asked(
        self, mouth: Mouth, method: str, ask: Callable[[], Awaitable[AsyncSlackResponse]]
    ) -> AsyncSlackResponse | None:
        """Ask Slack something about a message that stands; None where it refuses for good."""
        mouth.pace.check(method)
        try:
            return await ask()
        except SlackApiError as error:
            self._heed(mouth, method, error)
            if not slack_errors.is_refusal(error):
                raise
            log.warning("%s: %s", method, slack_errors.word(error))
            return None

    async def _done(self, rows: Group, outcome: str) -> None:
        ids = [row.id for row in rows]
        await self.database.write(lambda session: outbox.done(session, ids, outcome, self.now()))

    async def _failed(self, group: Group, error: Exception, held: Held) -> datetime | None:
        """Put rows back for later; gives when, if nothing else can be said in this place before either."""
        first, why = group[0], str(error) if isinstance(error, OURS) else slack_errors.word(error)
        if isinstance(error, Limited):
            held[error.method] = error.until
            await self._give_back(group, error.until)
            return None
        if isinstance(error, NotYet) and held:  # what it answers waits itself
            await self._give_back(group, max(held.values()))
            return None
        is_unreachable = why in PERSON_GONE or (first.kind == "muted" and why in UNINSTALLED)
        if first.person_id is not None and is_unreachable:
            await self._undeliverable(group, why)
            return None
        at = self.now() + min(FIRST_PAUSE * 2 ** min(first.attempts - 1, 12), LONGEST_PAUSE)
        foreseen = isinstance(error, (*slack_errors.FAILURES, *OURS))
        log.warning("outbox %s: %s, again at %s", first.key, why, at, exc_info=None if foreseen else error)
        waits = isinstance(error, NotYet)  # for a message that fails itself: one failure, not two
        is_gone = first.person_id is None and why in (*CHANNEL_GONE, *UNINSTALLED)
        lost = isinstance(error, NoAnswer)

        def put_back(session: Session) -> None:
            outbox.retry(session, [row.id for row in group], at, None if waits else why, in_doubt=lost)
            if is_gone:
                channel.tell_muted(session, first.partnership_id, why, self.now())

        await self.database.write(put_back)
        if not waits:
            self.metrics.failed(first.kind)
        return at if is_gone or isinstance(error.__cause__ or error, slack_errors.UNREACHABLE) else None

    async def _undeliverable(self, group: Group, why: str) -> None:
        """End rows for somebody whom Slack does not reach any more; who was deactivated is off the roster."""
        first = group[0]
        log.warning("outbox %s: %s, it cannot be delivered", first.key, why)

        def end(session: Session) -> None:
            outbox.done(session, [row.id for row in group], f"undeliverable: {why}"[:32], self.now())
            if first.kind == "muted":
                channel.tell_another(session, first.partnership_id, first.person_id or 0, self.now())
            if why == "user_disabled":
                roster.leave(session, first.partnership_id, first.person_id or 0, "deactivated in Slack", self.now())

        await self.database.write(end)
        self.metrics.failed(first.kind)


def _without_repeats(groups: Sequence[Group]) -> list[Group]:
    """Let the first card of a record stand for those that follow: it is drawn from the state after all of them."""
    kept: list[Group] = []
    cards: dict[object, Group] = {}
    for group in groups:
        first = group[0]
        card = cards.get(first.about.get("record_id")) if first.kind == "card" else None
        if card is not None:
            card.append(first)
            continue
        if first.kind == "card":
            cards[first.about.get("record_id")] = group
        kept.append(group)
    return kept
