"""What people do with what they said before: change it, take it back, delete a file; the app hears of it."""

from sandbox import wire
from sandbox.acts import Acts, CannotDo
from sandbox.cast import Person
from sandbox.elements import Json
from sandbox.files import delete_file, is_deleted
from sandbox.world import Channel, Message, World


class Edits:
    """Changes and deletions by people, of their own messages and files."""

    def __init__(self, world: World, acts: Acts) -> None:
        self._world, self._acts = world, acts

    async def edit(self, person: Person, message: Message, text: str) -> None:
        """Change a message of one's own."""
        where = self._own(person, message)
        before = self._told(message, person, where)
        self._world.edit(message, {"text": self._acts.marked(text, where)})
        after = self._told(message, person, where)
        await self._tell(where, "message_changed", {"message": after, "previous_message": before})

    async def delete(self, person: Person, message: Message) -> None:
        """Take a message of one's own back."""
        where = self._own(person, message)
        before = self._told(message, person, where)
        self._world.remove(message)
        await self._tell(where, "message_deleted", {"deleted_ts": message.ts, "previous_message": before})

    async def delete_file(self, person: Person, file_id: str) -> None:
        """Delete a file of one's own, wherever it was shared."""
        file = self._world.files.get(file_id)
        if file is None or is_deleted(file) or file["user"] != person.id:
            raise CannotDo(f"{person.name} has no file {file_id}.")
        delete_file(self._world, file_id)
        event = {"type": "file_deleted", "file_id": file_id, "event_ts": self._world.clock.ts()}
        await self._acts.tell("file_deleted", event)

    def _own(self, person: Person, message: Message) -> Channel:
        if message.user != person.id or message.deleted:
            raise CannotDo(f"{person.name} did not say that.")
        return self._world.channels[message.channel]

    def _told(self, message: Message, person: Person, where: Channel) -> Json:
        told = self._world.audience(where) or self._world.installations.home
        inner = wire.message_event(self._world, message, person, where, told)
        return {key: value for key, value in inner.items() if key not in ("channel", "channel_type", "event_ts")}

    async def _tell(self, where: Channel, subtype: str, more: Json) -> None:
        told = self._world.audience(where)
        if told is None:
            return
        ts = self._world.clock.ts()
        kinds = {"channels": "channel", "groups": "group", "im": "im"}
        event = {"type": "message", "subtype": subtype, "hidden": True, "channel": where.id, "ts": ts, "event_ts": ts}
        await self._acts.tell(
            "message." + where.kind, {**event, "channel_type": kinds[where.kind], **more}, where, told
        )
