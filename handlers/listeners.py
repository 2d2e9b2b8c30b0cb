"""What the bot listens to, as data: the one list from which listeners are registered and the manifest is made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from handlers.call import Call

Handler = Callable[[Call], Awaitable[None]]


@dataclass(frozen=True)
class Command:
    """A slash command with what Slack shows about it."""

    name: str
    handler: Handler
    description: str
    usage: str


@dataclass(frozen=True)
class Shortcut:
    """A message shortcut."""

    callback: str
    handler: Handler
    name: str
    description: str


@dataclass(frozen=True)
class Listeners:
    """What one part of the bot listens to; buttons and modals by their ids."""

    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    buttons: Mapping[str, Handler] = field(default_factory=dict)
    modals: Mapping[str, Handler] = field(default_factory=dict)
    events: Mapping[str, Handler] = field(default_factory=dict)
    options: Mapping[str, Handler] = field(default_factory=dict)  # of long lists, by the field's name

    def __add__(self, more: "Listeners") -> "Listeners":
        """Join two lists; an id that both have is a mistake."""
        tables = ("buttons", "modals", "events", "options")
        for mine, theirs in ((getattr(self, name), getattr(more, name)) for name in tables):
            if both := mine.keys() & theirs.keys():
                raise ValueError(f"listened to twice: {sorted(both)}")
        return Listeners(
            self.commands + more.commands,
            self.shortcuts + more.shortcuts,
            {**self.buttons, **more.buttons},
            {**self.modals, **more.modals},
            {**self.events, **more.events},
            {**self.options, **more.options},
        )
