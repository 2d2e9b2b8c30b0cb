"""The things of a sandbox: channels, messages, views, triggers, response_urls; `world` keeps and changes them."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime

from sandbox import elements, words
from sandbox.elements import Json
from sandbox.installations import Installation

FILE_DELETED = "This file was deleted."


@dataclass
class Channel:
    """A channel or, with `partner`, the direct conversation of that person and one installation's bot.

    `host` is the team that owns it, `away` are those who were in it until their company was disconnected.
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
    host: str = ""

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
    """A modal or a home tab that an installation put on one person's screen, with what is typed in it."""

    id: str
    person: str
    body: Json
    installation: Installation
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
    """A trigger id's life: one use within three seconds of real time, for one person, by one installation."""

    person: str
    view: str | None
    expires: float
    installation: Installation
    used: bool = False


@dataclass
class Hook:
    """A response_url: where it posts, as which installation, for whom, what it may replace, and how long."""

    channel: str
    person: str
    message: Message | None
    expires: datetime
    installation: Installation
    uses: int = 0
