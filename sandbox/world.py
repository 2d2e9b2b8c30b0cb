"""What is so in the sandbox right now: channels, messages, views, files; how they got there is in `api` and `acts`."""

import asyncio
import secrets
import time
from datetime import timedelta
from typing import Any

from sandbox import elements
from sandbox.cast import Cast, Person, Room
from sandbox.clock import Clock
from sandbox.elements import Json
from sandbox.installations import Installation, Installations, Token
from sandbox.manifest import Manifest
from sandbox.phone import Phone
from sandbox.things import Channel, Hook, Message, Trigger, View

__all__ = ["Channel", "Hook", "Message", "Trigger", "View", "World", "dm_id"]

HOOK_USES = 5
HOOK_LIFE = timedelta(minutes=30)
SLACKBOT = "USLACKBOT"


class World:
    """The state of one sandbox; every change raises `version` and wakes those who watch."""

    def __init__(
        self, cast: Cast, clock: Clock, manifest: Manifest, trigger_seconds: float, *, rotation: bool = False
    ) -> None:
        self.cast, self.clock, self.manifest, self._trigger_seconds = cast, clock, manifest, trigger_seconds
        self.installations = Installations(cast, clock, rotation)
        self.channels = {room.id: self._channel(room) for room in cast.rooms}
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
        for one in cast.installers:
            if one.installed:
                self.install(self.installations.get(one.id))
        for person in cast.people:
            self.dm(person.id, self.installations.home)

    def _channel(self, room: Room) -> Channel:
        """Return the channel as it starts; the app's bot is in it only where the app is installed."""
        bot, host = self.cast.app.user, room.host or self.cast.home.id
        members = [member for member in room.members if member != bot or self.cast.home.installed]
        return Channel(room.id, room.name, members, room.shared, room.private, room.topic, host=host)

    @property
    def names(self) -> dict[str, str]:
        """Every id a person reads as a name."""
        people = {person.id: person.name for person in self.cast.people}
        rooms = {channel.id: channel.name for channel in self.channels.values() if not channel.partner}
        bots = {one.user: self.manifest.bot_name for one in self.installations}
        return {**people, **rooms, **bots, SLACKBOT: "Slackbot"}

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
        message.is_bot = self.installations.by_user(user) is not None
        self.messages.append(message)
        self._by_ts[message.channel, message.ts] = message
        if message.thread_ts:
            self._threads.setdefault((message.channel, message.thread_ts), []).append(message)
        self.changed()
        return message

    def post_as_app(self, installation: Installation, channel: str, content: Json, **more: Any) -> Message:
        """Post what the app sent through an installation: text, blocks, attachments, metadata."""
        kept = {key: content[key] for key in ("blocks", "attachments", "metadata") if content.get(key)}
        return self.post(channel, installation.user, content.get("text") or "", **kept, **more)

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

    def rename(self, channel: Channel, new: str) -> None:
        """Give a channel another id, with everything that is in it."""
        old = channel.id
        self.channels = {new if key == old else key: one for key, one in self.channels.items()}
        for message in self.messages:
            message.channel = new if message.channel == old else message.channel
        for hook in self.hooks.values():
            hook.channel = new if hook.channel == old else hook.channel
        for index in (self._by_ts, self._threads):
            _move_first(index, old, new)
        if old in self.pins:
            self.pins[new] = self.pins.pop(old)
        self.read_up_to = {(who, new if where == old else where): ts for (who, where), ts in self.read_up_to.items()}
        channel.id = new
        self.changed()

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

    def install(self, installation: Installation) -> Token:
        """Put an installation into use, with a conversation for everybody it knows, and return its token."""
        installation.live = True
        for person in self.cast.people:
            self.dm(person.id, installation)
        self.changed()
        return self.installations.issue(installation)

    def uninstall(self, installation: Installation) -> None:
        """Take an installation out of use: its tokens are good no more and its bot leaves every channel."""
        self.installations.end(installation)
        for channel in self.channels.values():
            if not channel.partner and installation.user in channel.members:
                channel.members.remove(installation.user)
        self.changed()

    def has_app(self, person: Person) -> bool:
        """Say whether the person's own company has the app."""
        return self.installations.of_team(person.team) is not None

    def knows(self, person: Person, installation: Installation | None = None) -> bool:
        """Say whether an installation may know this person: its own team's, or one it shares a channel with."""
        asking = installation or self.installations.home
        return self.is_own(person, asking) or any(
            person.id in channel.members and asking.user in channel.members
            for channel in self.channels.values()
            if not channel.partner
        )

    @staticmethod
    def is_own(person: Person, installation: Installation) -> bool:
        """Say whether the person is of a team the installation serves."""
        return person.team in [team.id for team in installation.teams]

    def reaches(self, installation: Installation, channel: Channel) -> bool:
        """Say whether a channel exists for an installation: its bot is in it, or somebody of its teams is."""
        if installation.user in channel.away:
            return False
        served = [team.id for team in installation.teams]
        return installation.user in channel.members or (
            not channel.partner and any(self.team_of(member) in served for member in channel.members)
        )

    def audience(self, channel: Channel) -> Installation | None:
        """Return the one installation that is told what happens in a channel: its host's, else the first inside."""
        # Slack sends an event once, however many installations see it, and names one; which one, no source says.
        inside = [one for one in self.installations.live if one.user in channel.members]
        hosts = [one for one in inside if channel.host in [team.id for team in one.teams]]
        return next(iter([*hosts, *inside]), None)

    def dm(self, person: str, installation: Installation) -> Channel:
        """Return the direct conversation of a person and an installation's bot."""
        channel_id = dm_id(person) if installation is self.installations.home else dm_id(person) + installation.id[2:]
        if channel_id not in self.channels:
            name, members = self.cast.person(person).name, [person, installation.user]
            self.channels[channel_id] = Channel(channel_id, name, members, partner=person)
        return self.channels[channel_id]

    def team_of(self, member: str) -> str:
        """Return the team of a member of a channel, a person or a bot of the app."""
        installation = self.installations.by_user(member)
        return installation.workspace.id if installation else self.cast.person(member).team

    def teams_in(self, channel: Channel) -> list[str]:
        """Return the teams that have somebody in the channel, sorted."""
        return sorted({self.team_of(member) for member in channel.members})

    def new_trigger(self, person: str, view: str | None = None, installation: Installation | None = None) -> str:
        """Return a fresh trigger id for what the person just did, for the installation that hears of it."""
        trigger = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        told = installation or self.installations.home
        self.triggers[trigger] = Trigger(person, view, time.monotonic() + self._trigger_seconds, told)
        return trigger

    def new_hook(self, installation: Installation, channel: str, person: str, message: Message | None = None) -> str:
        """Return the key of a fresh response_url."""
        key = secrets.token_hex(12)
        self.hooks[key] = Hook(channel, person, message, self.clock.now() + HOOK_LIFE, installation)
        return key

    def new_view(self, person: str, body: Json, installation: Installation | None = None) -> View:
        """Make a view for the person; where it is shown is the caller's matter."""
        by = installation or self.installations.home
        view = View("V0" + secrets.token_hex(5).upper(), person, body, by, self.names)
        view.root_id = view.id
        view.show(body)
        return view

    def push(self, person: str, body: Json, installation: Installation | None = None) -> View:
        """Open the body on top of the person's stack."""
        stack = self.stacks[person]
        view = self.new_view(person, body, installation)
        if stack:
            view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        self.changed()
        return view

    def open_view(self, person: str, body: Json, installation: Installation | None = None) -> View:
        """Open the body as the person's only modal."""
        self.stacks[person].clear()
        return self.push(person, body, installation)

    def open_views(self) -> list[View]:
        """Return every view on any screen."""
        return [*(view for stack in self.stacks.values() for view in stack), *self.homes.values()]


def _move_first(index: dict[tuple[str, str], Any], old: str, new: str) -> None:
    for key in [key for key in index if key[0] == old]:
        index[new, key[1]] = index.pop(key)


def dm_id(person: str) -> str:
    """Return the id of the person's direct conversation with the home team's bot."""
    return "D0" + person[2:]
