"""A person driven by the words on the screen, for tests: finds what the words mean and acts by ids."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox import elements, words
from sandbox.acts import Acts, CannotDo
from sandbox.cast import Person
from sandbox.edits import Edits
from sandbox.elements import KINDS, Json
from sandbox.files import SharedFile, files_of, new_file, shown
from sandbox.oauth import OAuth
from sandbox.phone import Phone
from sandbox.refused import Refused
from sandbox.world import Message, View, World

Screen = Message | View
_MENUS = (*KINDS, "overflow")


class Driver:
    """Acts as one person: every act returns after the app acknowledged, or raises NotAcknowledged."""

    def __init__(self, world: World, acts: Acts, person: Person, base_url: str, oauth: OAuth) -> None:
        self.person = person
        self._world, self._acts, self._base_url, self._oauth = world, acts, base_url, oauth
        self._edits = Edits(world, acts)
        rooms = [room.id for room in world.cast.rooms]
        self._shared = next((room.id for room in world.cast.rooms if room.shared), rooms[0])
        self._searches: dict[tuple[str, str, str], list[str]] = {}

    def messages(self, channel: str | None = None) -> list[Message]:
        """Return what the person sees in a channel, oldest first, replies left out."""
        return [m for m in self._world.visible(self.person.id, channel or self._shared) if not m.is_reply]

    def thread(self, message: Message) -> list[Message]:
        """Return the replies to a message."""
        seen = self._world.visible(self.person.id, message.channel)
        return [m for m in seen if m.is_reply and m.thread_ts == (message.thread_ts or message.ts)]

    def files(self, message: Message) -> list[SharedFile]:
        """Open the files of a message: names, alt texts, bytes; deleted ones are left out."""
        return files_of(self._world, message)

    @property
    def ephemerals(self) -> list[Message]:
        """What only this person sees, in every channel, newest last."""
        return [m for m in self._everything() if m.ephemeral]

    @property
    def direct_messages(self) -> list[Message]:
        """The messages of the DMs with the app, of whichever installation, oldest first."""
        return [m for m in self._everything() if self._world.channels[m.channel].partner and not m.is_reply]

    def pins(self, channel: str | None = None) -> list[Message]:
        """Return the pinned messages of a channel, in the order they were pinned."""
        where = channel or self._shared
        found = (self._world.find_message(where, ts) for ts in self._world.pins.get(where, []))
        return [message for message in found if message]

    @property
    def modal(self) -> View | None:
        """The modal on top of the person's screen."""
        stack = self._world.stacks[self.person.id]
        return stack[-1] if stack else None

    @property
    def home(self) -> View | None:
        """The app's Home tab as last published."""
        return self._world.homes.get(self.person.id)

    @property
    def phone(self) -> Phone:
        """The person's phone with an authenticator app: `add` a key, read the `code`."""
        return self._world.phones[self.person.id]

    async def command(self, text: str, channel: str | None = None) -> None:
        """Type a slash command in a channel (the shared one by default)."""
        await self._acts.command(self.person, text, channel or self._shared)

    async def say(
        self, text: str, channel: str | None = None, thread: Message | None = None, *,
        files: Iterable[tuple[str, bytes]] = (), broadcast: bool = False,
    ) -> Message:  # fmt: skip
        """Write a message, in a channel or below a message, with files by name and content."""
        where = channel or (thread.channel if thread else self._shared)
        below = (thread.thread_ts or thread.ts) if thread else None
        shared = [self._file(name, content) for name, content in files]
        return await self._acts.say(self.person, text, where, below, files=shared, broadcast=broadcast)

    async def edit(self, message: Message, text: str) -> None:
        """Change a message of one's own."""
        await self._edits.edit(self.person, message, text)

    async def delete(self, message: Message) -> None:
        """Take a message of one's own back."""
        await self._edits.delete(self.person, message)

    async def delete_file(self, file_id: str) -> None:
        """Delete a file of one's own."""
        await self._edits.delete_file(self.person, file_id)

    async def shortcut(self, name: str, message: Message | None = None) -> None:
        """Use a shortcut by its name, on a message if it is a message shortcut."""
        known = {s["name"]: s["callback_id"] for s in self._world.manifest.shortcuts}
        callback_id = _named(known, name, "shortcut")
        where = message.channel if message else self._shared
        await self._acts.shortcut(self.person, callback_id, message, where)

    async def open_home(self) -> None:
        """Open the app's Home tab."""
        await self._acts.open_home(self.person)

    async def authorize(self, url: str, *, allow: bool = True) -> str:
        """Press Allow (or Cancel) on the page of an authorize address; returns where Slack sends the browser.

        What the page refuses instead is a CannotDo with Slack's word.
        """
        try:
            return self._oauth.decide(self.person, dict(parse_qsl(urlsplit(url).query)), allow=allow)
        except Refused as refused:
            raise CannotDo(refused.error) from None

    async def join(self, channel: str) -> None:
        """Come into a channel."""
        await self._acts.join(self.person, channel)

    async def leave(self, channel: str) -> None:
        """Go out of a channel."""
        await self._acts.leave(self.person, channel)

    async def click(self, text: str, message: Screen | None = None, *, near: str | None = None) -> None:
        """Press a button by its text: on the message, or on the newest screen that has it.

        With `near`, the first such button at or after the block that contains these words.
        """
        for screen in self._screens(message):
            if found := _button(screen, text, near):
                block, button = found
                await self._acts.click(self.person, screen, block["block_id"], button["action_id"], {})
                return
        seen = [b for screen in self._screens(message) for b in screen.buttons]
        raise CannotDo(f"{self.person.name} sees no button {text!r}; there is {seen}")

    async def choose(self, menu: str, option: Any, message: Screen | None = None) -> None:
        """Choose in a menu named by its placeholder, label or section text, outside input fields or in the modal."""
        screens = [self.modal] if message is None and self.modal else self._screens(message)
        for screen in screens:
            if found := _menu(screen, menu, option):
                block, element = found
                chosen = await self._chosen(screen, block["block_id"], element, option)
                ids = block["block_id"], element["action_id"]
                await self._acts.click(self.person, screen, *ids, chosen)
                return
        seen = [name for screen in screens for b, e in elements.in_blocks(screen.blocks) for name in _menu_names(b, e)]
        raise CannotDo(f"{self.person.name} sees no menu {menu!r} with {option!r}; there is {seen}")

    def fill(self, values: dict[str, Any]) -> None:
        """Fill inputs of the modal by label; what they hold is sent at submit or with the next click in it."""
        view = self._open_modal()
        for label, value in values.items():
            block = _named(view.inputs, label, "input")
            element = block["element"]
            if "external_select" in element["type"] and value:
                key = (view.id, block["block_id"], element["action_id"])
                self._searches[key] = [value] if isinstance(value, str) else list(value)
            else:
                kind = KINDS[element["type"]]
                view.state[block["block_id"]][element["action_id"]][kind.field] = self._typed(element, value)

    async def submit(self, *, client_checks: bool = True) -> dict[str, str]:
        """Submit the modal; {} when accepted, else the errors shown, by label."""
        view = self._open_modal()
        await self._search(view)
        errors = await self._acts.submit(self.person, view, client_checks=client_checks)
        labels = {block["block_id"]: block["label"]["text"] for block in view.input_blocks}
        return {labels[block_id]: text for block_id, text in errors.items()}

    async def click_in_modal(self, text: str, *, near: str | None = None) -> None:
        """Press a button among the blocks of the modal."""
        view = self._open_modal()
        await self._search(view)
        await self.click(text, view, near=near)

    async def close_modal(self) -> None:
        """Press Cancel."""
        await self._acts.close(self.person, self._open_modal())

    def _open_modal(self) -> View:
        if self.modal is None:
            raise CannotDo(f"{self.person.name} has no modal open")
        return self.modal

    def _everything(self) -> list[Message]:
        return [m for m in self._world.messages if self._world.sees(self.person.id, m)]

    def _screens(self, only: Screen | None) -> Iterable[Screen]:
        if only is not None:
            return [only]
        return [*reversed(self._everything()), *([self.home] if self.home else [])]

    async def _search(self, view: View) -> None:
        """Look up in the app what was typed into external selects."""
        for key in [key for key in self._searches if key[0] == view.id]:
            wanted, (_, block_id, action_id) = self._searches.pop(key), key
            element = elements.find(view.blocks, block_id, action_id)
            if element:
                options = [await self._suggested(view, block_id, element, one) for one in wanted]
                kind = KINDS[element["type"]]
                view.state[block_id][action_id][kind.field] = options if kind.many else options[0]

    async def _suggested(self, screen: Screen, block_id: str, element: Json, text: str) -> Json:
        offered = await self._acts.suggest(self.person, screen, block_id, element["action_id"], text)
        return _option(elements.options_of(offered), text)

    async def _chosen(self, screen: Screen, block_id: str, element: Json, option: Any) -> Json:
        field = elements.CHOSEN[element["type"]]
        if element["type"] == "external_select":
            return {field: await self._suggested(screen, block_id, element, option)}
        return {field: self._typed(element, option)}

    def _typed(self, element: Json, value: Any) -> Any:
        """Return a value as the element holds it."""
        if value is None or value == "":
            return KINDS[element["type"]].empty
        kind = element["type"].removeprefix("multi_")
        if kind in ("static_select", "radio_buttons", "overflow", "checkboxes"):
            options = elements.options_of(element)
            return _each(element, value, lambda one: _option(options, one))
        if kind in ("users_select", "conversations_select", "channels_select"):
            ids = {name: key for key, name in self._world.names.items()}
            return _each(element, value, lambda one: ids.get(one, one))
        if kind == "file_input":
            return [self._file(name, content) for name, content in value]
        return _PLAIN.get(kind, str)(value)

    def _file(self, name: str, content: bytes) -> Json:
        return shown(new_file(self._world, name, content, self._base_url, owner=self.person.id))


def _each(element: Json, value: Any, held: Callable[[Any], Any]) -> Any:
    """Return what the element holds: a list where one may choose several, also for one."""
    if element["type"] not in KINDS or not KINDS[element["type"]].many:
        return held(value)
    return [held(one) for one in (value if isinstance(value, list | tuple | set) else [value])]


def _moment(value: datetime | int) -> int:
    return value if isinstance(value, int) else int(value.timestamp())


def _day(value: date | str) -> str:
    try:
        return (date.fromisoformat(value) if isinstance(value, str) else value).strftime("%Y-%m-%d")
    except ValueError:
        raise CannotDo(f"There is no day {value!r} in the calendar.") from None


def _hour(value: time | str) -> str:
    return value if isinstance(value, str) else f"{value:%H:%M}"


def _rich(value: Json | str) -> Json:
    if isinstance(value, dict):
        return value
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
    return {"type": "rich_text", "elements": [section]}


_PLAIN: dict[str, Any] = {
    "datetimepicker": _moment,
    "datepicker": _day,
    "timepicker": _hour,
    "rich_text_input": _rich,
}


def _named(known: dict[str, Any], name: str, what: str) -> Any:
    if name not in known:
        raise CannotDo(f"There is no {what} {name!r}; there is {list(known)}")
    return known[name]


def _option(options: list[Json], text: str) -> Json:
    return _named({option["text"]["text"]: option for option in options}, text, "option")  # type: ignore[no-any-return]


def _button(screen: Screen, text: str, near: str | None) -> tuple[Json, Json] | None:
    close = near is None
    for block in screen.blocks:
        close = close or str(near) in words.read([block], screen.names)
        for _, element in elements.in_blocks([block] if close else []):
            if element["type"] == "button" and element["text"]["text"] == text:
                return block, element
    return None


def _menu_names(block: Json, element: Json) -> list[str]:
    if element["type"] not in _MENUS:
        return []
    texts = (element.get("placeholder"), block.get("label"), block.get("text"))
    return [text["text"] for text in texts if text]


def _menu(screen: Screen, name: str, option: Any) -> tuple[Json, Json] | None:
    for block, element in elements.in_blocks(screen.blocks):
        if name in _menu_names(block, element) or _offers(element, name, option):
            return block, element
    return None


def _offers(element: Json, name: str, option: Any) -> bool:
    """Say whether this is an overflow menu with that option, asked for by name "" or "overflow"."""
    texts = [o["text"]["text"] for o in element.get("options", [])]
    return element["type"] == "overflow" and name in ("", "overflow") and option in texts
