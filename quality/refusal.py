"""Refusals: what the rules or the facts do not allow, in words that say what to do instead."""


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A request that is not carried out; nothing was changed."""


class FieldErrors(Refusal):
    """A form that cannot be accepted, with what is wrong at each field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


class Overtaken(Refusal):
    """An act that somebody else's came before; whoever is told should see the record as it is now.

    With again, what was filled in may be sent once more for the record's present version.
    """

    def __init__(self, words: str, record_id: int, *, again: bool = False) -> None:
        super().__init__(words)
        self.record_id = record_id
        self.again = again


class Witnessed(Refusal):
    """A refusal that is kept: what was noted about the attempt is committed, nothing else was changed."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(str(why))
        self.why = why


class NotSetUp(Refusal):
    """A channel without a partnership."""

    def __init__(self) -> None:
        super().__init__(
            "This channel is not set up for QualBridge yet. Run `/quality setup` here, or mention the bot and press "
            "*Set up*: it takes a minute and asks who the sponsor and the CMO are."
        )


class NotOnRoster(Refusal):
    """A person of one of the two companies whom the roster does not know yet."""

    def __init__(self, partnership_id: int, channel_id: str, *, seen: bool = False) -> None:
        super().__init__(
            "You are not on this channel's roster yet. Press a button in the channel itself if you are in it, or ask "
            "the QA of your company to add you."
        )
        self.partnership_id = partnership_id
        self.channel_id = channel_id
        self.seen = seen  # somebody with this user id is on it, of a workspace that may be the same
