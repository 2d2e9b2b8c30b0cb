"""Channels and people that go and come back: what becomes of them in the world, and which events tell the app."""

from sandbox import wire
from sandbox.acts import Acts, CannotDo
from sandbox.cast import Person
from sandbox.elements import Json
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
        """End the sharing of a channel with one company, or with all but the app's own, which owns it and keeps it.

        When the app's own company is the one that goes, the channel is no longer there for the app.
        """
        where, home = self._channel(channel), self.world.cast.home.id
        connected = self.world.teams_in(where)
        if not where.shared or team not in (None, *connected):
            raise CannotDo(f"{where.name} is not shared with {self.world.cast.team(team).name if team else 'anyone'}.")
        for leaving in [team] if team else [one for one in connected if one != home]:
            await self._cut_off(where, leaving)

    async def _cut_off(self, where: Channel, team: str) -> None:
        gone = [member for member in where.members if self.world.team_of(member) == team]
        where.members = [member for member in where.members if member not in gone]
        where.away += gone
        where.shared = len(self.world.teams_in(where)) > 1
        event = {"type": "channel_unshared", "channel": where.id, "previously_connected_team_id": team}
        await self._tell(where, {**event, "is_ext_shared": where.shared})

    async def connect(self, channel: str) -> None:
        """Share a disconnected channel again, with everybody who was in it."""
        where = self._channel(channel)
        back = sorted({self.world.team_of(member) for member in where.away})
        if not back:
            raise CannotDo(f"{where.name} was not disconnected.")
        where.members, where.away, where.shared = [*where.members, *where.away], [], True
        for team in back:
            await self._tell(where, {"type": "channel_shared", "channel": channel, "connected_team_id": team})

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
        if self.world.knows(person):
            moment = self.world.clock.ts()
            event = {"type": "user_change", "user": wire.person(self.world, person), "event_ts": moment}
            await self._acts.tell("user_change", {**event, "cache_ts": int(float(moment))})

    def _channel(self, channel: str) -> Channel:
        where = self.world.channels.get(channel)
        if where is None or where.partner:
            raise CannotDo(f"{channel} is no channel.")
        return where

    async def _tell(self, where: Channel, event: Json) -> None:
        """Tell the app of a channel it is or was in, or that is public."""
        self.world.changed()
        app = self.world.cast.app.user
        if not where.private or app in (*where.members, *where.away):
            await self._acts.tell(event["type"], {**event, "event_ts": self.world.clock.ts()}, where)
