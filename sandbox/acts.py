"""What a person can do in Slack, by ids: the page and the driver both act through here."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from sandbox import checks, elements, limits, wire
from sandbox.api.views import STACK, refusal
from sandbox.cast import Person
from sandbox.elements import Json
from sandbox.files import stub
from sandbox.hooks import say_back
from sandbox.installations import Installation
from sandbox.line import Line, NotAcknowledged
from sandbox.refused import Refused
from sandbox.world import Channel, Message, View, World, dm_id

TROUBLE = "We had some trouble connecting. Try again?"
_MENTION = re.compile(r"@([\w.]+(?: \w+)?)")


class CannotDo(LookupError):  # noqa: N818 -- reads as what happened
    """Slack would not let the person do this; the words say why."""


class Acts:
    """Every act: what the person did goes to the app, what the app answered onto the person's screen."""

    def __init__(self, world: World, line: Line, hook_url: Callable[[str], str]) -> None:
        self.world, self._line, self._hook_url = world, line, hook_url

    async def command(self, person: Person, text: str, channel: str) -> None:
        """Type a slash command."""
        where = self._inside(person, channel)
        name, _, rest = text.strip().partition(" ")
        known, used = self.world.manifest.command(name), self.world.installations.of_team(person.team)
        if known is None or used is None:
            self.world.tell(person.id, channel, f"`{name}` is not a valid command.")
            return
        if known.get("should_escape"):
            rest = self._with_mentions(rest, where)
        key = self.world.new_hook(used, channel, person.id)
        body = wire.command(self.world, person, where, name, rest.strip(), self._hook_url(key))
        answer = await self._send(person, channel, "command", name, body)
        self._answered(used, person, channel, name, answer)

    def _answered(self, used: Installation, person: Person, channel: str, name: str, answer: Json | str | None) -> None:
        if not answer:
            return
        content = {"text": answer} if isinstance(answer, str) else answer
        try:
            say_back(self.world, used, channel, person.id, content)
        except Refused:
            self._failed(person, channel, name, "invalid_command_response")
            raise NotAcknowledged("invalid_command_response", self._line.deliveries[-1]) from None

    async def shortcut(self, person: Person, callback_id: str, message: Message | None, channel: str) -> None:
        """Use a message shortcut, or a global one without a message."""
        self._with_account(person)
        found = next((s for s in self.world.manifest.shortcuts if s["callback_id"] == callback_id), None)
        used = self.world.installations.of_team(person.team)
        if found is None or used is None:
            raise CannotDo(f"{person.name} has no shortcut {callback_id!r} here.")
        kind = "message_action" if found["type"] == "message" else "shortcut"
        more: Json = {"callback_id": callback_id, "trigger_id": self.world.new_trigger(person.id, installation=used)}
        more["action_ts"] = self.world.clock.ts()
        if kind == "message_action":
            if message is None:
                raise CannotDo(f"{found['name']!r} is a message shortcut: say which message.")
            more |= self._about(used, person, message)
        body = wire.interaction(self.world, kind, person, person.team, used, **more)
        await self._send(person, channel, "interaction", found["name"], body)

    def _about(self, used: Installation, person: Person, message: Message) -> Json:
        key = self.world.new_hook(used, message.channel, person.id, message)
        return {
            "channel": wire.channel_name(self.world, message.channel),
            "message_ts": message.ts,
            "message": wire.message(self.world, message),
            "response_url": self._hook_url(key),
        }

    async def click(self, person: Person, on: Message | View, block_id: str, action_id: str, chosen: Json) -> None:
        """Press a button or choose from a menu; `chosen` holds the element's own fields."""
        self._with_account(person)
        element = elements.find(on.blocks, block_id, action_id)
        if element is None:
            raise CannotDo("That is no longer there.")
        told = self._told(on)
        if isinstance(on, View) and (kind := elements.KINDS.get(element["type"])):
            on.state[block_id][action_id][kind.field] = chosen.get(kind.field)
        done = wire.action(element, block_id, chosen, self.world.clock.ts())
        body = self._click_body(told, person, on, done)
        if isinstance(on, Message):
            await self._send(person, on.channel, "interaction", action_id, body, on.thread_ts)
        else:
            await self._send_from_view(on, action_id, body)

    def _click_body(self, told: Installation, person: Person, on: Message | View, done: Json) -> Json:
        view = on.id if isinstance(on, View) else None
        more: Json = {"trigger_id": self.world.new_trigger(person.id, view, told), "actions": [done]}
        if isinstance(on, View):
            about, team = wire.on_view(self.world, on), person.team
        else:
            url = self._hook_url(self.world.new_hook(told, on.channel, person.id, on))
            about, team = wire.on_message(self.world, on, url), told.workspace.id
        return wire.interaction(self.world, "block_actions", person, team, told, **more, **about)

    def _told(self, on: Message | View) -> Installation:
        """Return the installation that hears of an act on its message or view, as long as there is one."""
        told = on.installation if isinstance(on, View) else self.world.installations.by_user(on.user)
        if told is None or not told.live:
            raise CannotDo(f"{self.world.manifest.name} is no longer installed there.")
        return told

    async def suggest(self, person: Person, on: Message | View, block_id: str, action_id: str, value: str) -> Json:
        """Type into an external select and return the options the app offers."""
        more = {"block_id": block_id, "action_id": action_id, "value": value}
        about = wire.on_view(self.world, on) if isinstance(on, View) else wire.on_message(self.world, on, "")
        told = self._told(on)
        team = person.team if isinstance(on, View) else told.workspace.id
        body = wire.interaction(self.world, "block_suggestion", person, team, told, **more, **about)
        answer = await self._line.send("interaction", f"suggest {action_id}", body)
        if not isinstance(answer, dict) or limits.suggestion_problems(answer):
            raise NotAcknowledged("invalid options", self._line.deliveries[-1])
        return answer

    async def submit(self, person: Person, view: View, *, client_checks: bool = True) -> dict[str, str]:
        """Submit a modal; the errors shown, by block_id, or nothing when it was accepted."""
        if view not in self.world.stacks[person.id]:
            raise CannotDo("That modal is closed.")
        view.trouble = None
        view.errors = checks.submission_errors(view) if client_checks else {}
        if not view.errors:
            await self._submit(person, view)
        self.world.changed()
        return view.errors

    async def _submit(self, person: Person, view: View) -> None:
        shown, told = wire.view(self.world, view), self._told(view)
        trigger = self.world.new_trigger(person.id, view.id, told)
        more = {"view": shown, "trigger_id": trigger, "response_urls": []}
        body = wire.interaction(self.world, "view_submission", person, person.team, told, **more)
        answer = await self._send_from_view(view, str(view.body.get("callback_id", "")), body)
        if not self._follow(person, view, answer):
            self._trouble(view, "invalid response to a view_submission")

    def _follow(self, person: Person, view: View, answer: Json | str | None) -> bool:
        stack = self.world.stacks[person.id]
        if not answer:
            if view in stack:
                stack.remove(view)
            return True
        if isinstance(answer, str):
            return False
        follow = {"errors": self._show_errors, "update": self._update, "push": self._push, "clear": self._clear}
        step = follow.get(str(answer.get("response_action")))
        return bool(step and step(view, answer))

    def _show_errors(self, view: View, answer: Json) -> bool:
        errors = answer.get("errors")
        inputs = {block["block_id"] for block in view.input_blocks}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            return False
        if not all(isinstance(text, str) and text for text in errors.values()):
            return False
        view.errors = errors
        return True

    def _update(self, view: View, answer: Json) -> bool:
        if not self._showable(answer.get("view"), replaces=view):
            return False
        view.show(answer["view"])
        return True

    def _push(self, view: View, answer: Json) -> bool:
        if len(self.world.stacks[view.person]) >= STACK or not self._showable(answer.get("view")):
            return False
        self.world.push(view.person, answer["view"], view.installation)
        return True

    def _showable(self, body: Any, replaces: View | None = None) -> bool:
        return refusal(self.world, body, replaces=replaces) is None and body["type"] == "modal"

    def _clear(self, view: View, _: Json) -> bool:
        self.world.stacks[view.person].clear()
        return True

    async def close(self, person: Person, view: View, *, everything: bool = False) -> None:
        """Cancel the modal (with `clear_on_close` or `everything` the whole stack) and tell the app if it asked."""
        stack = self.world.stacks[person.id]
        cleared = everything or bool(view.body.get("clear_on_close"))
        gone = list(reversed(stack)) if cleared else [view]
        self.world.stacks[person.id] = [] if cleared else [v for v in stack if v is not view]
        self.world.changed()
        for closed in gone:
            if closed.body.get("notify_on_close") and closed.installation.live:
                more = {"view": wire.view(self.world, closed), "is_cleared": cleared}
                body = wire.interaction(self.world, "view_closed", person, person.team, closed.installation, **more)
                await self._line.send("interaction", str(closed.body.get("callback_id", "")), body)

    async def say(
        self, person: Person, text: str, channel: str, thread_ts: str | None = None, *,
        files: Sequence[Json] = (), broadcast: bool = False,
    ) -> Message:  # fmt: skip
        """Write a message, with files or from a thread also to the channel; the app hears of it as it subscribes."""
        where = self._inside(person, channel)
        message = self.world.post(channel, person.id, self.marked(text, where), thread_ts=thread_ts, files=list(files))
        await self._tell_of(message, person, where, broadcast=broadcast)
        return message

    def marked(self, text: str, where: Channel) -> str:
        """Return what a person typed as Slack keeps it: escaped, with mentions."""
        return self._with_mentions(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), where)

    async def _tell_of(self, message: Message, person: Person, where: Channel, *, broadcast: bool = False) -> None:
        if told := self.world.audience(where):
            event = self._message_event(message, person, where, told, broadcast=broadcast)
            await self.tell("message." + where.kind, event, where, told)
        for named in self.world.installations.live:
            if f"<@{named.user}>" in message.text and named.user in where.members and not where.partner:
                event = self._message_event(message, person, where, named, broadcast=broadcast)
                mention = {k: v for k, v in event.items() if k != "channel_type"} | {"type": "app_mention"}
                await self.tell("app_mention", mention, where, named)

    def _message_event(
        self, message: Message, person: Person, where: Channel, told: Installation, *, broadcast: bool
    ) -> Json:
        event = wire.message_event(self.world, message, person, where, told)
        if message.files:
            event["subtype"] = "file_share"
            if person.team not in [team.id for team in told.teams]:  # of another company's file Slack says no more
                event["files"] = [stub(file) for file in message.files]
        if broadcast:
            event["subtype"] = "thread_broadcast"
        return event

    async def open_home(self, person: Person) -> None:
        """Open the app's Home tab."""
        self._with_account(person)
        used = self.world.installations.of_team(person.team)
        if used is None or not self.world.manifest.has_home:
            raise CannotDo(f"{person.name} sees no Home tab of {self.world.manifest.name}.")
        event: Json = {"type": "app_home_opened", "user": person.id, "tab": "home"}
        event |= {"channel": self.world.dm(person.id, used).id, "event_ts": self.world.clock.ts()}
        if home := self.world.homes.get(person.id):
            event["view"] = wire.view(self.world, home)
        await self.tell("app_home_opened", event, told=used)

    async def join(self, person: Person, channel: str) -> None:
        """Come into a channel."""
        self._with_account(person)
        where = self.world.channels[channel]
        if where.archived:
            raise CannotDo(f"{where.name} is archived.")
        if person.team in map(self.world.team_of, where.away):
            raise CannotDo(f"{where.name} is no longer shared with {self.world.cast.team(person.team).name}.")
        members = where.members
        if person.id not in members:
            members.append(person.id)
            await self._membership("member_joined_channel", person, channel)

    async def leave(self, person: Person, channel: str) -> None:
        """Go out of a channel."""
        members = self.world.channels[channel].members
        if person.id in members:
            members.remove(person.id)
            await self._membership("member_left_channel", person, channel)

    async def _membership(self, kind: str, person: Person, channel: str) -> None:
        where = self.world.channels[channel]
        self.world.changed()
        if told := self.world.audience(where):
            # In payloads captured for Bolt's own tests who comes from Grid has a workspace's id, who goes the
            # organisation's.
            gone = self.world.cast.shown_team(person.team, told.id)
            event = {"type": kind, "user": person.id, "channel": channel}
            event |= {"team": person.team if kind == "member_joined_channel" else gone}
            event |= {"channel_type": "G" if where.private else "C", "event_ts": self.world.clock.ts()}
            await self.tell(kind, event, where, told)

    async def tell(
        self, subscription: str, event: Json, where: Channel | None = None, told: Installation | None = None
    ) -> None:
        """Send the app an event for one installation, the home team's unless said, if the manifest subscribes."""
        to = told or self.world.installations.home
        if to.live and subscription in self.world.manifest.events:
            await self._line.send_event(wire.event(self.world, event, where, to))

    async def tell_last(self, event: Json, gone: Installation) -> None:
        """Send the app an event about an installation that is no more, if its manifest subscribes to it."""
        if event["type"] in self.world.manifest.events:
            await self._line.send_event(wire.goodbye(self.world, event, gone))

    def _inside(self, person: Person, channel: str) -> Channel:
        self._with_account(person)
        where = self.world.channels.get(channel)
        if where is None or person.id not in where.members:
            raise CannotDo(f"{person.name} is not in {where.name if where else channel}.")
        if where.archived:
            raise CannotDo(f"{where.name} is archived.")
        return where

    def _with_account(self, person: Person) -> None:
        if person.id in self.world.deactivated:
            raise CannotDo(f"{person.name} is deactivated and can do nothing.")

    def _with_mentions(self, text: str, where: Channel) -> str:
        named = sorted(self.world.names.items(), key=lambda one: one[0] in where.members)  # of two bots the one here
        ids = {name.lower(): key for key, name in named if key.startswith("U")}

        def mention(found: re.Match[str]) -> str:
            for words in (found[1], found[1].split()[0]):
                if key := ids.get(words.lower()):
                    return f"<@{key}>{found[1][len(words) :]}"
            return found[0]

        return _MENTION.sub(mention, text)

    async def _send(
        self, person: Person, channel: str, kind: str, what: str, body: Json, thread_ts: str | None = None
    ) -> Json | str | None:
        try:
            return await self._line.send(kind, what, body)
        except NotAcknowledged as failure:
            self._failed(person, channel, what, failure.error, thread_ts)
            raise

    def _failed(self, person: Person, channel: str, what: str, error: str, thread_ts: str | None = None) -> None:
        text = f'{what if what.startswith("/") else self.world.manifest.name} failed with the error "{error}"'
        where = channel if channel in self.world.channels else dm_id(person.id)
        self.world.tell(person.id, where, text, thread_ts)

    async def _send_from_view(self, view: View, what: str, body: Json) -> Json | str | None:
        try:
            return await self._line.send("interaction", what, body)
        except NotAcknowledged as failure:
            self._trouble(view, failure.error)
            raise

    def _trouble(self, view: View, error: str) -> Any:
        view.trouble = TROUBLE
        self.world.changed()
        raise NotAcknowledged(error, self._line.deliveries[-1])
