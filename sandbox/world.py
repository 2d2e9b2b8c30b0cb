"""What is so in the sandbox right now: channels, messages, views, files; how they got there is in `api` and `acts`."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox import elements, words
from sandbox.cast import Cast, Person
from sandbox.clock import Clock
from sandbox.elements import Json
from sandbox.manifest import Manifest
from sandbox.phone import Phone

HOOK_USES = 5
HOOK_LIFE = timedelta(minutes=30)
SLACKBOT = "USLACKBOT"
FILE_DELETED = "This file was deleted."


@dataclass
class Channel:
    """A channel or, with `partner`, the direct conversation of that person and the app.

    `away` are those who were in it until their company was disconnected.
    """

    id: str
    name: str
    members: list[str]
    shared: bool = False
    private: bool = False
    topic: str = ""
    partner: str | None = None
    archived: bool = False
    away: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Return the family its scopes belong to: channels, groups or im."""
        if self.partner:
            return "im"
        return "groups" if self.private else "channels"


@dataclass(eq=False)
class Message:
    """A message as it is now (edits show); an ephemeral one is seen only by `seen_by`."""

    ts: str
    channel: str
    user: str
    text: str
    names: words.Names = field(repr=False)
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    seen_by: str | None = None
    edited: str | None = None
    metadata: Json | None = None
    attachments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    is_bot: bool = False
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        """Say whether only one person sees it."""
        return self.seen_by is not None

    @property
    def is_reply(self) -> bool:
        """Say whether it stands in a thread below another message."""
        return self.thread_ts not in (None, self.ts)

    @property
    def words(self) -> str:
        """All readable text; the top-level text counts only where there are no blocks."""
        said = words.read(self.blocks, self.names) if self.blocks else words.plain(self.text, self.names)
        gone = [FILE_DELETED for file in self.files if file["mode"] == "tombstone"]
        return "\n".join([said, *gone] if said else gone)

    @property
    def buttons(self) -> list[str]:
        """The texts of its buttons."""
        return words.buttons_of(self.blocks)


@dataclass(eq=False)
class View:
    """A modal or a home tab on one person's screen, with what is typed in it."""

    id: str
    person: str
    body: Json
    names: words.Names = field(repr=False)
    root_id: str = ""
    previous_id: str | None = None
    hash: str = ""
    state: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    trouble: str | None = None

    def show(self, body: Json) -> None:
        """Show another body in the same view, keeping what was typed where the fields stayed."""
        blocks = elements.with_ids(body["blocks"])
        self.body = {**body, "blocks": blocks}
        self.state = elements.kept_state(blocks, self.state)
        self.hash = f"{int(time.time())}.{secrets.token_hex(4)}"
        self.errors, self.trouble = {}, None

    @property
    def blocks(self) -> list[Json]:
        """Its blocks, every one with its ids."""
        blocks: list[Json] = self.body["blocks"]
        return blocks

    @property
    def title(self) -> str:
        """The words of its title."""
        return words.text_of(self.body.get("title"), self.names)

    @property
    def input_blocks(self) -> list[Json]:
        """Its input blocks, in order."""
        return [block for block in self.blocks if block["type"] == "input"]

    @property
    def inputs(self) -> dict[str, Json]:
        """Its input blocks by label."""
        return {block["label"]["text"]: block for block in self.input_blocks}

    @property
    def labels(self) -> list[str]:
        """The labels of its inputs, in order."""
        return list(self.inputs)

    @property
    def text(self) -> str:
        """All readable text, with what is typed."""
        return words.read(self.blocks, self.names, self.state)

    @property
    def words(self) -> str:
        """The same as `text`, as messages call it."""
        return self.text

    @property
    def buttons(self) -> list[str]:
        """The texts of the buttons among its blocks (not submit and close)."""
        return words.buttons_of(self.blocks)


@dataclass
class Trigger:
    """A trigger id's life: one use within three seconds of real time, for one person."""

    person: str
    view: str | None
    expires: float
    used: bool = False


@dataclass
class Hook:
    """A response_url: where it posts, for whom, what it may replace, and how long."""

    channel: str
    person: str
    message: Message | None
    expires: datetime
    uses: int = 0


class World:
    """The state of one sandbox; every change raises `version` and wakes those who watch."""

    def __init__(self, cast: Cast, clock: Clock, manifest: Manifest, trigger_seconds: float) -> None:
        self.cast, self.clock, self.manifest, self._trigger_seconds = cast, clock, manifest, trigger_seconds
        self.channels = {r.id: self._channel(r.id, r.name, r) for r in cast.rooms}
        for person in cast.people:
            dm = dm_id(person.id)
            self.channels[dm] = Channel(dm, person.name, [person.id, cast.app.user], partner=person.id)
        self.messages: list[Message] = []
        self._by_ts: dict[tuple[str, str], Message] = {}
        self._threads: dict[tuple[str, str], list[Message]] = {}
        self.pins: dict[str, list[str]] = {}
        self.stacks: dict[str, list[View]] = {person.id: [] for person in cast.people}
        self.homes: dict[str, View] = {}
        self.deactivated: set[str] = set()
        self.files: dict[str, Json] = {}
        self.triggers: dict[str, Trigger] = {}
        self.hooks: dict[str, Hook] = {}
        self.read_up_to: dict[tuple[str, str], str] = {}
        self.version = 0
        self._watchers: set[asyncio.Event] = set()
        self.phones = {person.id: Phone(clock, self.changed) for person in cast.people}

    @staticmethod
    def _channel(channel_id: str, name: str, room: Any) -> Channel:
        return Channel(channel_id, name, list(room.members), room.shared, room.private, room.topic)

    @property
    def names(self) -> dict[str, str]:
        """Every id a person reads as a name."""
        people = {person.id: person.name for person in self.cast.people}
        rooms = {channel.id: channel.name for channel in self.channels.values() if not channel.partner}
        return {**people, **rooms, self.cast.app.user: self.manifest.bot_name, SLACKBOT: "Slackbot"}

    def changed(self) -> None:
        """Count a change and wake whoever watches."""
        self.version += 1
        for watcher in self._watchers:
            watcher.set()

    def watch(self, watcher: asyncio.Event) -> None:
        """Set the event at every change from now on."""
        self._watchers.add(watcher)

    def unwatch(self, watcher: asyncio.Event) -> None:
        """Stop setting the event."""
        self._watchers.discard(watcher)

    def post(self, channel: str, user: str, text: str, **more: Any) -> Message:
        """Put a message into a channel (or, with `seen_by`, on one screen)."""
        message = Message(self.clock.ts(), channel, user, text, self.names, **more)
        message.blocks = elements.with_ids(message.blocks)
        message.is_bot = user == self.cast.app.user
        self.messages.append(message)
        self._by_ts[message.channel, message.ts] = message
        if message.thread_ts:
            self._threads.setdefault((message.channel, message.thread_ts), []).append(message)
        self.changed()
        return message

    def post_as_app(self, channel: str, content: Json, **more: Any) -> Message:
        """Post what the app sent: text, blocks, attachments, metadata."""
        kept = {key: content[key] for key in ("blocks", "attachments", "metadata") if content.get(key)}
        return self.post(channel, self.cast.app.user, content.get("text") or "", **kept, **more)

    def tell(self, person: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Let Slackbot say something only this person sees."""
        return self.post(channel, SLACKBOT, text, seen_by=person, thread_ts=thread_ts)

    def edit(self, message: Message, content: Json) -> None:
        """Replace the parts the app sent; blocks and attachments it left out stay, as Slack documents."""
        message.text = content.get("text", message.text) or ""
        if "blocks" in content:
            message.blocks = elements.with_ids(content["blocks"] or [])
        message.attachments = content.get("attachments", message.attachments) or []
        message.metadata = content.get("metadata", message.metadata)
        message.edited = self.clock.ts()
        self.changed()

    def remove(self, message: Message) -> None:
        """Take the message off every screen."""
        message.deleted = True
        self.messages.remove(message)
        del self._by_ts[message.channel, message.ts]
        pinned = self.pins.get(message.channel, [])
        if message.ts in pinned:
            pinned.remove(message.ts)
        self.changed()

    def find_message(self, channel: str, ts: str) -> Message | None:
        """Return the message, ephemeral or not, or None."""
        return self._by_ts.get((channel, ts))

    def replies(self, parent: Message) -> list[Message]:
        """Return the lasting replies below a message, oldest first."""
        below = self._threads.get((parent.channel, parent.ts), [])
        return [m for m in below if m.is_reply and not m.ephemeral and not m.deleted]

    def sees(self, person: str, message: Message) -> bool:
        """Say whether the message is on the person's screen."""
        return message.seen_by in (None, person) and person in self.channels[message.channel].members

    def visible(self, person: str, channel: str) -> list[Message]:
        """Return what the person sees of the channel, replies included, oldest first."""
        return [m for m in self.messages if m.channel == channel and self.sees(person, m)]

    def knows(self, person: Person) -> bool:
        """Say whether the app may know this person: its own team's, or one it shares a channel with."""
        return self.cast.has_app(person) or any(
            person.id in channel.members and self.cast.app.user in channel.members
            for channel in self.channels.values()
            if not channel.partner
        )

    def team_of(self, member: str) -> str:
        """Return the team of a member of a channel, a person or the app."""
        return self.cast.home.id if member == self.cast.app.user else self.cast.person(member).team

    def teams_in(self, channel: Channel) -> list[str]:
        """Return the teams that have somebody in the channel, sorted."""
        return sorted({self.team_of(member) for member in channel.members})

    def new_trigger(self, person: str, view: str | None = None) -> str:
        """Return a fresh trigger id for what the person just did."""
        trigger = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[trigger] = Trigger(person, view, time.monotonic() + self._trigger_seconds)
        return trigger

    def new_hook(self, channel: str, person: str, message: Message | None = None) -> str:
        """Return the key of a fresh response_url."""
        key = secrets.token_hex(12)
        self.hooks[key] = Hook(channel, person, message, self.clock.now() + HOOK_LIFE)
        return key

    def new_view(self, person: str, body: Json) -> View:
        """Make a view for the person; where it is shown is the caller's matter."""
        view = View("V0" + secrets.token_hex(5).upper(), person, body, self.names)
        view.root_id = view.id
        view.show(body)
        return view

    def push(self, person: str, body: Json) -> View:
        """Open the body on top of the person's stack."""
        stack = self.stacks[person]
        view = self.new_view(person, body)
        if stack:
            view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        self.changed()
        return view

    def open_view(self, person: str, body: Json) -> View:
        """Open the body as the person's only modal."""
        self.stacks[person].clear()
        return self.push(person, body)

    def open_views(self) -> list[View]:
        """Return every view on any screen."""
        return [*(view for stack in self.stacks.values() for view in stack), *self.homes.values()]


def dm_id(person: str) -> str:
    """Return the id of the person's direct conversation with the app."""
    return "D0" + person[2:]
