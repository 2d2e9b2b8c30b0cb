"""Channels and people that go and come back: what becomes of them in the world, and which events tell the app."""

from sandbox import profiles
from sandbox.acts import Acts, CannotDo
from sandbox.cast import Person
from sandbox.elements import Json
from sandbox.installations import Installation
from sandbox.world import Channel, World


class Goings:
    """Archives, disconnects and deactivates, and undoes each; the app hears of it as far as its manifest subscribes."""

    def __init__(self, world: World, acts: Acts) -> None:
        self.world, self._acts = world, acts

    async def archive(self, channel: str, by: Person) -> None:
        """Close a channel to everything new."""
        await self._set_archived(channel, by, archived=True)

    async def unarchive(self, channel: str, by: Person) -> None:
        """Open an archived channel again, with the members it had."""
        await self._set_archived(channel, by, archived=False)

    async def _set_archived(self, channel: str, by: Person, *, archived: bool) -> None:
        where = self._channel(channel)
        if where.archived is archived:
            raise CannotDo(f"{where.name} is {'already' if archived else 'not'} archived.")
        where.archived = archived
        kind = ("group_" if where.private else "channel_") + ("archive" if archived else "unarchive")
        await self._tell(where, {"type": kind, "channel": channel, "user": by.id})

    async def disconnect(self, channel: str, team: str | None = None) -> None:
        """End the sharing of a channel with one company, or with all but the one that owns it and keeps it.

        When a company with the app is the one that goes, the channel is no longer there for its bot.
        """
        where = self._channel(channel)
        connected = self.world.teams_in(where)
        if not where.shared or team not in (None, *connected):
            raise CannotDo(f"{where.name} is not shared with {self.world.cast.team(team).name if team else 'anyone'}.")
        for leaving in [team] if team else [one for one in connected if one != where.host]:
            await self._cut_off(where, leaving)

    async def _cut_off(self, where: Channel, team: str) -> None:
        told = self._told(where)
        gone = [member for member in where.members if self.world.team_of(member) == team]
        where.members = [member for member in where.members if member not in gone]
        where.away += gone
        where.shared = len(self.world.teams_in(where)) > 1
        if told:
            shown = self.world.cast.shown_team(team, told.id)
            event = {"type": "channel_unshared", "channel": where.id, "previously_connected_team_id": shown}
            await self._tell(where, {**event, "is_ext_shared": where.shared}, told)
        self.world.changed()

    async def connect(self, channel: str) -> None:
        """Share a disconnected channel again, with everybody who was in it."""
        where = self._channel(channel)
        back = sorted({self.world.team_of(member) for member in where.away})
        if not back:
            raise CannotDo(f"{where.name} was not disconnected.")
        where.members, where.away, where.shared = [*where.members, *where.away], [], True
        told = self._told(where)
        for shown in [self.world.cast.shown_team(team, told.id) for team in back] if told else []:
            await self._tell(where, {"type": "channel_shared", "channel": channel, "connected_team_id": shown}, told)
        self.world.changed()

    async def change_id(self, old: str, new: str) -> None:
        """Give a channel another id, as Slack does when a private one is first shared; the old one is gone."""
        where = self._channel(old)
        if new in self.world.channels:
            raise CannotDo(f"{new} is the id of another channel.")
        self.world.rename(where, new)
        await self._tell(where, {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": new})

    async def invite(self, member: str, channel: str) -> None:
        """Bring a person, or the bot of an installation, into a channel."""
        bot = self.world.installations.by_user(member)
        if bot is None:
            await self._acts.join(self.world.cast.person(member), channel)
            return
        where = self._channel(channel)
        if not bot.live or not self.world.reaches(bot, where):
            raise CannotDo(f"{self.world.manifest.name} of {bot.name} cannot come into {where.name}.")
        if bot.user not in where.members:
            where.members.append(bot.user)
            kind = {"type": "member_joined_channel", "user": bot.user, "channel": channel, "team": bot.workspace.id}
            await self._tell(where, {**kind, "channel_type": "G" if where.private else "C"})

    async def install(self, installer: str) -> str:
        """Install the app for a team, or org-wide for an organisation, without OAuth; returns the bot token."""
        return self.world.install(self.world.installations.get(installer)).text

    async def uninstall(self, installer: str) -> None:
        """Remove the app from a team or organisation, and tell it so."""
        gone = self.world.installations.get(installer)
        if not gone.live:
            raise CannotDo(f"{gone.name} has not installed {self.world.manifest.name}.")
        self.world.uninstall(gone)
        await self.tell_of_revoked(gone)

    async def tell_of_revoked(self, gone: Installation) -> None:
        """Send what a revoked token, and the end of an installation, is told by; Slack promises no order."""
        await self._acts.tell_last({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [gone.user]}}, gone)
        if not gone.live:
            await self._acts.tell_last({"type": "app_uninstalled"}, gone)

    async def deactivate(self, person: Person) -> None:
        """End a person's account: they can do nothing more; their messages and memberships stay."""
        if person.id in self.world.deactivated:
            raise CannotDo(f"{person.name} is already deactivated.")
        self.world.deactivated.add(person.id)
        self.world.stacks[person.id].clear()
        await self._tell_of(person)

    async def reactivate(self, person: Person) -> None:
        """Give a deactivated person the account back."""
        if person.id not in self.world.deactivated:
            raise CannotDo(f"{person.name} is not deactivated.")
        self.world.deactivated.remove(person.id)
        await self._tell_of(person)

    async def _tell_of(self, person: Person) -> None:
        self.world.changed()
        own = self.world.installations.of_team(person.team)
        knowing = [one for one in self.world.installations.live if self.world.knows(person, one)]
        if told := own or next(iter(knowing), None):
            moment = self.world.clock.ts()
            event = {"type": "user_change", "user": profiles.person(self.world, person, told), "event_ts": moment}
            await self._acts.tell("user_change", {**event, "cache_ts": int(float(moment))}, told=told)

    def _channel(self, channel: str) -> Channel:
        where = self.world.channels.get(channel)
        if where is None or where.partner:
            raise CannotDo(f"{channel} is no channel.")
        return where

    async def _tell(self, where: Channel, event: Json, told: Installation | None = None) -> None:
        """Tell the one installation that hears of a channel, or the one given."""
        self.world.changed()
        if to := told or self._told(where):
            await self._acts.tell(event["type"], {**event, "event_ts": self.world.clock.ts()}, where, to)

    def _told(self, where: Channel) -> Installation | None:
        """Return the installation that is in a channel or, if it is public, is of a company there."""
        there = [one for one in self.world.installations.live if self.world.reaches(one, where)]
        return self.world.audience(where) or (None if where.private else next(iter(there), None))
