"""The table of Web API methods and the checks every call passes: token, scope, known method."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.cast import Person
from sandbox.elements import Json
from sandbox.world import Channel, Message, World


class Refused(Exception):  # noqa: N818 -- reads as what happened
    """An answer with `ok: false`: Slack's error word and what else belongs into the answer."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.answer: Json = {"ok": False, "error": error, **more}


@dataclass(frozen=True)
class Tokens:
    """The secrets by which the app and the sandbox know each other."""

    bot: str
    app: str
    signing_secret: str


@dataclass(frozen=True)
class Call:
    """One call of a method: its arguments and the world it works on."""

    method: str
    arguments: Json
    world: World
    base_url: str
    tickets: Callable[[], str]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an argument or the default."""
        return self.arguments.get(name, default)

    def need(self, name: str) -> Any:
        """Return an argument or refuse the call."""
        value = self.arguments.get(name)
        if value in (None, ""):
            raise invalid_arguments([f"missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        """Return an argument that is true or false, in JSON or in a form."""
        return self.get(name) in (True, "true", "1", 1)

    def channel(self) -> Channel:
        """Return the channel named by id (or a person's id, for their DM), or refuse."""
        wanted = str(self.get("channel") or "")
        for channel in self.world.channels.values():
            if self.world.cast.app.user in channel.away:
                continue
            if wanted in (channel.id, "#" + channel.name) or (channel.partner and wanted == channel.partner):
                return channel
        raise Refused("channel_not_found")

    def own_channel(self) -> Channel:
        """Return the channel if the app is in it, or refuse."""
        channel = self.channel()
        if self.world.cast.app.user not in channel.members:
            raise Refused("channel_not_found" if channel.private else "not_in_channel")
        if channel.partner and not self.world.knows(self.world.cast.person(channel.partner)):
            raise Refused("channel_not_found")
        return channel

    def open_channel(self) -> Channel:
        """Return the channel if the app may say something there, or refuse."""
        channel = self.own_channel()
        if channel.archived:
            raise Refused("is_archived")
        return channel

    def message(self, name: str = "ts") -> Message:
        """Return the lasting message the call names, or refuse."""
        message = self.world.find_message(self.channel().id, str(self.need(name)))
        if message is None or message.ephemeral:
            raise Refused("message_not_found")
        return message

    def person(self, name: str = "user") -> Person:
        """Return a person the app may know, or refuse."""
        try:
            person = self.world.cast.person(str(self.need(name)))
        except KeyError:
            raise Refused("user_not_found") from None
        if not self.world.knows(person):
            raise Refused("user_not_found")
        return person

    def page(self, things: list[Any], default: int = 100) -> tuple[list[Any], Json]:
        """Return one page of the things and the `response_metadata` that leads to the next."""
        start, size = self._start(), self.size(default)
        more = start + size < len(things)
        return things[start : start + size], {"next_cursor": str(start + size) if more else ""}

    def _start(self) -> int:
        cursor = str(self.get("cursor") or 0)
        if not cursor.isdecimal():
            raise Refused("invalid_cursor")
        return int(cursor)

    def size(self, default: int, most: int = 1000) -> int:
        """Return how many things a page holds, or refuse."""
        limit = str(self.get("limit") or default)
        if not limit.isdecimal() or int(limit) == 0:
            raise Refused("invalid_limit")
        return min(int(limit), most)


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Method:
    """A method: what does it, one of which scopes it needs, and whose token."""

    handler: Handler
    scopes: tuple[str, ...]
    holder: str = "bot"


METHODS: dict[str, Method] = {}


def method(name: str, *scopes: str, holder: str = "bot") -> Callable[[Handler], Handler]:
    """Enter a handler; `{kind}` in a scope stands for the kind of the channel the call names."""

    def enter(handler: Handler) -> Handler:
        METHODS[name] = Method(handler, scopes, holder)
        return handler

    return enter


def answer(call: Call, token: str | None, tokens: Tokens) -> Json:
    """Check the call, do it, and return what Slack would answer."""
    try:
        known = _known(call)
        _check_token(known, token, tokens)
        _check_scope(known, call)
        return {"ok": True, **known.handler(call)}
    except Refused as refusal:
        return refusal.answer


def _known(call: Call) -> Method:
    if call.method not in METHODS:
        raise Refused("unknown_method", req_method=call.method)
    return METHODS[call.method]


def _check_token(known: Method, token: str | None, tokens: Tokens) -> None:
    if not token:
        raise Refused("not_authed")
    if token not in (tokens.bot, tokens.app):
        raise Refused("invalid_auth")
    if token != getattr(tokens, known.holder):
        raise Refused("not_allowed_token_type")


def _check_scope(known: Method, call: Call) -> None:
    granted = call.world.manifest.scopes
    needed = [scope.format(kind=_kind(call)) if "{" in scope else scope for scope in known.scopes]
    if needed and not set(needed) & set(granted):
        raise Refused("missing_scope", needed=",".join(needed), provided=",".join(granted))


def _kind(call: Call) -> str:
    return call.channel().kind


def invalid_arguments(problems: list[str]) -> Refused:
    """Return the refusal of arguments that break a rule."""
    return Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] {p}" for p in problems]})
