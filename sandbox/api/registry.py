"""The table of Web API methods and the checks every call passes: token, scope, known method."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.cast import Person
from sandbox.elements import Json
from sandbox.installations import Installation, Token
from sandbox.oauth import OAuth, Secrets
from sandbox.refused import Refused
from sandbox.world import Channel, Message, World


@dataclass(frozen=True)
class Call:
    """One call of a method: its arguments, whose token it carries, and the world it works on."""

    method: str
    arguments: Json
    world: World
    base_url: str
    tickets: Callable[[], str]
    oauth: OAuth
    revoked: Callable[[Installation], None]
    token: Token | None = None
    client: tuple[str, str] | None = None

    @property
    def installation(self) -> Installation:
        """The installation the call acts as."""
        if self.token is None:
            raise Refused("not_authed")
        return self.token.installation

    @property
    def scopes(self) -> list[str]:
        """The scopes of the token."""
        granted = self.token.installation.scopes if self.token else None
        return self.world.manifest.scopes if granted is None else granted

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
            is_named = wanted in (channel.id, "#" + channel.name) or (channel.partner and wanted == channel.partner)
            if is_named and self.world.reaches(self.installation, channel):
                return channel
        raise Refused("channel_not_found")

    def own_channel(self) -> Channel:
        """Return the channel if the app is in it, or refuse."""
        channel = self.channel()
        if self.installation.user not in channel.members:
            raise Refused("channel_not_found" if channel.private else "not_in_channel")
        if channel.partner and not self.world.knows(self.world.cast.person(channel.partner), self.installation):
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
        if not self.world.knows(person, self.installation):
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
    """A method: what does it, one of which scopes it needs, and whose token: a bot's, the app's, or none."""

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


def answer(call: Call, token: str | None, secrets: Secrets) -> Json:
    """Check the call, do it, and return what Slack would answer."""
    try:
        known = _known(call)
        if known.holder != "none":
            call = replace(call, token=_checked(known, token, call, secrets))
        _check_scope(known, call)
        return {"ok": True, **known.handler(call)}
    except Refused as refusal:
        return refusal.answer


def _known(call: Call) -> Method:
    if call.method not in METHODS:
        raise Refused("unknown_method", req_method=call.method)
    return METHODS[call.method]


def _checked(known: Method, token: str | None, call: Call, secrets: Secrets) -> Token | None:
    """Return the bot token the call carries, None for the app's, or refuse what is not good or of the wrong kind."""
    if not token:
        raise Refused("not_authed")
    found = call.world.installations.tokens.get(token)
    if found is None and token != secrets.app_token:
        raise Refused("invalid_auth")
    if found and (refused := call.world.installations.refusal(found)):
        raise Refused(refused)
    if known.holder != ("bot" if found else "app"):
        raise Refused("not_allowed_token_type")
    return found


def _check_scope(known: Method, call: Call) -> None:
    needed = [scope.format(kind=_kind(call)) if "{" in scope else scope for scope in known.scopes]
    if needed and not set(needed) & set(call.scopes):
        raise Refused("missing_scope", needed=",".join(needed), provided=",".join(call.scopes))


def _kind(call: Call) -> str:
    return call.channel().kind


def invalid_arguments(problems: list[str]) -> Refused:
    """Return the refusal of arguments that break a rule."""
    return Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] {p}" for p in problems]})
