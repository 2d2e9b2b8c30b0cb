"""Who has installed the app, with which bot, scopes and tokens; what the app may do with them is in `api`."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.cast import AppIds, Cast, Team
from sandbox.clock import Clock

TOKEN_LIFE = timedelta(hours=12)


@dataclass(eq=False)
class Installation:
    """The app in one workspace or, org-wide, in one organisation; its bot stays the same when it comes again.

    `id` is the team's or the organisation's; `scopes` are what OAuth granted, None is what the manifest asks for.
    """

    id: str
    name: str
    enterprise: str | None
    user: str
    bot: str
    teams: tuple[Team, ...]
    live: bool = False
    scopes: list[str] | None = None

    @property
    def org_wide(self) -> bool:
        """Say whether a whole organisation has it."""
        return self.id == self.enterprise

    @property
    def workspace(self) -> Team:
        """The workspace its payloads name: its own or, org-wide, the organisation's first."""
        return self.teams[0]


@dataclass(eq=False)
class Token:
    """A bot token: whose it is, until when it is good, by which token it is renewed, why it is refused."""

    text: str
    installation: Installation
    expires: datetime | None = None
    refresh: str | None = None
    refused: str | None = None


@dataclass
class Installations:
    """Every installation there is or was, and its tokens; with `rotation` tokens live twelve hours."""

    cast: Cast
    clock: Clock
    rotation: bool = False
    tokens: dict[str, Token] = field(default_factory=dict)
    _known: dict[str, Installation] = field(default_factory=dict)

    @property
    def home(self) -> Installation:
        """The installation of the cast's home team, in use or not."""
        return self.get(self.cast.home.id)

    @property
    def live(self) -> list[Installation]:
        """Those in use, in the order they came."""
        return [one for one in self._known.values() if one.live]

    def __iter__(self) -> Iterator[Installation]:
        return iter(self._known.values())

    def get(self, installer: str) -> Installation:
        """Return the installation by a team or organisation, in use or not; KeyError for an unknown id."""
        if installer not in self._known:
            self._known[installer] = self._new(installer)
        return self._known[installer]

    def _new(self, installer: str) -> Installation:
        known = {one.id: one for one in self.cast.installers}[installer]
        enterprise = known.enterprise if isinstance(known, Team) else known.id
        home, mark = self.cast.app, f"QUAL{installer[2:]}{'ORG' if installer == enterprise else ''}"
        ids = home if installer == self.cast.home.id else AppIds(home.app, f"B0{mark}", f"U0{mark}")
        return Installation(installer, known.name, enterprise, ids.user, ids.bot, self.cast.teams_of(installer))

    def of_team(self, team_id: str) -> Installation | None:
        """Return the installation a team uses: its own, else its organisation's; None without the app."""
        serving = [one for one in self.live if team_id in [team.id for team in one.teams]]
        return min(serving, key=lambda one: one.org_wide, default=None)

    def by_user(self, user_id: str) -> Installation | None:
        """Return the installation whose bot this is, or None."""
        return next((one for one in self._known.values() if one.user == user_id), None)

    def issue(self, installation: Installation) -> Token:
        """Return a fresh token, or the one there is where tokens do not expire, as a second Allow does."""
        present = self.token_of(installation)
        if present and not self.rotation:
            return present
        text = f"{'xoxe.' if self.rotation else ''}xoxb-sandbox-{secrets.token_hex(8)}"
        token = Token(text, installation)
        if self.rotation:
            token.expires, token.refresh = self.clock.now() + TOKEN_LIFE, f"xoxe-1-sandbox-{secrets.token_hex(12)}"
        self.tokens[text] = token
        return token

    def renew(self, refresh: str) -> Token | None:
        """Return the next pair for a refresh token, which is good once; None if it is not good."""
        # The old access token stays good until it expires: Slack's guide revokes only the refresh token.
        for token in self.tokens.values():
            if refresh and token.refresh == refresh and not token.refused:
                token.refresh = None
                return self.issue(token.installation)
        return None

    def token_of(self, installation: Installation) -> Token | None:
        """Return the newest token that is not revoked, expired or not."""
        return next(
            (t for t in reversed(self.tokens.values()) if t.installation is installation and not t.refused), None
        )

    def refusal(self, token: Token) -> str | None:
        """Return Slack's word for a token that is good no more, or None."""
        is_late = token.expires is not None and self.clock.now() >= token.expires
        return token.refused or ("token_expired" if is_late else None)

    def end(self, installation: Installation) -> None:
        """Take the installation out of use with all its tokens."""
        installation.live, installation.scopes = False, None
        for token in self.tokens.values():
            if token.installation is installation and not token.refused:
                token.refused = "account_inactive"  # the bot's account is what ends
